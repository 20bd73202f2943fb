import type { ConnectionOptions } from 'node:tls';
import type { Login, MailServer } from '../account.ts';
import { answerOf, type Completion, completedOrThrow, NOOP, type Question, type RunOptions } from './command.ts';
import { CommandRunner } from './command-runner.ts';
import { canonicalMailboxName, encodeMailboxName } from './mailbox-name.ts';
import { type ImapLimits, openWire } from './open.ts';
import { SelectAnswers, type SelectedMailbox } from './selected-mailbox.ts';
import { string, type Token } from './tokens.ts';
import type { Wire } from './wire.ts';

export type { Completion, Question, RunOptions } from './command.ts';
export type { SelectedMailbox } from './selected-mailbox.ts';

/** One authenticated IMAP connection: commands, the open mailbox, and the end. */

const LIMITS: ImapLimits = {
  connectMs: 10_000,
  silenceMs: 30_000,
  commandMs: 120_000,
  maxLiteralBytes: 40 * 1024 * 1024,
  staleAfterMs: 10_000,
  staleAnswerMs: 5_000,
};

export interface ConnectOptions {
  /** Certificate authorities to trust instead of Node's. */
  tls?: Pick<ConnectionOptions, 'ca'>;
  limits?: Partial<ImapLimits>;
}

/** What came of asking. */
export interface Asked<T> {
  selected: SelectedMailbox;
  /** The number of messages that the question was made for. */
  exists: number;
  /** Null if there was nothing to ask. @throws {UpstreamError} as the command failed */
  reply(): T | null;
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
  readonly #runner: CommandRunner;
  #selected: { -readonly [K in keyof SelectedMailbox]: SelectedMailbox[K] } | null = null;
  #changes = 0;
  /** Changes that the server has told of, in the mailbox that is open. */
  #news = 0;
  /** Messages by path, of mailboxes that were open before: a guess. */
  readonly #counts = new Map<string, number>();
  /** Names of mailboxes that are not what modified UTF-7 makes of their paths, as the server has listed them. */
  readonly #wireNames = new Map<string, string>();

  constructor(wire: Wire, limits: ImapLimits) {
    this.#wire = wire;
    this.#runner = new CommandRunner(wire, limits);
  }

  /** False once the connection is lost, closed, or in a state that nobody can rely on. */
  get isUsable(): boolean {
    return this.#runner.isUsable;
  }

