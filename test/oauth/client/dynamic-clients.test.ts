import { describe, expect, test } from 'vitest';
import { ConfigError } from '../../../src/errors.ts';
import { isOpenToDynamicClients, PRESET_HOSTS, readDynamicClients } from '../../../src/oauth/client/dynamic-clients.ts';
import { mintClient, sealConnection } from '../../../src/oauth/client/mint-client.ts';
import { createKeyring } from '../../../src/oauth/sealed/jwe.ts';
import { exampleServers, testKey } from '../../support/app/oauth-app.ts';

const now = new Date('2026-11-21T12:00:00Z');
const keyring = createKeyring({ current: testKey(), previous: [] });
const policy = { methods: ['list' as const] };
const expiresAt = new Date('2026-12-24T12:00:00Z');

const settings = (...connections: string[]) => ({
  connections,
  acceptsRegistration: true,
  acceptsDocuments: true,
  trustedHosts: undefined,
});

const open = (connection: string, keys = keyring, at = now) => readDynamicClients(settings(connection), keys, at);

const minted = () =>
  mintClient(
    keyring,
    { servers: exampleServers, presets: ['claude'], redirectUris: [], kind: 'confidential', policy, expiresAt },
    now,
  );

describe('DEFAULT_CONNECTION', () => {
  test('CIMD-08 contains servers, limits and end, from a sealed connection and from a client id alike', async () => {
    const connection = { servers: exampleServers, policy, expiresAt };
    for (const sealed of [await sealConnection(keyring, connection, now), (await minted()).clientId]) {
      expect((await open(sealed))?.connections[0]).toMatchObject(connection);
    }
  });

  test('CIMD-07 the hosts of the presets are trusted unless others are named', async () => {
    const sealed = (await minted()).clientId;
    expect((await open(sealed))?.trustedHosts).toBe(PRESET_HOSTS);
    expect([...PRESET_HOSTS].sort()).toEqual([
      'chatgpt.com',
      'claude.ai',
      'claude.com',
      'goose-docs.ai',
      'insiders.vscode.dev',
      'opencode.ai',
      'vscode.dev',
      'www.cursor.com',
      'zed.dev',
    ]);
    const trustedHosts = new Set(['grok.com']);
    const named = await readDynamicClients({ ...settings(sealed), trustedHosts }, keyring, now);
    expect(named).toMatchObject({ trustedHosts, acceptsLoopbackDocuments: false });
    expect(await open(sealed)).toMatchObject({ acceptsLoopbackDocuments: true });
    const closed = await readDynamicClients({ ...settings(sealed), acceptsRegistration: false }, keyring, now);
    expect(closed).toMatchObject({ acceptsLoopbackDocuments: false });
  });

  test('a value that is not valid is refused at the start, without being quoted', async () => {
    const sealed = await sealConnection(keyring, { servers: exampleServers, policy, expiresAt }, now);
    const attempts = [
      open('nonsense'),
      open(sealed.slice(0, -1)),
      open(sealed, createKeyring({ current: testKey(5), previous: [] })),
      open(sealed, keyring, expiresAt),
    ];
    for (const attempt of attempts) {
      const error = await attempt.catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(ConfigError);
      expect(String(error)).toContain('DEFAULT_CONNECTION is not valid');
      expect(String(error)).not.toContain(sealed);
    }
  });

  test('remains valid under an earlier key, and if it was sealed before TOKENS_NOT_BEFORE', async () => {
    const sealed = await sealConnection(keyring, { servers: exampleServers, policy: {}, expiresAt: null }, now);
    const later = createKeyring({
      current: testKey(7),
      previous: [testKey()],
      notBefore: new Date(now.getTime() + 1000),
    });
    expect((await open(sealed, later))?.connections[0]?.servers).toEqual(exampleServers);
  });
});

describe('redirect URIs of dynamic clients', () => {
  test.each([
    ['https://claude.ai/api/mcp/auth_callback', true],
    ['http://localhost:3118/callback', true],
    ['http://127.0.0.1/callback', true],
    ['cursor://anysphere.cursor-mcp/oauth/callback', true],
    ['cursor://anysphere.cursor-mcp/oauth/callback/', false],
    ['cursor://evil.extension/oauth/callback', false],
    ['cursor:javascript', false],
    ['https://claude.ai:8443/callback', false],
    ['https://evil.example/callback', false],
    ['com.example.app:/callback', false],
    ['javascript:alert(1)', false],
  ])('AUTHZ-12 DCR-03 %s is allowed: %s', (uri, may) => {
    expect(isOpenToDynamicClients(uri, PRESET_HOSTS)).toBe(may);
  });

  test('AUTHZ-12 where every host is trusted, they follow the rules for minted clients', () => {
    expect(isOpenToDynamicClients('https://any.example/callback', 'any')).toBe(true);
    expect(isOpenToDynamicClients('com.example.app:/callback', 'any')).toBe(true);
    expect(isOpenToDynamicClients('http://any.example/callback', 'any')).toBe(false);
  });
});
