import { describe, expect, test } from 'vitest';
import { UpstreamError } from '../../../src/errors.ts';
import { type OAuthApp, startOAuthApp } from '../../support/app/oauth-app.ts';
import { tokensOf } from '../../support/app/token-requests.ts';

const tokenFor = async (app: OAuthApp): Promise<string> => (await tokensOf(app, await app.mint())).access_token ?? '';

const call = (app: OAuthApp, token: string) => app.fetch('/mcp', { headers: { authorization: `Bearer ${token}` } });

describe('a valid access token', () => {
  test('BEAR-03 BEAR-06 a revoked token gets the same answer as an invalid one, from the next request on', async () => {
    await using app = await startOAuthApp();
    const inADay = new Date(app.now().getTime() + 86_400_000);
    const good = await tokenFor(app);
    const refused = await call(app, 'x');
    const [header, body] = [refused.headers.get('www-authenticate'), await refused.text()];
    for (const what of ['token', 'grant', 'account', 'client'] as const) {
      const token = await tokenFor(app);
      expect((await call(app, token)).status).toBe(200);
      const { jti, gid, sub, client } = await app.tokens.access.unseal(token, app.now());
      const keys = {
        token: `revoked:token:${jti}`,
        grant: `revoked:grant:${gid}`,
        account: `revoked:account:${sub}`,
        client: `denied:client:${client.jti}`,
      };
      await app.state.mark(keys[what], inADay);
      const response = await call(app, token);
      expect([what, response.status, response.headers.get('www-authenticate'), await response.text()]).toEqual([
        what,
        401,
        header,
        body,
      ]);
      if (what === 'account') await app.state.release(keys.account);
    }
    expect((await call(app, good)).status).toBe(200);
  });

  test('BEAR-06 a grant made after all grants of the account were revoked is valid', async () => {
    await using app = await startOAuthApp();
    const before = await tokenFor(app);
    const { sub } = await app.tokens.access.unseal(before, app.now());
    app.advance(1);
    await app.state.mark(`revoked:account:${sub}`, new Date(app.now().getTime() + 86_400_000));
    app.advance(1);
    const after = await tokenFor(app);
    expect((await call(app, before)).status).toBe(401);
    expect((await call(app, after)).status).toBe(200);
  });

  test('BEAR-06 CLI-07 a client that the settings deny is refused, even with earlier tokens', async () => {
    await using app = await startOAuthApp({ issuer: 'https://mail.example.com' });
    const token = await tokenFor(app);
    const { client } = await app.tokens.access.unseal(token, app.now());
    const later = { issuer: 'https://mail.example.com', deniedClients: [client.jti], now: app.now };
    await using restarted = await startOAuthApp(later);
    expect((await call(restarted, token)).status).toBe(401);
    expect((await call(app, token)).status).toBe(200);
  });

  test('BEAR-06 a token ends at the time that its owner has set, whatever its own expiry', async () => {
    await using app = await startOAuthApp();
    const {
      jti: _jti,
      iat: _iat,
      exp: _exp,
      ...payload
    } = await app.tokens.access.unseal(await tokenFor(app), app.now());
    const until = Math.floor(app.now().getTime() / 1000) + 60;
    const token = await app.tokens.access.seal({ ...payload, consent: { until } }, app.now());
    const response = await call(app, token);
    expect(await response.json()).toMatchObject({ expiresAt: new Date(until * 1000).toISOString() });
    app.advance(59);
    expect((await call(app, token)).status).toBe(200);
    app.advance(1);
    expect((await call(app, token)).status).toBe(401);
  });

  test('BEAR-06 the state is asked once for each request, and tokens are accepted while it is unavailable', async () => {
    await using app = await startOAuthApp();
    const token = await tokenFor(app);
    const { readMarks } = app.state;
    let questions = 0;
    app.state.readMarks = async (keys) => {
      questions += 1;
      return readMarks(keys);
    };
    for (let request = 0; request < 3; request++) await call(app, token);
    expect(questions).toBe(3);
    app.state.readMarks = async () => {
      throw new UpstreamError('Redis', 'unreachable', 'It is gone.');
    };
    const warnings = () => app.logged().split('revocations cannot be looked up').length - 1;
    for (let seconds = 0; seconds < 60; seconds += 20) {
      expect((await call(app, token)).status).toBe(200);
      app.advance(20);
    }
    expect(warnings()).toBe(1);
    expect((await call(app, token)).status).toBe(200);
    expect(warnings()).toBe(2);
  });
});
