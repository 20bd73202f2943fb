/**
 * Probes mail servers as far as the login: DNS, TCP, TLS, certificate, greeting, STARTTLS, and whether a password or an access token can be used.
 *
 * Invariant: no credentials are sent, and a probe ends within its limit.
 */
import type { ConnectionOptions } from 'node:tls';
import type { MailServer, MailServers } from '../account.ts';
import { certificateFault } from './certificate-fault.ts';
import {
  askForTls,
  firstLine,
  isRefusal,
  offersOf,
  type Protocol,
  protocolOf,
  takesPassword,
  takesTokens,
} from './greetings.ts';
import { LineConnection, Lost, resolve, Silence, within } from './line-connection.ts';
import { type MailService, type ProbeCode, type ProbeFault, probeFault } from './probe-faults.ts';

export type { MailService, ProbeFault } from './probe-faults.ts';

export interface ProbeOptions {
  /** Certificate authorities to trust instead of Node's. */
  tls?: Pick<ConnectionOptions, 'ca'>;
  /** For everything. */
  totalMs?: number;
  /** Looks a host name up. Default: the resolver of the system. */
  lookup?: (host: string) => Promise<unknown>;
  /** What the login has. Default: a password. */
  login?: 'password' | 'token' | undefined;
}

/** What a probe has found. */
export interface Probe {
  service: MailService;
  server: MailServer;
  /** The steps that succeeded, in order. */
  passed: string[];
  /** Absent if a login can be tried. */
  fault?: ProbeFault;
}

const TOTAL_MS = 4_500;
/** A server that is silent for so long is looked at in other ways while the greeting may still come. */
const QUIET_MS = 1_000;
/** For each line of a server that is looked at so. */
const LOOK_MS = 700;

/** Probes both servers at once. */
export async function probeServers(
  { imap, smtp, signIn }: MailServers,
  options: ProbeOptions = {},
): Promise<[Probe, Probe]> {
  const all = { ...options, login: signIn === undefined ? ('password' as const) : ('token' as const) };
  return Promise.all([probeServer('imap', imap, all), probeServer('smtp', smtp, all)]);
}

/** @returns within `totalMs` (4.5 s) */
export async function probeServer(
  service: MailService,
  server: MailServer,
  { tls = {}, totalMs = TOTAL_MS, lookup = resolve, login = 'password' }: ProbeOptions = {},
): Promise<Probe> {
  const endsAt = performance.now() + totalMs;
  const run: Run = { service, server, login, tls, lookup, leftMs: () => endsAt - performance.now(), passed: [] };
  const failure = await steps(run).then(
    () => undefined,
    (error: unknown) => (error instanceof Found ? error : new Found('silent')),
  );
  const { passed } = run;
  if (failure === undefined) return { service, server, passed };
  return { service, server, passed, fault: probeFault(failure.code, { service, server, detail: failure.detail }) };
}

interface Run {
  service: MailService;
  server: MailServer;
  login: 'password' | 'token';
  tls: Pick<ConnectionOptions, 'ca'>;
  lookup(host: string): Promise<unknown>;
  /** Of the time limit. */
  leftMs(): number;
  passed: string[];
}

/** Ends a probe with a fault. */
class Found extends Error {
  readonly code: ProbeCode;
  readonly detail: string;

  constructor(code: ProbeCode, detail = '') {
    super(code);
    this.code = code;
    this.detail = detail;
  }
}

/** @throws {Found} */
async function steps(run: Run): Promise<void> {
  const { service, server, passed } = run;
  await within(run.leftMs(), run.lookup(server.host)).catch(foundInLookup);
  passed.push('DNS');
  using connection = await LineConnection.open(server, run.leftMs() - LOOK_MS).catch(foundInConnecting);
  passed.push('TCP');
  if (server.security === 'tls') await secure(run, connection);
  const greeting = await awaitGreeting(run, connection);
  requireProtocol(run, protocolOf(greeting));
  if (isRefusal(greeting)) throw new Found('turned_away', /^\d{3}/.test(greeting) ? ` (${greeting.slice(0, 3)})` : '');
  if (/^\* PREAUTH\b/i.test(greeting)) throw new Found('preauth');
  passed.push('greeting');
  let offers = await offersOf(service, connection, run.leftMs()).catch(foundInDialogue);
  if (server.security === 'starttls') {
    if (!offers.has('STARTTLS')) throw new Found('no_starttls');
    const isReady = await askForTls(service, connection, run.leftMs()).catch(foundInDialogue);
    if (!isReady || connection.hasUnread) throw new Found('no_starttls');
    passed.push('STARTTLS');
    await secure(run, connection);
    offers = await offersOf(service, connection, run.leftMs()).catch(foundInDialogue);
  }
  requireLogin(run, offers);
}

