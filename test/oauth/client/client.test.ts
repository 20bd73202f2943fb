import { describe, expect, test } from 'vitest';
import { ConfigError } from '../../../src/errors.ts';
import { unsealClient } from '../../../src/oauth/client/client.ts';
import { mintClient, type NewClient, sealConnection } from '../../../src/oauth/client/mint-client.ts';
import { DEFAULT_PRESETS, PRESETS } from '../../../src/oauth/client/presets.ts';
import { createKeyring } from '../../../src/oauth/sealed/jwe.ts';
import { createTokens, type RegisteredPayload } from '../../../src/oauth/sealed/sealed-types.ts';
import { exampleServers, redirectUri, startOAuthApp, testKey } from '../../support/app/oauth-app.ts';
import { openSignIn } from '../../support/app/sign-in-page.ts';
import { codeOf, tokensOf } from '../../support/app/token-requests.ts';

const now = new Date('2026-11-21T12:00:00Z');
const keyring = createKeyring({ current: testKey(), previous: [] });
const tokens = createTokens(keyring);
const mint = (client: Partial<NewClient>) =>
  mintClient(
    keyring,
    { servers: exampleServers, presets: ['claude'], redirectUris: [], kind: 'confidential', ...client },
    now,
  );

async function faultsOf(client: Partial<NewClient>): Promise<string> {
  const error = await mint(client).catch((reason: unknown) => reason);
  if (!(error instanceof ConfigError)) throw new Error('It was minted');
  return error.message;
}

/** Changes one bit of one of the five parts; an empty part gets a character. */
function withBitFlipped(clientId: string, part: number): string {
  const parts = clientId.split('.');
  const bytes = Buffer.from(parts[part] ?? '', 'base64url');
  if (bytes[0] === undefined) parts[part] = 'A';
  else {
    bytes[0] ^= 1;
    parts[part] = bytes.toString('base64url');
  }
  return parts.join('.');
}

