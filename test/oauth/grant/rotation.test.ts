import { describe, expect, test } from 'vitest';
import { type MintedClient, type OAuthApp, type OAuthAppOptions, startOAuthApp } from '../../support/app/oauth-app.ts';
import { type Answer, answerOf, refreshGrant, tokensOf } from '../../support/app/token-requests.ts';

const refusal = { status: '400', error: 'invalid_grant' };

/** A signed-in client. `refresh` and `call` return the responses that the client gets. */
async function signedIn(options: OAuthAppOptions & { kind?: 'public' | 'confidential' } = {}) {
  const app = await startOAuthApp(options);
  const client = await app.mint({ kind: options.kind ?? 'public' });
  return { app, client, first: await tokensOf(app, client), ...over(app, client) };
}

const over = (app: OAuthApp, client: MintedClient) => ({
  refresh: async ({ refresh_token = '' }: Answer) =>
    answerOf(await app.post('/oauth/token', refreshGrant(client, refresh_token))),
  call: async ({ access_token = '' }: Answer) =>
    (await app.fetch('/mcp', { headers: { authorization: `Bearer ${access_token}` } })).status,
});

describe('rotation of refresh tokens (RFC 9700 §4.14.2)', () => {
  test('REF-02 a retry within a minute gets the same successor, until that one is used', async () => {
    const { app, first, refresh, call } = await signedIn();
    await using _ = app;
    const second = await refresh(first);
    app.advance(60);
    const retried = await refresh(first);
    const ids = [second, retried].map(({ refresh_token = '' }) => app.tokens.refresh.unseal(refresh_token, app.now()));
    const [one, other] = await Promise.all(ids);
    expect(one?.jti).toBe(other?.jti);
    const third = await refresh(retried);
    expect([third.status, await call(third)]).toEqual(['200', 200]);
    expect(await refresh(first)).toMatchObject(refusal);
    for (const tokens of [first, second, retried, third]) expect(await call(tokens)).toBe(401);
    expect(await refresh(third)).toMatchObject(refusal);
  });

  test('REF-02 a second use after more than a minute ends the grant, even if the successor was never used', async () => {
    const { app, first, refresh, call } = await signedIn();
    await using _ = app;
    const second = await refresh(first);
    app.advance(61);
    expect(await refresh(first)).toMatchObject(refusal);
    expect(await refresh(second)).toMatchObject(refusal);
    expect(await call(second)).toBe(401);
  });

  test('REF-02 refreshes at the same time leave one family of tokens that remains valid', async () => {
    const { app, first, refresh, call } = await signedIn();
    await using _ = app;
    const answers = await Promise.all(Array.from({ length: 10 }, () => refresh(first)));
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill('200'));
    const opened = answers.map(({ refresh_token = '' }) => app.tokens.refresh.unseal(refresh_token, app.now()));
    expect(new Set((await Promise.all(opened)).map(({ jti }) => jti)).size).toBe(1);
    app.advance(8 * 3600);
    const next = await refresh(answers[7] ?? first);
    expect([next.status, await call(next)]).toEqual(['200', 200]);
    app.advance(61);
    expect(await refresh(answers[2] ?? first)).toMatchObject(refusal);
    expect(await call(next)).toBe(401);
  });

  test('REF-02 a wrong request does not use up a token', async () => {
    const { app, client, first, refresh } = await signedIn({ kind: 'confidential' });
    await using _ = app;
    const { refresh_token = '' } = first;
    const wrong = [
      { ...refreshGrant(client, refresh_token), client_secret: 'wrong' },
      refreshGrant(await app.mint(), refresh_token),
      refreshGrant(client, refresh_token, { resource: 'https://other.example' }),
    ];
    for (const form of wrong) expect((await app.post('/oauth/token', form)).status).toBeGreaterThanOrEqual(400);
    app.advance(61);
    expect((await refresh(first)).status).toBe('200');
  });

  test('REF-02 the end of one grant does not end another one of the same account and client', async () => {
    const { app, client, first, refresh, call } = await signedIn();
    await using _ = app;
    const other = await tokensOf(app, client);
    await refresh(first);
    app.advance(61);
    await refresh(first);
    expect(await call(first)).toBe(401);
    expect(await call(other)).toBe(200);
    expect((await refresh(other)).status).toBe('200');
  });
});

describe('which clients get refresh tokens', () => {
  test.each([
    { replicas: 1, isShared: false, kind: 'public', gets: 'rotated' },
    { replicas: 1, isShared: false, kind: 'confidential', gets: 'rotated' },
    { replicas: 1, isShared: true, kind: 'public', gets: 'rotated' },
    { replicas: 2, isShared: true, kind: 'public', gets: 'rotated' },
    { replicas: 2, isShared: true, kind: 'confidential', gets: 'rotated' },
    { replicas: 2, isShared: false, kind: 'public', gets: 'none' },
    { replicas: 2, isShared: false, kind: 'confidential', gets: 'lasting' },
  ] as const)(
    'REF-01 replicas: $replicas, state shared: $isShared, $kind client: $gets',
    async ({ replicas, isShared, kind, gets }) => {
      const { app, first, refresh } = await signedIn({ replicas, kind, isShared });
      await using _ = app;
      if (gets === 'none') {
        expect(first).toMatchObject({ status: '200', access_token: expect.any(String) });
        return expect(first).not.toHaveProperty('refresh_token');
      }
      expect((await refresh(first)).status).toBe('200');
      app.advance(61);
      expect((await refresh(first)).status).toBe(gets === 'rotated' ? '400' : '200');
    },
  );

  test('REF-01 a public client cannot use a refresh token that it got while there was one replica', async () => {
    const { app, client, first } = await signedIn({ issuer: 'https://mail.example.com' });
    await using _ = app;
    await using more = await startOAuthApp({ issuer: 'https://mail.example.com', replicas: 2 });
    expect(await over(more, client).refresh(first)).toMatchObject(refusal);
  });
});
