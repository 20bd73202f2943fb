/** Responses to unexpected errors. Real services cannot be made to throw them, so these are replaced. */
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { createApp, type Services } from '../../src/app/app.ts';
import { createLog, describeError } from '../../src/log.ts';
import { createClients } from '../../src/oauth/client/clients.ts';
import { createPages } from '../../src/oauth/pages/pages.ts';
import { createKeyring } from '../../src/oauth/sealed/jwe.ts';
import { createProviderAccess } from '../../src/oauth/upstream/provider-access.ts';
import { createUpstream } from '../../src/oauth/upstream/upstream.ts';
import { createMemoryState } from '../../src/state/memory.ts';
import { testKey } from '../support/app/oauth-app.ts';

const SECRET = 'hunter2 of ann@example.com';
const ID = /[0-9a-f]{8}-[0-9a-f-]{27}/;

/** The app with some services replaced by broken ones. */
async function brokenApp(broken: Partial<Services>) {
  const lines: string[] = [];
  const now = () => new Date();
  const keyring = createKeyring({ current: testKey(), previous: [] });
  const state = createMemoryState({ now });
  const log = createLog('DEBUG', { write: (line) => void lines.push(line) });
  const upstream = createUpstream({ issuer: 'https://mail.example.com', registrations: {} });
  const services: Services = {
    issuer: 'https://mail.example.com',
    isLocal: false,
    allowedOrigins: new Set(),
    areVersionsStrict: true,
    hasMetadataAliases: true,
    trustProxy: false,
    openaiAppsChallenge: undefined,
    adminToken: undefined,
    isReady: () => true,
    keyring,
    now,
    log,
    upstream,
    providerAccess: createProviderAccess({ upstream, state, keyring, now, log }),
    state,
    replicas: 1,
    operator: {},
    pages: createPages({ issuer: 'https://mail.example.com', operator: {} }),
    clients: createClients({ keyring, now, state, deniedClients: new Set() }),
    verifyLogin: async () => [],
    powersLeft: () => [],
    openMailSession: () => {
      throw new Error(SECRET);
    },
    openMissiveSession: () => {
      throw new Error(SECRET);
    },
    attachmentLinks: undefined,
    ...broken,
  };
  const server = createApp(services).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    fetch: (path: string, init?: RequestInit) =>
      fetch(`http://127.0.0.1:${port}${path}`, { redirect: 'manual', ...init }),
    logged: () => lines.join(''),
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => server.close(() => resolve()) && server.closeAllConnections()),
  };
}

afterEach(() => vi.restoreAllMocks());

describe('an unexpected error', () => {
  const breaks = () => {
    throw new Error(SECRET);
  };
  const brokenClients = {
    resolve: breaks,
    connect: breaks,
    hasEnded: breaks,
    isDenied: breaks,
    isDeniedBySettings: breaks,
    register: breaks,
  };

  test('is a page for the account owner, with the id by which the operator finds it in the log', async () => {
    await using app = await brokenApp({ clients: brokenClients });
    const response = await app.fetch('/oauth/authorize?client_id=x&redirect_uri=https://client.example/cb');
    const html = await response.text();
    expect(response.status).toBe(500);
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    const [id = 'none'] = ID.exec(html) ?? [];
    expect(app.logged()).toContain(id);
    expect(html + app.logged()).not.toContain('hunter2');
  });

  test.each([
    ['/oauth/token', 'grant_type=refresh_token&refresh_token=x&client_id=x'],
    ['/token', 'grant_type=authorization_code&code=x&client_id=x'],
  ])('TOK-05 is JSON for a client at %s, without a challenge', async (path, form) => {
    await using app = await brokenApp({ clients: brokenClients });
    const response = await app.fetch(path, { method: 'POST', body: new URLSearchParams(form) });
    expect(response.status).toBe(500);
    expect(await response.json()).toEqual({ error: 'server_error', error_description: expect.stringMatching(ID) });
    expect(response.headers.get('www-authenticate')).toBeNull();
    expect(response.headers.get('cache-control')).toBe('no-store');
  });

  test('BEAR-09 in the middle of a response cuts it off, and is logged without its text', async () => {
    const printed = vi.spyOn(console, 'error').mockImplementation(() => {});
    await using app = await brokenApp({
      async attachmentLinks(_request, response) {
        response.write('half');
        await new Promise((resolve) => setTimeout(resolve, 100));
        throw new Error(SECRET);
      },
    });
    const response = await app.fetch('/attachments/x');
    await expect(response.text()).rejects.toThrow();
    expect(printed).not.toHaveBeenCalled();
    expect(app.logged()).toContain('response cut off');
    expect(app.logged()).not.toContain('hunter2');
  });

  test('is logged without its message, also if that has several lines', () => {
    const error = new Error(`${SECRET}\n  ${SECRET}\n${SECRET}`, { cause: new TypeError(SECRET) });
    const logged = JSON.stringify(describeError(error));
    expect(logged).toContain('errors.test.ts');
    expect(logged).not.toContain('hunter2');
  });
});

describe('a malformed request', () => {
  test.each(['/attachments/%ff', '/attachments/%'])('%s is a fault of the client', async (path) => {
    await using app = await brokenApp({ attachmentLinks: (_request, response) => void response.end() });
    expect((await app.fetch(path)).status).toBe(400);
    expect(app.logged()).not.toContain('"level":"error"');
  });
});
