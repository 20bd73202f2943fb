import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { DynamicClients } from '../../../src/oauth/client/dynamic-clients.ts';
import {
  exampleConnection,
  type OAuthApp,
  openToClients,
  startOAuthApp,
  testKey,
} from '../../support/app/oauth-app.ts';
import { openSignIn, textIn } from '../../support/app/sign-in-page.ts';
import { answerOf, basic, codeGrant, codeOf, refreshGrant, tokensOf } from '../../support/app/token-requests.ts';

const day = 24 * 3600;
/** One hour after the clock of the apps starts. */
const inAnHour = new Date('2026-11-21T13:00:00Z');

const claude = ['https://claude.ai/api/mcp/auth_callback'];

const Registered = z.looseObject({
  client_id: z.string(),
  client_secret: z.string().optional(),
  client_secret_expires_at: z.number().optional(),
});

const start = (dynamicClients: Partial<DynamicClients> = {}, options: Parameters<typeof startOAuthApp>[0] = {}) =>
  startOAuthApp({ ...options, dynamicClients: { ...openToClients, ...dynamicClients } });

const post = (app: OAuthApp, body: unknown, headers: Record<string, string> = {}) =>
  app.fetch('/oauth/register', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });

async function register(app: OAuthApp, metadata: object = {}) {
  const response = await post(app, { redirect_uris: claude, ...metadata });
  expect(response.status).toBe(201);
  const body = Registered.parse(await response.json());
  return { clientId: body.client_id, clientSecret: body.client_secret ?? null, body };
}

async function refusalOf(app: OAuthApp, body: unknown, headers?: Record<string, string>) {
  const response = await post(app, body, headers);
  const { error, error_description } = z
    .object({ error: z.string(), error_description: z.string() })
    .parse(await response.json());
  return { status: response.status, error, error_description };
}

