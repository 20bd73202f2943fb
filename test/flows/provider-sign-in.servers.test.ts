/** Signs in at a real OpenID provider, in front of a Dovecot and a Postfix that accept its access tokens, on replicas that share a Redis. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { MailAccount } from '../../src/mail/account.ts';
import { createKeyring } from '../../src/oauth/sealed/jwe.ts';
import { createTokens } from '../../src/oauth/sealed/sealed-types.ts';
import { type Assistant, REDIRECT_URI, startApp, type TestApp } from '../support/app/start-app.ts';
import { type Browser, createBrowser, type Page } from '../support/oauth/browser.ts';
import { type OAuthMail, startOAuthMail } from '../support/oauth/oauth-mail.ts';
import { type OpenidProvider, startOpenidProvider } from '../support/oauth/openid-provider.ts';
import { freePort } from '../support/servers/ports.ts';
import { startRedis, type TestRedis } from '../support/servers/redis.ts';

let provider: OpenidProvider;
let mail: OAuthMail;
let redis: TestRedis;
let app: TestApp;
/** Replicas without a connection of any account. */
let others: [TestApp, TestApp];

beforeAll(async () => {
  const port = await freePort();
  provider = await startOpenidProvider(`http://localhost:${port}`);
  [mail, redis] = await Promise.all([startOAuthMail(provider), startRedis()]);
  app = await startApp({ PORT: String(port), REDIS_URL: redis.url, REPLICAS: '3' });
  others = await Promise.all([app.replica(), app.replica()]);
});

afterAll(async () => {
  await Promise.all([app, ...(others ?? [])].map((one) => one?.stop()));
  await mail?.[Symbol.asyncDispose]();
  await redis?.[Symbol.asyncDispose]();
  await provider?.[Symbol.asyncDispose]();
});

const newAddress = () => `u-${randomBytes(8).toString('hex')}@example.test`;

/** The account as the server minted for it: the password is never asked for. */
const accountOf = (email: string): MailAccount => {
  const login = { kind: 'password' as const, username: email, password: '-' };
  return { fullName: '', email, imap: { server: mail.imap, login }, smtp: { server: mail.smtp, login } };
};

const flags = () => ({
  signIn: 'openid',
  upstreamIssuer: provider.issuer,
  upstreamClientId: provider.clientId,
  upstreamClientSecret: provider.clientSecret,
  upstreamScope: ['imap', 'smtp'],
});

type Visit = (browser: Browser, url: URL) => Promise<Page>;

const straight: Visit = async (browser, url) => browser.submit(await browser.open(url));

/** A new account owner, who signs in. @param visit what they do, from the sign-in page to the redirect to the client */
async function signInAnew(visit: Visit = straight): Promise<Assistant & { email: string }> {
  const email = newAddress();
  provider.person = { account: email, claims: { email, name: 'Ada Lovelace' }, allows: true };
  const onSignInPage = async (url: URL) => {
    const browser = createBrowser(REDIRECT_URI);
    const end = await visit(browser, url);
    if (!end.url.href.startsWith(REDIRECT_URI)) throw new Error(`${end.status} ${end.url.pathname} ${end.html}`);
    return end.url.searchParams;
  };
  return Object.assign(await app.assistant(accountOf(email), { flags: flags(), onSignInPage }), { email });
}

/** Starts Redis again, and waits until the replicas are connected: meanwhile they answer 503. */
async function restartRedis(): Promise<void> {
  await redis.start();
  const body = new URLSearchParams({ grant_type: 'refresh_token', client_id: 'unknown' });
  for (const { origin } of [app, ...others]) {
    const status = async () => (await fetch(`${origin}/oauth/token`, { method: 'POST', body })).status;
    await expect.poll(status, { timeout: 10_000 }).not.toBe(503);
  }
}

const problemOf = ({ html }: Page): string => /<p class="problem"[^>]*>([^<]*)/.exec(html)?.[1]?.trim() ?? '';

