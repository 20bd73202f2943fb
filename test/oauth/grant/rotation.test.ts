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
  read: ({ refresh_token = '' }: Answer) => app.tokens.refresh.inspect(refresh_token),
  call: async ({ access_token = '' }: Answer) =>
    (await app.fetch('/mcp', { headers: { authorization: `Bearer ${access_token}` } })).status,
});

const MINUTE = 60;

const KINDS = [
  { kind: 'confidential', grace: 60 * MINUTE },
  { kind: 'public', grace: 30 * MINUTE },
] as const;

describe('rotation of refresh tokens (RFC 9700 §4.14.2)', () => {
  describe.each(KINDS)('of a $kind client', ({ kind, grace }) => {
    test.each([
      ['at once', 0],
      ['63 s later', 63],
      ['an hour and a second later', 3601],
      ['the next day', 86_400],
      ['a second before its own end', 30 * 86_400 - 1],
    ])('REF-02 used again %s, a token gives the same successor while that one is unused', async (_when, seconds) => {
      const { app, first, refresh, read, call } = await signedIn({ kind });
      await using _ = app;
      const second = await refresh(first);
      app.advance(seconds);
      const again = await refresh(first);
      const [one, other] = [await read(second), await read(again)];
      expect([other.jti, other.exp]).toEqual([one.jti, one.exp]);
      expect(await call(again)).toBe(200);
      expect((await refresh(again)).status).toBe('200');
    });

    test('REF-02 a token is not accepted after its own end, even if its successor is unused', async () => {
      const { app, first, refresh, read } = await signedIn({ kind });
      await using _ = app;
      app.advance(29 * 86_400);
      const second = await refresh(first);
      app.advance(86_400);
      expect(await refresh(first)).toMatchObject(refusal);
      expect((await read(second)).exp).toBeGreaterThan(app.now().getTime() / 1000);
      expect((await refresh(second)).status).toBe('200');
    });

    test.each([0, 1, grace - 1, grace])(
      'REF-02 %i s after the first use of its successor, a token gives that successor and nothing newer',
      async (seconds) => {
        const { app, first, refresh, read, call } = await signedIn({ kind });
        await using _ = app;
        const second = await refresh(first);
        app.advance(8 * 3600);
        const third = await refresh(second);
        app.advance(seconds);
        const again = await refresh(first);
        const [one, other] = [await read(second), await read(again)];
        expect([again.status, other.jti, other.exp]).toEqual(['200', one.jti, one.exp]);
        expect([await call(again), await call(third)]).toEqual([200, 200]);
      },
    );

    test('REF-02 a token that is used after its grace ends the grant', async () => {
      const { app, first, refresh, call } = await signedIn({ kind });
      await using _ = app;
      const second = await refresh(first);
      app.advance(3600);
      const third = await refresh(second);
      app.advance(grace + 1);
      expect(await refresh(first)).toMatchObject(refusal);
      for (const tokens of [second, third]) expect(await call(tokens)).toBe(401);
      for (const tokens of [first, second, third]) expect(await refresh(tokens)).toMatchObject(refusal);
    });

    test('REF-02 the grace is counted from the first use of the successor, and further uses do not extend it', async () => {
      const { app, first, refresh } = await signedIn({ kind });
      await using _ = app;
      const second = await refresh(first);
      await refresh(second);
      app.advance(grace);
      for (const tokens of [second, first]) expect((await refresh(tokens)).status).toBe('200');
      app.advance(1);
      expect(await refresh(first)).toMatchObject(refusal);
    });

    test('REF-02 a token two generations old gives its own successor within the grace, and ends the grant after it', async () => {
      const { app, first, refresh, read, call } = await signedIn({ kind });
      await using _ = app;
      const second = await refresh(first);
      const third = await refresh(second);
      const fourth = await refresh(third);
      app.advance(grace);
      const again = await refresh(first);
      expect((await read(again)).jti).toBe((await read(second)).jti);
      // The chain that starts from it leads to the tokens that exist already.
      expect((await read(await refresh(again))).jti).toBe((await read(third)).jti);
      app.advance(1);
      expect((await refresh(fourth)).status).toBe('200');
      expect(await refresh(first)).toMatchObject(refusal);
      expect(await call(fourth)).toBe(401);
    });
  });

  test('REF-02 a second window that refreshes half an hour after the first one, every time, goes on', async () => {
    const { app, first, refresh, call } = await signedIn();
    await using _ = app;
    let [one, other] = [first, first];
    for (let round = 0; round < 6; round++) {
      one = await refresh(one);
      app.advance(30 * MINUTE);
      other = await refresh(other);
      expect([one.status, other.status, await call(one), await call(other)]).toEqual(['200', '200', 200, 200]);
      app.advance(7.5 * 3600);
    }
  });

  test('REF-02 refreshes at the same time leave one family of tokens that remains valid', async () => {
    const { app, first, refresh, read, call } = await signedIn();
    await using _ = app;
    const answers = await Promise.all(Array.from({ length: 60 }, () => refresh(first)));
    expect(answers.map(({ status }) => status)).toEqual(Array(60).fill('200'));
    const opened = await Promise.all(answers.map(read));
    expect(new Set(opened.map(({ jti, exp }) => `${jti} ${exp}`)).size).toBe(1);
    app.advance(8 * 3600);
    const next = await refresh(answers[7] ?? first);
    expect([next.status, await call(next)]).toEqual(['200', 200]);
    app.advance(30 * MINUTE + 1);
    expect(await refresh(first)).toMatchObject(refusal);
    expect(await call(next)).toBe(401);
  });

  test('REF-02 the first use of a successor and a retry of its predecessor at the same time both succeed', async () => {
    const { app, first, refresh, read } = await signedIn();
    await using _ = app;
    const second = await refresh(first);
    const answers = await Promise.all([first, second, first, second, first, second].map(refresh));
    expect(answers.map(({ status }) => status)).toEqual(Array(6).fill('200'));
    const ids = await Promise.all(answers.map(async (answer) => (await read(answer)).jti));
    expect(new Set(ids).size).toBe(2);
  });

  test('REF-02 a token that is issued again ends with the grant, if that is earlier', async () => {
    const expiresAt = new Date(Date.parse('2026-11-21T12:00:00Z') + 20 * 86_400_000);
    await using app = await startOAuthApp();
    const client = await app.mint({ kind: 'public', expiresAt });
    const { refresh, read } = over(app, client);
    const first = await tokensOf(app, client);
    const ends = [];
    for (let day = 0; day < 3; day++) {
      ends.push((await read(await refresh(first))).exp);
      app.advance(86_400);
    }
    expect(ends).toEqual(Array(3).fill(expiresAt.getTime() / 1000));
  });

  test('REF-02 a restart of the one process without Redis ends no grant', async () => {
    const issuer = 'https://mail.example.com';
    const { app, client, first, refresh, read } = await signedIn({ issuer });
    await using _ = app;
    const second = await refresh(first);
    const third = await refresh(second);
    await using restarted = await startOAuthApp({ issuer, now: app.now });
    const after = over(restarted, client);
    app.advance(3600);
    for (const tokens of [first, second, third]) {
      const [renewed, again] = [await after.refresh(tokens), await after.refresh(tokens)];
      expect([renewed.status, again.status]).toEqual(['200', '200']);
      expect((await read(again)).jti).toBe((await read(renewed)).jti);
    }
    expect((await read(await after.refresh(first))).jti).toBe((await read(second)).jti);
  });

  test('REF-02 each further use is logged, and the first one is not', async () => {
    const { app, first, refresh } = await signedIn();
    await using _ = app;
    const line = 'a refresh token was used again, and gave the same successor';
    const count = () => app.logged().split(line).length - 1;
    const second = await refresh(first);
    expect(count()).toBe(0);
    await refresh(first);
    expect(count()).toBe(1);
    await refresh(second);
    expect(count()).toBe(1);
    await refresh(first);
    expect(count()).toBe(2);
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
    expect(app.logged()).not.toContain('used again');
  });

  test('REF-02 the end of one grant does not end another one of the same account and client', async () => {
    const { app, client, first, refresh, call } = await signedIn();
    await using _ = app;
    const other = await tokensOf(app, client);
    await refresh(await refresh(first));
    app.advance(3601);
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
      expect((await refresh(await refresh(first))).status).toBe('200');
      app.advance(3601);
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
