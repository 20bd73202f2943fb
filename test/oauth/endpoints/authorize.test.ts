import { describe, expect, test } from 'vitest';
import { type OAuthApp, redirectUri, startOAuthApp } from '../../support/app/oauth-app.ts';
import { callbackOf, ICON_LINK, openSignIn, pageOf, submit } from '../../support/app/sign-in-page.ts';
import { codeGrant } from '../../support/app/token-requests.ts';

/** Parameters of the immediate redirect of a request. */
async function redirectOf(app: OAuthApp, path: string): Promise<Record<string, string>> {
  const response = await app.fetch(path);
  const location = response.headers.get('location') ?? '';
  expect(response.status).toBe(303);
  expect(location.startsWith(`${redirectUri}?`)).toBe(true);
  return Object.fromEntries(new URL(location).searchParams);
}

async function expectLocalPage(response: Response): Promise<string> {
  expect(response.status).toBe(400);
  expect(response.headers.get('location')).toBeNull();
  expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
  expect(response.headers.get('cache-control')).toBe('no-store');
  return response.text();
}

describe('GET /oauth/authorize before the redirect URI is validated (RFC 6749 §4.1.2.1)', () => {
  test('AUTHZ-01 AUTHZ-02 AUTHZ-10 an error of client_id or redirect_uri is shown and never redirected', async () => {
    await using app = await startOAuthApp();
    const client = await app.mint();
    const good = app.authorizePath(client);
    const evil = encodeURIComponent('https://evil.example/cb');
    const paths = [
      app.authorizePath(client, { client_id: undefined }),
      app.authorizePath(client, { client_id: '' }),
      app.authorizePath(client, { client_id: 'unknown' }),
      app.authorizePath(client, { client_id: `${client.clientId}x` }),
      app.authorizePath(client, { redirect_uri: undefined }),
      app.authorizePath(client, { redirect_uri: '' }),
      app.authorizePath(client, { redirect_uri: 'https://evil.example/cb' }),
      app.authorizePath(client, { redirect_uri: `${redirectUri}/` }),
      app.authorizePath(client, { redirect_uri: `${redirectUri}?x=1` }),
      app.authorizePath(client, { redirect_uri: 'javascript:alert(1)' }),
      `${good}&redirect_uri=${evil}`,
      `${good}&redirect_uri=${encodeURIComponent(redirectUri)}`,
      `${good}&client_id=${client.clientId}`,
      // Errors in both phases: the first decides.
      app.authorizePath(client, { redirect_uri: 'https://evil.example/cb', response_type: 'token' }),
      app.authorizePath(client, { state: 's'.repeat(9000) }),
    ];
    for (const path of paths) {
      const html = await expectLocalPage(await app.fetch(path));
      expect(html).not.toContain('evil.example');
      expect(html.replace(ICON_LINK, '')).not.toMatch(/href|<form/);
    }
  });

  test('AUTHZ-02 the error page contains nothing of the request', async () => {
    await using app = await startOAuthApp();
    const hostile = '"><script>alert(1)</script>';
    const html = await expectLocalPage(
      await app.fetch(
        app.authorizePath({ clientId: hostile, clientSecret: null }, { redirect_uri: hostile, state: hostile }),
      ),
    );
    expect(html).not.toMatch(/<script|alert/);
  });

  test('AUTHZ-02 FORM-03 the error page has the headers of a page without a form', async () => {
    await using app = await startOAuthApp({ issuer: 'https://mail.example.com' });
    const { headers } = await app.fetch('/oauth/authorize');
    expect(headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; style-src 'sha256-[\w+/]+='; img-src 'self'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'$/,
    );
    expect(headers.get('x-frame-options')).toBe('DENY');
    expect(headers.get('strict-transport-security')).toContain('max-age=');
  });

  test('AUTHZ-05 CORS-02 only GET and POST are accepted, HEAD is refused, and no other origin may read', async () => {
    await using app = await startOAuthApp();
    const path = app.authorizePath(await app.mint());
    for (const method of ['HEAD', 'PUT', 'DELETE', 'OPTIONS', 'PATCH']) {
      const response = await app.fetch(path, { method });
      expect(response.status, method).toBe(405);
      expect(response.headers.get('allow')).toBe('GET, POST');
      expect(response.headers.get('set-cookie')).toBeNull();
    }
    const response = await app.fetch(path, { headers: { Origin: 'https://client.example' } });
    expect([...response.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
  });
});

describe('GET /oauth/authorize with a valid redirect URI', () => {
  test.each([
    ['response_type missing', { response_type: undefined }, 'invalid_request'],
    ['response_type token', { response_type: 'token' }, 'unsupported_response_type'],
    ['response_type code token', { response_type: 'code token' }, 'unsupported_response_type'],
    ['response_mode fragment', { response_mode: 'fragment' }, 'invalid_request'],
    ['response_mode form_post', { response_mode: 'form_post' }, 'invalid_request'],
    ['a request object', { request: 'x' }, 'invalid_request'],
    ['a request_uri', { request_uri: 'https://x.example/' }, 'invalid_request'],
    ['a registration', { registration: '{}' }, 'invalid_request'],
    ['an unknown scope alone', { scope: 'calendar.read' }, 'invalid_scope'],
    ['another resource', { resource: 'https://other.example/mcp' }, 'invalid_target'],
  ])('AUTHZ-03 AUTHZ-08 AUTHZ-24 %s is reported to the client, with state and iss', async (_name, overrides, error) => {
    await using app = await startOAuthApp();
    const client = await app.mint();
    const answer = await redirectOf(app, app.authorizePath(client, overrides));
    expect(answer).toEqual({
      error,
      error_description: expect.stringMatching(/^[\x20-\x7e]+$/),
      state: 'a state',
      iss: app.issuer,
    });
  });

  test('AUTHZ-06 AUTHZ-08 empty and unknown parameters, and those of OpenID Connect, are ignored', async () => {
    await using app = await startOAuthApp();
    const client = await app.mint();
    const ignored = {
      scope: '',
      resource: '',
      prompt: 'consent',
      nonce: 'n',
      audience: 'a',
      login_hint: 'x',
      foo: '1',
    };
    expect((await app.fetch(app.authorizePath(client, ignored))).status).toBe(200);
  });

  test('AUTHZ-07 a repeated parameter is refused, another resource as invalid_target, and a repeated state is not returned', async () => {
    await using app = await startOAuthApp();
    const path = app.authorizePath(await app.mint(), { scope: 'mail.read', resource: `${app.issuer}/mcp` });
    for (const name of ['response_type', 'scope', 'code_challenge', 'code_challenge_method', 'foo&foo']) {
      expect(await redirectOf(app, `${path}&${name}=x`)).toMatchObject({ error: 'invalid_request', state: 'a state' });
    }
    expect(await redirectOf(app, `${path}&resource=x`)).toMatchObject({ error: 'invalid_target' });
    expect(await redirectOf(app, `${path}&state=x`)).not.toHaveProperty('state');
  });

  test.each([
    [['/mcp', '/mcp'], true],
    [['/mcp', '/mcp', '/mcp', '/mcp'], true],
    [['/mcp', '/mcp/', '', '/', ':443/mcp'], true],
    [['/mcp', 'ignored as it is empty'], true],
    [['/mcp', '/other'], false],
    [['/other', '/mcp'], false],
    [['.evil.example/mcp', '.evil.example/mcp'], false],
  ])('AUTHZ-07 AUTHZ-22 resources %j are one resource of this server: %s', async (paths, isOurs) => {
    const issuer = 'https://mail.example.com';
    await using app = await startOAuthApp({ issuer });
    const resources = paths.map((path) => (path.startsWith('ignored') ? '' : issuer + path));
    const query = resources.map((resource) => `&resource=${encodeURIComponent(resource)}`).join('');
    const path = app.authorizePath(await app.mint()) + query;
    if (isOurs) expect((await app.fetch(path)).status).toBe(200);
    else expect(await redirectOf(app, path)).toMatchObject({ error: 'invalid_target', state: 'a state' });
  });

  const challenge = 'A'.repeat(43);
  test.each([
    ['missing', { code_challenge: undefined }],
    ['without a method', { code_challenge_method: undefined }],
    ['plain', { code_challenge_method: 'plain' }],
    ['s256', { code_challenge_method: 's256' }],
    ['S512', { code_challenge_method: 'S512' }],
    ['of 42 characters', { code_challenge: challenge.slice(1) }],
    ['of 44 characters', { code_challenge: `${challenge}A` }],
    ['padded', { code_challenge: `${challenge}=` }],
    ['of the other base64', { code_challenge: `${challenge.slice(2)}+/` }],
  ])('AUTHZ-21 a challenge %s is refused, for public and confidential clients', async (_name, overrides) => {
    await using app = await startOAuthApp();
    for (const kind of ['public', 'confidential'] as const) {
      const client = await app.mint({ kind });
      expect(await redirectOf(app, app.authorizePath(client, overrides))).toMatchObject({ error: 'invalid_request' });
    }
  });

  test.each([
    ['https://mail.example.com/mcp', true],
    ['https://mail.example.com/mcp/', true],
    ['https://mail.example.com', true],
    ['https://mail.example.com/', true],
    ['HTTPS://MAIL.Example.com/mcp', true],
    ['https://mail.example.com:443/mcp', true],
    ['https://mail.example.com:443', true],
    ['https://mail.example.com:80/mcp', false],
    ['https://mail.example.com:8443/mcp', false],
    ['https://mail.example.com:443:443/mcp', false],
    ['https://mail.example.com/MCP', false],
    ['https://mail.example.com/mcp//', false],
    ['https://mail.example.com/mcp?x', false],
    ['https://mail.example.com/mcp#x', false],
    ['https://mail.example.com/other', false],
    ['http://mail.example.com/mcp', false],
    ['https://mail.example.com.evil.example/mcp', false],
    ['https://mail.example.com@evil.example/mcp', false],
    ['//mail.example.com/mcp', false],
    ['/mcp', false],
    ['mcp', false],
  ])('AUTHZ-22 resource %s names this server: %s', async (resource, isOurs) => {
    await using app = await startOAuthApp({ issuer: 'https://mail.example.com' });
    const path = app.authorizePath(await app.mint(), { resource });
    if (isOurs) expect((await app.fetch(path)).status).toBe(200);
    else
      expect(await redirectOf(app, path)).toMatchObject({ error: 'invalid_target', iss: 'https://mail.example.com' });
  });

  const all = 'mail.read mail.write mail.send mail.delete';
  test.each([
    [undefined, all],
    ['', all],
    ['   ', all],
    [' offline_access', all],
    ['claudeai', all],
    ['openid offline_access', all],
    ['mail.read', 'mail.read'],
    ['  mail.send   mail.read ', 'mail.read mail.send'],
    ['mail.read unknown offline_access', 'mail.read'],
    ['mail.read mail.read', 'mail.read'],
    [`${all} offline_access`, all],
  ])('AUTHZ-23 scope %j is granted as %s, and shown on the page', async (scope, granted) => {
    await using app = await startOAuthApp();
    const client = await app.mint({ kind: 'public' });
    const { html } = await openSignIn(app, client, { scope });
    expect(html.includes('Send mail in your name')).toBe(granted.includes('mail.send'));
    const callback = await callbackOf(app, client, { scope });
    const opened = await app.tokens.code.unseal(callback.get('code') ?? '', app.now());
    expect(opened.scope.join(' ')).toBe(granted);
  });

  test.each([
    ['of ChatGPT’s length', 'x'.repeat(521)],
    ['of 2,048 characters', 'y'.repeat(2048)],
    ['with every kind of character', 'ä€😀 +%&=#?"<>\'\\%2B\u0000\n'],
    ['that looks like parameters', 'code=stolen&iss=https://evil.example'],
  ])('AUTHZ-20 a state %s is returned unchanged, with success and error', async (_name, state) => {
    await using app = await startOAuthApp();
    const client = await app.mint();
    const callback = await callbackOf(app, client, { state });
    expect(callback.getAll('state')).toEqual([state]);
    expect(callback.getAll('iss')).toEqual([app.issuer]);
    expect(callback.getAll('code')).toHaveLength(1);
    const error = await redirectOf(app, app.authorizePath(client, { state, response_type: 'token' }));
    expect(error.state).toBe(state);
    expect(app.logged()).not.toContain(state);
  });

  test('AUTHZ-20 AUTHZ-03 a state that is too long to be sealed is reported to the client, with that state', async () => {
    // JSON, as in layout 1, needs six bytes for each of these characters.
    await using app = await startOAuthApp({ layout: 1 });
    const state = '\u0001'.repeat(2048);
    const answer = await redirectOf(app, app.authorizePath(await app.mint(), { state }));
    expect(answer).toMatchObject({ error: 'invalid_request', state, iss: app.issuer });
  });

  test('AUTHZ-20 a state of 2,048 control characters is returned unchanged in layout 2', async () => {
    await using app = await startOAuthApp({ layout: 2 });
    const state = '\u0001'.repeat(2048);
    expect((await callbackOf(app, await app.mint(), { state })).get('state')).toBe(state);
  });

  test.each([
    ['letters', 's'],
    ['URLs', 'https://a.example/b?c@d,e~f!(g)'],
    ['dots and dashes', '._-*'],
  ])('AUTHZ-20 all headers of a redirect with a state of 7 KiB of %s are below 16 KiB', async (_, text) => {
    await using app = await startOAuthApp();
    const state = text.repeat(Math.floor(7168 / text.length));
    const client = await app.mint();
    const query = app.authorizePath(client, { state: 'STATE' }).replace('STATE', state);
    const page = await pageOf(await app.fetch(query));
    const response = await submit(app, page);
    expect(new URL(response.headers.get('location') ?? '').searchParams.get('state')).toBe(state);
    const lines = [...response.headers].map(([name, value]) => `${name}: ${value}\r\n`);
    expect(lines.join('').length).toBeLessThan(16 * 1024);
  });

  test('AUTHZ-20 a redirect is at most 600 characters longer than its URI and state', async () => {
    await using app = await startOAuthApp();
    const response = await submit(app, await openSignIn(app, await app.mint(), { state: 'x' }));
    expect((response.headers.get('location') ?? '').length - redirectUri.length).toBeLessThan(600);
  });

  test('AUTHZ-20 without a state in the request there is none in the response', async () => {
    await using app = await startOAuthApp();
    const callback = await callbackOf(app, await app.mint(), { state: undefined });
    expect([...callback.keys()]).toEqual(['code', 'iss']);
  });

  const codexPath = 'http://127.0.0.1:63546/callback';
  const codexUris: [string, boolean][] = [
    [codexPath, true],
    ['http://127.0.0.1/callback', true],
    [`${codexPath}/6MFBM1In3Ey-`, true],
    ['http://127.0.0.1/callback/x', true],
    [`${codexPath}/a.b~c_d-e`, true],
    [`${codexPath}/..a`, true],
    [`${codexPath}/${'x'.repeat(64)}`, true],
    [`${codexPath}/${'x'.repeat(65)}`, false],
    [`${codexPath}/`, false],
    [`${codexPath}/.`, false],
    [`${codexPath}/..`, false],
    [`${codexPath}/...`, false],
    [`${codexPath}/../x`, false],
    [`${codexPath}/x/y`, false],
    [`${codexPath}//x`, false],
    [`${codexPath}/x/`, false],
    [`${codexPath}/%2e%2e`, false],
    [`${codexPath}/x%2fy`, false],
    [`${codexPath}/x?y`, false],
    [`${codexPath}/x#y`, false],
    [`${codexPath}/x y`, false],
    [`${codexPath}/x\n`, false],
    [`${codexPath}/é`, false],
    [`${codexPath}x`, false],
    [`${codexPath}2/x`, false],
    ['http://127.0.0.1:0/callback/x', false],
    ['http://localhost:63546/callback/x', false],
    ['https://127.0.0.1:63546/callback/x', false],
    ['http://127.0.0.1:99999/callback/x', false],
    ['http://127.0.0.1.evil.example/callback/x', false],
  ];
  test.each(codexUris)('AUTHZ-11 the preset of Codex allows %j: %s', async (redirect_uri, isAllowed) => {
    await using app = await startOAuthApp();
    const client = await app.mint({ presets: ['codex'], redirectUris: [], kind: 'public' });
    const response = await app.fetch(app.authorizePath(client, { redirect_uri }));
    expect([response.status, response.headers.get('location')]).toEqual([isAllowed ? 200 : 400, null]);
  });

  test('AUTHZ-11 TOK-08 Codex is redirected to the path with its id, and exchanges its code for that path alone', async () => {
    await using app = await startOAuthApp();
    const client = await app.mint({ presets: ['codex'], redirectUris: [], kind: 'public' });
    const redirect_uri = `${codexPath}/6MFBM1In3Ey-`;
    const response = await submit(app, await openSignIn(app, client, { redirect_uri }));
    const location = response.headers.get('location') ?? '';
    expect(location.startsWith(`${redirect_uri}?code=`)).toBe(true);
    const code = new URL(location).searchParams.get('code') ?? '';
    for (const other of [codexPath, `${codexPath}/other`]) {
      const refused = await app.post('/oauth/token', codeGrant(client, code, { redirect_uri: other }));
      expect(refused.status).toBe(400);
    }
    expect((await app.post('/oauth/token', codeGrant(client, code, { redirect_uri }))).status).toBe(200);
  });

  test.each(['claude-code', 'conformance', undefined])(
    'AUTHZ-11 a client with the preset %s appends no id',
    async (preset) => {
      await using app = await startOAuthApp();
      const uris = { presets: preset ? [preset] : [], redirectUris: ['http://127.0.0.1/callback'] };
      const path = app.authorizePath(await app.mint(uris), { redirect_uri: `${codexPath}/x` });
      expect((await app.fetch(path)).status).toBe(400);
    },
  );

  test('AUTHZ-13 a redirect URI keeps its own query', async () => {
    await using app = await startOAuthApp();
    const client = await app.mint({ redirectUris: ['https://a.example/cb?x=1'] });
    const path = app.authorizePath(client, { redirect_uri: 'https://a.example/cb?x=1', response_type: 'token' });
    const location = (await app.fetch(path)).headers.get('location') ?? '';
    expect(location).toMatch(/^https:\/\/a\.example\/cb\?x=1&error=/);
    expect(location).not.toContain('#');
  });

  test('AUTHZ-11 a loopback client is redirected to on the port of its request', async () => {
    await using app = await startOAuthApp();
    const client = await app.mint({ presets: ['claude-code'], redirectUris: [] });
    const page = await openSignIn(app, client, { redirect_uri: 'http://localhost:3118/callback' });
    const { headers } = await submit(app, page);
    expect(headers.get('location')).toMatch(/^http:\/\/localhost:3118\/callback\?/);
  });

  test('META-12 the root alias is the same endpoint', async () => {
    await using app = await startOAuthApp();
    const client = await app.mint();
    expect((await app.fetch(app.authorizePath(client).replace('/oauth', ''))).status).toBe(200);
    await expectLocalPage(await app.fetch('/authorize?client_id=x'));
  });
});
