import { describe, expect, test } from 'vitest';
import { codeVerifier, startOAuthApp, testKey } from '../support/oauth-app.ts';
import { ada } from '../support/sign-in-page.ts';
import { answerOf, codeGrant, codeOf, type Form, refreshGrant, tokensOf } from '../support/token-requests.ts';

describe('grant_type=refresh_token (RFC 6749 §6)', () => {
  test('gives new tokens of the same grant', async () => {
    await using app = await startOAuthApp();
    const client = await app.mint();
    const first = await tokensOf(app, client);
    app.advance(28_000);
    const second = await answerOf(await app.post('/oauth/token', refreshGrant(client, first.refresh_token ?? '')));
    expect(second).toMatchObject({ status: '200', token_type: 'Bearer', expires_in: 28_800, scope: first.scope });
    expect(second.refresh_token).not.toBe(first.refresh_token);
    const [old, renewed] = await Promise.all(
      [first, second].map(({ access_token = '' }) => app.tokens.access.open(access_token, app.now())),
    );
    expect(renewed).toMatchObject({ gid: old?.gid, sub: old?.sub, login: old?.login, servers: old?.servers });
    expect(renewed?.jti).not.toBe(old?.jti);
  });

  test('REF-04 TOK-03 TOK-10 belongs to its client, with its secret, for the same resource', async () => {
    await using app = await startOAuthApp();
    const client = await app.mint();
    const { refresh_token = '', access_token = '' } = await tokensOf(app, client);
    const cases: [string, Form, string][] = [
      ['another client', refreshGrant(await app.mint(), refresh_token), 'invalid_grant'],
      ['no secret', { ...refreshGrant(client, refresh_token), client_secret: '' }, 'invalid_client'],
      [
        'another resource',
        refreshGrant(client, refresh_token, { resource: 'https://other.example/mcp' }),
        'invalid_target',
      ],
      ['an access token', refreshGrant(client, access_token), 'invalid_grant'],
      ['a changed token', refreshGrant(client, refresh_token.replace(/.$/, 'x')), 'invalid_grant'],
    ];
    for (const [name, form, error] of cases) {
      expect(await answerOf(await app.post('/oauth/token', form)), name).toMatchObject({ error });
    }
  });

  test('REF-04 is no good at another server, even one with the same key', async () => {
    await using app = await startOAuthApp({ issuer: 'https://mail.example.com' });
    await using other = await startOAuthApp({ issuer: 'https://other.example.com' });
    const client = await app.mint();
    const { refresh_token = '' } = await tokensOf(app, client);
    const answer = await answerOf(await other.post('/oauth/token', refreshGrant(client, refresh_token)));
    expect(answer).toMatchObject({ status: '400', error: 'invalid_grant' });
    const code = await answerOf(await other.post('/oauth/token', codeGrant(client, await codeOf(app, client))));
    expect(code).toMatchObject({ status: '400', error: 'invalid_grant' });
  });

  test('REF-03 may narrow the scope for one access token, never widen it', async () => {
    await using app = await startOAuthApp();
    const client = await app.mint();
    const { refresh_token = '' } = await tokensOf(app, client, { scope: 'mail.read mail.write' });
    const refresh = async (token: string, scope: string) =>
      answerOf(await app.post('/oauth/token', refreshGrant(client, token, { scope })));
    const narrowed = await refresh(refresh_token, 'mail.read offline_access');
    expect(narrowed.scope).toBe('mail.read');
    const whole = await refresh(narrowed.refresh_token ?? '', '');
    expect(whole.scope).toBe('mail.read mail.write');
    const again = await refresh(whole.refresh_token ?? '', 'offline_access');
    expect(again.scope).toBe('mail.read mail.write');
    expect(await refresh(again.refresh_token ?? '', 'mail.read mail.send')).toMatchObject({
      status: '400',
      error: 'invalid_scope',
    });
    expect((await refresh(again.refresh_token ?? '', 'mail.write')).scope).toBe('mail.write');
  });

  test('REF-06 ends after 30 days without use, and 90 days after the sign-in whatever happens', async () => {
    await using app = await startOAuthApp();
    const client = await app.mint();
    const day = 86_400;
    const refresh = async (token = '') => answerOf(await app.post('/oauth/token', refreshGrant(client, token)));
    const unused = await tokensOf(app, client);
    app.advance(30 * day);
    expect(await refresh(unused.refresh_token)).toMatchObject({ status: '400', error: 'invalid_grant' });

    let tokens = await tokensOf(app, client);
    for (let days = 0; days < 87; days += 29) {
      app.advance(29 * day);
      tokens = await refresh(tokens.refresh_token);
      expect(tokens.status).toBe('200');
    }
    app.advance(3 * day - 3600);
    tokens = await refresh(tokens.refresh_token);
    expect(tokens).toMatchObject({ status: '200', expires_in: 3600 });
    app.advance(3600);
    expect(await refresh(tokens.refresh_token)).toMatchObject({ error: 'invalid_grant' });
  });

  test('CLI-06 tokens and clients of a previous key go on working', async () => {
    await using old = await startOAuthApp({
      issuer: 'https://mail.example.com',
      keys: { current: testKey(3), previous: [] },
    });
    const client = await old.mint();
    const { refresh_token = '' } = await tokensOf(old, client);
    const keys = { current: testKey(4), previous: [testKey(3)] };
    await using app = await startOAuthApp({ issuer: 'https://mail.example.com', keys });
    const answer = await answerOf(await app.post('/oauth/token', refreshGrant(client, refresh_token)));
    expect(answer.status).toBe('200');
    await using gone = await startOAuthApp({ issuer: 'https://mail.example.com', keys: { ...keys, previous: [] } });
    expect(await answerOf(await gone.post('/oauth/token', refreshGrant(client, refresh_token)))).toMatchObject({
      status: '401',
      error: 'invalid_client',
    });
  });

  test('BEAR-09 no token, code, secret or login reaches the log', async () => {
    await using app = await startOAuthApp();
    const client = await app.mint();
    const code = await codeOf(app, client);
    const tokens = await answerOf(await app.post('/oauth/token', codeGrant(client, code)));
    await app.post('/oauth/token', refreshGrant(client, tokens.refresh_token ?? ''));
    const log = app.logged();
    expect(log).toContain('tokens issued');
    const secrets = [
      client.clientId,
      client.clientSecret ?? '?',
      code,
      tokens.access_token ?? '?',
      tokens.refresh_token ?? '?',
      ada.email,
      ada.imap_password,
      codeVerifier,
    ];
    for (const secret of secrets) expect(log).not.toContain(secret);
  });
});
