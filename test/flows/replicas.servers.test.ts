/** Checks what several replicas share: with one Redis, and through keys and settings alone. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { main } from '../../src/cli.ts';
import type { MailAccount } from '../../src/mail/account.ts';
import { challengeOf } from '../../src/oauth/http/pkce.ts';
import { type OpenForm, openForm } from '../support/app/person.ts';
import { rawCaller } from '../support/app/raw-calls.ts';
import { REDIRECT_URI, type Registration, signInFields, startApp, type TestApp } from '../support/app/start-app.ts';
import { waitUntil } from '../support/app/wait-until.ts';
import { newAccount, withPassword } from '../support/mail/accounts.ts';
import { ids } from '../support/missive/ids.ts';
import { startMissive } from '../support/missive/stand-in.ts';
import { startCuttableProxy } from '../support/servers/proxies.ts';
import { startRedis, type TestRedis } from '../support/servers/redis.ts';
import { testServers } from '../support/servers/servers.ts';

const verifier = 'v'.repeat(43);

const Tokens = z.object({ access_token: z.string(), refresh_token: z.string() });
type Tokens = z.output<typeof Tokens>;

/** Opens the sign-in page of one replica. */
function openFormAt(replica: TestApp, client: Registration, issuer: string): Promise<OpenForm> {
  const url = new URL('/oauth/authorize', replica.origin);
  url.search = new URLSearchParams({
    response_type: 'code',
    client_id: client.client_id,
    redirect_uri: REDIRECT_URI,
    code_challenge: challengeOf(verifier),
    code_challenge_method: 'S256',
  }).toString();
  return openForm(url, issuer);
}

async function codeFrom(replica: TestApp, client: Registration, account: MailAccount, issuer: string): Promise<string> {
  const form = await openFormAt(replica, client, issuer);
  return (await form.submit(signInFields(account))).callback?.get('code') ?? '';
}

function post(replica: TestApp, path: string, client: Registration, form: Record<string, string>): Promise<Response> {
  const { client_id, client_secret = '' } = client;
  return fetch(new URL(path, replica.origin), {
    method: 'POST',
    body: new URLSearchParams({ client_id, client_secret, ...form }),
  });
}

const exchange = (replica: TestApp, client: Registration, code: string) =>
  post(replica, '/oauth/token', client, { grant_type: 'authorization_code', code, code_verifier: verifier });

const refresh = (replica: TestApp, client: Registration, { refresh_token }: Tokens) =>
  post(replica, '/oauth/token', client, { grant_type: 'refresh_token', refresh_token });

const tokensOf = async (response: Response): Promise<Tokens> => Tokens.parse(await response.json());

