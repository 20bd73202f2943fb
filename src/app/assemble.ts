/** Assembles the running application from the settings: its services, the sessions of its tools, and the handler of all requests. */
import { hkdfSync } from 'node:crypto';
import type { Express } from 'express';
import { openAttachmentStore } from '../attachments/open-store.ts';
import type { AttachmentRef } from '../attachments/store.ts';
import type { ConnectionSettings } from '../connections/connections.ts';
import { ConfigError } from '../errors.ts';
import { createExtraction, type Extraction } from '../extraction/extraction.ts';
import { describeError, type Log } from '../log.ts';
import { createImapPool } from '../mail/pool/pool.ts';
import { createGraphSender } from '../mail/send/graph.ts';
import { createRecentResults } from '../mail/send-once/recent-results.ts';
import { powersLeft } from '../mcp/permit/permit.ts';
import { toolsOf } from '../mcp/services.ts';
import { createResponseShares } from '../missive/api.ts';
import type { DefaultConnection } from '../oauth/client/client.ts';
import { createClients } from '../oauth/client/clients.ts';
import { jtiOfClient } from '../oauth/client/denied-clients.ts';
import {
  readDynamicClients,
  readHostConnections,
  settingOf,
  unsealNamedConnection,
  withConnections,
} from '../oauth/client/dynamic-clients.ts';
import { createPages } from '../oauth/pages/pages.ts';
import { createKeyring, type Keyring } from '../oauth/sealed/jwe.ts';
import { createTokens } from '../oauth/sealed/sealed-types.ts';
import { createProviderAccess } from '../oauth/upstream/provider-access.ts';
import { signInFaults } from '../oauth/upstream/sign-in-faults.ts';
import { createUpstream } from '../oauth/upstream/upstream.ts';
import type { Config } from '../settings/config.ts';
import { openState } from '../state/open-state.ts';
import type { State } from '../state/state.ts';
import { createFetchFile } from '../web/fetch-file.ts';
import { createOneClick } from '../web/one-click.ts';
import { createWorkers } from '../workers/workers.ts';
import { createApp, type Services } from './app.ts';
import { createBackground } from './background.ts';
import { createChangePlaces } from './change-places.ts';
import { createChangeLimit, openMailSession } from './mail-session.ts';
import { missingWithoutRedis } from './missing-without-redis.ts';
import { openMissiveSession } from './missive-session.ts';
import { createVerifyLogin } from './verify-login.ts';

export interface Assembly {
  /** Handles every request. */
  app: Express;
  services: Services;
  /** What reads attachments as text. */
  extraction: Pick<Extraction, 'processes' | 'memoryMb'>;
  /** Functions that are missing with these settings: a sentence each, for the operator. */
  missing: string[];
  /** Makes the server refuse new requests as temporarily unavailable. */
  stopAccepting(): void;
  /** Waits for work that goes on after its call was answered, such as a send, at most `limitMs`. */
  settled(limitMs: number): Promise<void>;
  /** Ends the connections to mail servers, to S3 and to Redis. */
  close(): Promise<void>;
}

/** The parameters that most steps of the assembly share. */
interface Base {
  keyring: Keyring;
  now: () => Date;
  log: Log;
}

