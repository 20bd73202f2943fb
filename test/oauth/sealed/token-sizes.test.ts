import { describe, expect, test } from 'vitest';
import { type MintedClient, type OAuthApp, openToClients, startOAuthApp } from '../../support/app/oauth-app.ts';
import { callbackOf } from '../../support/app/sign-in-page.ts';
import { type Answer, answerOf, codeGrant, refreshGrant } from '../../support/app/token-requests.ts';

const servers = {
  imap: { host: 'imap.mail.example.com', port: 993, security: 'tls' as const },
  smtp: { host: 'smtp.mail.example.com', port: 465, security: 'tls' as const },
};
/** Address of 25 characters, name of 14, password of 19. */
const account = {
  ...{ full_name: 'Ada M Lovelace', email: 'ada.lovelace@mail.example', imap_username: '' },
  ...{ imap_password: 'abcd efgh ijkl mnop', use_same_credentials: '1' },
};
const loopback = ['http://localhost/callback', 'http://127.0.0.1/callback'];

const minted = (app: OAuthApp) => app.mint({ kind: 'public', servers, presets: ['claude-code'], redirectUris: [] });
const mintedForUris = (app: OAuthApp) => app.mint({ kind: 'public', servers, presets: [], redirectUris: loopback });

async function registered(app: OAuthApp): Promise<MintedClient> {
  const response = await app.fetch('/oauth/register', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ client_name: 'Codex', redirect_uris: loopback, token_endpoint_auth_method: 'none' }),
  });
  return { clientId: String(Object(await response.json()).client_id), clientSecret: null };
}

const start = (layout?: 1 | 2) =>
  startOAuthApp({
    ...{ issuer: 'https://mail.mcp.example.com', layout, isShared: true },
    dynamicClients: { ...openToClients, connections: [{ servers, policy: {}, expiresAt: null }] },
  });

const together = (clientId: string, { access_token = '', refresh_token = '' }: Answer) =>
  clientId.length + access_token.length + refresh_token.length;

/** The entry of a client as Codex stores it (StoredOAuthTokens). */
function codexEntry(clientId: string, { status: _, ...tokens }: Answer): string {
  const url = 'https://mail.mcp.example.com/mcp'.padEnd(40, '/');
  const token_response = { ...tokens, token_type: 'bearer' };
  return JSON.stringify({
    server_name: 'mail',
    url,
    client_id: clientId,
    token_response,
    expires_at: 1_796_155_200_000,
  });
}

describe('the reference account', () => {
  test.each([
    ['minted for a preset', minted],
    ['minted for two redirect URIs', mintedForUris],
    ['registered with two redirect URIs', registered],
  ])(
    'has at most 1,000 characters in the three values of a client %s, also after refreshes',
    async (_how, clientIn) => {
      await using app = await start();
      const client = await clientIn(app);
      const code = (await callbackOf(app, client, { redirect_uri: loopback[0] }, account)).get('code') ?? '';
      const grant = { ...codeGrant(client, code) };
      let answer = await answerOf(await app.post('/oauth/token', grant));
      for (let refreshes = 0; refreshes < 3; refreshes++) {
        expect(answer.status).toBe('200');
        expect(together(client.clientId, answer)).toBeLessThanOrEqual(1000);
        expect(codexEntry(client.clientId, answer).length).toBeLessThanOrEqual(1280);
        app.advance(29 * 86_400);
        answer = await answerOf(await app.post('/oauth/token', refreshGrant(client, answer.refresh_token ?? '')));
      }
    },
  );

  test('has more than twice as many in layout 1', async () => {
    await using app = await start(1);
    const client = await minted(app);
    const code = (await callbackOf(app, client, { redirect_uri: loopback[0] }, account)).get('code') ?? '';
    const answer = await answerOf(await app.post('/oauth/token', codeGrant(client, code)));
    expect(together(client.clientId, answer)).toBeGreaterThan(2000);
  });
});
