/** Connects the transport: DNS, TCP, TLS, greeting and login, within `connectMs`. */
import type { ConnectionOptions } from 'node:tls';
import type { Credential } from '../access-tokens.ts';
import type { MailServer } from '../account.ts';
import { hasControl } from '../sasl-token.ts';
import { connectFault, credentialsFault, loginFault } from './faults.ts';
import { type ImapLimits, MAX_LINE_BYTES } from './imap-timeouts.ts';
import { logIn } from './log-in.ts';
import { keepSessionOf, sessionFor } from './tls-sessions.ts';
import { Transport } from './transport.ts';

/**
 * Connects and logs in, with one command after the greeting if the server allows it.
 *
 * @throws {UpstreamError} as connectImap()
 */
export async function connectTransport(
  { server, login }: { server: MailServer; login: Credential },
  limits: ImapLimits,
  { tls = {}, onLogin }: { tls?: Pick<ConnectionOptions, 'ca'>; onLogin?: (() => void) | undefined } = {},
): Promise<Transport> {
  if (hasControl(login)) throw credentialsFault();
  const resumable = sessionKeyOf(server, tls);
  const session = resumable === undefined ? undefined : sessionFor(resumable);
  const transport = new Transport({
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
  transport.logIn = () => logIn(transport, login);
  transport.onLogin = onLogin;
  // Failures reach the caller as rejections; an 'error' event without a listener would end the process.
  transport.on('error', () => undefined);
  const deadline = setTimeout(() => transport.close(), limits.connectMs);
  const startedAt = performance.now();
  try {
    const connecting = transport.connect();
    if (resumable !== undefined && transport.socket) keepSessionOf(transport.socket, resumable);
    await connecting;
    return transport;
  } catch (error) {
    transport.close();
    const isLate = performance.now() - startedAt >= limits.connectMs - 5;
    const fault = connectFault(
      isLate ? Object.assign(new Error('deadline'), { code: 'CONNECT_TIMEOUT', cause: error }) : error,
    );
    // Some servers close the connection after BAD: that answer is the reason.
    const isClosed = fault.fault === 'unreachable' && transport.unknownWay !== undefined;
    throw isClosed ? loginFault(transport.unknownWay) : fault;
  } finally {
    clearTimeout(deadline);
    transport.logIn = undefined;
  }
}

/** The key of the TLS session cache. Undefined with a custom CA: the key does not include it, so such sessions are not resumed. */
function sessionKeyOf(server: MailServer, tls: Pick<ConnectionOptions, 'ca'>): string | undefined {
  return server.security === 'tls' && tls.ca === undefined ? `${server.host}:${server.port}` : undefined;
}
