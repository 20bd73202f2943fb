/** Opens a connection, from the name of the server to the end of the login, within a time. */
import type { ConnectionOptions } from 'node:tls';
import type { Login, MailServer } from '../account.ts';
import { connectFault, wrongLogin } from './faults.ts';
import { keepSessionOf, sessionFor } from './tls-sessions.ts';
import { Wire } from './wire.ts';

export interface ImapLimits {
  /** For DNS, TCP, TLS, greeting and login together. */
  connectMs: number;
  /** Longest silence of the server while a command runs. */
  silenceMs: number;
  /** Longest time for one command, however lively the server is. */
  commandMs: number;
  /** After such a pause a connection may be dead without anybody knowing. */
  staleAfterMs: number;
  /** Then the server has to answer within this time, or counts as gone. */
  staleAnswerMs: number;
  /** Longest string or literal that the server may send. */
  maxLiteralBytes: number;
}

/** A line without literals: long enough for a SEARCH answer with a million UIDs. */
const MAX_LINE_BYTES = 16 * 1024 * 1024;

/**
 * Connects and logs in: greeting and one command where the server allows it.
 *
 * @throws {UpstreamError} as connectImap()
 */
export async function openWire(
  { server, login }: { server: MailServer; login: Login },
  limits: ImapLimits,
  tls: Pick<ConnectionOptions, 'ca'> = {},
): Promise<Wire> {
  // A NUL ends a field in AUTHENTICATE PLAIN (RFC 4616 §2); no server has such a login.
  if (/[\0\r\n]/.test(login.username + login.password)) throw wrongLogin();
  // Whose word on certificates is taken decides too, and is not compared here.
  const resumable = server.security === 'tls' && tls.ca === undefined ? `${server.host}:${server.port}` : undefined;
  const session = resumable === undefined ? undefined : sessionFor(resumable);
  const wire = new Wire({
    host: server.host,
    port: server.port,
    secure: server.security === 'tls',
    doSTARTTLS: server.security === 'starttls' ? true : server.security === 'cleartext' ? false : undefined,
    tls: { ...tls, ...(session && { session }) },
    logger: false,
    disableAutoIdle: true,
    connectionTimeout: limits.connectMs,
    greetingTimeout: limits.connectMs,
    socketTimeout: limits.silenceMs,
    maxLineLength: MAX_LINE_BYTES,
    maxLiteralSize: limits.maxLiteralBytes,
    maxResponseSize: limits.maxLiteralBytes + MAX_LINE_BYTES,
  });
  wire.login = login;
  // Whoever waits is told by a rejection; an 'error' event that nobody listens to would end the process.
  wire.on('error', () => undefined);
  const deadline = setTimeout(() => wire.close(), limits.connectMs);
  const startedAt = performance.now();
  try {
    const connecting = wire.connect();
    if (resumable !== undefined && wire.socket) keepSessionOf(wire.socket, resumable);
    await connecting;
    return wire;
  } catch (error) {
    wire.close();
    const isLate = performance.now() - startedAt >= limits.connectMs - 5;
    throw connectFault(
      isLate ? Object.assign(new Error('deadline'), { code: 'CONNECT_TIMEOUT', cause: error }) : error,
    );
  } finally {
    clearTimeout(deadline);
    wire.login = undefined;
  }
}