/** @throws {ConfigError} if the settings contradict each other, or name a client that does not exist */
export async function assemble(config: Config, log: Log, now: () => Date = () => new Date()): Promise<Assembly> {
  requireReachedNotBefore(config.keys, now());
  const base: Base = { keyring: createKeyring({ ...config.keys, onSkew: createSkewLog({ now, log }) }), now, log };
  logMinting(config, log);
  const clientSettings = await readClientSettings(config, base);
  // The pool closes after the running requests, for which commands/server.ts waits 8 s; both together stay within 10 s.
  const state = await openLoggedState(config, base);
  const upstream = createUpstream(config);
  const providerAccess = createProviderAccess({ ...base, upstream, state });
  const pool = createImapPool({ log, pool: { closeMs: 1500 }, accessTokens: providerAccess });
  const workers = createWorkers();
  const extraction = createExtraction(config.extraction);
  const nameKey = deriveKey(config, 'attachment-name');
  const seal = createLinkSeal(base);
  const {
    store,
    linkHandler,
    close: closeStore,
  } = await openAttachmentStore({ config, nameKey, seal, pool, now, log });
  const sends = { state, areAllCounted: state.isShared || config.replicas === 1 };
  const once = { messageIdSecret: deriveKey(config, 'message-id'), recentResults: createRecentResults({ now }) };
  const shared = { workers, store, now, log, sends, ...once };
  const missive = { ...shared, extraction, responses: createResponseShares(), fetchFile: createFetchFile() };
  const mail = {
    ...{ ...shared, pool, extraction, changes: createChangeLimit() },
    postOneClick: createOneClick(),
    smtp: { accessTokens: providerAccess, graph: createGraphSender({ accessTokens: providerAccess }) },
  };
  let isAccepting = true;
  const background = createBackground();
  const services: Services = {
    ...handlerSettings(config),
    ...base,
    isReady: () => isAccepting,
    state,
    clients: createClients({ ...base, state, ...clientSettings }),
    // The connection of a verified login stays open for the first call.
    verifyLogin: createVerifyLogin({
      ...{ now, accessTokens: providerAccess },
      adopt: (account, imap) => pool.adopt(account, imap),
    }),
    ...{ upstream, providerAccess },
    connections: await readConnections(config, { ...base, state, deniedClients: clientSettings.deniedClients }),
    powersLeft: (policy, service) => powersLeft(toolsOf(service), policy),
    openMailSession: (grant, exchange) => openMailSession(grant, mail, exchange),
    openMissiveSession: (grant, exchange) => openMissiveSession(grant, missive, exchange),
    attachmentLinks: linkHandler,
    background,
    changePlaces: createChangePlaces(),
  };
  return {
    app: createApp(services),
    services,
    extraction,
    missing: missingWithoutRedis(config),
    stopAccepting() {
      isAccepting = false;
    },
    settled: (limitMs) => background.settled(limitMs),
    async close() {
      closeStore();
      extraction.close();
      await Promise.all([pool.close(), workers.close(), state.close()]);
    },
  };
}

/** The settings that handlers use without any processing. */
function handlerSettings(config: Config) {
  const { issuer, isLocal, allowedOrigins, areVersionsStrict, openaiAppsChallenge, hasMetadataAliases } = config;
  const { trustProxy, replicas, keys, operator } = config;
  // A server that has only the public key cannot mint.
  const adminToken = keys.minting === undefined ? config.adminToken : undefined;
  return {
    ...{ issuer, isLocal, allowedOrigins, areVersionsStrict, openaiAppsChallenge, hasMetadataAliases },
    ...{ trustProxy, adminToken, replicas, operator, pages: createPages(config) },
    isMintedElsewhere: adminToken !== config.adminToken,
  };
}

const CLOCK_SKEW_MS = 60_000;

/** @throws {ConfigError} if no token that is sealed now would be accepted, or more than the operator means */
function requireReachedNotBefore({ notBefore, minting }: Config['keys'], now: Date): void {
  const isFuture = (time: Date | undefined) => time !== undefined && time.getTime() > now.getTime() + CLOCK_SKEW_MS;
  if (isFuture(notBefore)) {
    throw new ConfigError('TOKENS_NOT_BEFORE is in the future: until then every sign-in would fail.');
  }
  if (isFuture(minting?.since)) {
    throw new ConfigError('MINTING_SINCE is in the future: until then nothing would have to be signed.');
  }
}

