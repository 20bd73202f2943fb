/** Checks an upgrade while replicas run: some write layout 1 and some layout 2, and each reads both. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { MailAccount } from '../../src/mail/account.ts';
import { challengeOf } from '../../src/oauth/http/pkce.ts';
import { openForm } from '../support/app/person.ts';
import { REDIRECT_URI, type Registration, signInFields, startApp, type TestApp } from '../support/app/start-app.ts';
import { newAccount } from '../support/mail/accounts.ts';
import { startRedis, type TestRedis } from '../support/servers/redis.ts';

const verifier = 'v'.repeat(43);
const Tokens = z.object({ access_token: z.string(), refresh_token: z.string() });
type Tokens = z.output<typeof Tokens>;

let redis: TestRedis;
let layout1: TestApp;
let layout2: TestApp;

beforeAll(async () => {
  redis = await startRedis();
  const variables = {
    ENCRYPTION_KEY: Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('base64'),
    ...{ REDIS_URL: redis.url, REPLICAS: '2' },
  };
  layout1 = await startApp({ ...variables, TOKEN_LAYOUT: '1' });
  layout2 = await layout1.replica({ TOKEN_LAYOUT: '2' });
});
afterAll(async () => {
  await Promise.all([layout1?.stop(), layout2?.stop()]);
  await redis?.[Symbol.asyncDispose]();
});

async function request(
  replica: TestApp,
  { client_id, client_secret = '' }: Registration,
  form: object,
): Promise<Tokens> {
  const body = new URLSearchParams({ client_id, client_secret: client_secret ?? '', ...form });
  const response = await fetch(new URL('/oauth/token', replica.origin), { method: 'POST', body });
  expect(response.status).toBe(200);
  return Tokens.parse(await response.json());
}

/** The page is shown by one replica, submitted to a second one, and the code is exchanged at a third. */
async function signIn(replicas: readonly [TestApp, TestApp, TestApp], client: Registration, account: MailAccount) {
  const [shows, takes, exchanges] = replicas;
  const url = new URL('/oauth/authorize', shows.origin);
  url.search = new URLSearchParams({
    ...{ response_type: 'code', client_id: client.client_id, redirect_uri: REDIRECT_URI },
    ...{ code_challenge: challengeOf(verifier), code_challenge_method: 'S256' },
  }).toString();
  const form = await openForm(url, layout1.origin);
  const { callback } = await form.submit(signInFields(account), takes.origin);
  const code = { grant_type: 'authorization_code', code: callback?.get('code') ?? '', code_verifier: verifier };
  return request(exchanges, client, code);
}

const refresh = (replica: TestApp, client: Registration, { refresh_token }: Tokens) =>
  request(replica, client, { grant_type: 'refresh_token', refresh_token });

async function statusOfCall(replica: TestApp, { access_token }: Tokens): Promise<number> {
  const params = { name: 'list_mailboxes', arguments: {} };
  const response = await fetch(`${replica.origin}/mcp`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${access_token}` },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params }),
  });
  return response.status;
}

describe('replicas with both layouts', () => {
  test('a sign-in that begins on one is refreshed on the other and back, and its tokens are accepted on both', async () => {
    for (const [first, second] of [
      [layout1, layout2],
      [layout2, layout1],
    ] as const) {
      const account = newAccount();
      const client = await first.mint(account);
      let tokens = await signIn([first, second, first], client, account);
      for (const next of [second, first, second]) {
        expect([await statusOfCall(layout1, tokens), await statusOfCall(layout2, tokens)]).toEqual([200, 200]);
        tokens = await refresh(next, client, tokens);
      }
      expect([await statusOfCall(layout1, tokens), await statusOfCall(layout2, tokens)]).toEqual([200, 200]);
    }
  });

  test('what layout 2 writes is less than two thirds as long', async () => {
    const account = newAccount();
    const clients = [await layout1.mint(account), await layout2.mint(account)] as const;
    const [long, short] = [
      await signIn([layout1, layout1, layout1], clients[0], account),
      await signIn([layout2, layout2, layout2], clients[1], account),
    ];
    expect(short.access_token.length * 1.5).toBeLessThan(long.access_token.length);
    expect(short.refresh_token.length * 1.5).toBeLessThan(long.refresh_token.length);
    expect(clients[1].client_id.length * 1.5).toBeLessThan(clients[0].client_id.length);
  });

  test('a token that was revoked on one is refused on the other', async () => {
    const account = newAccount();
    const client = await layout2.mint(account);
    const tokens = await signIn([layout2, layout1, layout2], client, account);
    const { client_id, client_secret = '' } = client;
    const body = new URLSearchParams({ client_id, client_secret: client_secret ?? '', token: tokens.refresh_token });
    expect((await fetch(new URL('/oauth/revoke', layout1.origin), { method: 'POST', body })).status).toBe(200);
    expect([await statusOfCall(layout1, tokens), await statusOfCall(layout2, tokens)]).toEqual([401, 401]);
  });
});