  /** True while a command has not ended. */
  get isBusy(): boolean {
    return this.#runner.isBusy;
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

  /** The name of a mailbox as the server wants it. */
  wireName(path: string): string {
    return this.#wireNames.get(path) ?? encodeMailboxName(path);
  }

  /** Remembers the name that the server has listed a mailbox by, if it is not the one that everybody would expect. */
  learnWireName(path: string, wireName: string): void {
    if (path === 'INBOX' || encodeMailboxName(path) === wireName) this.#wireNames.delete(path);
    else if (this.#wireNames.size < MOST_WIRE_NAMES) this.#wireNames.set(path, wireName);
  }

  /** Calls `listener` once, when the connection has ended for whatever reason. */
  onClose(listener: () => void): void {
    if (this.#wire.isClosed) listener();
    else this.#wire.once('close', listener);
  }

  /** A new user of the connection begins; what the one before has left behind is not relied on. */
  lease(): void {
    this.#runner.doubt();
  }

  /**
   * Runs one command to its end. Commands of one connection run one after another.
   *
   * @throws {UpstreamError} `refused` with the response code; `timeout`, `unreachable` or `unknown_outcome`, after which the connection
   *   is not usable any more
   */
  async run(command: string, tokens: readonly Token[] = [], options: RunOptions = {}): Promise<Completion> {
    const isChange = options.ifLost !== undefined;
    // If the connection is dead, that shall turn out before it is unknown whether the change was made.
    if (isChange && !this.#runner.isProven) await this.#runner.run([NOOP]);
    // What was never sent has certainly not happened.
    if (isChange && !this.isUsable) throw this.#runner.explain(new Error('no connection'), { command });
    if (isChange) this.#changes += 1;
    const [ended] = await this.#runner.run([{ command, tokens, options }]);
    return completedOrThrow(ended);
  }

  /**
   * Opens a mailbox, unless it is open already in a mode that suffices.
   *
   * @param fresh asks the server for news when the mailbox was open already, so that `exists` is right
   * @throws {ToolError} if the name cannot be a mailbox
   * @throws {UpstreamError} `refused` if the server does not open it; no mailbox is open then
   */
  async select(name: string, mode: Mode): Promise<SelectedMailbox> {
    return (await this.#open(canonicalMailboxName(name), mode, null)).selected;
  }

  /**
   * As select(), and asks something about the mailbox: in the same round trip, if that can be.
   *
   * Behind the SELECT of another mailbox the answer is thrown away unless the server has opened it; it may come from the one that was
   * open before (RFC 9051 §6.3.2). In a mailbox that is open, the question goes first and a NOOP behind it: sequence numbers are safe
   * that way (§5.5), and if the NOOP brings news, the question is asked once more.
   *
   * @param make called with the number of messages, as far as it is known; null: there is nothing to ask
   */
  async ask<T>(name: string, mode: Mode, make: (exists: number | null) => Question<T> | null): Promise<Asked<T>> {
    const path = canonicalMailboxName(name);
    const guess = this.#selected?.path === path ? this.#selected.exists : (this.#counts.get(path) ?? null);
    const question = make(guess);
    const { selected, ended, holds } = await this.#open(path, mode, question, guess);
    if (question !== null && holds) {
      const exists = question.isBySequence ? (guess ?? 0) : selected.exists;
      return { selected, exists, reply: () => answerOf(question, ended) };
    }
    // Nothing is sent between the server's last word about the number and this, so the number holds until it has been answered.
    const { exists } = selected;
    const again = make(exists);
    if (again === null) return { selected, exists, reply: () => null };
    const [last] = await this.#runner.run([again]);
    return { selected, exists, reply: () => answerOf(again, last) };
  }

  /** Asks something about the open mailbox. @throws as run() */
  async find<T>(question: Question<T>): Promise<T> {
    const [ended] = await this.#runner.run([question]);
    return answerOf(question, ended);
  }

  async #open<T>(path: string, { readOnly, fresh }: Mode, question: Question<T> | null, guess: number | null = null) {
    const then = question === null ? [] : [question];
    const open = this.#selected;
    if (open?.path === path && (readOnly || !open.isReadOnly)) {
      const newsBefore = this.#news;
      const all = await this.#runner.run(fresh ? [...then, NOOP] : then);
      if (fresh) completedOrThrow(all.at(-1));
      return { selected: open, ended: all[0], holds: !fresh || this.#news === newsBefore };
    }
    if (open !== null) this.#remember(open);
    this.#selected = null;
    const answers = new SelectAnswers();
    let selected: SelectedMailbox | undefined;
    const onEnd = ({ code }: Completion) => {
      this.#selected = { path, isReadOnly: readOnly || code === 'READ-ONLY', ...answers.seen };
      selected = this.#selected;
      this.#follow();
    };
    const tokens = [string(this.wireName(path))];
    const select = { command: readOnly ? 'EXAMINE' : 'SELECT', tokens, options: { untagged: answers.handlers }, onEnd };
    const [first, ended] = await this.#runner.run([select, ...then]);
    completedOrThrow(first);
    if (selected === undefined) throw new Error('no mailbox is open');
    return { selected, ended, holds: question?.isBySequence !== true || answers.seen.exists === guess };
  }

  #remember({ path, exists }: SelectedMailbox): void {
    this.#counts.delete(path);
    this.#counts.set(path, exists);
    const [oldest] = this.#counts.keys();
    if (this.#counts.size > MOST_COUNTS && oldest !== undefined) this.#counts.delete(oldest);
  }

  /** Says goodbye without waiting for an answer. */
  end(): void {
    this.#runner.end();
  }

  /** Cuts the connection. Commands that run fail. */
  close(): void {
    this.#runner.close();
  }

  /** Keeps `exists` up to date from here on (RFC 9051 §7.4.1, §7.5.1). */
  #follow(): void {
    const { untaggedHandlers } = this.#wire;
    untaggedHandlers.EXISTS = async ({ command = '' }) => {
      if (this.#selected === null || !/^\d{1,10}$/.test(command)) return;
      if (this.#selected.exists !== Number(command)) this.#news += 1;
      this.#selected.exists = Number(command);
    };
    // Flags that somebody else has changed; what a FETCH of ours is answered goes to its question.
    untaggedHandlers.FETCH = async () => {
      this.#news += 1;
    };
    untaggedHandlers.EXPUNGE = async () => {
      this.#news += 1;
      if (this.#selected !== null) this.#selected.exists = Math.max(0, this.#selected.exists - 1);
    };
  }
}

interface Mode {
  readOnly: boolean;
  fresh: boolean;
}

const MOST_WIRE_NAMES = 10_000;
/** Mailboxes whose number of messages is remembered, on each connection. */
const MOST_COUNTS = 50;
const REV2_INCLUDES = new Set(['UIDPLUS', 'MOVE', 'ESEARCH', 'SPECIAL-USE', 'LIST-EXTENDED', 'LIST-STATUS', 'SASL-IR']);
