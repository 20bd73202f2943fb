import { describe, expect, test } from 'vitest';
import { challengeOf } from '../../../src/oauth/http/pkce.ts';
import { isMeantFor } from '../../../src/oauth/sealed/audience.ts';
import { codeVerifier, exampleServers, redirectUri, startOAuthApp } from '../../support/app/oauth-app.ts';
import { ada, callbackOf } from '../../support/app/sign-in-page.ts';
import {
  answerOf,
  codeGrant,
  codeOf,
  type Form,
  refreshGrant,
  secretOf,
  tokensOf,
} from '../../support/app/token-requests.ts';

describe('POST /oauth/token: the request (RFC 6749 §3.2)', () => {
  test('TOK-01 only a POST of a form is accepted', async () => {
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

  test('TOK-05 the error says which parameter is missing, or that one is repeated', async () => {
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

  test('TOK-06 no response may be cached, errors included', async () => {
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

describe('grant_type=authorization_code (RFC 6749 §4.1.3)', () => {
  test.each([1, 2] as const)(
    'TOK-11 TOK-12 returns both tokens in layout %i, their scope and lifetime, whether or not offline_access was requested',
    async (layout) => {
      await using app = await startOAuthApp({ layout });
      const answer = await tokensOf(app, await app.mint(), { scope: 'mail.read mail.send' });
      expect(answer).toEqual({
        status: '200',
        access_token: expect.stringMatching(/^[\w-]+\.\.[\w-]+\.[\w-]+\.[\w-]+$/),
        token_type: 'Bearer',
        expires_in: 28_800,
        scope: 'mail.read mail.send',
        refresh_token: expect.stringMatching(/^[\w-]+\.\.[\w-]+\.[\w-]+\.[\w-]+$/),
      });
      const access = await app.tokens.access.unseal(answer.access_token ?? '', app.now());
      const refresh = await app.tokens.refresh.unseal(answer.refresh_token ?? '', app.now());
      expect(access.servers).toEqual(exampleServers);
      for (const token of [access, refresh]) {
        expect(isMeantFor(token, { issuer: app.issuer, resource: `${app.issuer}/mcp` })).toBe(true);
        expect(isMeantFor(token, { issuer: app.issuer, resource: `${app.issuer}/other` })).toBe(false);
      }
      expect([(access.exp ?? 0) - access.iat, (refresh.exp ?? 0) - refresh.iat]).toEqual([28_800, 2_592_000]);
      expect(refresh.gid).toBe(access.gid);
    },
  );

  test('CODE-01 a code expires after 60 seconds', async () => {
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

  test('CODE-02 of fifty exchanges at the same time exactly one gets tokens', async () => {
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

  test('CODE-02 a used code is refused as long as it is valid on a replica whose clock is late', async () => {
    await using app = await startOAuthApp({ issuer: 'https://mail.example.com' });
    const lateBy = 59_000;
    const now = () => new Date(app.now().getTime() - lateBy);
    await using late = await startOAuthApp({ issuer: 'https://mail.example.com', state: app.state, now });
    const client = await app.mint();
    const form = codeGrant(client, await codeOf(app, client));
    app.advance(59);
    expect((await app.post('/oauth/token', form)).status).toBe(200);
    app.advance(59);
    expect(await answerOf(await late.post('/oauth/token', form))).toMatchObject({
      error_description: 'The code was already used.',
    });
  });

  test('CODE-03 a second use revokes the tokens of the first', async () => {
    await using app = await startOAuthApp();
    const client = await app.mint();
    const form = codeGrant(client, await codeOf(app, client));
    const { access_token = '', refresh_token = '' } = await answerOf(await app.post('/oauth/token', form));
    const call = async () => (await app.fetch('/mcp', { headers: { authorization: `Bearer ${access_token}` } })).status;
    await app.post('/oauth/token', { ...form, code_verifier: 'w'.repeat(43) });
    // The code alone is not enough to revoke anything.
    expect(await call()).toBe(200);
    expect(await answerOf(await app.post('/oauth/token', form))).toMatchObject({ error: 'invalid_grant' });
    expect(await call()).toBe(401);
    expect(await answerOf(await app.post('/oauth/token', refreshGrant(client, refresh_token)))).toMatchObject({
      status: '400',
      error: 'invalid_grant',
    });
  });

  test('CODE-03 a code is refused if all grants of its account were revoked after the sign-in', async () => {
    await using app = await startOAuthApp();
    const client = await app.mint();
    const { access_token = '' } = await tokensOf(app, client);
    const { sub } = await app.tokens.access.unseal(access_token, app.now());
    const code = await codeOf(app, client);
    app.advance(1);
    await app.state.mark(`revoked:account:${sub}`, new Date(app.now().getTime() + 86_400_000));
    expect(await answerOf(await app.post('/oauth/token', codeGrant(client, code)))).toMatchObject({
      status: '400',
      error: 'invalid_grant',
    });
    app.advance(1);
    expect((await tokensOf(app, client)).status).toBe('200');
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
    const twice = (second: string) => new URLSearchParams([...Object.entries(good), ['resource', second]]).toString();
    const different = await app.post('/oauth/token', twice('https://other.example/mcp'));
    expect(await answerOf(different)).toMatchObject({ status: '400', error: 'invalid_target' });
    expect((await app.post('/oauth/token', twice(`${app.issuer}/mcp`))).status).toBe(200);
  });

  test('TOK-08 the port of a loopback redirect URI must be the one of the authorization request', async () => {
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

  test('CODE-04 a code is invalid after five wrong requests', async () => {
    await using app = await startOAuthApp();
    const client = await app.mint({ kind: 'public' });
    const code = await codeOf(app, client);
    const wrong = codeGrant(client, code, { code_verifier: 'w'.repeat(43) });
    for (let index = 0; index < 5; index++) expect((await app.post('/oauth/token', wrong)).status).toBe(400);
    expect(await answerOf(await app.post('/oauth/token', codeGrant(client, code)))).toMatchObject({
      error: 'invalid_grant',
    });
  });

  test('JWE-03 no other sealed value is accepted as a code', async () => {
    await using app = await startOAuthApp();
    const client = await app.mint();
    const { access_token = '', refresh_token = '' } = await tokensOf(app, client);
    for (const impostor of [access_token, refresh_token, client.clientId, 'x']) {
      const answer = await answerOf(await app.post('/oauth/token', codeGrant(client, impostor)));
      expect(answer).toMatchObject({ status: '400', error: 'invalid_grant' });
    }
  });

  test('CODE-05 a code of long values has less than 1,500 characters, and its URL less than 4,096', async () => {
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

  test('META-12 a code of one path is accepted on the other', async () => {
    await using app = await startOAuthApp();
    const client = await app.mint();
    expect((await app.post('/token', codeGrant(client, await codeOf(app, client)))).status).toBe(200);
    expect(await answerOf(await app.post('/token', { grant_type: 'x' }))).toMatchObject({
      error: 'unsupported_grant_type',
    });
  });

  test('the subject is the same for the same mailbox, differs for another, and does not reveal which it is', async () => {
    await using app = await startOAuthApp();
    const client = await app.mint();
    const subjects = [];
    for (const email of ['ada@example.com', 'ada@example.com', 'bob@example.com']) {
      const code = (await callbackOf(app, client, {}, { ...ada, email })).get('code') ?? '';
      const { access_token = '' } = await answerOf(await app.post('/oauth/token', codeGrant(client, code)));
      subjects.push((await app.tokens.access.unseal(access_token, app.now())).sub);
    }
    expect(subjects[0]).toBe(subjects[1]);
    expect(subjects[0]).not.toBe(subjects[2]);
  });
});
