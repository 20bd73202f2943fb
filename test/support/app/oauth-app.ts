/** Starts the authorization server alone, on a free port, with a clock that tests advance and with simulated logins. */
import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import express, { type ErrorRequestHandler, type Express } from 'express';
import type { Service } from '../../../src/account.ts';
import { OAuthError } from '../../../src/errors.ts';
import type { InboxIdentity, LoginProblem, MailAccount, MailServers } from '../../../src/mail/account.ts';
import { powersLeft } from '../../../src/mcp/permit/permit.ts';
import { toolsOf } from '../../../src/mcp/services.ts';
import type { LoginProblem as MissiveProblem } from '../../../src/missive/account.ts';
import { createGrantFinder } from '../../../src/oauth/bearer/bearer.ts';
import type { DefaultConnection } from '../../../src/oauth/client/client.ts';
import { createClients } from '../../../src/oauth/client/clients.ts';
import { type DynamicClients, PRESET_HOSTS } from '../../../src/oauth/client/dynamic-clients.ts';
import type { FetchDocument } from '../../../src/oauth/client/fetch-document.ts';
import { mintClient, type NewClient } from '../../../src/oauth/client/mint-client.ts';
import { createErrorResponse } from '../../../src/oauth/endpoints/error-response.ts';
import { MCP_PATHS } from '../../../src/oauth/http/paths.ts';
import { challengeOf } from '../../../src/oauth/http/pkce.ts';
import { notFoundHandler } from '../../../src/oauth/landing/landing.ts';
import { createPages } from '../../../src/oauth/pages/pages.ts';
import { oauthRoutes } from '../../../src/oauth/routes.ts';
import { createKeyring, type Keyring } from '../../../src/oauth/sealed/jwe.ts';
import { createTokens, type Tokens } from '../../../src/oauth/sealed/sealed-types.ts';
import type { OAuthServices } from '../../../src/oauth/services.ts';
import { createProviderAccess } from '../../../src/oauth/upstream/provider-access.ts';
import type { ProviderClientOptions } from '../../../src/oauth/upstream/provider-client.ts';
import type { Registrations } from '../../../src/oauth/upstream/providers.ts';
import { createUpstream } from '../../../src/oauth/upstream/upstream.ts';
import type { Policy } from '../../../src/policy.ts';
import { createMemoryState } from '../../../src/state/memory.ts';
import type { State } from '../../../src/state/state.ts';

export const exampleServers: MailServers = {
  imap: { host: 'imap.example.com', port: 993, security: 'tls' },
  smtp: { host: 'smtp.example.com', port: 465, security: 'tls' },
};

/** 32 bytes that are used in tests only. */
export const testKey = (seed = 1): Buffer =>
  Buffer.from(Array.from({ length: 32 }, (_, index) => (index * 37 + seed) % 256));

export const redirectUri = 'https://client.example/callback';
export const codeVerifier = 'v'.repeat(43);

export interface MintedClient {
  clientId: string;
  clientSecret: string | null;
}

