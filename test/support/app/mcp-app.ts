/** Starts the whole app in this process, without mail servers: with sessions, a state and other services that a test defines. */
import type { AddressInfo } from 'node:net';
import { createApp, type Services } from '../../../src/app/app.ts';
import { createHttpServer } from '../../../src/app/http-server.ts';
import { createLog } from '../../../src/log.ts';
import type { MailServer } from '../../../src/mail/account.ts';
import type { MailSession } from '../../../src/mcp/mail/mail-session.ts';
import type { MissiveSession } from '../../../src/mcp/missive/missive-session.ts';
import { createClients } from '../../../src/oauth/client/clients.ts';
import { createPages } from '../../../src/oauth/pages/pages.ts';
import { createKeyring, randomId } from '../../../src/oauth/sealed/jwe.ts';
import { createTokens } from '../../../src/oauth/sealed/sealed-types.ts';
import { createProviderAccess } from '../../../src/oauth/upstream/provider-access.ts';
import { createUpstream } from '../../../src/oauth/upstream/upstream.ts';
import { SCOPES } from '../../../src/policy.ts';
import { createMemoryState } from '../../../src/state/memory.ts';
import { exampleServers, testKey } from './oauth-app.ts';

export interface McpApp extends AsyncDisposable {
  origin: string;
  port: number;
  /** Seals an access token. @param user of the mailbox: tokens of two users belong to two accounts */
  token(user?: string, servers?: { imap: MailServer; smtp: MailServer }): Promise<string>;
  fetch(path: string, init?: RequestInit): Promise<Response>;
  /** Posts a body to /mcp, with a new token unless one is given. */
  post(body: string | Uint8Array, options?: { token?: string; headers?: Record<string, string> }): Promise<Response>;
  logged(): string;
}

/** @param replaced services that differ from the usual ones */
export async function startMcpApp(replaced: Partial<Services> = {}): Promise<McpApp> {
  const lines: string[] = [];
  const services: Services = { ...usualServices(lines), ...replaced };
  const server = createHttpServer(createApp(services)).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  const origin = `http://127.0.0.1:${port}`;
  const token: McpApp['token'] = (user = 'ann', servers = exampleServers) => sealToken(services, user, servers);
  return {
    origin,
    port,
    token,
    fetch: (path, init) => fetch(origin + path, { redirect: 'manual', ...init }),
    async post(body, options = {}) {
      const authorization = `Bearer ${options.token ?? (await token())}`;
      const headers = { 'content-type': 'application/json', authorization, ...options.headers };
      return fetch(`${origin}/mcp`, { method: 'POST', headers, body: Buffer.from(body) });
    },
    logged: () => lines.join(''),
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => server.close(() => resolve()) && server.closeAllConnections()),
  };
}

const ISSUER = 'https://mail.example.com';

function usualServices(lines: string[]): Services {
  const now = () => new Date();
  const keyring = createKeyring({ current: testKey(), previous: [] });
  const state = createMemoryState({ now });
  const log = createLog('DEBUG', { write: (line) => void lines.push(line) });
  const upstream = createUpstream({ issuer: ISSUER, registrations: {} });
  return {
    issuer: ISSUER,
    isLocal: true,
    allowedOrigins: new Set(),
    areVersionsStrict: false,
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
    pages: createPages({ issuer: ISSUER, operator: {} }),
    clients: createClients({ keyring, now, state, deniedClients: new Set() }),
    verifyLogin: async () => [],
    powersLeft: () => [],
    // Enough for everything but a call that uses its session.
    openMailSession: () => ({}) as MailSession,
    openMissiveSession: () => ({}) as MissiveSession,
    attachmentLinks: undefined,
  };
}

function sealToken(
  { keyring, now, issuer }: Services,
  user: string,
  servers: { imap: MailServer; smtp: MailServer },
): Promise<string> {
  const email = `${user}@example.com`;
  const payload = {
    iss: issuer,
    aud: `${issuer}/mcp`,
    sub: `subject of ${user}`,
    gid: randomId(),
    granted_at: Math.floor(now().getTime() / 1000),
    client: { jti: randomId(), name: 'Test' },
    scope: [...SCOPES],
    login: { name: user, email, imap: { password: 'secret' } },
    servers,
  };
  return createTokens(keyring).access.seal(payload, now());
}