/** @throws {Found} */
function requireLogin({ service, login, passed }: Run, offers: ReadonlySet<string>): void {
  if (login === 'token') {
    if (!takesTokens(offers)) throw new Found('no_tokens');
    passed.push('login with access tokens offered');
    return;
  }
  if (!takesPassword(service, offers)) throw new Found('no_auth', takesTokens(offers) ? ', only OAuth' : '');
  passed.push('password login offered');
}

/** Runs the handshake and judges the certificate. @throws {Found} */
async function secure(run: Run, connection: LineConnection): Promise<void> {
  const { security } = run.server;
  const socket = await connection.startTls(run.tls, run.leftMs() - 2 * LOOK_MS).catch(async (error: unknown) => {
    const failure = handshakeFault(error);
    if (security === 'tls' && failure.code !== 'tls_version') await lookInCleartext(run);
    throw failure;
  });
  run.passed.push(socket.getProtocol() ?? 'TLS');
  const fault = certificateFault(socket);
  if (fault !== undefined) throw new Found(fault.code, fault.detail);
  run.passed.push('certificate');
}

/** The greeting. A server that is silent may speak something else, or in another way. @throws {Found} */
async function awaitGreeting(run: Run, connection: LineConnection): Promise<string> {
  const greeting = await connection.readLine(Math.min(QUIET_MS, run.leftMs())).catch((error: unknown) => {
    if (error instanceof Silence) return undefined;
    return foundInDialogue(error);
  });
  if (greeting !== undefined) return greeting;
  if (run.server.security === 'tls') {
    const line = await look(run, true).catch(() => undefined);
    if (line !== undefined) requireProtocol(run, protocolOf(line));
  } else await lookWithTls(run);
  return connection.readLine(run.leftMs()).catch(foundInDialogue);
}

/** @throws {Found} if the port speaks TLS, or another protocol */
async function lookWithTls(run: Run): Promise<void> {
  const tls = await look(run, true).catch((error: unknown) => (error instanceof Silence ? undefined : 'no TLS'));
  if (tls === undefined) return;
  if (tls === 'no TLS') return lookInCleartext(run, { isTlsExpected: false });
  if (tls !== '') requireProtocol(run, protocolOf(tls));
  throw new Found('speaks_tls');
}

/** @throws {Found} if the port speaks without TLS although TLS is expected, or another protocol */
async function lookInCleartext(run: Run, { isTlsExpected } = { isTlsExpected: true }): Promise<void> {
  const line = (await look(run, false).catch(() => undefined)) ?? '';
  if (line === '') return;
  requireProtocol(run, protocolOf(line));
  if (isTlsExpected) throw new Found('speaks_cleartext');
}

/** Looks at the port with a connection of its own. @returns its first line; empty if it is silent @throws if it does not open in this way */
async function look({ server, leftMs }: Run, isTls: boolean): Promise<string> {
  using connection = await LineConnection.open(server, Math.min(LOOK_MS, leftMs()));
  if (isTls) await connection.startTls({}, Math.min(LOOK_MS, leftMs()));
  return await firstLine(connection, Math.min(LOOK_MS, leftMs())).catch(() => '');
}

const CODE_OF_PROTOCOL: Readonly<Record<Protocol, ProbeCode>> = {
  imap: 'speaks_imap',
  smtp: 'speaks_smtp',
  pop3: 'speaks_pop3',
  http: 'speaks_http',
  other: 'speaks_other',
};

function requireProtocol({ service }: Run, protocol: Protocol): void {
  if (protocol !== service) throw new Found(CODE_OF_PROTOCOL[protocol]);
}

function foundInLookup(error: unknown): never {
  throw new Found(codeOf(error) === 'ENOTFOUND' ? 'dns_unknown' : 'dns_unavailable');
}

function foundInConnecting(error: unknown): never {
  if (error instanceof Silence) throw new Found('no_answer');
  const code = codeOf(error);
  if (code === 'ECONNREFUSED') throw new Found('refused');
  throw code === 'ECONNRESET' ? new Found('lost') : new Found('unreachable', code);
}

function foundInDialogue(error: unknown): never {
  throw new Found(error instanceof Silence ? 'silent' : 'lost');
}

/** How OpenSSL and servers name versions that do not fit. */
const VERSION_CODE = /UNSUPPORTED_PROTOCOL|PROTOCOL_VERSION|VERSION_TOO_LOW/;

function handshakeFault(error: unknown): Found {
  if (error instanceof Silence) return new Found('silent');
  const code = codeOf(error);
  if (VERSION_CODE.test(code)) return new Found('tls_version');
  return error instanceof Lost || code === 'ECONNRESET' ? new Found('lost') : new Found('tls_failed', code);
}

/** The code of Node or OpenSSL, which contains no text of a server. */
function codeOf(error: unknown): string {
  const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined;
  return typeof code === 'string' ? code : 'unknown error';
}
