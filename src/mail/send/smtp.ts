/**
 * Submits composed messages (RFC 6409); compose.ts composes them, sent-copy-saver.ts decides which side saves the copy.
 *
 * Invariant: a submission is never retried. Only this file uses nodemailer's SMTP client.
 */
import { Readable } from 'node:stream';
import type { ConnectionOptions } from 'node:tls';
import SMTPConnection from 'nodemailer/lib/smtp-connection';
import { ToolError, UpstreamError } from '../../errors.ts';
import { type AccessTokens, type Credential, withCredential } from '../access-tokens.ts';
import type { Login, MailAccount, MailServer } from '../account.ts';
import { chunksOf, type MessageBytes } from '../message-bytes.ts';
import { hasControl } from '../sasl-token.ts';
import type { ComposedMessage } from './compose.ts';
import {
  allRefusedFault,
  connectFault,
  type Rejection,
  rejectionAfterOthers,
  rejectionOf,
  rejectionsOf,
  sendFault,
  wrongLogin,
} from './smtp-faults.ts';
import { type LoginRules, listOf, logIn, promised, tokenAuth } from './smtp-login.ts';

export { UNKNOWN_COMMAND_CODES } from './smtp-faults.ts';

export interface SmtpLimits {
  /** For DNS, TCP and TLS. */
  connectMs: number;
  greetingMs: number;
  /** Longest silence of the server. */
  silenceMs: number;
  /** For the whole submission. */
  totalMs: number;
}

export interface SmtpOptions extends LoginRules {
  /** Certificate authorities to trust instead of Node's. */
  tls?: Pick<ConnectionOptions, 'ca'>;
  limits?: Partial<SmtpLimits>;
  /** Called when the credentials are about to be sent. */
  onLogin?: (() => void) | undefined;
  /** For logins at a provider. */
  accessTokens?: AccessTokens | undefined;
}

/** The server's reply about each recipient. */
export interface Submission {
  /** Recipients that the server has accepted the message for; at least one. */
  accepted: string[];
  rejected: Rejection[];
  /** Present: Microsoft Graph has taken the message over, saves the copy in Sent, and reports refused recipients by mail. */
  acceptedBy?: 'graph';
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
  message: ComposedMessage,
  options: SmtpOptions = {},
): Promise<Submission> {
  if (message.envelope.to.length === 0)
    throw new ToolError('The message has no recipient. Give at least one address in to, cc or bcc.');
  return withSmtp(server, login, options, (connection, failure) => submitInTurn(connection, message, failure));
}

/**
 * Logs in and quits.
 *
 * @throws {UpstreamError} that says whether the server or the login is the cause
 */
export function verifySmtp(server: MailServer, login: Login, options: SmtpOptions = {}): Promise<void> {
  return withSmtp(server, login, options, async () => undefined);
}

/**
 * Sends the message to the recipients whose address is ASCII, and then to the others, with SMTPUTF8 (RFC 6531): in one transaction, the copies of
 * the former would be refused by every server on their way that does not have the extension.
 *
 * @throws {UpstreamError} as submit(). Once a recipient was accepted, what happens to the others is part of the result
 */
async function submitInTurn(
  connection: SMTPConnection,
  { raw, envelope, is8bit = false }: ComposedMessage,
  failure: Promise<never>,
): Promise<Submission> {
  const { from, to } = envelope;
  const groups = isAscii(from) ? [to.filter(isAscii), to.filter((address) => !isAscii(address))] : [to];
  const accepted = new Set<string>();
  const rejected = new Map<string, Rejection>();
  let cause: unknown;
  const reject = (rejections: readonly Rejection[]) => {
    for (const rejection of rejections) rejected.set(rejection.address, rejection);
  };
  for (const group of groups.filter(({ length }) => length > 0)) {
    if (isAscii(from) && !group.every(isAscii) && !listOf(connection, '_supportedExtensions').includes('SMTPUTF8')) {
      reject(group.map((address) => ({ address, code: null, reason: NO_UTF8 })));
      continue;
    }
    // A group whose recipients were all refused has left a transaction open.
    if (rejected.size > 0 && accepted.size === 0) {
      await Promise.race([promised((done) => connection.reset(done)), failure]).catch(() => undefined);
    }
    try {
      const sent = await transact(connection, { from, to: group, raw, is8bit }, failure);
      for (const address of sent.accepted) accepted.add(address);
      reject(sent.rejected);
    } catch (error) {
      const refused = rejectionsOf(error instanceof UpstreamError ? error.cause : undefined);
      if (accepted.size === 0 && refused.length === 0) throw error;
      cause = error;
      reject(refused.length > 0 ? refused : group.map((address) => rejectionAfterOthers(address, error)));
    }
  }
  const inOrder = to.flatMap((address) => rejected.get(address) ?? []);
  if (accepted.size === 0) throw allRefusedFault(inOrder, cause);
  return { accepted: to.filter((address) => accepted.has(address)), rejected: inOrder };
}

const NO_UTF8 = 'the SMTP server takes only ASCII before the @';

const isAscii = (address: string): boolean => /^[\0-\x7f]*$/.test(address);

/** MAIL, RCPT for each recipient, and DATA (RFC 5321 §3.3). @throws {UpstreamError} as submit() */
async function transact(
  connection: SMTPConnection,
  { from, to, raw, is8bit }: { from: string; to: string[]; raw: MessageBytes; is8bit: boolean },
  failure: Promise<never>,
): Promise<Submission> {
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
    const envelope = { from, to, size: raw.length, ...(is8bit && { use8BitMime: true }) };
    connection.send(envelope, message, (error, info) => (error ? reject(error) : resolve(info)));
  });
  const info = await Promise.race([sent, failure]).catch((error: unknown) => {
    throw sourceFailure === undefined ? sendFault(error, isWholeMessageRead) : attachmentFault(sourceFailure);
  });
  const errors = info.rejectedErrors ?? [];
  return { accepted: info.accepted, rejected: errors.map(rejectionOf) };
}

/** Connects, logs in, runs `use` and quits. @param use its argument `failure` is rejected when the connection fails, and never fulfilled */
async function withSmtp<T>(
  server: MailServer,
  login: Login,
  options: SmtpOptions,
  use: (connection: SMTPConnection, failure: Promise<never>) => Promise<T>,
): Promise<T> {
  // `use` runs once: a refused access token is replaced before the login has succeeded.
  return withCredential(login, options.accessTokens, (credential) => withSession(server, credential, options, use));
}

async function withSession<T>(
  server: MailServer,
  login: Credential,
  options: SmtpOptions,
  use: (connection: SMTPConnection, failure: Promise<never>) => Promise<T>,
): Promise<T> {
  if (hasControl(login)) throw wrongLogin();
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
    ...(login.kind === 'token' && { customAuth: tokenAuth(login, server) }),
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
    await logIn(connection, login, { ...options, server, failure });
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

/** The fault of an attachment that could be read when the message was composed, and cannot any more. */
function attachmentFault(cause: unknown): Error {
  if (cause instanceof ToolError || cause instanceof UpstreamError) return cause;
  return new UpstreamError('IMAP', 'unreachable', 'An attachment could not be read to its end. Nothing was sent.', {
    cause,
  });
}