export interface OAuthApp extends AsyncDisposable {
  /** URL of the server, without a path. */
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

/** Returns the response of the mail servers to a login. */
export type TryMailLogin = (
  account: MailAccount,
  options?: Parameters<OAuthServices['verifyLogin']>[1],
) => Promise<LoginProblem[]>;

export interface OAuthAppOptions {
  /** What the server is registered as at providers. */
  registrations?: Registrations;
  /** Takes the place of the network between the server and providers. */
  providerFetch?: ProviderClientOptions['fetch'];
  issuer?: string;
  /** The response of the mail servers to every login, or a function of the login. */
  loginProblems?: LoginProblem[] | TryMailLogin;
  /** What the mail server says of the INBOX of a login; by default nothing. */
  inboxOf?: (account: MailAccount) => InboxIdentity | undefined;
  /** The response of Missive to every API token. */
  missiveProblems?: MissiveProblem[];
  keys?: { current: Buffer; previous: Buffer[] };
  /** The layout of what the app seals; by default the current one. */
  layout?: 1 | 2 | undefined;
  /** As in Express: the number of trusted proxies. */
  trustProxy?: number;
  dynamicClients?: DynamicClients;
  fetchDocument?: FetchDocument;
  /** The state of another replica, or in Redis; by default each app has its own, in memory. */
  state?: State;
  /** Whether the default state claims that all replicas share it. */
  isShared?: boolean;
  replicas?: number;
  operator?: OAuthServices['operator'];
  /** The languages of the pages; by default those of a release. */
  languages?: Parameters<typeof createPages>[1];
  deniedClients?: string[];
  hasMetadataAliases?: boolean;
  /** The clock of another replica, so that both have the same time. */
  now?: () => Date;
}

export const exampleConnection: DefaultConnection = { servers: exampleServers, policy: {}, expiresAt: null };

/** Allows dynamic clients from the hosts of the presets and from this computer. */
export const openToClients: DynamicClients = {
  connections: [exampleConnection],
  trustedHosts: PRESET_HOSTS,
  acceptsRegistration: true,
  acceptsDocuments: true,
};

const failToFetch: FetchDocument = async () => {
  throw new Error('A test must not fetch from the internet');
};

export async function startOAuthApp(options: OAuthAppOptions = {}): Promise<OAuthApp> {
  const clock = createClock(options.now);
  const log = createLog();
  const logins = createLoginStub(options);
  const app = express().set('trust proxy', options.trustProxy ?? false);
  const { origin, close } = await listen(app);
  const services = createServices(options, {
    issuer: options.issuer ?? origin,
    now: clock.now,
    verifyLogin: logins.verifyLogin,
    log: log.log,
  });
  addRoutes(app, services);
  const { issuer, keyring, state } = services;

  return {
    origin,
    issuer,
    keyring,
    tokens: createTokens(keyring),
    state,
    now: clock.now,
    advance: clock.advance,
    tried: logins.tried,
    logged: log.logged,
    mint: (client = {}) => mintClient(keyring, { ...exampleClient, ...client }, clock.now()),
    fetch: (path, init) => fetch(origin + path, { redirect: 'manual', ...init }),
    post: (path, form, headers = {}) =>
      fetch(origin + path, { method: 'POST', redirect: 'manual', headers, body: new URLSearchParams(form) }),
    authorizePath: (client, overrides = {}) => authorizePath({ client_id: client.clientId, ...overrides }),
    [Symbol.asyncDispose]: close,
  };
}

const exampleClient: NewClient = {
  servers: exampleServers,
  presets: [],
  redirectUris: [redirectUri],
  kind: 'confidential',
  name: 'Test',
};

/** @param now of another app: this one advances with it */
function createClock(now?: () => Date) {
  let time = Date.parse('2026-11-21T12:00:00Z');
  return {
    now: now ?? (() => new Date(time)),
    advance(seconds: number): void {
      time += seconds * 1000;
    },
  };
}

function createLog() {
  const lines: string[] = [];
  const write = (fields: object, message: string) => void lines.push(JSON.stringify({ ...fields, message }));
  return { log: { debug: write, info: write, warn: write, error: write }, logged: () => lines.join('\n') };
}

/** Simulates the logins at the mail servers and Missive. */
function createLoginStub({ loginProblems = [], missiveProblems = [], inboxOf }: OAuthAppOptions) {
  const tried: MailAccount[] = [];
  const verifyLogin: OAuthServices['verifyLogin'] = async ({ service: _, ...account }, options) => {
    if (!('imap' in account)) return missiveProblems;
    tried.push(account);
    const inbox = inboxOf?.(account);
    if (inbox !== undefined) options?.identify?.(inbox);
    return typeof loginProblems === 'function' ? loginProblems(account, options) : loginProblems;
  };
  return { tried, verifyLogin };
}

async function listen(app: Express): Promise<{ origin: string; close: () => Promise<void> }> {
  const server = app.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

type BasicServices = Pick<OAuthServices, 'issuer' | 'now' | 'verifyLogin' | 'log'>;

function createServices(options: OAuthAppOptions, basic: BasicServices): OAuthServices {
  const { now } = basic;
  const keyring = createKeyring({ ...(options.keys ?? { current: testKey(), previous: [] }), layout: options.layout });
  const state = options.state ?? { ...createMemoryState({ now }), isShared: options.isShared ?? false };
  const { providerFetch: fetch, registrations = {} } = options;
  const upstream = createUpstream({ issuer: basic.issuer, registrations, fetch });
  return {
    ...basic,
    hasMetadataAliases: options.hasMetadataAliases ?? true,
    keyring,
    state,
    replicas: options.replicas ?? 1,
    upstream,
    providerAccess: createProviderAccess({ upstream, state, keyring, now, log: basic.log }),
    operator: options.operator ?? {},
    pages: createPages({ issuer: basic.issuer, operator: options.operator ?? {} }, options.languages),
    clients: createClients({
      keyring,
      now,
      state,
      deniedClients: new Set(options.deniedClients),
      dynamicClients: options.dynamicClients,
      fetchDocument: options.fetchDocument ?? failToFetch,
    }),
    powersLeft: (policy: Policy, service: Service) => powersLeft(toolsOf(service), policy),
  };
}

/** The MCP endpoint returns the grant of its bearer token. */
function addRoutes(app: Express, services: OAuthServices): void {
  app.use((_request, response, next) => {
    response.setHeader('X-Request-Id', randomUUID());
    next();
  });
  app.use(oauthRoutes(services));
  const grantFinder = createGrantFinder(services);
  app.all([...MCP_PATHS], async (request, response) => void response.json(await grantFinder.find(request)));
  app.use(notFoundHandler(services));
  const respond = createErrorResponse(services);
  const onError: ErrorRequestHandler = (error, request, response, _next) => {
    if (error instanceof OAuthError) respond(error, request, response);
    else response.status(500).json({ error: String(error) });
  };
  app.use(onError);
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
