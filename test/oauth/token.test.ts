import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { challengeOf } from '../../src/oauth/pkce.ts';
import {
  codeVerifier,
  exampleServers,
  type MintedClient,
  type OAuthApp,
  redirectUri,
  startOAuthApp,
  testKey,
} from '../support/oauth-app.ts';
import { ada, callbackOf } from '../support/sign-in-page.ts';

type Form = Record<string, string>;

/** The status as text, and what the body says. */
const Answer = z.looseObject({
  status: z.string(),
  access_token: z.string().optional(),
  refresh_token: z.string().optional(),
  scope: z.string().optional(),
});
type Answer = z.output<typeof Answer>;

async function codeOf(app: OAuthApp, client: MintedClient, overrides: Record<string, string> = {}): Promise<string> {
  return (await callbackOf(app, client, overrides)).get('code') ?? '';
}

const secretOf = ({ clientSecret }: MintedClient): Form => (clientSecret ? { client_secret: clientSecret } : {});

/** What a client that authenticates in the body sends for a code. */
const codeGrant = (client: MintedClient, code: string, more: Form = {}): Form => ({
  grant_type: 'authorization_code',
  code,
  code_verifier: codeVerifier,
  client_id: client.clientId,
  ...secretOf(client),
  ...more,
});

const refreshGrant = (client: MintedClient, refreshToken: string, more: Form = {}): Form => ({
  grant_type: 'refresh_token',
  refresh_token: refreshToken,
  client_id: client.clientId,
  ...secretOf(client),
  ...more,
});

const basic = (id: string, secret: string): Form => ({
  authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
});

async function answerOf(response: Response): Promise<Answer> {
  const body = z.record(z.string(), z.unknown()).parse(await response.json());
  return Answer.parse({ status: String(response.status), ...body });
}

async function tokensOf(app: OAuthApp, client: MintedClient, overrides: Record<string, string> = {}) {
  const code = await codeOf(app, client, overrides);
  return answerOf(await app.post('/oauth/token', codeGrant(client, code)));
}

describe('POST /oauth/token: the request (RFC 6749 §3.2)', () => {
  test('TOK-01 nothing but a POST of a form is answered', async () => {
    await using app = await startOAuthApp();
    for (const method of ['GET', 'HEAD', 'PUT', 'DELETE']) {
      const response = await app.fetch('/oauth/token', { method });
      expect(response.status).toBe(405);
      expect(response.headers.get('allow')).toBe('POST');
    }
    const client = await app.mint();
    const form = codeGrant(client, await codeOf(app, client));
    const other = { 'content-type': 'application/json' };
    expect(await answerOf(await app.post('/oauth/token', form, other))).toMatchObject({
      status: '400',
      error: 'invalid_request',
    });
    const zipped = { 'content-encoding': 'gzip' };
    expect(await answerOf(await app.post('/oauth/token', form, zipped))).toMatchObject({ error: 'invalid_request' });
    const long = await app.post('/oauth/token', { ...form, filler: 'x'.repeat(32 * 1024) });
    expect(await answerOf(long)).toMatchObject({ status: '400', error: 'invalid_request' });
    const query = await app.post(`/oauth/token?${new URLSearchParams(form)}`, '');
    expect(await answerOf(query)).toMatchObject({ status: '400', error: 'invalid_request' });
    const charset = { 'content-type': 'Application/X-WWW-Form-Urlencoded; charset=UTF-8' };
    expect((await app.post('/oauth/token', form, charset)).status).toBe(200);
  });

  test('TOK-05 a missing or repeated parameter is named as such', async () => {
    await using app = await startOAuthApp();
    const client = await app.mint();
    const { grant_type: _grant, ...noGrant } = codeGrant(client, 'x');
    const { code: _code, ...noCode } = codeGrant(client, 'x');
    for (const form of [noGrant, noCode, `${new URLSearchParams(codeGrant(client, 'x'))}&code=y`]) {
      expect(await answerOf(await app.post('/oauth/token', form))).toMatchObject({
        status: '400',
        error: 'invalid_request',
      });
    }
    const twice = `${new URLSearchParams(codeGrant(client, 'x'))}&resource=a&resource=b`;
    expect(await answerOf(await app.post('/oauth/token', twice))).toMatchObject({
      status: '400',
      error: 'invalid_target',
    });
  });

  test('TOK-06 no answer is kept by anybody, refusals included', async () => {
    await using app = await startOAuthApp();
    const client = await app.mint();
    const good = await app.post('/oauth/token', codeGrant(client, await codeOf(app, client)));
    const bad = await app.post('/oauth/token', { grant_type: 'x' });
    const unknown = await app.post('/oauth/token', { grant_type: 'refresh_token', refresh_token: 'x', client_id: 'x' });
    for (const { headers } of [good, bad, unknown]) {
      expect(headers.get('cache-control')).toBe('no-store');
      expect(headers.get('pragma')).toBe('no-cache');
      expect(headers.get('content-type')).toMatch(/^application\/json/);
    }
  });

  test.each([
    'client_credentials',
    'password',
    'implicit',
    'urn:ietf:params:oauth:grant-type:device_code',
    'urn:ietf:params:oauth:grant-type:jwt-bearer',
    'urn:ietf:params:oauth:grant-type:token-exchange',
    'toString',
  ])('REF-07 grant_type %s is not supported', async (grant_type) => {
    await using app = await startOAuthApp();
    const client = await app.mint();
    const form = { grant_type, client_id: client.clientId, ...secretOf(client), username: 'a', password: 'b' };
    expect(await answerOf(await app.post('/oauth/token', form))).toMatchObject({
      status: '400',
      error: 'unsupported_grant_type',
    });
  });
});

