import type { ConnectionOptions } from 'node:tls';
import { ImapFlow } from 'imapflow';
import { specialUse } from 'imapflow/lib/special-use.js';
import { UpstreamError } from '../errors.ts';
import type { Login, MailServer } from './account.ts';
import { connectFault, loginFault, preauthenticated, wrongLogin } from './imap-faults.ts';
import { atom, type Item, string, type Token } from './tokens.ts';

/** The door to imapflow: its transport, parser and STARTTLS are used, its commands are not. */

export interface ImapLimits {
  /** For DNS, TCP, TLS, greeting and login together. */
  connectMs: number;
  /** Longest silence of the server while a command runs. */
  silenceMs: number;
  /** Longest time for one command, however lively the server is. */
  commandMs: number;
  /** Longest string or literal that the server may send. */
  maxLiteralBytes: number;
}

/** A line without literals: long enough for a SEARCH answer with a million UIDs. */
const MAX_LINE_BYTES = 16 * 1024 * 1024;
/** The parts of imapflow that it leaves undeclared, and its session start in fewer round trips: greeting, login, nothing else. */
export class Wire extends ImapFlow {
  declare readonly exec: (
    command: string,
    attributes: readonly Token[],
    options: { untagged?: Record<string, (answer: Answer) => Promise<void>>; onPlusTag?: () => Promise<void> },
  ) => Promise<{ response: Answer; next(): void }>;
  declare readonly run: (command: string) => Promise<unknown>;
  declare readonly write: (line: string) => void;
  declare readonly setAuthenticationState: () => Promise<void>;
  declare expectCapabilityUpdate: boolean;
  declare readonly socket: { setTimeout(milliseconds: number): unknown } | false | null;
  declare readonly untaggedHandlers: Record<string, ((answer: Answer) => Promise<void>) | null>;
  login: Login | undefined;

  /** Called by imapflow after the greeting; without its ID, NAMESPACE, COMPRESS and ENABLE, which cost a round trip each. */
  async startSession(): Promise<void> {
    // PREAUTH would mean somebody else's session, or a STARTTLS that was cut out on the way (RFC 9051 §11.1).
    if (this.state !== this.states.NOT_AUTHENTICATED) throw preauthenticated();
    if (this.capabilities.size === 0) await this.run('CAPABILITY');
    await this.upgradeToSTARTTLS();
    await this.#logIn().catch((error: unknown) => {
      throw loginFault(error);
    });
    this.usable = true;
  }

  async #logIn(): Promise<void> {
    if (this.login === undefined) throw new Error('no login');
    const { username, password } = this.login;
    this.expectCapabilityUpdate = true;
    const isPlainOffered = this.capabilities.has('AUTH=PLAIN');
    const isLoginOffered = !this.capabilities.has('LOGINDISABLED');
    if (isPlainOffered && (this.capabilities.has('SASL-IR') || !isLoginOffered)) {
      await this.#authenticatePlain(Buffer.from(`\0${username}\0${password}`).toString('base64'));
    } else if (isLoginOffered) {
      const secret = string(password);
      const { next } = await this.exec(
        'LOGIN',
        [string(username), 'type' in secret ? { ...secret, sensitive: true } : secret],
        {},
      );
      next();
    } else {
      const sentence = 'The IMAP server takes no password in a way that is known here.';
      throw new UpstreamError('IMAP', 'refused', sentence, { code: 'LOGINDISABLED' });
    }
    await this.setAuthenticationState();
  }

  /** RFC 4616, with the response in the first line where the server takes it there (SASL-IR, RFC 4959). */
  async #authenticatePlain(response: string): Promise<void> {
    const initial: Token[] = this.capabilities.has('SASL-IR')
      ? [{ type: 'ATOM', value: response, sensitive: true }]
      : [];
    const onPlusTag = async () => this.write(response);
    const { next } = await this.exec('AUTHENTICATE', [atom('PLAIN'), ...initial], { onPlusTag });
    next();
  }
}

/** A line from the server as imapflow parses it. */
export interface Answer {
  command?: string | undefined;
  attributes?: readonly Item[] | undefined;
}

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
  const wire = new Wire({
    host: server.host,
    port: server.port,
    secure: server.security === 'tls',
    doSTARTTLS: server.security === 'starttls' ? true : server.security === 'cleartext' ? false : undefined,
    tls,
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
    await wire.connect();
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

/** What a mailbox is for, guessed from the last level of its path in any of some dozens of languages: `\Sent`, `\Trash`, …, or null. */
export function guessSpecialUse(name: string): string | null {
  return specialUse(false, { name, flags: new Set() }).flag;
}
