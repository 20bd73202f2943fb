import type { ConnectionOptions } from 'node:tls';
import { ImapFlow } from 'imapflow';
import { specialUse } from 'imapflow/lib/special-use.js';
import { ToolError, UpstreamError } from '../errors.ts';
import type { Login, MailServer } from './account.ts';
import { commandFault, connectFault, loginFault, preauthenticated, wrongLogin } from './imap-faults.ts';
import { canonicalMailboxName, encodeMailboxName } from './mailbox-name.ts';
import {
  atom,
  expandSequenceSet,
  type Item,
  isList,
  type Line,
  listOf,
  numberOf,
  string,
  type Token,
  textOf,
} from './tokens.ts';

/** One authenticated IMAP connection. The only file that knows imapflow: its transport and parser are used, its commands are not. */

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

const LIMITS: ImapLimits = {
  connectMs: 10_000,
  silenceMs: 30_000,
  commandMs: 120_000,
  maxLiteralBytes: 40 * 1024 * 1024,
};
/** A line without literals: long enough for a SEARCH answer with a million UIDs. */
const MAX_LINE_BYTES = 16 * 1024 * 1024;
/** Most UIDs that one search may find. */
const MAX_FOUND = 1_000_000;

export interface ConnectOptions {
  /** Certificate authorities to trust instead of Node's. */
  tls?: Pick<ConnectionOptions, 'ca'>;
  limits?: Partial<ImapLimits>;
}

/** The mailbox that is open (RFC 9051 §6.3.2); kept up to date with what the server tells. */
export interface SelectedMailbox {
  readonly path: string;
  readonly isReadOnly: boolean;
  /** Decimal; `0` if the server gives none, which means that UIDs do not last (RFC 9051 §2.3.1.1). */
  readonly uidValidity: string;
  /** Number of messages, which is the highest sequence number. */
  readonly exists: number;
  /** Flags that can be kept; `\*` stands for any keyword. Null if the server does not say: all of them. */
  readonly permanentFlags: ReadonlySet<string> | null;
}

/** The end of a command: the response code of its tagged OK, such as APPENDUID, with what follows it. */
export interface Completion {
  readonly code: string | null;
  readonly codeItems: readonly Item[];
}

export interface RunOptions {
  /** Called for each untagged answer of that name (`FETCH`, `LIST`, `OK`) while the command runs. */
  untagged?: Record<string, (line: Line) => void>;
  /** Set for a command that changes something: what to say when the connection is lost and nobody knows whether it did. */
  ifLost?: string;
  /** In place of the limit of all commands. */
  commandMs?: number;
}

