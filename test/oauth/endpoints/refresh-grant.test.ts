import { describe, expect, test } from 'vitest';
import { codeVerifier, startOAuthApp, type TryMailLogin, testKey } from '../../support/app/oauth-app.ts';
import { ada, callbackOf } from '../../support/app/sign-in-page.ts';
import { answerOf, codeGrant, codeOf, type Form, refreshGrant, tokensOf } from '../../support/app/token-requests.ts';

describe('grant_type=refresh_token (RFC 6749 §6)', () => {
  test('returns new tokens of the same grant', async () => {
    await using app = await startOAuthApp();
    const client = await app.mint();
    const first = await tokensOf(app, client);
    app.advance(28_000);
    const second = await answerOf(await app.post('/oauth/token', refreshGrant(client, first.refresh_token ?? '')));
    expect(second).toMatchObject({ status: '200', token_type: 'Bearer', expires_in: 28_800, scope: first.scope });
    expect(second.refresh_token).not.toBe(first.refresh_token);
    const [old, renewed] = await Promise.all(
      [first, second].map(({ access_token = '' }) => app.tokens.access.unseal(access_token, app.now())),
    );
    expect(renewed).toMatchObject({ gid: old?.gid, sub: old?.sub, login: old?.login, servers: old?.servers });
    expect(renewed?.jti).not.toBe(old?.jti);
  });

  test('REF-04 TOK-03 TOK-10 a refresh token is accepted from its client alone, with its secret, for the same resource', async () => {
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

  test('REF-04 a refresh token is refused by another server, even one with the same key', async () => {
    await using app = await startOAuthApp({ issuer: 'https://mail.example.com' });
    await using other = await startOAuthApp({ issuer: 'https://other.example.com' });
    const client = await app.mint();
    const { refresh_token = '' } = await tokensOf(app, client);
    const answer = await answerOf(await other.post('/oauth/token', refreshGrant(client, refresh_token)));
    expect(answer).toMatchObject({ status: '400', error: 'invalid_grant' });
    const code = await answerOf(await other.post('/oauth/token', codeGrant(client, await codeOf(app, client))));
    expect(code).toMatchObject({ status: '400', error: 'invalid_grant' });
  });

  test('REF-04 TOK-04 a client that is denied or has expired gets invalid_client', async () => {
    await using app = await startOAuthApp();
    const expiresAt = new Date(app.now().getTime() + 3600 * 1000);
    const clients = { denied: await app.mint(), expired: await app.mint({ expiresAt }) };
    const tokens = { denied: await tokensOf(app, clients.denied), expired: await tokensOf(app, clients.expired) };
    const { jti } = await app.tokens.client.unseal(clients.denied.clientId, app.now());
    await app.state.mark(`denied:client:${jti}`, new Date(app.now().getTime() + 86_400_000));
    app.advance(3600);
    for (const name of ['denied', 'expired'] as const) {
      const form = refreshGrant(clients[name], tokens[name].refresh_token ?? '');
      expect(await answerOf(await app.post('/oauth/token', form)), name).toMatchObject({
        status: '401',
        error: 'invalid_client',
      });
    }
    await app.state.release(`denied:client:${jti}`);
    const again = refreshGrant(clients.denied, tokens.denied.refresh_token ?? '');
    expect((await app.post('/oauth/token', again)).status).toBe(200);
  });

  test('REF-04 the new access token has the policy that the operator has set now', async () => {
    await using app = await startOAuthApp();
    const client = await app.mint({ policy: { methods: ['list', 'get', 'send'], max_sends_per_hour: 10 } });
    const { refresh_token = '' } = await tokensOf(app, client);
    const { jti, iat: _iat, ...sealed } = await app.tokens.client.unseal(client.clientId, app.now());
    const policy = { methods: ['list' as const], recipients: ['@example.com'] };
    const clientId = await app.tokens.client.seal({ ...sealed, policy }, app.now(), undefined, jti);
    const answer = await answerOf(await app.post('/oauth/token', refreshGrant({ ...client, clientId }, refresh_token)));
    const access = await app.tokens.access.unseal(answer.access_token ?? '', app.now());
    expect(access.policy).toEqual(policy);
  });

  test('REF-05 a refresh is refused once the mail server refuses the login, and the grant is revoked', async () => {
    let isRefused = false;
    const verifyLogin: TryMailLogin = async () => (isRefused ? [{ service: 'imap', fault: 'credentials' }] : []);
    await using app = await startOAuthApp({ loginProblems: verifyLogin });
    const client = await app.mint();
    const first = await tokensOf(app, client);
    const other = await tokensOf(app, client);
    isRefused = true;
    expect(
      await answerOf(await app.post('/oauth/token', refreshGrant(client, first.refresh_token ?? ''))),
    ).toMatchObject({ status: '400', error: 'invalid_grant' });
    const call = async ({ access_token = '' }) =>
      (await app.fetch('/mcp', { headers: { authorization: `Bearer ${access_token}` } })).status;
    expect([await call(first), await call(other)]).toEqual([401, 200]);
    isRefused = false;
    expect((await app.post('/oauth/token', refreshGrant(client, first.refresh_token ?? ''))).status).toBe(400);
  });

  test.each(['unreachable', 'timeout', 'certificate', 'refused', 'no_starttls'] as const)(
    'REF-05 a refresh succeeds if the mail server does not answer the login (%s)',
    async (fault) => {
      let isDown = false;
      const verifyLogin: TryMailLogin = async () => (isDown ? [{ service: 'imap', fault }] : []);
      await using app = await startOAuthApp({ loginProblems: verifyLogin });
      const client = await app.mint();
      const { refresh_token = '' } = await tokensOf(app, client);
      isDown = true;
      expect((await app.post('/oauth/token', refreshGrant(client, refresh_token))).status).toBe(200);
    },
  );

  test('REF-05 the IMAP login alone is tried, with a short timeout, and at most once a minute for a grant', async () => {
    const checks: unknown[] = [];
    const verifyLogin: TryMailLogin = async ({ email }, how) => {
      checks.push({ email, ...how });
      return [];
    };
    await using app = await startOAuthApp({ loginProblems: verifyLogin });
    const client = await app.mint();
    let tokens = await tokensOf(app, client);
    checks.length = 0;
    for (let seconds = 0; seconds < 60; seconds += 20) {
      tokens = await answerOf(await app.post('/oauth/token', refreshGrant(client, tokens.refresh_token ?? '')));
      app.advance(20);
    }
    expect(tokens.status).toBe('200');
    expect(checks).toEqual([{ email: ada.email, only: 'imap', totalMs: 5000 }]);
    await app.post('/oauth/token', refreshGrant(client, tokens.refresh_token ?? ''));
    expect(checks).toHaveLength(2);
  });

  test('REF-03 a refresh may narrow the scope of one access token, and never widen it', async () => {
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
    expect((await refresh(again.refresh_token ?? '', 'mail.read mail.send')).scope).toBe('mail.read');
    expect((await refresh(again.refresh_token ?? '', 'mail.write')).scope).toBe('mail.write');
  });

  const asked = 'mail.read mail.write mail.send mail.delete';
  test.each([
    [asked, 'mail.read mail.write'],
    [` ${asked} offline_access`, 'mail.read mail.write'],
    ['mail.delete mail.send mail.read', 'mail.read'],
    ['\tmail.write  \n claudeai', 'mail.write'],
    ['mail.read mail.read', 'mail.read'],
    [' offline_access', 'mail.read mail.write'],
    ['openid profile', 'mail.read mail.write'],
    ['https://example.com/unknown', 'mail.read mail.write'],
    ['unknown mail.write', 'mail.write'],
    ['MAIL.READ', 'mail.read mail.write'],
  ])('REF-03 scope %j is narrowed to what the account owner left of it: %s', async (scope, granted) => {
    await using app = await startOAuthApp();
    const client = await app.mint();
    const fields = { ...ada, end: 'revoked', allow_read: '1', allow_organise: '1' };
    const code = (await callbackOf(app, client, { scope: asked }, fields)).get('code') ?? '';
    const tokens = await answerOf(await app.post('/oauth/token', codeGrant(client, code)));
    expect(tokens.scope).toBe('mail.read mail.write');
    const answer = await answerOf(
      await app.post('/oauth/token', refreshGrant(client, tokens.refresh_token ?? '', { scope })),
    );
    expect([answer.status, answer.scope]).toEqual(['200', granted]);
    const { scope: inToken } = await app.tokens.access.unseal(answer.access_token ?? '', app.now());
    expect(inToken.join(' ')).toBe(granted);
  });

  test.each(['mail.send', 'mail.delete offline_access', 'unknown mail.send mail.delete'])(
    'REF-03 scope %j, of which nothing was granted, is refused, and the token is not used up',
    async (scope) => {
      await using app = await startOAuthApp();
      const client = await app.mint();
      const { refresh_token = '' } = await tokensOf(app, client, { scope: 'mail.read mail.write' });
      const refused = await app.post('/oauth/token', refreshGrant(client, refresh_token, { scope }));
      expect(await answerOf(refused)).toMatchObject({
        status: '400',
        error: 'invalid_scope',
        error_description: expect.stringContaining('Granted are: mail.read mail.write'),
      });
      expect((await app.post('/oauth/token', refreshGrant(client, refresh_token))).status).toBe(200);
      expect(app.logged()).not.toContain('used again');
    },
  );

  test.each([
    [['/mcp', '/mcp'], '200'],
    [['/mcp', '/mcp', '/mcp'], '200'],
    [['/mcp', '/mcp/'], '200'],
    [['', '/mcp'], '200'],
    [['/mcp', '/other'], '400'],
    [['/other', '/other'], '400'],
  ])('REF-03 TOK-10 resources %j of this server are one: %s', async (paths, status) => {
    await using app = await startOAuthApp();
    const client = await app.mint();
    const { refresh_token = '' } = await tokensOf(app, client);
    const form = new URLSearchParams(refreshGrant(client, refresh_token));
    for (const path of paths) form.append('resource', app.issuer + path);
    const answer = await answerOf(await app.post('/oauth/token', form.toString()));
    expect(answer).toMatchObject(status === '200' ? { status } : { status, error: 'invalid_target' });
  });

  test('REF-06 a refresh token expires after 30 days without use, and 90 days after the sign-in in any case', async () => {
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

  test('CLI-06 tokens and clients of a previous key stay valid', async () => {
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

  test('BEAR-09 no token, code, secret or credential is logged', async () => {
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
