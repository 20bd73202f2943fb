import type { ConnectionOptions } from 'node:tls';
import { ToolError, UpstreamError } from '../errors.ts';
import type { Login, MailServer } from './account.ts';
import { commandFault } from './imap-faults.ts';
import { type Answer, type ImapLimits, openWire, type Wire } from './imap-wire.ts';
import { canonicalMailboxName, encodeMailboxName } from './mailbox-name.ts';
import { type Item, isList, type Line, listOf, numberOf, string, type Token, textOf } from './tokens.ts';

/** One authenticated IMAP connection: commands, the open mailbox, and the end. */

const LIMITS: ImapLimits = {
  connectMs: 10_000,
  silenceMs: 30_000,
  commandMs: 120_000,
  maxLiteralBytes: 40 * 1024 * 1024,
};

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

/**
 * Connects and logs in, in as few round trips as the server allows.
 *
 * @throws {UpstreamError} `credentials` (code `APP_PASSWORD` if the server asks for one), `unreachable`, `certificate`, `timeout`,
 *   or `refused` (codes `NO_STARTTLS`, `LIMIT` for too many connections, or the server's own)
 */
export async function connectImap(
  endpoint: { server: MailServer; login: Login },
  options: ConnectOptions = {},
): Promise<Imap> {
  const limits = { ...LIMITS, ...options.limits };
  return new Imap(await openWire(endpoint, limits, options.tls), limits);
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
    // The login is over: silence is no fault until a command runs.
    this.#watchSilence(0);
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
  #watchSilence(commands: 1 | 0 | -1): void {
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

/** The response code of a status line and its arguments; empty if there is none. */
function sectionOf(items: readonly Item[]): readonly Item[] {
  const [status] = items;
  return status === undefined || status === null || isList(status) ? [] : (status.section ?? []);
}

function completionOf({ attributes = [] }: Answer): Completion {
  const [code, ...codeItems] = sectionOf(attributes);
  return { code: textOf(code)?.toUpperCase() ?? null, codeItems };
}