/** The parts of imapflow that it leaves undeclared, and its session start in fewer round trips: greeting, login, nothing else. */
class Wire extends ImapFlow {
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

interface Answer {
  command?: string | undefined;
  attributes?: readonly Item[] | undefined;
}

/**
 * Connects and logs in, in as few round trips as the server allows.
 *
 * @throws {UpstreamError} `credentials` (code `APP_PASSWORD` if the server asks for one), `unreachable`, `certificate`, `timeout`,
 *   or `refused` (codes `NO_STARTTLS`, `LIMIT` for too many connections, or the server's own)
 */
export async function connectImap(
  { server, login }: { server: MailServer; login: Login },
  options: ConnectOptions = {},
): Promise<Imap> {
  // A NUL ends a field in AUTHENTICATE PLAIN (RFC 4616 §2); no server has such a login.
  if (/[\0\r\n]/.test(login.username + login.password)) throw wrongLogin();
  const limits = { ...LIMITS, ...options.limits };
  const wire = new Wire({
    host: server.host,
    port: server.port,
    secure: server.security === 'tls',
    doSTARTTLS: server.security === 'starttls' ? true : server.security === 'cleartext' ? false : undefined,
    ...(options.tls !== undefined && { tls: options.tls }),
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
  const imap = new Imap(wire, limits);
  const deadline = setTimeout(() => wire.close(), limits.connectMs);
  const startedAt = performance.now();
  try {
    await wire.connect();
    return imap;
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

export class Imap {
  readonly #wire: Wire;
  readonly #limits: ImapLimits;
  #selected: { -readonly [K in keyof SelectedMailbox]: SelectedMailbox[K] } | null = null;
  #running = 0;
  #changes = 0;
  #isBroken = false;
  /** What ended the connection, when imapflow told. */
  #failure: unknown;

  constructor(wire: Wire, limits: ImapLimits) {
    this.#wire = wire;
    this.#limits = limits;
    wire.on('error', (error) => {
      this.#failure ??= error;
    });
  }

  /** False once the connection is lost, closed, or in a state that nobody can rely on. */
  get isUsable(): boolean {
    return (
      !this.#isBroken && this.#wire.usable && !this.#wire.isClosed && this.#wire.state !== this.#wire.states.LOGOUT
    );
  }

  /** True while a command has not ended. */
  get isBusy(): boolean {
    return this.#running > 0;
  }

  /** Changing commands sent so far, whatever became of them. */
  get changes(): number {
    return this.#changes;
  }

  get selected(): SelectedMailbox | null {
    return this.#selected;
  }

  /** @param capability upper case, e.g. `UIDPLUS`; also true if the server speaks IMAP4rev2 only, which includes it (RFC 9051 appendix E) */
  has(capability: string): boolean {
    const { capabilities } = this.#wire;
    return capabilities.has(capability) || (REV2_INCLUDES.has(capability) && !capabilities.has('IMAP4rev1'));
  }

  /** The largest message the server stores, in bytes (RFC 7889); null if it does not say. */
  get appendLimit(): number | null {
    const limit = this.#wire.capabilities.get('APPENDLIMIT');
    return typeof limit === 'number' && limit > 0 ? limit : null;
  }

  /** Calls `listener` once, when the connection has ended for whatever reason. */
  onClose(listener: () => void): void {
    if (this.#wire.isClosed) listener();
    else this.#wire.once('close', listener);
  }

  /**
   * Runs one command to its end. Commands of one connection run one after another.
   *
   * @throws {UpstreamError} `refused` with the response code; `timeout`, `unreachable` or `unknown_outcome`, after which the connection
   *   is not usable any more
   */
  async run(command: string, tokens: readonly Token[] = [], options: RunOptions = {}): Promise<Completion> {
    if (options.ifLost !== undefined) this.#changes += 1;
    let handlerFailure: unknown;
    const untagged = Object.entries(options.untagged ?? {}).map(([name, handler]) => {
      const handle = async ({ command: line = '', attributes = [] }: Answer) => {
        try {
          handler({ name: line, items: attributes });
        } catch (error) {
          // imapflow would only log it.
          handlerFailure ??= error;
        }
      };
      return [name, handle] as const;
    });
    const deadline = setTimeout(() => this.#giveUp(), options.commandMs ?? this.#limits.commandMs);
    this.#watchSilence(+1);
    let completion: Completion;
    try {
      const { response, next } = await this.#wire.exec(command, tokens, { untagged: Object.fromEntries(untagged) });
      next();
      completion = completionOf(response);
    } catch (error) {
      throw this.#explain(error, command, options.ifLost);
    } finally {
      clearTimeout(deadline);
      this.#watchSilence(-1);
    }
    if (handlerFailure !== undefined) throw handlerFailure;
    return completion;
  }

  /**
   * Opens a mailbox, unless it is open already in a mode that suffices.
   *
   * @param fresh asks the server for news when the mailbox was open already, so that `exists` is right
   * @throws {ToolError} if the name cannot be a mailbox
   * @throws {UpstreamError} `refused` if the server does not open it; no mailbox is open then
   */
  async select(name: string, { readOnly, fresh }: { readOnly: boolean; fresh: boolean }): Promise<SelectedMailbox> {
    const path = canonicalMailboxName(name);
    if (this.#selected?.path === path && (readOnly || !this.#selected.isReadOnly)) {
      if (fresh) await this.run('NOOP');
      if (this.#selected !== null) return this.#selected;
    }
    this.#selected = null;
    const seen = { exists: 0, uidValidity: '0', permanentFlags: null as ReadonlySet<string> | null };
    const { code } = await this.run(readOnly ? 'EXAMINE' : 'SELECT', [string(encodeMailboxName(path))], {
      untagged: {
        EXISTS: ({ name: count }) => {
          seen.exists = Number(count);
        },
        OK: ({ items }) => {
          const [key, value] = sectionOf(items);
          const name = textOf(key)?.toUpperCase();
          if (name === 'UIDVALIDITY') seen.uidValidity = `${numberOf(value) ?? 0}`;
          if (name === 'PERMANENTFLAGS') seen.permanentFlags = new Set(listOf(value).map((flag) => textOf(flag) ?? ''));
        },
      },
    });
    this.#follow();
    this.#selected = { path, isReadOnly: readOnly || code === 'READ-ONLY', ...seen };
    return this.#selected;
  }

  /**
   * UID SEARCH in the open mailbox (RFC 9051 §6.4.4), by ESEARCH where the server has it, which answers in ranges.
   *
   * @param tokens search keys; at least one
   * @returns UIDs, ascending
   * @throws {ToolError} if the server cannot search for text outside ASCII, or more is found than is accepted
   */
  async search(tokens: readonly Token[], { charset }: { charset?: 'UTF-8' } = {}): Promise<number[]> {
    const found = new Set<number>();
    const take = (set: string) => {
      const uids = expandSequenceSet(set, MAX_FOUND);
      if (uids === null || found.size + uids.length > MAX_FOUND) throw tooManyFound();
      for (const uid of uids) found.add(uid);
    };
    const returns = this.has('ESEARCH') ? [atom('RETURN'), [atom('ALL')]] : [];
    const encoding = charset === undefined ? [] : [atom('CHARSET'), atom(charset)];
    try {
      await this.run('UID SEARCH', [...returns, ...encoding, ...tokens], {
        untagged: {
          SEARCH: ({ items }) => {
            for (const item of items) if (numberOf(item) !== null) take(`${numberOf(item)}`);
          },
          ESEARCH: ({ items }) => {
            const all = items.findIndex((item) => textOf(item)?.toUpperCase() === 'ALL');
            const set = all < 0 ? null : textOf(items[all + 1]);
            if (set !== null) take(set);
          },
        },
      });
    } catch (error) {
      if (
        error instanceof UpstreamError &&
        error.fault === 'refused' &&
        (error.code === 'BADCHARSET' || charset !== undefined)
      ) {
        throw new ToolError(
          'This mail server cannot search for text outside ASCII. Search with ASCII words, a date or an address, and read the results.',
          { cause: error },
        );
      }
      throw error;
    }
    return [...found].sort((a, b) => a - b);
  }

  /** Says goodbye without waiting for an answer. */
  end(): void {
    if (this.isUsable && !this.isBusy) {
      this.#isBroken = true;
      const deadline = setTimeout(() => this.close(), LOGOUT_MS).unref();
      this.#wire
        .exec('LOGOUT', [], {})
        .then(
          ({ next }) => next(),
          () => undefined,
        )
        .finally(() => {
          clearTimeout(deadline);
          this.close();
        });
      return;
    }
    this.close();
  }

  /** Cuts the connection. Commands that run fail. */
  close(): void {
    this.#isBroken = true;
    this.#wire.close();
  }

  #giveUp(): void {
    this.#failure ??= Object.assign(new Error('command takes too long'), { code: 'ETIMEOUT' });
    this.close();
  }

  /** imapflow tells a silent server by its socket timer; without a command, silence is no fault. */
  #watchSilence(commands: 1 | -1): void {
    this.#running += commands;
    const { socket } = this.#wire;
    if (socket) socket.setTimeout(this.#running > 0 ? this.#limits.silenceMs : 0);
  }

  #explain(error: unknown, command: string, ifLost: string | undefined): Error {
    if (error instanceof ToolError || error instanceof UpstreamError) return error;
    const isAnswer = error instanceof Error && 'responseStatus' in error;
    if (isAnswer) return commandFault(error, command, ifLost);
    const fault = commandFault(this.#failure ?? error, command, ifLost);
    // Whatever is not a plain refusal leaves open what the server will say next.
    if (fault.code !== 'UNENCODABLE') this.close();
    return fault;
  }

  /** Keeps `exists` up to date from here on (RFC 9051 §7.4.1, §7.5.1). */
  #follow(): void {
    const { untaggedHandlers } = this.#wire;
    untaggedHandlers.EXISTS = async ({ command = '' }) => {
      if (this.#selected !== null && /^\d{1,10}$/.test(command)) this.#selected.exists = Number(command);
    };
    untaggedHandlers.EXPUNGE = async () => {
      if (this.#selected !== null) this.#selected.exists = Math.max(0, this.#selected.exists - 1);
    };
  }
}

const LOGOUT_MS = 2_000;
const REV2_INCLUDES = new Set(['UIDPLUS', 'MOVE', 'ESEARCH', 'SPECIAL-USE', 'LIST-EXTENDED', 'LIST-STATUS', 'SASL-IR']);

/** What a mailbox is for, guessed from the last level of its path in any of some dozens of languages: `\Sent`, `\Trash`, …, or null. */
export function guessSpecialUse(name: string): string | null {
  return specialUse(false, { name, flags: new Set() }).flag;
}

function tooManyFound(): ToolError {
  return new ToolError(
    'The search finds more messages than can be returned. Narrow it, for example by SINCE or BEFORE.',
  );
}

/** The response code of a status line and its arguments; empty if there is none. */
function sectionOf(items: readonly Item[]): readonly Item[] {
  const [status] = items;
  return status === undefined || status === null || isList(status) ? [] : (status.section ?? []);
}

function completionOf({ attributes = [] }: Answer): Completion {
  const [code, ...codeItems] = sectionOf(attributes);
  return { code: textOf(code)?.toUpperCase() ?? null, codeItems };
}