/** Calls list_mailboxes. */
function call(replica: TestApp, { access_token }: Pick<Tokens, 'access_token'>): Promise<Response> {
  return fetch(`${replica.origin}/mcp`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${access_token}` },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { name: 'list_mailboxes', arguments: {} },
    }),
  });
}

async function summary(response: Response): Promise<{ status: number; error: unknown }> {
  const body = z.looseObject({ error: z.unknown() }).parse(await response.json());
  return { status: response.status, error: body.error };
}

const unavailable = { status: 503, error: 'temporarily_unavailable' };

describe('two replicas with one Redis', () => {
  let redis: TestRedis;
  let a: TestApp;
  let b: TestApp;
  let issuer: string;
  let account: MailAccount;
  let client: Registration;
  const variables: NodeJS.ProcessEnv = {
    ENCRYPTION_KEY: Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('base64'),
  };
  beforeAll(async () => {
    redis = await startRedis();
    Object.assign(variables, { REDIS_URL: redis.url, REPLICAS: '2' });
    a = await startApp(variables);
    b = await a.replica();
    issuer = a.origin;
  });
  afterAll(async () => {
    await Promise.all([a?.stop(), b?.stop()]);
    await redis?.[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    account = newAccount();
    client = await a.mint(account);
  });

  const signIn = async () => tokensOf(await exchange(a, client, await codeFrom(a, client, account, issuer)));

  async function run(command: string, name: string): Promise<void> {
    const silent = { out: () => {}, err: () => {} };
    expect(await main([command, name], variables, silent)).toBe(0);
  }

  test('CODE-02 a code that was used on one is refused on the other', async () => {
    const code = await codeFrom(b, client, account, issuer);
    expect((await exchange(a, client, code)).status).toBe(200);
    expect(await summary(await exchange(b, client, code))).toEqual({ status: 400, error: 'invalid_grant' });
  });

  test('CODE-02 of concurrent exchanges on both, exactly one succeeds', async () => {
    const code = await codeFrom(a, client, account, issuer);
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => exchange(index % 2 ? a : b, client, code)),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  });

  test('FORM-02 a sign-in page of one can be submitted to the other, and gives one code', async () => {
    const form = await openFormAt(a, client, issuer);
    const submitted = await Promise.all([a, b, b].map(({ origin }) => form.submit(signInFields(account), origin)));
    const codes = submitted.map(({ callback }) => callback?.get('code') ?? '');
    expect(submitted.map(({ status }) => status)).toEqual([303, 303, 303]);
    const answers = await Promise.all(codes.map((code, index) => exchange(index === 0 ? b : a, client, code)));
    const tokens = await Promise.all(answers.filter(({ ok }) => ok).map(tokensOf));
    expect(tokens).toHaveLength(1);
    expect((await call(a, tokens[0] ?? { access_token: '' })).status).toBe(200);
    const again = await form.submit(signInFields(account), a.origin);
    expect(again).toMatchObject({ status: 200, callback: undefined });
    expect(again.html).toContain('You are signed in');
    const other = { ...signInFields(account), full_name: 'Another Name' };
    expect(await form.submit(other, b.origin)).toMatchObject({ status: 400, callback: undefined });
  });

  test('REV-03 REV-04 a grant that is revoked on one ends on both', async () => {
    const tokens = await signIn();
    expect([(await call(a, tokens)).status, (await call(b, tokens)).status]).toEqual([200, 200]);
    const { status } = await post(a, '/oauth/revoke', client, { token: tokens.refresh_token });
    expect(status).toBe(200);
    expect([(await call(a, tokens)).status, (await call(b, tokens)).status]).toEqual([401, 401]);
    expect(await summary(await refresh(b, client, tokens))).toEqual({ status: 400, error: 'invalid_grant' });
  });

  test('CLI-07 a denied client is refused by every endpoint of both, and accepted again after `allow`', async () => {
    const tokens = await signIn();
    const code = await codeFrom(b, client, account, issuer);
    expect((await call(b, tokens)).status).toBe(200);
    await run('deny', client.client_id);
    for (const replica of [a, b]) {
      expect((await call(replica, tokens)).status).toBe(401);
      expect(await summary(await refresh(replica, client, tokens))).toEqual({ status: 401, error: 'invalid_client' });
      expect(await summary(await exchange(replica, client, code))).toEqual({ status: 401, error: 'invalid_client' });
      await expect(openFormAt(replica, client, issuer)).rejects.toThrow('The sign-in page answered 400');
    }
    await run('allow', client.client_id);
    for (const replica of [a, b]) expect((await call(replica, tokens)).status).toBe(200);
    expect((await exchange(b, client, code)).status).toBe(200);
  });

  test('FORM-07 sign-in attempts on both are counted together, and the eleventh reaches no mail server', async () => {
    const { imap } = testServers();
    await using proxy = await startCuttableProxy({ target: { host: imap.host, port: imap.tlsPort } });
    const behind = { ...account, imap: { ...account.imap, server: { ...account.imap.server, port: proxy.port } } };
    const through = await a.mint(behind);
    const wrong = signInFields(withPassword(behind, 'wrong'));
    const forms = [await openFormAt(a, through, issuer), await openFormAt(b, through, issuer)];
    for (let attempt = 0; attempt < 10; attempt++) expect((await forms[attempt % 2]?.submit(wrong))?.status).toBe(200);
    // A slow server is probed too.
    const accepted = proxy.accepted();
    expect(accepted).toBeGreaterThanOrEqual(10);
    for (const form of forms) expect((await form.submit(wrong)).status).toBe(429);
    for (const form of forms) expect((await form.submit(signInFields(behind))).status).toBe(429);
    expect(proxy.accepted()).toBe(accepted);
  });

  test('MSV-22 a call with an idempotency_key on both sends once', async () => {
    await using missive = await startMissive();
    const at = await rawCaller(a, { url: missive.url, token: missive.token }, {});
    const args = { conversation: ids.prospect, body: 'Here it is.', idempotency_key: 'k' };
    const send = (replica: TestApp, changes = {}) =>
      at.at(replica).call('send_a_missive_message', { ...args, ...changes });
    const sent = () => missive.requests.filter(({ method }) => method === 'POST').length;
    const both = await Promise.all([send(a), send(b)]);
    expect(both.some(({ result }) => result?.message !== undefined)).toBe(true);
    const later = await Promise.all([send(a), send(b)]);
    expect(later.map(({ result }) => result?.already_done)).toEqual([true, true]);
    expect((await send(b, { body: 'Other' })).sentence).toMatch(/was used for another message/);
    missive.misbehave({ kind: 'cut', done: true }, { method: 'POST' });
    expect((await send(a, { idempotency_key: 'l' })).sentence).toMatch(/same idempotency_key does not send it twice/);
    await send(b, { idempotency_key: 'l' });
    expect(sent()).toBe(2);
  });

  describe('while Redis is unavailable', () => {
    test('TOK-05 REV-03 MSV-22 no token is issued or revoked, no key is used, tools work, and everything works again when Redis is back', async () => {
      const tokens = await signIn();
      const code = await codeFrom(a, client, account, issuer);
      const form = await openFormAt(a, client, issuer);
      expect((await call(b, tokens)).status).toBe(200);

      await redis.stop();
      const refused = await exchange(a, client, code);
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(await summary(refused)).toEqual(unavailable);
      expect(await summary(await refresh(b, client, tokens))).toEqual(unavailable);
      await using missive = await startMissive();
      const keyed = { conversation: ids.prospect, body: 'Here it is.', idempotency_key: 'm' };
      const caller = await rawCaller(a, { url: missive.url, token: missive.token }, {});
      expect((await caller.call('send_a_missive_message', keyed)).sentence).toMatch(/Nothing was done: .* remembered/);
      expect(missive.requests).toEqual([]);
      const revocation = await post(a, '/oauth/revoke', client, { token: tokens.access_token });
      expect(await summary(revocation)).toEqual(unavailable);
      const page = await form.submit(signInFields(account));
      expect({ status: page.status, callback: page.callback }).toEqual({ status: 503, callback: undefined });
      expect(page.html).toContain('try again in a minute');
      await expect(openFormAt(b, client, issuer)).rejects.toThrow('The sign-in page answered 503');
      for (const replica of [a, b]) {
        expect((await call(replica, tokens)).status).toBe(200);
        const ready = await fetch(`${replica.origin}/ready`);
        expect({ status: ready.status, body: await ready.json() }).toEqual({
          status: 200,
          body: { status: 'degraded' },
        });
      }

      await redis.start();
      // The code expires after a minute, which may have passed on a slow machine; a new one must work.
      const isBack = async () => (await exchange(b, client, await codeFrom(a, client, account, issuer))).status === 200;
      expect(await waitUntil(20_000, isBack)).toBe(true);
      expect(await waitUntil(20_000, async () => (await refresh(a, client, tokens)).status === 200)).toBe(true);
      for (const text of ['Redis is unreachable', 'Redis is reachable']) expect(a.logged()).toContain(text);
    });
  });
});

describe('the log at startup', () => {
  const SINGLE_PROCESS = 'A restart forgets which codes and refresh tokens were used';
  const SEVERAL_PROCESSES = [
    'A code is used once in each process',
    'Public clients get no refresh tokens',
    'Limits count in each',
  ];

  async function missing(environment: NodeJS.ProcessEnv): Promise<{ level: string; missing: string } | undefined> {
    await using app = await startApp(environment);
    const lines = app.logged().split('\n').filter(Boolean);
    const line = lines.map((text) => JSON.parse(text)).find(({ msg }) => msg === 'running without REDIS_URL');
    return line && { level: line.level, missing: line.missing.join('\n') };
  }

  test('REF-01 warns about each missing or unshared function of several replicas without Redis', async () => {
    const logged = await missing({ REPLICAS: '2' });
    expect(logged?.level).toBe('warn');
    for (const sentence of ['Nothing can be revoked', ...SEVERAL_PROCESSES])
      expect(logged?.missing).toContain(sentence);
    expect(logged?.missing).not.toContain(SINGLE_PROCESS);
  });

  test('REF-01 reports what a restart of a single process without Redis loses, and nothing with Redis', async () => {
    const logged = await missing({});
    expect(logged?.level).toBe('info');
    for (const sentence of ['Nothing can be revoked', SINGLE_PROCESS]) expect(logged?.missing).toContain(sentence);
    for (const sentence of SEVERAL_PROCESSES) expect(logged?.missing).not.toContain(sentence);
    await using redis = await startRedis();
    expect(await missing({ REDIS_URL: redis.url, REPLICAS: '2' })).toBeUndefined();
  });
});

describe('without a database', () => {
  test('CLI-06 after a change of the key, sealed values remain valid while the earlier key is set', async () => {
    const account = newAccount();
    await using before = await startApp();
    const client = await before.mint(account);
    const tokens = await tokensOf(
      await exchange(before, client, await codeFrom(before, client, account, before.origin)),
    );
    const shared = { BASE_URL: before.origin };
    const key = (seed: number) =>
      Buffer.from(Array.from({ length: 32 }, (_, index) => (index * 31 + seed) % 256)).toString('base64');
    await using rotated = await startApp({ ...shared, ENCRYPTION_KEY: key(2), ENCRYPTION_KEYS_PREVIOUS: before.key });
    expect((await call(rotated, tokens)).status).toBe(200);
    const renewed = await tokensOf(await refresh(rotated, client, tokens));
    expect((await codeFrom(rotated, client, account, before.origin)).length).toBeGreaterThan(0);

    await using later = await startApp({ ...shared, ENCRYPTION_KEY: key(2) });
    expect((await call(later, tokens)).status).toBe(401);
    expect((await call(later, renewed)).status).toBe(200);
    expect(await summary(await refresh(later, client, renewed))).toEqual({ status: 401, error: 'invalid_client' });
  });

  test('tokens, codes and clients from before TOKENS_NOT_BEFORE are refused', async () => {
    const account = newAccount();
    await using before = await startApp();
    const client = await before.mint(account);
    const code = await codeFrom(before, client, account, before.origin);
    const tokens = await tokensOf(
      await exchange(before, client, await codeFrom(before, client, account, before.origin)),
    );
    const notBefore = Math.floor(Date.now() / 1000) + 1;
    await waitUntil(10_000, () => Date.now() >= notBefore * 1000);
    const variables = { BASE_URL: before.origin, ENCRYPTION_KEY: before.key };
    await using after = await startApp({ ...variables, TOKENS_NOT_BEFORE: String(notBefore) });
    expect((await call(after, tokens)).status).toBe(401);
    for (const answer of [await refresh(after, client, tokens), await exchange(after, client, code)]) {
      expect(await summary(answer)).toEqual({ status: 401, error: 'invalid_client' });
    }
    await expect(openFormAt(after, client, before.origin)).rejects.toThrow('The sign-in page answered 400');

    const fresh = await after.mint(account);
    const again = await tokensOf(await exchange(after, fresh, await codeFrom(after, fresh, account, before.origin)));
    expect((await call(after, again)).status).toBe(200);
  });

  test('the server does not start with a TOKENS_NOT_BEFORE in the future', async () => {
    const inAnHour = new Date(Date.now() + 3_600_000).toISOString();
    await expect(startApp({ TOKENS_NOT_BEFORE: inAnHour })).rejects.toThrow('TOKENS_NOT_BEFORE is in the future');
  });

  test('CLI-07 a client in DENIED_CLIENTS, by id or jti, is refused, and others are accepted', async () => {
    const account = newAccount();
    await using before = await startApp();
    const [denied, other] = [await before.mint(account), await before.mint(account)];
    const tokens = await tokensOf(
      await exchange(before, denied, await codeFrom(before, denied, account, before.origin)),
    );
    const variables = { BASE_URL: before.origin, ENCRYPTION_KEY: before.key };
    const out: string[] = [];
    await main(['inspect', denied.client_id], variables, { out: (text) => void out.push(text), err: () => {} });
    const { jti } = z.object({ jti: z.string() }).parse(JSON.parse(out.join('')));
    for (const name of [denied.client_id, jti]) {
      await using after = await startApp({ ...variables, DENIED_CLIENTS: `${'a'.repeat(22)}, ${name}` });
      expect((await call(after, tokens)).status).toBe(401);
      expect(await summary(await refresh(after, denied, tokens))).toEqual({ status: 401, error: 'invalid_client' });
      await expect(openFormAt(after, denied, before.origin)).rejects.toThrow('The sign-in page answered 400');
      expect((await openFormAt(after, other, before.origin)).html).toContain('transaction');
    }
  });

  test('the server does not start if DENIED_CLIENTS contains no valid client id', async () => {
    await expect(startApp({ DENIED_CLIENTS: 'not.a.client' })).rejects.toThrow('is neither a client id');
  });
});
