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
import { waitUntil } from '../../support/app/wait-until.ts';
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

const read = ({ refresh_token = '' }: Answer) => a.tokens.refresh.inspect(refresh_token);

const call = async (at: OAuthApp, { access_token = '' }: Answer) =>
  (await at.fetch('/mcp', { headers: { authorization: `Bearer ${access_token}` } })).status;

describe('two replicas with one Redis', () => {
  test('REF-02 concurrent refreshes on both give one successor, and a reused token ends the grant on both', async () => {
    const first = await tokensOf(a, client);
    const answers = await Promise.all(Array.from({ length: 60 }, (_, index) => refresh(index % 2 ? a : b, first)));
    expect(answers.map(({ status }) => status)).toEqual(Array(60).fill('200'));
    expect(new Set((await Promise.all(answers.map(read))).map(({ jti, exp }) => `${jti} ${exp}`)).size).toBe(1);
    a.advance(3600);
    const next = await refresh(b, answers[0] ?? first);
    expect([await call(a, next), await call(b, next)]).toEqual([200, 200]);
    a.advance(1801);
    expect(await refresh(a, first)).toMatchObject(refusal);
    expect([await call(a, next), await call(b, next)]).toEqual([401, 401]);
    expect(await refresh(b, next)).toMatchObject(refusal);
  });

  test('REF-02 retries of a token on one race with the first use of its successor on the other, and all succeed', async () => {
    for (let round = 0; round < 10; round++) {
      const first = await tokensOf(a, client);
      const second = await refresh(b, first);
      const retries = Array.from({ length: 4 }, (_, index) => [refresh(a, first), refresh(index % 2 ? a : b, second)]);
      const answers = await Promise.all(retries.flat());
      expect(answers.map(({ status }) => status)).toEqual(Array(8).fill('200'));
      const ids = (await Promise.all(answers.map(read))).map(({ jti }) => jti);
      expect(new Set(ids).size).toBe(2);
      expect([await call(a, second), await call(b, answers.at(-1) ?? second)]).toEqual([200, 200]);
    }
  });

  test('REF-02 a token of a confidential client is accepted for an hour after its successor was used on the other', async () => {
    client = await a.mint({ kind: 'confidential' });
    const first = await tokensOf(a, client);
    const second = await refresh(a, first);
    a.advance(86_400);
    const third = await refresh(b, second);
    a.advance(3600);
    const again = await refresh(a, first);
    expect((await read(again)).exp).toBe((await read(second)).exp);
    expect((await read(again)).jti).toBe((await read(second)).jti);
    a.advance(1);
    expect(await refresh(b, first)).toMatchObject(refusal);
    expect([await call(a, third), await call(b, third)]).toEqual([401, 401]);
  });

  test('REF-02 no grant ends because Redis was unreachable during refreshes', async () => {
    const first = await tokensOf(a, client);
    const second = await refresh(a, first);
    await redis.stop();
    const down = await Promise.all([refresh(a, first), refresh(b, second), refresh(b, first)]);
    for (const { status } of down) expect(status).toBe('500');
    await redis.start();
    await waitUntil(20_000, async () => (await refresh(a, second)).status === '200');
    await waitUntil(20_000, async () => (await refresh(b, first)).status === '200');
    // Redis keeps nothing here: what was used is forgotten, and nothing is taken for a reuse.
    const again = await Promise.all([refresh(a, first), refresh(b, second), refresh(b, first), refresh(a, second)]);
    expect(again.map(({ status }) => status)).toEqual(Array(4).fill('200'));
    expect(new Set((await Promise.all(again.map(read))).map(({ jti }) => jti)).size).toBe(2);
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
