/** The account page on two replicas with one Redis: opened on one and submitted to the other; also while Redis is unavailable. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { challengeOf } from '../../src/oauth/http/pkce.ts';
import { openForm } from '../support/app/person.ts';
import { REDIRECT_URI, signInFields, startApp, type TestApp } from '../support/app/start-app.ts';
import { newAccount } from '../support/mail/accounts.ts';
import { startRedis, type TestRedis } from '../support/servers/redis.ts';

const Tokens = z.object({ access_token: z.string() });

const verifier = 'v'.repeat(43);

let redis: TestRedis;
let a: TestApp;
let b: TestApp;
beforeAll(async () => {
  redis = await startRedis();
  a = await startApp({ REDIS_URL: redis.url, REPLICAS: '2' });
  b = await a.replica();
});
afterAll(async () => {
  await Promise.all([a?.stop(), b?.stop()]);
  await redis?.[Symbol.asyncDispose]();
});

/** Signs in to a new mailbox. @returns the client, its access token and the fields of the account page */
async function signInToNewAccount() {
  const account = newAccount();
  const { client_id, client_secret = '' } = await a.mint(account, { name: 'Claude' });
  const url = new URL('/oauth/authorize', a.origin);
  url.search = new URLSearchParams({
    response_type: 'code',
    client_id,
    redirect_uri: REDIRECT_URI,
    code_challenge: challengeOf(verifier),
    code_challenge_method: 'S256',
  }).toString();
  const { callback } = await (await openForm(url)).submit(signInFields(account));
  const response = await fetch(`${a.origin}/oauth/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      code: callback?.get('code') ?? '',
      code_verifier: verifier,
      client_id,
      client_secret,
    }),
  });
  const { access_token } = Tokens.parse(await response.json());
  const { username, password } = account.imap.login;
  return { client_id, token: access_token, login: { imap_username: username, imap_password: password } };
}

/** Opens the account page on one replica; `submit` names the replica that it posts to. */
async function openAccountPage(clientId: string) {
  const opened = await fetch(`${a.origin}/account?client_id=${clientId}`);
  const cookie = opened.headers.getSetCookie()[0]?.split(';')[0] ?? '';
  let html = await opened.text();
  return {
    async submit(at: TestApp, fields: Record<string, string>): Promise<{ status: number; html: string }> {
      const hidden = /<input type="hidden" name="(\w+)" value="([^"]*)"/.exec(html) ?? [];
      const response = await fetch(`${at.origin}/account`, {
        method: 'POST',
        headers: { cookie, origin: a.origin },
        body: new URLSearchParams({ [hidden[1] ?? '']: hidden[2] ?? '', ...fields }),
      });
      html = await response.text();
      return { status: response.status, html };
    },
  };
}

async function statusAt(replica: TestApp, token: string): Promise<number> {
  const response = await fetch(`${replica.origin}/mcp`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' }),
  });
  return response.status;
}

test('FORM-02 REV-03 a grant of one replica is listed by the other, and revoking it there ends it on both', async () => {
  const { client_id, token, login } = await signInToNewAccount();
  expect([await statusAt(a, token), await statusAt(b, token)]).toEqual([200, 200]);
  const page = await openAccountPage(client_id);
  expect((await page.submit(b, login)).html).toMatch(/id="grant-[\w-]+">Claude</);
  expect((await page.submit(b, { take_back: 'all' })).html).toContain('is taken back'); // phrase allowed: text of the page
  expect([await statusAt(a, token), await statusAt(b, token)]).toEqual([401, 401]);
});

test('while Redis is unavailable the page reports it and revokes nothing; it works again when Redis is back', async () => {
  const { client_id, token, login } = await signInToNewAccount();
  const page = await openAccountPage(client_id);
  const list = await page.submit(a, login);
  expect(list.status).toBe(200);
  await redis.stop();
  const refused = await page.submit(a, { take_back: 'all' });
  expect(refused.status).toBe(503);
  expect(refused.html).toContain('Nothing was taken back'); // phrase allowed: text of the page
  expect((await fetch(`${a.origin}/account?client_id=${client_id}`)).status).toBe(503);
  await redis.start();
  await expect.poll(() => statusAt(a, token), { timeout: 20_000, interval: 500 }).toBe(200);
  await expect
    .poll(async () => (await fetch(`${a.origin}/account?client_id=${client_id}`)).status, {
      timeout: 20_000,
      interval: 500,
    })
    .toBe(200);
}, 60_000);