/** Answers requests to a path of the provider with 503 while `run` runs. */
async function duringOutage<T>(path: string, run: () => Promise<T>): Promise<T> {
  provider.intercept = (request, response) => {
    if (request.url !== path) return false;
    response.writeHead(503).end('<h1>down</h1>');
    return true;
  };
  return run().finally(() => {
    provider.intercept = undefined;
  });
}

/** Requests to the token endpoint while `run` runs. */
async function tokenRequests(run: () => Promise<unknown>): Promise<number> {
  const before = provider.requests.length;
  await run();
  return provider.requests.slice(before).filter((path) => path === '/token').length;
}

const Tokens = z.object({ access_token: z.string(), refresh_token: z.string() });

async function refresh({ provider: client }: Assistant, token?: string, at = app) {
  const { client_id, client_secret = '' } = client.clientInformation();
  const refresh_token = token ?? client.tokens()?.refresh_token ?? '';
  const body = new URLSearchParams({ client_id, client_secret, grant_type: 'refresh_token', refresh_token });
  const response = await fetch(`${at.origin}/oauth/token`, { method: 'POST', body });
  const answer: unknown = await response.json();
  return { status: response.status, answer };
}

/** Calls list_mailboxes. @returns the status, and what the model reads */
async function call(at: TestApp, accessToken: string) {
  const params = { name: 'list_mailboxes', arguments: {} };
  const response = await fetch(`${at.origin}/mcp`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${accessToken}` },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params }),
  });
  return { status: response.status, text: await response.text() };
}

const accessTokenOf = ({ provider: client }: Assistant): string => client.tokens()?.access_token ?? '';

/** The refresh token of the provider in an access token of ours. */
async function providerTokenIn(accessToken: string): Promise<string | undefined> {
  const keyring = createKeyring({ current: Buffer.from(app.key, 'base64'), previous: [] });
  return (await createTokens(keyring).access.unseal(accessToken, new Date())).provider_token;
}

describe('the sign-in', () => {
  test('says at each step that the provider is down, and goes on when it answers again', async () => {
    const downAt = (path: string) => async (browser: Browser, url: URL) => {
      const refused = await duringOutage(path, () => straight(browser, url));
      expect(problemOf(refused)).toMatch(/^localhost:\d+ cannot answer at the moment/);
      return browser.submit(refused);
    };
    await using one = await signInAnew(downAt('/.well-known/openid-configuration'));
    await one.call('list_mailboxes');
    await using two = await signInAnew(downAt('/token'));
    await two.call('list_mailboxes');
  });

  test('can be refused there and repeated, with another address, and is good for its own mailbox alone', async () => {
    await using ada = await signInAnew(async (browser, url) => {
      provider.person.allows = false;
      const refused = await straight(browser, url);
      expect(problemOf(refused)).toMatch(/^You did not allow the access/);
      provider.person.allows = true;
      const wrong = await browser.submit(refused, { email: newAddress() });
      expect(problemOf(wrong)).toMatch(/does not open this mailbox to the account that signed in/);
      return browser.submit(wrong, { email: '' });
    });
    await ada.call('send_mail_message', { to: [ada.email], subject: 'Hello', text_body: 'From a provider.' });
    const inbox = async () => (await ada.call('list_mail_messages', { folder: 'INBOX' })).messages;
    await expect.poll(inbox, { timeout: 5_000 }).toMatchObject([{ subject: 'Hello' }]);
    expect(app.logged()).not.toContain(provider.clientSecret);
  });
});

describe('a grant', () => {
  test('is refreshed at the provider; replicas share its requests, and an old token of ours uses no old one there', async () => {
    await using ada = await signInAnew();
    const first = accessTokenOf(ada);
    let renewed = first;
    const requests = await tokenRequests(async () => {
      const { status, answer } = await refresh(ada, undefined, others[0]);
      expect(status).toBe(200);
      renewed = Tokens.parse(answer).access_token;
    });
    expect(requests).toBe(1);
    expect(await providerTokenIn(renewed)).not.toBe(await providerTokenIn(first));

    await provider.revoke(ada.email, 'access tokens');
    const calls = () => Promise.all(others.flatMap((at) => [call(at, first), call(at, renewed)]));
    let answers: Awaited<ReturnType<typeof calls>> = [];
    const together = await tokenRequests(async () => {
      answers = await calls();
    });
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    for (const { text } of answers) expect(text).toContain('INBOX');
    expect(together).toBe(1);
  });

  test('works with access tokens that are JWTs, which Dovecot validates by itself', async () => {
    provider.hasJwts = true;
    await duringOutage('/token/introspection', async () => {
      await using ada = await signInAnew();
      await ada.call('send_mail_message', { to: [ada.email], subject: 'Signed', text_body: 'By a JWT.' });
      const inbox = async () => (await ada.call('list_mail_messages', { folder: 'INBOX' })).messages;
      await expect.poll(inbox, { timeout: 5_000 }).toMatchObject([{ subject: 'Signed' }]);
      expect((await refresh(ada)).status).toBe(200);
    });
    provider.hasJwts = false;
  });

  test('works with access tokens of 60 seconds', async () => {
    provider.accessTokenSeconds = 60;
    await using ada = await signInAnew();
    await ada.call('send_mail_message', { to: [ada.email], subject: 'Short', text_body: 'Soon over.' });
    for (const at of others) expect((await call(at, accessTokenOf(ada))).status).toBe(200);
    provider.accessTokenSeconds = 3600;
  });

  test('PROV-05 survives an outage of the provider, and says what is missing', async () => {
    await using ada = await signInAnew();
    await provider.revoke(ada.email, 'access tokens');
    await duringOutage('/token', async () => {
      const { status, text } = await call(others[0], accessTokenOf(ada));
      expect(status).toBe(200);
      expect(text).toMatch(/cannot answer at the moment. Try again in a minute/);
      expect((await refresh(ada)).status).toBe(200);
    });
    const { status, text } = await call(others[0], accessTokenOf(ada));
    expect([status, text.includes('INBOX')]).toEqual([200, true]);
  });

  test('PROV-06 ends with what was approved at the provider', async () => {
    await using ada = await signInAnew();
    await provider.revoke(ada.email);
    expect((await call(others[0], accessTokenOf(ada))).status).toBe(401);
    const ended = { status: 400, answer: expect.objectContaining({ error: 'invalid_grant' }) };
    expect(await refresh(ada)).toEqual(ended);
    expect(await refresh(ada, undefined, others[1])).toEqual(ended);
    expect((await call(app, accessTokenOf(ada))).status).toBe(401);
  });

  test('PROV-11 whose refresh token is too long for a token works on all replicas, and ends with its record alone', async () => {
    provider.hasLongTokens = true;
    await using ada = await signInAnew();
    const first = accessTokenOf(ada);
    expect(first.length).toBeLessThan(1200);
    expect(await providerTokenIn(first)).toBeUndefined();
    const { status, answer } = await refresh(ada, undefined, others[0]);
    expect(status).toBe(200);
    const tokens = Tokens.parse(answer);
    await provider.revoke(ada.email, 'access tokens');
    const together = await tokenRequests(async () => {
      const calls = others.flatMap((at) => [call(at, first), call(at, tokens.access_token)]);
      for (const { text } of await Promise.all(calls)) expect(text).toContain('INBOX');
    });
    expect(together).toBe(1);
    await provider.revoke(ada.email, 'access tokens');
    await redis.stop();
    const late = await app.replica();
    const down = await call(late, first);
    expect([down.status, down.text]).toEqual([503, expect.stringContaining('needs cannot be reached')]);
    await restartRedis();
    // It has come back empty.
    await expect.poll(async () => (await call(late, first)).status, { timeout: 10_000 }).toBe(401);
    await late.stop();
    expect((await refresh(ada, tokens.refresh_token)).status).toBe(400);
    provider.hasLongTokens = false;
  });

  test('PROV-05 survives an outage of Redis, during which no refresh token is used', async () => {
    await using ada = await signInAnew();
    await provider.revoke(ada.email, 'access tokens');
    await redis.stop();
    const requests = await tokenRequests(async () => {
      expect((await call(others[1], accessTokenOf(ada))).status).toBe(503);
    });
    await restartRedis();
    expect(requests).toBe(0);
  });
});
