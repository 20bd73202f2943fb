import { request as httpRequest } from 'node:http';
import { extractWWWAuthenticateParams } from '@modelcontextprotocol/sdk/client/auth.js';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { codeVerifier, exampleServers, type OAuthApp, startOAuthApp } from '../../support/app/oauth-app.ts';
import { ada, callbackOf } from '../../support/app/sign-in-page.ts';

const Tokens = z.object({ access_token: z.string(), refresh_token: z.string() });

async function tokensFor(app: OAuthApp, fields: Record<string, string> = ada) {
  const client = await app.mint({ kind: 'public', name: 'Test client' });
  const code = (await callbackOf(app, client, {}, fields)).get('code') ?? '';
  const form = { grant_type: 'authorization_code', client_id: client.clientId, code, code_verifier: codeVerifier };
  const tokens = Tokens.parse(await (await app.post('/oauth/token', form)).json());
  return { accessToken: tokens.access_token, refreshToken: tokens.refresh_token, clientId: client.clientId, code };
}

const withToken = (app: OAuthApp, authorization: string, init: RequestInit = {}) =>
  app.fetch('/mcp', { ...init, headers: { authorization, ...init.headers } });

const allScopes = 'mail.read mail.write mail.send mail.delete';
const bare = (app: OAuthApp) =>
  `Bearer resource_metadata="${app.issuer}/.well-known/oauth-protected-resource/mcp", scope="${allScopes}"`;

