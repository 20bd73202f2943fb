import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { createGrants } from '../../../src/oauth/grant/grants.ts';
import { accountOf } from '../../../src/oauth/sealed/identity.ts';
import { toSeconds } from '../../../src/oauth/sealed/jwe.ts';
import { exampleServers, openToClients, startOAuthApp } from '../../support/app/oauth-app.ts';
import { ada } from '../../support/app/sign-in-page.ts';
import { answerOf, codeGrant, codeOf, refreshGrant, tokensOf } from '../../support/app/token-requests.ts';

describe('the tokens of a grant', () => {
  test('REF-06 TOK-11 end when the owner or the operator has set an end, and expires_in says so', async () => {
    await using app = await startOAuthApp();
    const inSeconds = (seconds: number) => new Date(app.now().getTime() + seconds * 1000);
    const owners = await app.mint();
    const code = await app.tokens.code.unseal(await codeOf(app, owners), app.now());
    const { jti: _jti, iat: _iat, exp: _exp, ...payload } = code;
    const consented = await app.tokens.code.seal(
      { ...payload, consent: { until: toSeconds(inSeconds(600)) } },
      app.now(),
    );
    const ofOwner = await answerOf(await app.post('/oauth/token', codeGrant(owners, consented)));
    const operators = await app.mint({ expiresAt: inSeconds(600) });
    const ofOperator = await tokensOf(app, operators);
    for (const answer of [ofOwner, ofOperator]) expect(answer).toMatchObject({ status: '200', expires_in: 600 });
    const call = async ({ access_token = '' }) =>
      (await app.fetch('/mcp', { headers: { authorization: `Bearer ${access_token}` } })).status;
    app.advance(590);
    const refreshed = await answerOf(await app.post('/oauth/token', refreshGrant(owners, ofOwner.refresh_token ?? '')));
    expect(refreshed).toMatchObject({ status: '200', expires_in: 10 });
    app.advance(9);
    expect([await call(ofOwner), await call(refreshed), await call(ofOperator)]).toEqual([200, 200, 200]);
    app.advance(1);
    expect([await call(ofOwner), await call(refreshed), await call(ofOperator)]).toEqual([401, 401, 401]);
    for (const { refresh_token = '' } of [ofOwner, refreshed]) {
      const answer = await answerOf(await app.post('/oauth/token', refreshGrant(owners, refresh_token)));
      expect(answer).toMatchObject({ status: '400', error: 'invalid_grant' });
    }
  });

  test('CODE-01 a code is refused after its grant has ended', async () => {
    await using app = await startOAuthApp();
    const client = await app.mint();
    const {
      jti: _jti,
      iat: _iat,
      exp: _exp,
      ...payload
    } = await app.tokens.code.unseal(await codeOf(app, client), app.now());
    const code = await app.tokens.code.seal({ ...payload, consent: { until: toSeconds(app.now()) + 10 } }, app.now());
    app.advance(10);
    const answer = await answerOf(await app.post('/oauth/token', codeGrant(client, code)));
    expect(answer).toMatchObject({ status: '400', error: 'invalid_grant' });
  });

  test('BEAR-08 credentials that no longer fit beside the limits of the client give no token', async () => {
    await using app = await startOAuthApp();
    const client = await app.mint({ policy: { folders: ['f'.repeat(600)] } });
    const {
      jti: _jti,
      iat: _iat,
      exp: _exp,
      ...payload
    } = await app.tokens.code.unseal(await codeOf(app, client), app.now());
    const login = { name: '', email: ada.email, imap: { password: 'p'.repeat(3000) } };
    const [fits, tooLong] = [
      await app.tokens.code.seal(payload, app.now()),
      await app.tokens.code.seal({ ...payload, login }, app.now()),
    ];
    const answer = await answerOf(await app.post('/oauth/token', codeGrant(client, tooLong)));
    expect(answer).toMatchObject({ status: '400', error: 'invalid_grant' });
    expect(await answerOf(await app.post('/oauth/token', codeGrant(client, fits)))).toMatchObject({ status: '200' });
  });

  test('say whether their client was minted by the operator', async () => {
    await using app = await startOAuthApp({ dynamicClients: openToClients });
    const metadata = { redirect_uris: ['http://localhost/callback'], token_endpoint_auth_method: 'none' };
    const response = await app.fetch('/oauth/register', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(metadata),
    });
    const { client_id: clientId } = z.object({ client_id: z.string() }).parse(await response.json());
    const registered = { clientId, clientSecret: null };
    const said = [];
    for (const [client, overrides] of [
      [await app.mint(), {}],
      [registered, { redirect_uri: 'http://localhost/callback' }],
    ] as const) {
      const { access_token = '' } = await tokensOf(app, client, overrides);
      said.push((await app.tokens.access.unseal(access_token, app.now())).client.minted);
    }
    expect(said).toEqual([undefined, false]);
  });

  test('are listed for the account owner as granted, anew with each refresh', async () => {
    await using app = await startOAuthApp();
    const client = await app.mint();
    const account = accountOf({ name: '', email: ada.email, imap: { password: '' } }, exampleServers);
    const silent = () => {};
    const log = { debug: silent, info: silent, warn: silent, error: silent };
    const grants = createGrants({ ...app, log });
    const { refresh_token = '' } = await tokensOf(app, client, { scope: 'mail.read mail.send' });
    const grantedAt = app.now();
    const expected = {
      client: { name: 'Test' },
      redirectHost: 'client.example',
      scope: ['mail.read', 'mail.send'],
      powers: ['read', 'send'],
      grantedAt,
      until: new Date(grantedAt.getTime() + 90 * 86_400_000),
    };
    expect(await grants.list(account)).toMatchObject([expected]);
    app.advance(29 * 86_400);
    await app.post('/oauth/token', refreshGrant(client, refresh_token));
    app.advance(29 * 86_400);
    expect(await grants.list(account)).toMatchObject([expected]);
    app.advance(86_400);
    expect(await grants.list(account)).toEqual([]);
  });
});
