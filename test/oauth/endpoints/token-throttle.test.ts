import { describe, expect, test } from 'vitest';
import { type MintedClient, type OAuthApp, startOAuthApp } from '../../support/app/oauth-app.ts';
import { answerOf, codeGrant, codeOf, type Form, refreshGrant, tokensOf } from '../../support/app/token-requests.ts';

const form = { grant_type: 'authorization_code', code: 'wrong', code_verifier: 'wrong' };

describe('the token endpoint', () => {
  test('TOK-13 TOK-05 a client that fails too often at an address has to wait, by an OAuth error, and other clients do not', async () => {
    await using app = await startOAuthApp();
    const [guesser, other] = [await app.mint({ kind: 'public' }), await app.mint({ kind: 'public' })];
    const ask = (clientId: string) => app.post('/oauth/token', { ...form, client_id: clientId });
    const statuses: number[] = [];
    for (let tries = 0; tries < 310; tries++) statuses.push((await ask(guesser.clientId)).status);
    expect(new Set(statuses.slice(0, 290))).toEqual(new Set([400]));
    const refused = await ask(guesser.clientId);
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(refused.headers.get('cache-control')).toBe('no-store');
    expect(refused.headers.get('www-authenticate')).toBeNull();
    expect(await refused.json()).toEqual({ error: 'temporarily_unavailable', error_description: expect.any(String) });
    expect((await ask(other.clientId)).status).toBe(400);
  });
});

const status = async (response: Promise<Response>) => (await response).status;

/** Sends requests that fail, twenty at once, until one is over the limit. */
async function fail(app: OAuthApp, request: Form, path = '/oauth/token'): Promise<number> {
  let last = 0;
  for (let sent = 0; sent < 400 && last !== 429; sent += 20) {
    last = Math.max(...(await Promise.all(Array.from({ length: 20 }, () => status(app.post(path, request))))));
  }
  return last;
}

describe('what is right passes the throttle', () => {
  const wrong: [string, (client: MintedClient) => Form, string?][] = [
    ['wrong codes', (client) => codeGrant(client, 'wrong')],
    ['wrong refresh tokens', (client) => refreshGrant(client, 'wrong')],
    ['wrong secrets', (client) => ({ ...codeGrant(client, 'wrong'), client_secret: 'wrong' })],
    [
      'wrong secrets at the revocation endpoint',
      ({ clientId }) => ({ client_id: clientId, client_secret: 'x', token: 'x' }),
      '/oauth/revoke',
    ],
    ['wrong grant types', (client) => ({ ...codeGrant(client, 'x'), resource: 'https://elsewhere.example' })],
  ];

  test.each(wrong)(
    'TOK-13 %s of a stranger at the same address refuse no right code and no right token',
    async (_what, of, path) => {
      await using app = await startOAuthApp({ isShared: true });
      const client = await app.mint();
      const { refresh_token = '' } = await tokensOf(app, client);
      expect(await fail(app, of(client), path)).toBe(429);
      expect(await status(app.post('/oauth/token', codeGrant(client, await codeOf(app, client))))).toBe(200);
      expect(await status(app.post('/oauth/token', refreshGrant(client, refresh_token)))).toBe(200);
    },
  );

  test('TOK-13 the same holds for a public client, whose id anyone knows', async () => {
    await using app = await startOAuthApp({ isShared: true });
    const client = await app.mint({ kind: 'public' });
    const { refresh_token = '' } = await tokensOf(app, client);
    expect(await fail(app, codeGrant(client, 'wrong'))).toBe(429);
    for (let tries = 0; tries < 50; tries++) {
      await app.post('/oauth/revoke', { client_id: client.clientId, token: 'x' });
    }
    expect(await status(app.post('/oauth/token', refreshGrant(client, refresh_token)))).toBe(200);
  });

  test('TOK-13 a token that has ended gets its own error also then, so that the client asks for a sign-in', async () => {
    await using app = await startOAuthApp({ isShared: true });
    const client = await app.mint({ kind: 'public' });
    const { refresh_token = '' } = await tokensOf(app, client);
    app.advance(31 * 86_400);
    expect(await fail(app, codeGrant(client, 'wrong'))).toBe(429);
    const answer = await answerOf(await app.post('/oauth/token', refreshGrant(client, refresh_token)));
    expect(answer).toMatchObject({ status: '400', error: 'invalid_grant' });
  });

  test('TOK-13 what is refused counts nowhere: the limit ends with its window', async () => {
    await using app = await startOAuthApp();
    const client = await app.mint({ kind: 'public' });
    expect(await fail(app, codeGrant(client, 'wrong'))).toBe(429);
    const response = await app.post('/oauth/token', codeGrant(client, 'wrong'));
    expect(Number(response.headers.get('retry-after'))).toBeLessThanOrEqual(600);
  });

  test.each(['confidential', 'public'] as const)(
    'CODE-04 wrong requests of another client, a %s one, do not use a code up',
    async (kind) => {
      await using app = await startOAuthApp();
      const [client, other] = [await app.mint({ kind: 'public' }), await app.mint({ kind })];
      const code = await codeOf(app, client);
      for (let tries = 0; tries < 8; tries++) {
        const answer = await answerOf(await app.post('/oauth/token', codeGrant(other, code)));
        expect(answer).toMatchObject({ status: '400', error: 'invalid_grant' });
      }
      expect(await status(app.post('/oauth/token', codeGrant(client, code)))).toBe(200);
    },
  );

  test('TOK-13 a grant that is refreshed in a loop has to wait, and another grant of the client does not', async () => {
    await using app = await startOAuthApp({ isShared: true });
    const client = await app.mint({ kind: 'public' });
    let { refresh_token = '' } = await tokensOf(app, client);
    const { refresh_token: other = '' } = await tokensOf(app, client);
    for (let use = 0; use < 600; use++) {
      refresh_token =
        (await answerOf(await app.post('/oauth/token', refreshGrant(client, refresh_token)))).refresh_token ?? '';
    }
    expect(await status(app.post('/oauth/token', refreshGrant(client, refresh_token)))).toBe(429);
    expect(await status(app.post('/oauth/token', refreshGrant(client, other)))).toBe(200);
  });
});
