/** Checks that two replicas with one Redis share the state of tokens. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { connectRedisState } from '../../../src/state/redis.ts';
import type { State } from '../../../src/state/state.ts';
import { type MintedClient, type OAuthApp, startOAuthApp } from '../../support/app/oauth-app.ts';
import {
  type Answer,
  answerOf,
  codeGrant,
  codeOf,
  refreshGrant,
  secretOf,
  tokensOf,
} from '../../support/app/token-requests.ts';
import { startRedis, type TestRedis } from '../../support/servers/redis.ts';

const issuer = 'https://mail.example.com';
const refusal = { status: '400', error: 'invalid_grant' };

let redis: TestRedis;
let a: OAuthApp;
let b: OAuthApp;
let stateOfB: State;
let client: MintedClient;
beforeAll(async () => {
  redis = await startRedis();
  // One clock for both, which tests advance.
  const clock = { now: () => new Date() };
  const now = () => clock.now();
  const connect = () => connectRedisState({ url: redis.url, now });
  a = await startOAuthApp({ issuer, state: await connect(), replicas: 2 });
  clock.now = a.now;
  stateOfB = await connect();
  b = await startOAuthApp({ issuer, state: stateOfB, replicas: 2, now });
});
afterAll(async () => {
  await Promise.all([a?.state.close(), stateOfB?.close(), a?.[Symbol.asyncDispose](), b?.[Symbol.asyncDispose]()]);
  await redis?.[Symbol.asyncDispose]();
});
beforeEach(async () => {
  client = await a.mint({ kind: 'public' });
});

const refresh = async (at: OAuthApp, { refresh_token = '' }: Answer) =>
  answerOf(await at.post('/oauth/token', refreshGrant(client, refresh_token)));

const call = async (at: OAuthApp, { access_token = '' }: Answer) =>
  (await at.fetch('/mcp', { headers: { authorization: `Bearer ${access_token}` } })).status;

describe('two replicas with one Redis', () => {
  test('REF-02 concurrent refreshes on both give one successor, and a reused token ends the grant on both', async () => {
    const first = await tokensOf(a, client);
    const answers = await Promise.all(Array.from({ length: 20 }, (_, index) => refresh(index % 2 ? a : b, first)));
    const opened = answers.map(({ refresh_token = '' }) => a.tokens.refresh.unseal(refresh_token, a.now()));
    expect(new Set((await Promise.all(opened)).map(({ jti }) => jti)).size).toBe(1);
    a.advance(3600);
    const next = await refresh(b, answers[0] ?? first);
    expect([await call(a, next), await call(b, next)]).toEqual([200, 200]);
    expect(await refresh(a, first)).toMatchObject(refusal);
    expect([await call(a, next), await call(b, next)]).toEqual([401, 401]);
    expect(await refresh(b, next)).toMatchObject(refusal);
  });

  test('CODE-03 a code that is used on both ends the grant of the first use', async () => {
    const form = codeGrant(client, await codeOf(a, client));
    const tokens = await answerOf(await a.post('/oauth/token', form));
    expect([await call(a, tokens), await call(b, tokens)]).toEqual([200, 200]);
    expect(await answerOf(await b.post('/oauth/token', form))).toMatchObject(refusal);
    expect([await call(a, tokens), await call(b, tokens)]).toEqual([401, 401]);
    expect(await refresh(a, tokens)).toMatchObject(refusal);
  });

  test('REV-03 REV-04 an access token that is revoked on one is refused on both, and its grant continues', async () => {
    const tokens = await tokensOf(a, client);
    const { access_token: token = '' } = tokens;
    expect([await call(a, tokens), await call(b, tokens)]).toEqual([200, 200]);
    await b.post('/oauth/revoke', { token, client_id: client.clientId, ...secretOf(client) });
    expect([await call(a, tokens), await call(b, tokens)]).toEqual([401, 401]);
    expect((await refresh(a, tokens)).status).toBe('200');
  });
});