describe('client authentication (RFC 6749 §2.3)', () => {
  test('TOK-02 TOK-03 META-05 a confidential client authenticates in the body or by Basic, encoded or not', async () => {
    await using app = await startOAuthApp();
    const client = await app.mint();
    const { clientId, clientSecret } = client;
    const { client_id: _id, client_secret: _secret, ...bare } = codeGrant(client, '');
    const ways: [Form, Form][] = [
      [{}, { client_id: clientId, client_secret: clientSecret ?? '' }],
      [basic(clientId, clientSecret ?? ''), {}],
      [basic(encodeURIComponent(clientId), encodeURIComponent(clientSecret ?? '')), {}],
      [basic(clientId, clientSecret ?? ''), { client_id: clientId }],
    ];
    for (const [headers, more] of ways) {
      const form = { ...bare, ...more, code: await codeOf(app, client) };
      expect((await app.post('/oauth/token', form, headers)).status).toBe(200);
    }
  });

  test('TOK-03 a public client authenticates by its client_id, with every grant, and sends no secret', async () => {
    await using app = await startOAuthApp();
    const client = await app.mint({ kind: 'public' });
    const code = await codeOf(app, client);
    const withSecret = await app.post('/oauth/token', codeGrant(client, code, { client_secret: 'x' }));
    expect(await answerOf(withSecret)).toMatchObject({ status: '401', error: 'invalid_client' });
    const asserted = await app.post('/oauth/token', codeGrant(client, code, { client_assertion: 'x' }));
    expect(await answerOf(asserted)).toMatchObject({ status: '401', error: 'invalid_client' });
    const tokens = await answerOf(await app.post('/oauth/token', codeGrant(client, code)));
    expect((await app.post('/oauth/token', refreshGrant(client, tokens.refresh_token ?? ''))).status).toBe(200);
  });

  test('TOK-02 TOK-03 TOK-04 whoever does not prove to be the client is refused, and the code stays good', async () => {
    await using app = await startOAuthApp();
    const client = await app.mint();
    const other = await app.mint();
    const code = await codeOf(app, client);
    const good = codeGrant(client, code);
    const { client_id: _id, client_secret: _secret, ...bare } = good;
    const wrong = basic(client.clientId, 'wrong');
    const right = basic(client.clientId, client.clientSecret ?? '');
    const cases: [string, Form, Form, string, string][] = [
      ['no client', bare, {}, 'invalid_client', '401'],
      ['no secret', { ...bare, client_id: client.clientId }, {}, 'invalid_client', '401'],
      ['wrong secret', { ...good, client_secret: 'wrong' }, {}, 'invalid_client', '401'],
      ['secret of another', { ...good, client_secret: other.clientSecret ?? '' }, {}, 'invalid_client', '401'],
      [
        'the hash of the secret',
        { ...good, client_secret: (await app.tokens.client.open(client.clientId, app.now())).secret_hash ?? '' },
        {},
        'invalid_client',
        '401',
      ],
      ['unknown client', { ...good, client_id: 'unknown' }, {}, 'invalid_client', '401'],
      ['wrong Basic', bare, wrong, 'invalid_client', '401'],
      ['Basic without a secret', bare, basic(client.clientId, ''), 'invalid_client', '401'],
      ['Basic that is no base64', bare, { authorization: 'Basic ???' }, 'invalid_client', '401'],
      ['Basic without a colon', bare, { authorization: 'Basic YWJj' }, 'invalid_client', '401'],
      ['another scheme', bare, { authorization: 'Bearer abc' }, 'invalid_client', '401'],
      ['Basic and body', { ...bare, client_secret: client.clientSecret ?? '' }, right, 'invalid_request', '400'],
      ['two different clients', { ...bare, client_id: other.clientId }, right, 'invalid_request', '400'],
    ];
    for (const [name, form, headers, error, status] of cases) {
      const response = await app.post('/oauth/token', form, headers);
      const challenge = headers.authorization && status === '401' ? 'Basic realm="mail-mcp"' : null;
      expect(response.headers.get('www-authenticate'), name).toBe(challenge);
      expect(await answerOf(response), name).toMatchObject({ error, status });
    }
    expect((await app.post('/oauth/token', good)).status).toBe(200);
  });
});