/** Logs at most once in ten minutes. */
function createSkewLog({ now, log }: Pick<Base, 'now' | 'log'>): (seconds: number) => void {
  let silentUntil = Number.NEGATIVE_INFINITY;
  return (seconds) => {
    const time = now().getTime();
    if (time < silentUntil) return;
    silentUntil = time + SKEW_INTERVAL_MS;
    log.warn({ seconds }, 'the clocks of replicas differ: a value was sealed in the future, by the clock here');
  };
}

const SKEW_INTERVAL_MS = 600_000;

function logMinting({ keys: { minting }, adminToken }: Config, log: Log): void {
  if (minting === undefined) return;
  log.info({ unsignedUntil: minting.since?.toISOString() ?? null }, 'client ids and connections must be signed');
  if (adminToken !== undefined) log.warn({}, 'ADMIN_TOKEN has no effect: this server cannot sign what it would mint');
}

/** @throws {ConfigError} if a setting names a client that does not exist */
async function readClientSettings(config: Config, { keyring, now, log }: Base) {
  const dynamicClients = await readDynamicClients(config.dynamicClients, keyring, now());
  for (const connection of dynamicClients?.connections ?? []) requireSignIn('DEFAULT_CONNECTION', connection, config);
  if (dynamicClients?.trustedHosts === 'any') {
    log.warn({}, 'TRUSTED_CLIENT_HOSTS=* lets any application on the internet ask account owners for access');
  }
  const deniedClients = new Set(await Promise.all(config.deniedClients.map((named) => jtiOfClient(named, keyring))));
  return { dynamicClients, deniedClients };
}

/** @throws {ConfigError} if a connection of the settings is not valid or has expired */
async function readConnections(
  config: Config,
  services: Base & { state: State; deniedClients: ReadonlySet<string> },
): Promise<ConnectionSettings | undefined> {
  const { connections, dynamicClients, registrations } = config;
  if (connections === undefined) return undefined;
  const { keyring, now } = services;
  const ofSettings = new Set([...(dynamicClients?.connections ?? []), ...connections.byHost.values()]);
  const byHost = await readHostConnections(connections.byHost, { keyring, now: now() });
  for (const [host, connection] of byHost) requireSignIn(settingOf(host), connection, config);
  return {
    byHost,
    unseal: (sealed) => unsealNamedConnection(keyring, sealed, ofSettings),
    clientsOf(connection) {
      return createClients({
        ...services,
        dynamicClients: withConnections(connections, [connection]),
        acceptsMinted: false,
      });
    },
    upstreamOf: (issuer) => createUpstream({ issuer, registrations }),
  };
}

/** @throws {ConfigError} if account owners of a connection could not sign in at their provider */
function requireSignIn(setting: string, { servers }: DefaultConnection, config: Config): void {
  if ('missive' in servers || servers.signIn === undefined) return;
  const faults = signInFaults(servers.signIn, config);
  if (faults.length > 0) throw new ConfigError(faults.map((fault) => `${setting}: ${fault}.`).join('\n'));
}

/** @returns 32 bytes, the same in all replicas */
function deriveKey({ keys }: Config, purpose: 'attachment-name' | 'message-id'): Buffer {
  return Buffer.from(hkdfSync('sha256', keys.current, '', `mail-mcp/1/${purpose}`, 32));
}

function createLinkSeal({ keyring, now }: Base) {
  const { attachment: links } = createTokens(keyring);
  return {
    seal: (reference: AttachmentRef, notAfter?: Date) => links.seal(reference, now(), notAfter),
    open: (link: string) => links.unseal(link, now()),
  };
}

function openLoggedState({ redisUrl }: Config, { now, log }: Base): Promise<State> {
  return openState({
    redisUrl,
    now,
    onChange(isReachable, cause) {
      if (isReachable) return log.info({}, 'Redis is reachable');
      const error = cause === undefined ? {} : { error: describeError(cause) };
      log.error(
        error,
        'Redis is unreachable: until it is back, sign-in, token requests and revocation fail; mail tools work',
      );
    },
  });
}
