/** The authorization server alone, on a free port, with a clock that tests move and mail servers that answer as they are told. */
import type { AddressInfo } from 'node:net';
import express, { type ErrorRequestHandler } from 'express';
import type { Service } from '../../../src/account.ts';
import { OAuthError } from '../../../src/errors.ts';
import type { LoginProblem, MailAccount, MailServers } from '../../../src/mail/account.ts';
import { powersLeft } from '../../../src/mcp/permit/permit.ts';
import { toolsOf } from '../../../src/mcp/services.ts';
import type { LoginProblem as MissiveProblem } from '../../../src/missive/account.ts';
import { createGrantFinder } from '../../../src/oauth/bearer/bearer.ts';
import { createClients } from '../../../src/oauth/client/clients.ts';
import { type DynamicClients, PRESET_HOSTS } from '../../../src/oauth/client/dynamic-clients.ts';
import type { FetchDocument } from '../../../src/oauth/client/fetch-document.ts';
import { mintClient, type NewClient } from '../../../src/oauth/client/mint-client.ts';
import { createErrorResponse } from '../../../src/oauth/endpoints/error-response.ts';
import { challengeOf } from '../../../src/oauth/http/pkce.ts';
import { oauthRoutes } from '../../../src/oauth/routes.ts';
import { createKeyring, type Keyring } from '../../../src/oauth/sealed/jwe.ts';
import { createTokens, type Tokens } from '../../../src/oauth/sealed/sealed-types.ts';
import type { OAuthServices } from '../../../src/oauth/services.ts';
import type { Policy } from '../../../src/policy.ts';
import { createMemoryState } from '../../../src/state/memory.ts';
import type { State } from '../../../src/state/state.ts';

export const exampleServers: MailServers = {
  imap: { host: 'imap.example.com', port: 993, security: 'tls' },
  smtp: { host: 'smtp.example.com', port: 465, security: 'tls' },
};

/** 32 bytes that are the key of nobody. */
export const testKey = (seed = 1): Buffer =>
  Buffer.from(Array.from({ length: 32 }, (_, index) => (index * 37 + seed) % 256));

export const redirectUri = 'https://client.example/callback';
export const codeVerifier = 'v'.repeat(43);

export interface MintedClient {
  clientId: string;
  clientSecret: string | null;
}

export interface OAuthApp extends AsyncDisposable {
  /** Where it listens. */
  origin: string;
  issuer: string;
  keyring: Keyring;
  tokens: Tokens;
  state: State;
  now(): Date;
  advance(seconds: number): void;
  /** Accounts whose login was tried, in order. */
  tried: MailAccount[];
  /** Everything that was logged, as text. */
  logged(): string;
  mint(client?: Partial<NewClient>): Promise<MintedClient>;
  fetch(path: string, init?: RequestInit): Promise<Response>;
  post(path: string, form: Record<string, string> | string, headers?: Record<string, string>): Promise<Response>;
  /** A valid authorization request of the client; overrides of `undefined` leave a parameter out. */
  authorizePath(client: MintedClient, overrides?: Record<string, string | undefined>): string;
}

/** What the mail servers say to a login. */
export type TryMailLogin = (
  account: MailAccount,
  how?: Parameters<OAuthServices['verifyLogin']>[1],
) => Promise<LoginProblem[]>;

export interface OAuthAppOptions {
  issuer?: string;
  /** What the mail servers say to the login that was typed. */
  loginProblems?: LoginProblem[] | TryMailLogin;
  /** What Missive says to a token. */
  missiveProblems?: MissiveProblem[];
  keys?: { current: Buffer; previous: Buffer[] };
  /** As in Express: how many proxies stand before the server. */
  trustProxy?: number;
  /** How clients may come that nobody minted. */
  dynamicClients?: DynamicClients;
  fetchDocument?: FetchDocument;
  /** Of another replica, or in Redis; without it, each app has a memory of its own. */
  state?: State;
  /** That memory passes for one that all replicas share. */
  isShared?: boolean;
  replicas?: number;
  deniedClients?: string[];
  hasMetadataAliases?: boolean;
  /** Of the first replica, so that time passes for all of them alike. */
  now?: () => Date;
}