describe('client_id', () => {
  test('CLI-01 only a client_id that was minted here is accepted', async () => {
    await using app = await startOAuthApp();
    await using foreign = await startOAuthApp({ keys: { current: testKey(5), previous: [] } });
    const client = await app.mint();
    const { clientId } = client;
    const { transaction } = await openSignIn(app, client);
    const code = await codeOf(app, client);
    const { access_token = '', refresh_token = '' } = await tokensOf(app, client);
    const connection = { servers: exampleServers, policy: {}, expiresAt: null };
    const registered: RegisteredPayload = { v: 1, auth_method: 'none', redirect_uris: [redirectUri] };
    const impostors = [
      transaction,
      code,
      access_token,
      refresh_token,
      await sealConnection(app.keyring, connection, app.now()),
      await app.tokens.registered.seal(registered, app.now()),
      clientId.slice(0, -1),
      `${clientId}A`,
      clientId.split('.').slice(0, 4).join('.'),
      ...[0, 1, 2, 3, 4].map((part) => withBitFlipped(clientId, part)),
      (await foreign.mint()).clientId,
      'https://claude.ai/oauth/claude-code-client-metadata',
      'x',
    ];
    for (const impostor of impostors) {
      expect(impostor).not.toBe('');
      const response = await app.fetch(app.authorizePath({ clientId: impostor, clientSecret: null }));
      expect(response.status).toBe(400);
      expect(response.headers.get('location')).toBeNull();
    }
  });

  test('CLI-02 holds a hash and not the secret, an id, a version and no expiry', async () => {
    const { clientId, clientSecret } = await mint({});
    const content = await tokens.client.unseal(clientId, now);
    expect(JSON.stringify(content)).not.toContain(clientSecret);
    expect(content).toMatchObject({ v: 1, servers: exampleServers, secret_hash: expect.stringMatching(/^[\w-]{43}$/) });
    expect(content.jti).not.toBe((await tokens.client.unseal((await mint({})).clientId, now)).jti);
    expect(content.exp).toBeUndefined();
  });

  test('CLI-02 a public client has no secret', async () => {
    const { clientId, clientSecret } = await mint({ kind: 'public' });
    expect(clientSecret).toBeNull();
    expect((await unsealClient(tokens, clientId, now)).secretHash).toBeNull();
  });

  test('CLI-03 ids and secrets consist of characters that form-encoding does not change', async () => {
    for (let index = 0; index < 1000; index++) {
      const { clientId, clientSecret } = await mint({});
      expect(clientId).toMatch(/^[A-Za-z0-9._~-]+$/);
      expect(clientSecret).toMatch(/^[0-9a-f]{64}$/);
    }
  });

  test('CLI-04 the client_id of the default presets has at most 1,024 characters, with long host names too', async () => {
    const host = `${'h'.repeat(63)}.${'d'.repeat(30)}.example.com`;
    const { clientId } = await mint({
      presets: DEFAULT_PRESETS,
      name: 'n'.repeat(64),
      servers: { imap: { host, port: 65535, security: 'starttls' }, smtp: { host, port: 65535, security: 'starttls' } },
    });
    expect(clientId.length).toBeLessThanOrEqual(1024);
  });

  test('CLI-04 a client_id of more than 1,500 characters is not minted', async () => {
    const redirectUris = [1, 2, 3].map((index) => `https://client${index}.example/${'p'.repeat(450)}`);
    expect(await faultsOf({ redirectUris })).toContain('1500');
  });

  test('CLI-04 an authorization URL with a state of 2,048 characters stays under 8,190', async () => {
    await using app = await startOAuthApp();
    const client = await app.mint({ presets: DEFAULT_PRESETS });
    const path = app.authorizePath(client, {
      state: 's'.repeat(2048),
      resource: `${app.issuer}/mcp`,
      scope: 'mail.read',
    });
    expect(path.length).toBeLessThan(8190);
    expect((await app.fetch(path)).status).toBe(200);
  });

  test('CLI-05 presets add their redirect URIs to those that are named', async () => {
    const { clientId } = await mint({ presets: ['claude', 'cursor'], redirectUris: ['https://a.example/cb'] });
    const { redirectUris, name } = await unsealClient(tokens, clientId, now);
    expect(redirectUris).toEqual([
      ...(PRESETS.claude?.redirectUris ?? []),
      ...(PRESETS.cursor?.redirectUris ?? []),
      'https://a.example/cb',
    ]);
    expect(name).toBe('Claude or Cursor');
  });

  test('CLI-05 the preset of a self-hosted client needs a redirect URI beside it', async () => {
    const librechat = { presets: ['librechat'], redirectUris: [] };
    expect(await faultsOf(librechat)).toBe('The client needs a redirect URI, or a preset that has one.');
    const { clientId } = await mint({ ...librechat, redirectUris: ['https://chat.example/cb'] });
    expect(await unsealClient(tokens, clientId, now)).toMatchObject({
      name: 'LibreChat',
      redirectUris: ['https://chat.example/cb'],
    });
  });

  test('a client without a name is named by the host of its redirect URI', async () => {
    const { clientId } = await mint({ presets: [], redirectUris: ['https://chat.example/cb'] });
    expect((await unsealClient(tokens, clientId, now)).name).toBe('chat.example');
  });

  test('all faults are reported at once, one a line', async () => {
    const message = await faultsOf({
      presets: ['unknown'],
      redirectUris: ['javascript:alert(1)', 'http://client.example/'],
      name: 'a\u202eb',
      servers: { ...exampleServers, imap: { ...exampleServers.imap, port: 0 } },
    });
    expect(message.split('\n')).toHaveLength(5);
    expect(message).not.toMatch(/[\u202e]/);
  });

  test('a client without any redirect URI is not minted', async () => {
    expect(await faultsOf({ presets: [], redirectUris: [] })).toContain('redirect URI');
  });
});
