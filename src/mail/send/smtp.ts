/**
 * Submits composed messages (RFC 6409); compose.ts composes them, sent-copy-saver.ts decides which side saves the copy.
 *
 * Invariant: a submission is never retried. Only this file uses nodemailer's SMTP client.
 */
import { Readable } from 'node:stream';
import type { ConnectionOptions } from 'node:tls';
import SMTPConnection from 'nodemailer/lib/smtp-connection';
import { ToolError, UpstreamError } from '../../errors.ts';
import type { Login, MailAccount, MailServer } from '../account.ts';
import { chunksOf } from '../message-bytes.ts';
import type { ComposedMessage } from './compose.ts';
import { connectFault, loginFault, type Rejection, rejectionOf, sendFault, wrongLogin } from './smtp-faults.ts';

export interface SmtpLimits {
  /** For DNS, TCP and TLS. */
  connectMs: number;
  greetingMs: number;
  /** Longest silence of the server. */
  silenceMs: number;
  /** For the whole submission. */
  totalMs: number;
}

export interface SmtpOptions {
  /** Certificate authorities to trust instead of Node's. */
  tls?: Pick<ConnectionOptions, 'ca'>;
  limits?: Partial<SmtpLimits>;
  /** Called when the credentials are about to be sent. */
  onLogin?: (() => void) | undefined;
}

/** The server's reply about each recipient. */
export interface Submission {
  /** Recipients that the server has accepted the message for; at least one. */
  accepted: string[];
  rejected: Rejection[];
}

const LIMITS: SmtpLimits = { connectMs: 10_000, greetingMs: 10_000, silenceMs: 30_000, totalMs: 120_000 };
/** The argument of EHLO: an address literal, as for a client without a public name (RFC 5321 §4.1.4). It does not disclose the host name. */
const EHLO_NAME = '[127.0.0.1]';

/**
 * Submits a message, without any retry.
 *
 * @throws {ToolError} if there is no recipient
 * @throws {UpstreamError} `unknown_outcome` if the connection is lost after the last byte of the message; with every other fault nothing was
 *   sent, and the sentence says so. `refused` names each recipient if all were refused
 */
export async function submit(
  { smtp: { server, login } }: MailAccount,
  { raw, envelope }: ComposedMessage,
  options: SmtpOptions = {},
): Promise<Submission> {
  if (envelope.to.length === 0)
    throw new ToolError('The message has no recipient. Give at least one address in to, cc or bcc.');
  return withSmtp(server, login, options, async (connection, failure) => {
    let isWholeMessageRead = false;
    let sourceFailure: unknown;
    async function* chunks() {
      try {
        yield* chunksOf(raw);
      } catch (error) {
        sourceFailure = error;
        throw error;
      }
      isWholeMessageRead = true;
    }
    const sent = new Promise<SMTPConnection.SentMessageInfo>((resolve, reject) => {
      // Read only after the server has answered DATA with 354. Without the last byte there is no message (RFC 5321 §4.1.1.4).
      const message = Readable.from(chunks(), { objectMode: false });
      // If the source of an attachment fails, the last byte is not sent.
      message.on('error', reject);
      const { from, to } = envelope;
      connection.send({ from, to, size: raw.length }, message, (error, info) =>
        error ? reject(error) : resolve(info),
      );
    });
    const info = await Promise.race([sent, failure]).catch((error: unknown) => {
      throw sourceFailure === undefined ? sendFault(error, isWholeMessageRead) : attachmentFault(sourceFailure);
    });
    const errors = info.rejectedErrors ?? [];
    return { accepted: info.accepted, rejected: errors.map(rejectionOf) };
  });
}

/**
 * Logs in and quits.
 *
 * @throws {UpstreamError} that says whether the server or the login is the cause
 */
export function verifySmtp(server: MailServer, login: Login, options: SmtpOptions = {}): Promise<void> {
  return withSmtp(server, login, options, async () => undefined);
}

/** Connects, logs in, runs `use` and quits. @param use its argument `failure` is rejected when the connection fails, and never fulfilled */
async function withSmtp<T>(
  server: MailServer,
  login: Login,
  options: SmtpOptions,
  use: (connection: SMTPConnection, failure: Promise<never>) => Promise<T>,
): Promise<T> {
  // NUL ends a field in AUTH PLAIN (RFC 4616 §2), CR and LF end a command: no account can have such a login.
  if (/[\0\r\n]/.test(login.username + login.password)) throw wrongLogin();
  const limits = { ...LIMITS, ...options.limits };
  const connection = new SMTPConnection({
    host: server.host,
    port: server.port,
    name: EHLO_NAME,
    secure: server.security === 'tls',
    requireTLS: server.security === 'starttls',
    ignoreTLS: server.security === 'cleartext',
    connectionTimeout: limits.connectMs,
    greetingTimeout: limits.greetingMs,
    socketTimeout: limits.silenceMs,
    dnsTimeout: limits.connectMs,
    maxResponseSize: 64 * 1024,
    // The mail server may be in the same container or on the same machine.
    allowInternalNetworkInterfaces: true,
    tls: { ...options.tls },
    logger: false,
  });
  let deadline: NodeJS.Timeout | undefined;
  const failure = new Promise<never>((_resolve, reject) => {
    connection.on('error', reject);
    deadline = setTimeout(() => reject(Object.assign(new Error('deadline'), { code: 'ETIMEDOUT' })), limits.totalMs);
  });
  // Prevents an unhandled rejection if the connection fails after `use` has ended.
  failure.catch(() => undefined);
  try {
    await Promise.race([promised((done) => connection.connect(done)), failure]).catch((error: unknown) => {
      throw connectFault(error);
    });
    options.onLogin?.();
    await Promise.race([logIn(connection, login, server.host), failure]).catch((error: unknown) => {
      throw loginFault(error);
    });
    const result = await use(connection, failure);
    // The reply to QUIT is not awaited.
    connection.quit();
    return result;
  } catch (error) {
    connection.close();
    throw error;
  } finally {
    clearTimeout(deadline);
  }
}

/** Servers that offer PLAIN, and refuse it as a wrong password. Elsewhere a second try would count as another failed login. */
const REFUSES_PLAIN = /(?:^|\.)(?:qq|foxmail|naver)\.com$/i;

/** AUTH as the server offers it; LOGIN once more where PLAIN is offered and not known (502, 504). */
async function logIn(
  connection: SMTPConnection,
  { username: user, password: pass }: Login,
  host: string,
): Promise<void> {
  const attempt = (method?: string) =>
    promised((done) => connection.login({ user, pass, ...(method !== undefined && { method }) }, done));
  try {
    await attempt();
  } catch (error) {
    const code = error instanceof Error && 'responseCode' in error ? error.responseCode : undefined;
    const isUnknown = code === 502 || code === 504;
    if (!isUnknown && !(code === 535 && REFUSES_PLAIN.test(host))) throw error;
    await attempt('LOGIN');
  }
}

/** The fault of an attachment that could be read when the message was composed, and cannot any more. */
function attachmentFault(cause: unknown): Error {
  if (cause instanceof ToolError || cause instanceof UpstreamError) return cause;
  return new UpstreamError('IMAP', 'unreachable', 'An attachment could not be read to its end. Nothing was sent.', {
    cause,
  });
}

function promised(start: (done: (error?: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => start((error) => (error ? reject(error) : resolve())));
}