describe('the bearer check of /mcp (RFC 6750)', () => {
  test('BEAR-01 BEAR-02 without credentials every method gets the challenge without an error', async () => {
    await using app = await startOAuthApp();
    for (const method of ['GET', 'POST', 'DELETE']) {
      const response = await app.fetch('/mcp', { method });
      expect(response.status).toBe(401);
      expect(response.headers.get('www-authenticate')).toBe(bare(app));
      expect(response.headers.get('cache-control')).toBe('no-store');
    }
    const basic = await withToken(app, 'Basic YTpi');
    expect(basic.status).toBe(401);
    expect(basic.headers.get('www-authenticate')).toBe(bare(app));
  });

  test('PRM-06 at the base URL the challenge names the metadata of the base URL, and the same token is valid', async () => {
    await using app = await startOAuthApp();
    for (const init of [{ method: 'POST' }, { headers: { accept: 'text/event-stream' } }]) {
      const response = await app.fetch('/', init);
      expect(response.status).toBe(401);
      expect(response.headers.get('www-authenticate')).toBe(bare(app).replace('-resource/mcp', '-resource'));
    }
    const authorization = `Bearer ${(await tokensFor(app)).accessToken}`;
    const [atBase, atMcp] = [
      await app.fetch('/', { method: 'POST', headers: { authorization } }),
      await withToken(app, authorization),
    ];
    expect([atBase.status, await atBase.json()]).toEqual([200, await atMcp.json()]);
  });

  test('PAGE-03 a browser gets the same challenge, with a page that names the way', async () => {
    await using app = await startOAuthApp();
    const response = await app.fetch('/mcp', { headers: { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' } });
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe(bare(app));
    expect(response.headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    const page = await response.text();
    expect(page).toContain(`>${app.issuer}/mcp</code>`);
    expect(page).toContain('<a class="button" href="/">');
  });

  test('BEAR-02 clients can read the challenge', async () => {
    await using app = await startOAuthApp();
    const { resourceMetadataUrl, scope, error } = extractWWWAuthenticateParams(await withToken(app, 'Bearer x'));
    expect(resourceMetadataUrl?.href).toBe(`${app.issuer}/.well-known/oauth-protected-resource/mcp`);
    expect(scope).toBe(allScopes);
    expect(error).toBe('invalid_token');
  });

  test('BEAR-03 BEAR-06 every invalid token gets the same answer', async () => {
    await using app = await startOAuthApp();
    await using other = await startOAuthApp({ issuer: 'https://other.example' });
    const { accessToken, refreshToken, clientId, code } = await tokensFor(app);
    const good = await app.tokens.access.unseal(accessToken, app.now());
    const { jti: _jti, iat: _iat, exp: _exp, ...payload } = good;
    const seal = (changes: object, at = app.now()) => app.tokens.access.seal({ ...payload, ...changes }, at);
    const at = (seconds: number) => new Date(app.now().getTime() + seconds * 1000);
    const bad = {
      malformed: 'x',
      empty: '',
      'a JWS': 'eyJhbGciOiJub25lIn0.e30.',
      changed: `${accessToken.slice(0, -2)}AA`,
      'a refresh token': refreshToken,
      'a client_id': clientId,
      'a code': code,
      'from another server with the same key': (await tokensFor(other)).accessToken,
      'for another audience': await seal({ aud: 'https://other.example/mcp' }),
      'for a path below': await seal({ aud: `${app.issuer}/mcp/` }),
      'from another issuer': await seal({ iss: 'https://other.example' }),
      expired: await seal({}, at(-28_800)),
      'not yet valid': await seal({}, at(301)),
      'two tokens': `${accessToken}, Bearer ${accessToken}`,
      'too long': 'a'.repeat(9000),
    };
    for (const [name, token] of Object.entries(bad)) {
      const response = await withToken(app, `Bearer ${token}`);
      expect(response.status, name).toBe(401);
      expect(response.headers.get('www-authenticate'), name).toBe(
        `Bearer error="invalid_token", error_description="The access token is not valid or has expired.", ${bare(app).slice(7)}`,
      );
      expect(await response.json(), name).toEqual({
        error: 'invalid_token',
        error_description: 'The access token is not valid or has expired.',
      });
    }
    expect((await withToken(app, `Bearer ${accessToken}`)).status).toBe(200);
  });

  test('BEAR-05 the scheme is case-insensitive, and the token is accepted in the Authorization header only', async () => {
    await using app = await startOAuthApp();
    const { accessToken } = await tokensFor(app);
    for (const scheme of ['Bearer', 'bearer', 'BEARER']) {
      expect((await withToken(app, `${scheme} ${accessToken}`)).status).toBe(200);
    }
    const authorization = `Bearer ${accessToken}`;
    const elsewhere = [
      app.fetch(`/mcp?access_token=${accessToken}`),
      app.fetch(`/mcp?access_token=${accessToken}`, { headers: { authorization } }),
      app.post('/mcp', { access_token: accessToken }, { authorization }),
      app.post('/mcp', { access_token: accessToken }),
    ];
    for (const response of await Promise.all(elsewhere)) {
      expect(response.status).toBe(400);
      expect(response.headers.get('www-authenticate')).toContain('Bearer error="invalid_request"');
      expect(await response.json()).toMatchObject({ error: 'invalid_request' });
    }
  });

  test('BEAR-05 two Authorization headers are refused', async () => {
    await using app = await startOAuthApp();
    const { accessToken } = await tokensFor(app);
    const status = await new Promise((resolve, reject) => {
      const request = httpRequest(`${app.origin}/mcp`, (response) => resolve(response.resume().statusCode));
      request.setHeader('Authorization', [`Bearer ${accessToken}`, `Bearer ${accessToken}`]);
      request.on('error', reject).end();
    });
    expect(status).toBe(400);
  });

  test('a valid token gives the account, the client, the scope and the end', async () => {
    await using app = await startOAuthApp();
    const { accessToken } = await tokensFor(app);
    const login = { kind: 'password', username: 'ada@example.com', password: 'correct horse' };
    expect(await (await withToken(app, `Bearer ${accessToken}`)).json()).toEqual({
      account: {
        service: 'mail',
        fullName: 'Ada Lovelace',
        email: 'ada@example.com',
        imap: { server: exampleServers.imap, login },
        smtp: { server: exampleServers.smtp, login },
      },
      client: { jti: expect.stringMatching(/^[\w-]{22}$/), name: 'Test client' },
      permit: { scope: allScopes.split(' '), consent: {}, policy: {} },
      jti: expect.stringMatching(/^[\w-]{22}$/),
      grantId: expect.stringMatching(/^[\w-]{22}$/),
      expiresAt: '2026-11-21T20:00:00.000Z',
      endsAt: '2027-02-19T12:00:00.000Z',
      subject: expect.stringMatching(/^[\w-]{22}$/),
    });
  });

  test('BEAR-08 a token with the longest values stays under 4 KiB', async () => {
    await using app = await startOAuthApp({ issuer: 'https://mail.mcp.example.com' });
    const host = `${'h'.repeat(249)}.com`;
    const server = { host, port: 65535, security: 'starttls' as const };
    const client = await app.mint({ kind: 'public', servers: { imap: server, smtp: server } });
    const email = `${'l'.repeat(64)}@${'d'.repeat(255)}`;
    const long = {
      full_name: 'n'.repeat(256),
      email,
      imap_username: 'u'.repeat(320),
      imap_password: 'p'.repeat(1024),
      use_same_credentials: '1',
    };
    const pair = {
      ...long,
      use_same_credentials: '',
      imap_password: 'p'.repeat(300),
      smtp_username: 'v'.repeat(320),
      smtp_password: 'q'.repeat(300),
    };
    for (const fields of [long, pair]) {
      const code = (await callbackOf(app, client, {}, fields)).get('code') ?? '';
      const form = { grant_type: 'authorization_code', client_id: client.clientId, code, code_verifier: codeVerifier };
      const { access_token } = Tokens.parse(await (await app.post('/oauth/token', form)).json());
      expect(access_token.length).toBeGreaterThan(3000);
      expect(access_token.length).toBeLessThan(4096);
      expect((await withToken(app, `Bearer ${access_token}`)).status).toBe(200);
    }
  });
});