/** What clients get that register themselves, from the hosts of the presets and from this computer. */
export const openToClients: DynamicClients = {
  connection: { servers: exampleServers, policy: {}, expiresAt: null },
  trustedHosts: PRESET_HOSTS,
  acceptsRegistration: true,
  acceptsDocuments: true,
};

const nothingToFetch: FetchDocument = async () => {
  throw new Error('No test fetches from the world');
};

export async function startOAuthApp(options: OAuthAppOptions = {}): Promise<OAuthApp> {
  let time = Date.parse('2026-11-21T12:00:00Z');
  const now = options.now ?? (() => new Date(time));
  const log: string[] = [];
  const write = (fields: object, message: string) => void log.push(JSON.stringify({ ...fields, message }));
  const tried: MailAccount[] = [];
  const { loginProblems = [] } = options;
  const verifyLogin: OAuthServices['verifyLogin'] = async ({ service: _, ...account }, how) => {
    if (!('imap' in account)) return options.missiveProblems ?? [];
    tried.push(account);
    return typeof loginProblems === 'function' ? loginProblems(account, how) : loginProblems;
  };
  const app = express().set('trust proxy', options.trustProxy ?? false);
  const server = app.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  const origin = `http://127.0.0.1:${port}`;
  const issuer = options.issuer ?? origin;
  const keyring = createKeyring(options.keys ?? { current: testKey(), previous: [] });
  const state = options.state ?? { ...createMemoryState({ now }), isShared: options.isShared ?? false };
  const services = {
    issuer,
    hasMetadataAliases: options.hasMetadataAliases ?? true,
    keyring,
    now,
    state,
    replicas: options.replicas ?? 1,
    clients: createClients({
      keyring,
      now,
      state,
      deniedClients: new Set(options.deniedClients),
      dynamicClients: options.dynamicClients,
      fetchDocument: options.fetchDocument ?? nothingToFetch,
    }),
    verifyLogin,
    powersLeft: (policy: Policy, service: Service) => powersLeft(toolsOf(service), policy),
    log: { debug: write, info: write, warn: write, error: write },
  };

  app.use(oauthRoutes(services));
  const grantFinder = createGrantFinder(services);
  app.all('/mcp', async (request, response) => void response.json(await grantFinder.find(request)));
  const respond = createErrorResponse(services);
  const onError: ErrorRequestHandler = (error, request, response, _next) => {
    if (error instanceof OAuthError) respond(error, request, response);
    else response.status(500).json({ error: String(error) });
  };
  app.use(onError);

  return {
    origin,
    issuer,
    keyring,
    tokens: createTokens(keyring),
    state,
    now,
    advance(seconds) {
      time += seconds * 1000;
    },
    tried,
    logged: () => log.join('\n'),
    mint: (client = {}) =>
      mintClient(
        keyring,
        {
          servers: exampleServers,
          presets: [],
          redirectUris: [redirectUri],
          kind: 'confidential',
          name: 'Test',
          ...client,
        },
        now(),
      ),
    fetch: (path, init) => fetch(origin + path, { redirect: 'manual', ...init }),
    post: (path, form, headers = {}) =>
      fetch(origin + path, { method: 'POST', redirect: 'manual', headers, body: new URLSearchParams(form) }),
    authorizePath: (client, overrides = {}) => authorizePath({ client_id: client.clientId, ...overrides }),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function authorizePath(overrides: Record<string, string | undefined>): string {
  const parameters = {
    response_type: 'code',
    redirect_uri: redirectUri,
    state: 'a state',
    code_challenge: challengeOf(codeVerifier),
    code_challenge_method: 'S256',
    ...overrides,
  };
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) query.append(name, value);
  return `/oauth/authorize?${query}`;
}