describe('dynamic registration (RFC 7591)', () => {
  test.each(['/oauth/register', '/register'])(
    'DCR-01 META-12 %s returns all registered metadata, and the response may not be cached',
    async (path) => {
      await using app = await start();
      const metadata = {
        redirect_uris: claude,
        token_endpoint_auth_method: 'client_secret_post',
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        client_name: 'Claude',
      };
      const response = await app.fetch(path, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json; charset=utf-8' },
        body: JSON.stringify({ ...metadata, client_uri: 'https://claude.ai', scope: 'claudeai' }),
      });
      expect(response.status).toBe(201);
      expect(response.headers.get('content-type')).toMatch(/^application\/json\b/);
      expect(response.headers.get('cache-control')).toBe('no-store');
      expect(response.headers.get('access-control-allow-origin')).toBe('*');
      const issuedAt = app.now().getTime() / 1000;
      expect(await response.json()).toEqual({
        ...metadata,
        client_id: expect.stringMatching(/^[A-Za-z0-9._-]+$/),
        client_id_issued_at: issuedAt,
        client_secret: expect.stringMatching(/^[0-9a-f]{64}$/),
        client_secret_expires_at: issuedAt + 90 * day,
      });
    },
  );

  test('DCR-01 the defaults are those of the RFC; a public client gets no secret', async () => {
    await using app = await start();
    const { body } = await register(app);
    expect(body).toMatchObject({
      token_endpoint_auth_method: 'client_secret_basic',
      grant_types: ['authorization_code'],
      response_types: ['code'],
    });
    const { body: open } = await register(app, { token_endpoint_auth_method: 'none' });
    expect(open).not.toHaveProperty('client_secret');
    expect(open).not.toHaveProperty('client_secret_expires_at');
  });

  test('DCR-01 only preflights and POST are accepted', async () => {
    await using app = await start();
    const preflight = await app.fetch('/oauth/register', {
      method: 'OPTIONS',
      headers: { Origin: 'http://localhost:6274', 'Access-Control-Request-Method': 'POST' },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-methods')).toBe('POST');
    for (const method of ['GET', 'PUT', 'DELETE']) {
      const response = await app.fetch('/oauth/register', { method });
      expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST']);
    }
  });

  test.each([
    ['a form', 'application/x-www-form-urlencoded', 'redirect_uris=x'],
    ['text', 'text/plain', JSON.stringify({ redirect_uris: claude })],
    ['no JSON', 'application/json', '{'],
    ['a list', 'application/json', '[]'],
    ['null', 'application/json', 'null'],
    ['17 KiB', 'application/json', JSON.stringify({ redirect_uris: claude, client_uri: 'x'.repeat(17 * 1024) })],
  ])('DCR-01 a body that is %s is refused', async (_, type, body) => {
    await using app = await start();
    const { status, error } = await refusalOf(app, body, { 'Content-Type': type });
    expect(status).toBe(400);
    expect(['invalid_request', 'invalid_client_metadata', 'invalid_redirect_uri']).toContain(error);
  });

  test('DCR-01 16 KiB of unknown metadata are read and ignored', async () => {
    await using app = await start();
    await register(app, { client_uri: 'x'.repeat(15 * 1024) });
  });

  test('DCR-02 the client_id alone is enough: another replica knows the client, its secret and its end', async () => {
    await using app = await start();
    const client = await register(app, { client_name: 'Claude' });
    await using replica = await start({}, { now: app.now });
    const code = await codeOf(replica, client, { redirect_uri: claude[0] ?? '' });
    const tokens = await answerOf(await replica.post('/oauth/token', codeGrant(client, code)));
    expect(tokens.status).toBe('200');
    const wrong = codeGrant({ ...client, clientSecret: 'f'.repeat(64) }, 'x');
    expect(await answerOf(await app.post('/oauth/token', wrong))).toMatchObject({
      status: '401',
      error: 'invalid_client',
    });
  });

  test('DCR-02 the secret is not in the client_id, and differs between clients', async () => {
    await using app = await start();
    const [one, other] = [await register(app), await register(app)];
    expect(one.clientSecret).not.toBe(other.clientSecret);
    const content = await app.tokens.registered.unseal(one.clientId, app.now());
    expect(JSON.stringify(content)).not.toContain(one.clientSecret);
  });

  test('DCR-02 CLI-06 after a change of keys the secret is still the same', async () => {
    await using before = await start();
    const client = await register(before);
    await using after = await start({}, { keys: { current: testKey(7), previous: [testKey()] }, now: before.now });
    expect(await tokensOf(after, client, { redirect_uri: claude[0] ?? '' })).toMatchObject({ status: '200' });
  });

  test('DCR-02 a registered client_id is not accepted as a minted one, and a minted one not as a registered one', async () => {
    await using app = await start();
    const { clientId } = await register(app);
    await expect(app.tokens.client.unseal(clientId, app.now())).rejects.toThrow();
    await expect(app.tokens.registered.unseal((await app.mint()).clientId, app.now())).rejects.toThrow();
  });

  test('DCR-02 CLI-04 at most five redirect URIs, 512 characters each, a name of 64, and a client_id of 1,500', async () => {
    await using app = await start();
    const uri = (index: number, length: number) => `http://localhost/${index}`.padEnd(length, 'p');
    const uris = (count: number, length: number) => Array.from({ length: count }, (_, index) => uri(index, length));
    const { body, clientId } = await register(app, { redirect_uris: uris(5, 100), client_name: 'n'.repeat(100) });
    expect(clientId.length).toBeLessThanOrEqual(1500);
    expect(body.client_name).toBe(`${'n'.repeat(63)}…`);
    await register(app, { redirect_uris: uris(1, 512) });
    for (const redirect_uris of [uris(6, 30), uris(1, 513), []]) {
      expect(await refusalOf(app, { redirect_uris })).toMatchObject({ status: 400, error: 'invalid_redirect_uri' });
    }
    expect(await refusalOf(app, { redirect_uris: uris(5, 512) })).toMatchObject({
      status: 400,
      error: 'invalid_client_metadata',
    });
  });

  test('DCR-02 no client outlives the connection that the operator sealed', async () => {
    await using app = await start({ connections: [{ ...exampleConnection, expiresAt: inAnHour }] });
    const client = await register(app);
    expect(client.body.client_secret_expires_at).toBe(inAnHour.getTime() / 1000);
    const tokens = await tokensOf(app, client, { redirect_uri: claude[0] ?? '' });
    expect(tokens.expires_in).toBe(3600);
    app.advance(3600);
    const response = await app.post('/oauth/token', refreshGrant(client, tokens.refresh_token ?? ''));
    expect(await answerOf(response)).toMatchObject({ status: '401', error: 'invalid_client' });
  });

  test('the sign-in page names an end of the connection as its limit, and not that of the registration', async () => {
    await using ending = await start({ connections: [{ ...exampleConnection, expiresAt: inAnHour }] });
    await using endless = await start();
    const pages = [ending, endless].map(async (app) => {
      const { html } = await openSignIn(app, await register(app), { redirect_uri: claude[0] });
      return /Limits of this connection: ([^<]*(?:<time[^>]*>[^<]*<.time>\.)?)/.exec(html)?.slice(1).map(textIn);
    });
    expect(await Promise.all(pages)).toEqual([['Ends on 21 Nov 2026 UTC.'], undefined]);
  });

  test('DCR-02 REF-04 a new default connection applies to clients that registered before it', async () => {
    await using before = await start();
    const client = await register(before);
    const connection = { ...exampleConnection, policy: { methods: ['list' as const] }, expiresAt: inAnHour };
    await using after = await start({ connections: [connection] }, { now: before.now });
    const tokens = await tokensOf(after, client, { redirect_uri: claude[0] ?? '' });
    expect(tokens.expires_in).toBe(3600);
    const access = await after.tokens.access.unseal(String(tokens.access_token), after.now());
    expect(access.policy).toEqual({ methods: ['list'] });
    before.advance(3600);
    const response = await after.post('/oauth/token', refreshGrant(client, tokens.refresh_token ?? ''));
    expect(await answerOf(response)).toMatchObject({ status: '401', error: 'invalid_client' });
  });

  test.each([
    [
      'VS Code',
      [
        'https://vscode.dev/redirect',
        'https://insiders.vscode.dev/redirect',
        'http://127.0.0.1/',
        'http://127.0.0.1:33418/',
      ],
    ],
    [
      'Cursor',
      [
        'cursor://anysphere.cursor-mcp/oauth/callback',
        'https://www.cursor.com/agents/mcp/oauth/callback',
        'http://localhost:8787/callback',
      ],
    ],
    ['mcp-remote', ['http://localhost:20041/oauth/callback']],
    ['Goose', ['http://127.0.0.1:53211/oauth_callback']],
    ['ChatGPT', ['https://chatgpt.com/connector/oauth/AbC-123']],
  ])('DCR-03 all redirect URIs of %s are accepted', async (_, redirect_uris) => {
    await using app = await start();
    const { body } = await register(app, { redirect_uris, token_endpoint_auth_method: 'none' });
    expect(body.redirect_uris).toEqual(redirect_uris);
  });

  test.each([
    ['an untrusted host', 'https://evil.example/callback'],
    ['a host that looks like a trusted one', 'https://claude.ai.evil.example/callback'],
    ['another port of a trusted host', 'https://claude.ai:8443/callback'],
    ['plain http', 'http://claude.ai/callback'],
    ['an address', 'https://192.0.2.1/callback'],
    ['a private-use scheme that is not known', 'com.example.app:/callback'],
    ['a script', 'javascript:alert(1)'],
    ['data', 'data:text/html,x'],
    ['a file', 'file:///etc/passwd'],
    ['a fragment', 'https://claude.ai/callback#x'],
    ['a user', 'https://user@claude.ai/callback'],
    ['a host that begins like this computer', 'http://localhost.evil.example/callback'],
    ['nothing', ''],
    ['markup', 'https://claude.ai/<script>'],
    ['512 characters and one more', 'https://claude.ai/'.padEnd(513, 'p')],
    ['null', null],
    ['a number', 1],
    ['an object', { uri: claude[0] }],
  ])(
    'DCR-03 a refused redirect URI (%s) is dropped among good ones, and not quoted where it is the only one',
    async (_, uri) => {
      await using app = await start();
      for (const redirect_uris of [
        [...claude, uri],
        [uri, ...claude],
        [uri, uri, ...claude, uri, uri, uri],
      ]) {
        const { clientId, body } = await register(app, { redirect_uris });
        expect(body.redirect_uris).toEqual(claude);
        expect((await app.tokens.registered.unseal(clientId, app.now())).redirect_uris).toEqual(claude);
      }
      const refusal = await refusalOf(app, { redirect_uris: [uri] });
      expect(refusal).toMatchObject({ status: 400, error: 'invalid_redirect_uri' });
      if (typeof uri === 'string' && uri !== '') expect(JSON.stringify(refusal)).not.toContain(uri);
    },
  );

  test('DCR-03 a refusal names the setting with which the operator trusts further hosts', async () => {
    await using app = await start();
    const { error_description } = await refusalOf(app, { redirect_uris: ['https://new.example/callback'] });
    expect(error_description).toContain('TRUSTED_CLIENT_HOSTS');
  });

  test('DCR-03 where every host is trusted, every https host and private-use scheme may be registered, but no script URI', async () => {
    await using app = await start({ trustedHosts: 'any' });
    await register(app, { redirect_uris: ['https://any.example/callback', 'com.example.app:/callback'] });
    expect(await refusalOf(app, { redirect_uris: ['javascript:alert(1)'] })).toMatchObject({
      error: 'invalid_redirect_uri',
    });
  });

  test.each(['client_secret_basic', 'client_secret_post', undefined])(
    'DCR-04 a client that requested %s must authenticate with its secret',
    async (token_endpoint_auth_method) => {
      await using app = await start();
      const client = await register(app, { token_endpoint_auth_method });
      const code = await codeOf(app, client, { redirect_uri: claude[0] ?? '' });
      const { client_id, client_secret, ...bare } = codeGrant(client, code);
      const without = await app.post('/oauth/token', { ...bare, client_id: client.clientId });
      expect(await answerOf(without)).toMatchObject({ status: '401', error: 'invalid_client' });
      const headers = basic(client.clientId, client.clientSecret ?? '');
      const answer =
        token_endpoint_auth_method === 'client_secret_post'
          ? await app.post('/oauth/token', { ...bare, client_id: client_id ?? '', client_secret: client_secret ?? '' })
          : await app.post('/oauth/token', bare, headers);
      expect(answer.status).toBe(200);
    },
  );

  test('DCR-04 a client that requested none has no secret', async () => {
    await using app = await start();
    const client = await register(app, { token_endpoint_auth_method: 'none' });
    const code = await codeOf(app, client, { redirect_uri: claude[0] ?? '' });
    const withSecret = await app.post('/oauth/token', codeGrant(client, code, { client_secret: 'x' }));
    expect(await answerOf(withSecret)).toMatchObject({ status: '401', error: 'invalid_client' });
    expect((await app.post('/oauth/token', codeGrant(client, code))).status).toBe(200);
  });

  test.each([
    { token_endpoint_auth_method: 'private_key_jwt' },
    { token_endpoint_auth_method: 'client_secret_jwt' },
    { token_endpoint_auth_method: 'private_key_jwt', token_endpoint_auth_methods_supported: ['private_key_jwt'] },
    { token_endpoint_auth_method: 1 },
    { grant_types: ['client_credentials'] },
    { grant_types: ['urn:ietf:params:oauth:grant-type:device_code'] },
    { grant_types: 1 },
    { grant_types: { authorization_code: true } },
    { response_types: ['token'] },
    { response_types: ['code id_token', 'id_token'] },
    { response_types: [1] },
  ])('DCR-04 %j is refused, and its value is not quoted', async (metadata) => {
    await using app = await start();
    const refusal = await refusalOf(app, { redirect_uris: claude, ...metadata });
    expect(refusal).toMatchObject({ status: 400, error: 'invalid_client_metadata' });
    expect(refusal.error_description).not.toMatch(/private_key_jwt|client_credentials|device_code|id_token/);
  });

  const jwtBearer = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
  const deviceCode = 'urn:ietf:params:oauth:grant-type:device_code';
  test.each([
    [{ grant_types: ['authorization_code', 'refresh_token', jwtBearer] }, {}],
    [{ grant_types: [deviceCode, 'refresh_token', 'authorization_code', 'password'] }, {}],
    [{ grant_types: [jwtBearer, 'authorization_code'] }, { grant_types: ['authorization_code'] }],
    [{ grant_types: ['authorization_code', 'refresh_token', 'refresh_token', 7, null] }, {}],
    [{ grant_types: 'authorization_code' }, { grant_types: ['authorization_code'] }],
    [{ grant_types: null }, { grant_types: ['authorization_code'] }],
    [{ grant_types: [] }, { grant_types: ['authorization_code'] }],
    [{ grant_types: [null, ''] }, { grant_types: ['authorization_code'] }],
    [{ response_types: ['code', 'id_token', 'code token'] }, {}],
    [{ response_types: null }, {}],
    [{ response_types: [] }, {}],
    [{ response_types: '' }, {}],
    [{ token_endpoint_auth_method: null }, { token_endpoint_auth_method: 'client_secret_basic' }],
    [{ token_endpoint_auth_method: '' }, { token_endpoint_auth_method: 'client_secret_basic' }],
    [{ token_endpoint_auth_method: 'private_key_jwt', token_endpoint_auth_methods_supported: ['x', 'none'] }, {}],
    [{ token_endpoint_auth_methods_supported: null, client_name: null }, {}],
    [{ client_name: '', client_uri: null, scope: null, contacts: [], jwks: null, software_id: null }, {}],
    [{ client_name: 1 }, {}],
  ])('DCR-04 %j is registered with what is supported of it', async (given, registered) => {
    await using app = await start();
    const usual = {
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
    };
    const { body } = await register(app, { ...usual, ...given });
    const { client_id, client_id_issued_at, client_secret, client_secret_expires_at, ...answered } = body;
    expect(answered).toEqual({ redirect_uris: claude, ...usual, ...registered });
  });

  test('DCR-04 all other metadata is ignored', async () => {
    await using app = await start();
    const { body } = await register(app, {
      application_type: 'native',
      scope: 'claudeai',
      contacts: ['ada@example.com'],
      jwks_uri: 'https://evil.example/jwks',
      software_id: 1,
    });
    expect(Object.keys(body).sort()).toEqual([
      'client_id',
      'client_id_issued_at',
      'client_secret',
      'client_secret_expires_at',
      'grant_types',
      'redirect_uris',
      'response_types',
      'token_endpoint_auth_method',
    ]);
  });

  test('DCR-05 META-06 the endpoint exists and is advertised only if the operator enables it', async () => {
    const metadataOf = async (app: OAuthApp) => (await app.fetch('/.well-known/oauth-authorization-server')).json();
    await using on = await start();
    expect(await metadataOf(on)).toMatchObject({ registration_endpoint: `${on.issuer}/oauth/register` });
    await using off = await start({ acceptsRegistration: false });
    expect(await metadataOf(off)).not.toHaveProperty('registration_endpoint');
    await using never = await startOAuthApp();
    expect(await metadataOf(never)).not.toHaveProperty('registration_endpoint');
    for (const app of [off, never]) {
      for (const path of ['/oauth/register', '/register']) {
        expect((await app.fetch(path, { method: 'POST' })).status).toBe(404);
      }
    }
  });

  test('DCR-05 a network may register 600 clients in ten minutes, refused ones do not count, and others lose nothing', async () => {
    await using app = await start({}, { trustProxy: 1 });
    const from = (address: string, body: object = { redirect_uris: claude }) =>
      post(app, body, { 'x-forwarded-for': address });
    const own = (index: number) => `2001:db8:0:1::${index % 9}`;
    /** Twenty at once. */
    const several = (body?: object) =>
      Promise.all(Array.from({ length: 20 }, async (_, index) => (await from(own(index), body)).status));
    for (let sent = 0; sent < 40; sent += 20) expect(new Set(await several({}))).toEqual(new Set([400]));
    for (let sent = 0; sent < 600; sent += 20) expect(new Set(await several())).toEqual(new Set([201]));
    const response = await from('2001:db8:0:1::99');
    expect(response.status).toBe(429);
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(Number(response.headers.get('retry-after'))).toBeLessThanOrEqual(600);
    expect(await (await from(own(0), {})).json()).toMatchObject({ error: 'invalid_redirect_uri' });
    for (const other of ['2001:db8:0:2::1', '192.0.2.2', '::ffff:198.51.100.1']) {
      expect((await from(other)).status).toBe(201);
    }
  }, 60_000);

  test('DCR-06 an expired, a foreign and an unknown client_id get 401 invalid_client at the token endpoint', async () => {
    await using app = await start();
    await using foreign = await start({}, { keys: { current: testKey(9), previous: [] } });
    const expired = await register(app);
    const strange = await register(foreign);
    app.advance(90 * day);
    for (const client of [expired, strange, { clientId: 'unknown', clientSecret: 'secret' }]) {
      const response = await app.post('/oauth/token', codeGrant(client, 'code'));
      expect(await answerOf(response)).toMatchObject({ status: '401', error: 'invalid_client' });
    }
  });

  test('DCR-06 a client is valid to the last second of its 90 days', async () => {
    await using app = await start();
    const client = await register(app);
    app.advance(90 * day - 1);
    expect((await app.fetch(app.authorizePath(client, { redirect_uri: claude[0] }))).status).toBe(200);
    app.advance(1);
    expect((await app.fetch(app.authorizePath(client, { redirect_uri: claude[0] }))).status).toBe(400);
  });

  test('DCR-06 after registration is disabled, registered clients are unknown', async () => {
    await using app = await start();
    const client = await register(app);
    await using off = await start({ acceptsRegistration: false }, { now: app.now });
    const response = await off.post('/oauth/token', codeGrant(client, 'code'));
    expect(await answerOf(response)).toMatchObject({ status: '401', error: 'invalid_client' });
  });

  test('no log contains the redirect URI, the name or the secret of a client', async () => {
    await using app = await start();
    const { clientId, clientSecret } = await register(app, { client_name: 'Example client' });
    for (const text of [clientId, clientSecret ?? '', 'Example client', 'claude.ai'])
      expect(app.logged()).not.toContain(text);
    expect(app.logged()).toContain('client registered');
  });
});