describe('grant_type=authorization_code (RFC 6749 §4.1.3)', () => {
  test('TOK-11 TOK-12 gives both tokens, their scope and lifetime, whether or not offline_access was asked for', async () => {
    await using app = await startOAuthApp();
    const answer = await tokensOf(app, await app.mint(), { scope: 'mail.read mail.send' });
    expect(answer).toEqual({
      status: '200',
      access_token: expect.stringMatching(/^[\w-]+\.\.[\w-]+\.[\w-]+\.[\w-]+$/),
      token_type: 'Bearer',
      expires_in: 28_800,
      scope: 'mail.read mail.send',
      refresh_token: expect.stringMatching(/^[\w-]+\.\.[\w-]+\.[\w-]+\.[\w-]+$/),
    });
    const access = await app.tokens.access.open(answer.access_token ?? '', app.now());
    const refresh = await app.tokens.refresh.open(answer.refresh_token ?? '', app.now());
    expect(access).toMatchObject({ iss: app.issuer, aud: `${app.issuer}/mcp`, servers: exampleServers });
    expect([(access.exp ?? 0) - access.iat, (refresh.exp ?? 0) - refresh.iat]).toEqual([28_800, 2_592_000]);
    expect(refresh.gid).toBe(access.gid);
  });

  test('CODE-01 a code ends after 60 seconds', async () => {
    await using app = await startOAuthApp();
    const client = await app.mint();
    const [first, second] = [await codeOf(app, client), await codeOf(app, client)];
    app.advance(59);
    expect((await app.post('/oauth/token', codeGrant(client, first))).status).toBe(200);
    app.advance(1);
    expect(await answerOf(await app.post('/oauth/token', codeGrant(client, second)))).toMatchObject({
      status: '400',
      error: 'invalid_grant',
    });
  });

  test('CODE-02 of fifty exchanges at once exactly one gets tokens', async () => {
    await using app = await startOAuthApp();
    const client = await app.mint();
    const form = codeGrant(client, await codeOf(app, client));
    const statuses = await Promise.all(
      Array.from({ length: 50 }, async () => (await app.post('/oauth/token', form)).status),
    );
    expect(statuses.filter((status) => status === 200)).toHaveLength(1);
    expect(statuses.filter((status) => status === 400)).toHaveLength(49);
    expect(await answerOf(await app.post('/oauth/token', form))).toMatchObject({ error: 'invalid_grant' });
  });

  test('CODE-04 TOK-07 TOK-08 TOK-09 TOK-10 a wrong request is refused and does not use up the code', async () => {
    await using app = await startOAuthApp();
    const client = await app.mint();
    const code = await codeOf(app, client);
    const other = await app.mint();
    const cases: [string, Form, string][] = [
      ['another client', codeGrant(other, code), 'invalid_grant'],
      ['another redirect URI', codeGrant(client, code, { redirect_uri: `${redirectUri}/` }), 'invalid_grant'],
      ['another verifier', codeGrant(client, code, { code_verifier: 'w'.repeat(43) }), 'invalid_grant'],
      ['another resource', codeGrant(client, code, { resource: 'https://other.example/mcp' }), 'invalid_target'],
      ['a bare origin elsewhere', codeGrant(client, code, { resource: 'https://other.example' }), 'invalid_target'],
    ];
    for (const [name, form, error] of cases) {
      expect(await answerOf(await app.post('/oauth/token', form)), name).toMatchObject({ status: '400', error });
    }
    const good = codeGrant(client, code, { redirect_uri: redirectUri, resource: `${app.issuer}/mcp` });
    expect((await app.post('/oauth/token', good)).status).toBe(200);
  });

  test('TOK-08 the port of a loopback redirect URI is the one that was used', async () => {
    await using app = await startOAuthApp();
    const client = await app.mint({ presets: ['claude-code'], redirectUris: [] });
    const used = 'http://localhost:3118/callback';
    const code = await codeOf(app, client, { redirect_uri: used });
    const otherPort = codeGrant(client, code, { redirect_uri: 'http://localhost:3119/callback' });
    expect(await answerOf(await app.post('/oauth/token', otherPort))).toMatchObject({ error: 'invalid_grant' });
    expect((await app.post('/oauth/token', codeGrant(client, code, { redirect_uri: used }))).status).toBe(200);
  });

  test.each([
    ['missing', ''],
    ['of 42 characters', 'v'.repeat(42)],
    ['of 129 characters', 'v'.repeat(129)],
    ['with a reserved character', `${'v'.repeat(42)}+`],
    ['with a blank at its end', `${codeVerifier} `],
    ['that is the challenge', challengeOf(codeVerifier)],
  ])('TOK-09 a code verifier %s is refused', async (_name, code_verifier) => {
    await using app = await startOAuthApp();
    const client = await app.mint({ kind: 'public' });
    const form = codeGrant(client, await codeOf(app, client), { code_verifier });
    expect(await answerOf(await app.post('/oauth/token', form))).toMatchObject({
      status: '400',
      error: 'invalid_grant',
    });
  });

  test('CODE-04 after five wrong tries a code is dead', async () => {
    await using app = await startOAuthApp();
    const client = await app.mint({ kind: 'public' });
    const code = await codeOf(app, client);
    const wrong = codeGrant(client, code, { code_verifier: 'w'.repeat(43) });
    for (let index = 0; index < 5; index++) expect((await app.post('/oauth/token', wrong)).status).toBe(400);
    expect(await answerOf(await app.post('/oauth/token', codeGrant(client, code)))).toMatchObject({
      error: 'invalid_grant',
    });
  });

  test('JWE-03 no other sealed thing is a code', async () => {
    await using app = await startOAuthApp();
    const client = await app.mint();
    const { access_token = '', refresh_token = '' } = await tokensOf(app, client);
    for (const impostor of [access_token, refresh_token, client.clientId, 'x']) {
      const answer = await answerOf(await app.post('/oauth/token', codeGrant(client, impostor)));
      expect(answer).toMatchObject({ status: '400', error: 'invalid_grant' });
    }
  });

  test('CODE-05 a code of long values stays under 1,500 characters and its URL under 4,096', async () => {
    await using app = await startOAuthApp();
    const server = { host: `${'h'.repeat(59)}.com`, port: 65535, security: 'starttls' as const };
    const client = await app.mint({ servers: { imap: server, smtp: server } });
    const fields = {
      ...ada,
      full_name: 'n'.repeat(40),
      email: `${'l'.repeat(64)}@${'d'.repeat(189)}`,
      imap_password: 'p'.repeat(128),
    };
    const callback = await callbackOf(app, client, { state: 's'.repeat(2048) }, fields);
    const code = callback.get('code') ?? '';
    expect(code.length).toBeGreaterThan(800);
    expect(code.length).toBeLessThanOrEqual(1500);
    expect(`${redirectUri}?${callback}`.length).toBeLessThan(4096);
  });

  test('META-12 codes of one path redeem on the other', async () => {
    await using app = await startOAuthApp();
    const client = await app.mint();
    expect((await app.post('/token', codeGrant(client, await codeOf(app, client)))).status).toBe(200);
    expect(await answerOf(await app.post('/token', { grant_type: 'x' }))).toMatchObject({
      error: 'unsupported_grant_type',
    });
  });

  test('the subject is the same for the same mailbox and another for another, and neither says which', async () => {
    await using app = await startOAuthApp();
    const client = await app.mint();
    const subjects = [];
    for (const email of ['ada@example.com', 'ada@example.com', 'bob@example.com']) {
      const code = (await callbackOf(app, client, {}, { ...ada, email })).get('code') ?? '';
      const { access_token = '' } = await answerOf(await app.post('/oauth/token', codeGrant(client, code)));
      subjects.push((await app.tokens.access.open(access_token, app.now())).sub);
    }
    expect(subjects[0]).toBe(subjects[1]);
    expect(subjects[0]).not.toBe(subjects[2]);
  });
});

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

  test('REF-03 may narrow the scope for one access token, never widen it', async () => {
    await using app = await startOAuthApp();
    const client = await app.mint();
    const { refresh_token = '' } = await tokensOf(app, client, { scope: 'mail.read mail.write' });
    const refresh = async (token: string, scope: string) =>
      answerOf(await app.post('/oauth/token', refreshGrant(client, token, { scope })));
    const narrowed = await refresh(refresh_token, 'mail.read offline_access');
    expect(narrowed.scope).toBe('mail.read');
    expect((await refresh(narrowed.refresh_token ?? '', '')).scope).toBe('mail.read mail.write');
    expect((await refresh(refresh_token, 'offline_access')).scope).toBe('mail.read mail.write');
    expect(await refresh(refresh_token, 'mail.read mail.send')).toMatchObject({
      status: '400',
      error: 'invalid_scope',
    });
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
