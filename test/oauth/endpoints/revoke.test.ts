import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type OAuthApp, startOAuthApp } from '../../support/app/oauth-app.ts';
import {
  type Answer,
  answerOf,
  basic,
  codeOf,
  refreshGrant,
  secretOf,
  tokensOf,
} from '../../support/app/token-requests.ts';

const shared = { isShared: true };

const Document = z.record(z.string(), z.unknown());

const call = async (app: OAuthApp, { access_token = '' }: Answer) =>
  (await app.fetch('/mcp', { headers: { authorization: `Bearer ${access_token}` } })).status;

const saysNothing = async (response: Response) => {
  expect(response.status).toBe(200);
  expect(await response.text()).toBe('');
};

/** Clocks of replicas may be late by this much, so a revocation is kept so much longer. */
const clockSkewSeconds = 300;

describe('POST /oauth/revoke (RFC 7009)', () => {
  test('REV-04 the revocation of an access token revokes no other token', async () => {
    await using app = await startOAuthApp(shared);
    const client = await app.mint();
    const tokens = await tokensOf(app, client);
    const refreshed = await answerOf(await app.post('/oauth/token', refreshGrant(client, tokens.refresh_token ?? '')));
    const form = { token: tokens.access_token ?? '', client_id: client.clientId, ...secretOf(client) };
    await saysNothing(await app.post('/oauth/revoke', form));
    expect([await call(app, tokens), await call(app, refreshed)]).toEqual([401, 200]);
    const again = refreshGrant(client, refreshed.refresh_token ?? '');
    expect((await app.post('/oauth/token', again)).status).toBe(200);
  });

  test('REV-04 the revocation of a refresh token, even of a replaced one, revokes its grant', async () => {
    await using app = await startOAuthApp(shared);
    const client = await app.mint();
    const first = await tokensOf(app, client);
    const second = await answerOf(await app.post('/oauth/token', refreshGrant(client, first.refresh_token ?? '')));
    const other = await tokensOf(app, client);
    const form = { token: first.refresh_token ?? '', client_id: client.clientId, ...secretOf(client) };
    await saysNothing(await app.post('/oauth/revoke', form));
    expect([await call(app, first), await call(app, second), await call(app, other)]).toEqual([401, 401, 200]);
    const refused = await answerOf(await app.post('/oauth/token', refreshGrant(client, second.refresh_token ?? '')));
    expect(refused).toMatchObject({ status: '400', error: 'invalid_grant' });
  });

  test('REV-01 clients authenticate as at the token endpoint: in the header, in the body, or by client_id alone', async () => {
    await using app = await startOAuthApp(shared);
    const client = await app.mint();
    const open = await app.mint({ kind: 'public' });
    const tokens = { inHeader: await tokensOf(app, client), inBody: await tokensOf(app, client) };
    const ofPublic = await tokensOf(app, open);
    const secret = client.clientSecret ?? '';

    const without = await app.post('/oauth/revoke', {
      token: tokens.inBody.access_token ?? '',
      client_id: client.clientId,
    });
    expect(await answerOf(without)).toMatchObject({ status: '401', error: 'invalid_client' });
    const wrong = await app.post('/oauth/revoke', { token: 'x' }, basic(client.clientId, 'wrong'));
    expect(await answerOf(wrong)).toMatchObject({ status: '401', error: 'invalid_client' });
    expect(wrong.headers.get('www-authenticate')).toMatch(/^Basic /);
    const anonymous = await app.post('/oauth/revoke', { token: tokens.inBody.access_token ?? '' });
    expect(await answerOf(anonymous)).toMatchObject({ status: '401', error: 'invalid_client' });
    for (const each of [tokens.inHeader, tokens.inBody, ofPublic]) expect(await call(app, each)).toBe(200);

    const inHeader = basic(client.clientId, secret);
    await saysNothing(await app.post('/oauth/revoke', { token: tokens.inHeader.access_token ?? '' }, inHeader));
    const inBody = { client_id: client.clientId, client_secret: secret };
    await saysNothing(await app.post('/revoke', { token: tokens.inBody.access_token ?? '', ...inBody }));
    await saysNothing(
      await app.post('/oauth/revoke', { token: ofPublic.access_token ?? '', client_id: open.clientId }),
    );
    for (const each of [tokens.inHeader, tokens.inBody, ofPublic]) expect(await call(app, each)).toBe(401);
  });

  test('REV-01 only a POST of a form is accepted, of any origin, and the response may not be cached', async () => {
    await using app = await startOAuthApp(shared);
    const client = await app.mint();
    const form = { token: 'x', client_id: client.clientId, ...secretOf(client) };
    expect((await app.fetch('/oauth/revoke')).status).toBe(405);
    const json = await app.post('/oauth/revoke', form, { 'content-type': 'application/json' });
    expect(await answerOf(json)).toMatchObject({ status: '400', error: 'invalid_request' });
    const query = await app.post(`/oauth/revoke?${new URLSearchParams(form)}`, '');
    expect(await answerOf(query)).toMatchObject({ status: '400', error: 'invalid_request' });
    const good = await app.post('/oauth/revoke', form, { origin: 'https://page.example' });
    expect(good.headers.get('access-control-allow-origin')).toBe('*');
    expect(good.headers.get('cache-control')).toBe('no-store');
    const preflight = { origin: 'https://page.example', 'access-control-request-method': 'POST' };
    expect((await app.fetch('/oauth/revoke', { method: 'OPTIONS', headers: preflight })).status).toBe(204);
  });

  test('REV-02 the response does not reveal whether a token exists, and no token of another client is revoked', async () => {
    await using app = await startOAuthApp(shared);
    await using other = await startOAuthApp({ ...shared, issuer: 'https://other.example' });
    const client = await app.mint();
    const secret = secretOf(client);
    const stranger = await app.mint();
    const ofStranger = await tokensOf(app, stranger);
    const tokens = {
      nothing: 'x',
      'a JWS': 'eyJhbGciOiJub25lIn0.e30.',
      'a code': await codeOf(app, client),
      'a client_id': client.clientId,
      'an access token of another client': ofStranger.access_token ?? '',
      'a refresh token of another client': ofStranger.refresh_token ?? '',
      'of another server with the same key': (await tokensOf(other, client)).refresh_token ?? '',
    };
    for (const [name, token] of Object.entries(tokens)) {
      const response = await app.post('/oauth/revoke', { token, client_id: client.clientId, ...secret });
      expect([name, response.status, await response.text()]).toEqual([name, 200, '']);
    }
    expect(await call(app, ofStranger)).toBe(200);
    const again = refreshGrant(stranger, ofStranger.refresh_token ?? '');
    expect((await app.post('/oauth/token', again)).status).toBe(200);
    expect(app.logged()).toContain('"result":"foreign"');

    const expired = await tokensOf(app, client);
    app.advance(31 * 86_400);
    for (const token of [expired.access_token ?? '', expired.refresh_token ?? '']) {
      await saysNothing(await app.post('/oauth/revoke', { token, client_id: client.clientId, ...secret }));
    }
  });

  test('REV-02 a wrong or unknown hint is ignored, and a missing token is an error', async () => {
    await using app = await startOAuthApp(shared);
    const client = await app.mint();
    const who = { client_id: client.clientId, ...secretOf(client) };
    for (const token_type_hint of ['refresh_token', 'something']) {
      const tokens = await tokensOf(app, client);
      await saysNothing(await app.post('/oauth/revoke', { token: tokens.access_token ?? '', token_type_hint, ...who }));
      expect(await call(app, tokens)).toBe(401);
    }
    const tokens = await tokensOf(app, client);
    const hinted = { token: tokens.refresh_token ?? '', token_type_hint: 'access_token', ...who };
    await saysNothing(await app.post('/oauth/revoke', hinted));
    expect(await call(app, tokens)).toBe(401);
    expect(await answerOf(await app.post('/oauth/revoke', who))).toMatchObject({
      status: '400',
      error: 'invalid_request',
    });
  });

  test('REV-03 META-06 the endpoint exists only with a state that all replicas share', async () => {
    await using app = await startOAuthApp(shared);
    const document = async (from: OAuthApp) =>
      Document.parse(await (await from.fetch('/.well-known/oauth-authorization-server')).json());
    expect(await document(app)).toMatchObject({
      revocation_endpoint: `${app.issuer}/oauth/revoke`,
      revocation_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post', 'none'],
    });
    await using alone = await startOAuthApp();
    expect(Object.keys(await document(alone)).filter((name) => name.startsWith('revocation'))).toEqual([]);
    for (const path of ['/oauth/revoke', '/revoke']) expect((await alone.post(path, { token: 'x' })).status).toBe(404);
  });

  test('REV-05 a revocation is kept until the token would have expired, by its id and never by its text', async () => {
    await using app = await startOAuthApp(shared);
    const marked: { key: string; seconds: number }[] = [];
    const { mark } = app.state;
    app.state.mark = async (key, until) => {
      marked.push({ key, seconds: (until.getTime() - app.now().getTime()) / 1000 });
      await mark(key, until);
    };
    const client = await app.mint();
    const { access_token = '', refresh_token = '' } = await tokensOf(app, client);
    const { jti, gid } = await app.tokens.access.unseal(access_token, app.now());
    app.advance(3600);
    for (const token of [access_token, refresh_token]) {
      await app.post('/oauth/revoke', { token, client_id: client.clientId, ...secretOf(client) });
    }
    expect(marked).toEqual([
      { key: `revoked:token:${jti}`, seconds: 7 * 3600 + clockSkewSeconds },
      { key: `revoked:grant:${gid}`, seconds: expect.any(Number) },
    ]);
    expect(marked[1]?.seconds).toBeGreaterThanOrEqual(90 * 86_400 - 3600);
  });
});
