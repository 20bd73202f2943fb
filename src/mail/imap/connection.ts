/** Declares what tools may do on an IMAP connection. */
import type { Completion, ReadCommand, RunOptions } from './command.ts';
import type { Token } from './data-formats.ts';
import type { SelectedMailbox } from './selected-mailbox.ts';

/** A connection as tools use it. LimitedConnection implements it too and has to check every member that reaches a mailbox. */
export interface ImapConnection {
  /** False once the connection is lost or closed, or its protocol state is unknown. */
  readonly isUsable: boolean;
  readonly selected: SelectedMailbox | null;
  /** The largest message that the server stores (RFC 7889); null if it does not say. */
  readonly appendLimitBytes: number | null;

  /** @param capability upper case, e.g. `UIDPLUS`; also true if the server speaks IMAP4rev2 only, which includes it (RFC 9051 appendix E) */
  has(capability: string): boolean;

  /** The name of a mailbox in the form that the server expects. */
  encodedName(path: string): string;

  /** Remembers the name by which the server lists a mailbox, if it is not the modified UTF-7 of its path. */
  rememberEncodedName(path: string, encodedName: string): void;

  /**
   * Runs one command to its end. Commands of one connection run one after another.
   *
   * @throws {UpstreamError} `refused` with the response code; `timeout`, `unreachable` or `unknown_outcome`, after which the connection
   *   is not usable any more
   */
  run(command: string, tokens?: readonly Token[], options?: RunOptions): Promise<Completion>;

  /**
   * Selects a mailbox, unless it is selected already in a mode that suffices.
   *
   * @throws {ToolError} if the name cannot be a mailbox
   * @throws {UpstreamError} `refused` if the server does not open it; no mailbox is selected then
   */
  select(name: string, mode: SelectMode): Promise<SelectedMailbox>;

  /**
   * Selects as select() and runs a read command in the mailbox, in the same round trip where that is possible.
   *
   * If another mailbox is selected, the command follows the SELECT, and its result is discarded if the SELECT fails: it could belong to
   * the mailbox that was selected before (RFC 9051 §6.3.2). If the mailbox is selected already, the command is followed by a NOOP: in this
   * order sequence numbers are unambiguous (§5.5). If the NOOP brings untagged responses, the command runs once more.
   *
   * @param makeCommand called with the number of messages, as far as it is known; returns null if there is nothing to read
   */
  selectAndRead<T>(
    name: string,
    mode: SelectMode,
    makeCommand: (exists: number | null) => ReadCommand<T> | null,
  ): Promise<ReadResult<T>>;

  /**
   * Opens a mailbox for reading although it may be open already, so that the server describes it as it is now, and runs read commands in it, in
   * the same round trip.
   *
   * @throws as select()
   */
  openAnew<T>(
    name: string,
    mode: AnewMode,
    commands: readonly ReadCommand<T>[],
  ): Promise<{ selected: SelectedMailbox; outcomes: PromiseSettledResult<T>[] }>;

  /** Runs a read command in the selected mailbox. @throws as run() */
  read<T>(command: ReadCommand<T>): Promise<T>;

  /** Runs read commands in the selected mailbox in one round trip. Each handles the responses to all. @returns their outcomes, in order */
  readAll<T>(commands: readonly ReadCommand<T>[]): Promise<PromiseSettledResult<T>[]>;

  /**
   * Opens mailboxes one after another for reading and runs read commands in each, all in one round trip. A visit that fails does not affect the
   * others. A mailbox is opened anew even if it is open, so a server that runs commands at the same time ends one visit before it begins the next.
   *
   * @returns `listed`: the outcome of `list`; absent without it
   */
  openEach<T>(
    visits: readonly Visit<T>[],
    options: EachOptions,
  ): Promise<{ visited: Visited<T>[]; listed?: PromiseSettledResult<Completion> }>;
}

/** Adds the members that only the owner of a connection, the pool, uses. */
export interface OwnedImapConnection extends ImapConnection {
  /** True while a command has not ended. */
  readonly isBusy: boolean;
  /** Number of changing commands sent so far, whatever their outcome. */
  readonly changeCount: number;
  /** By the monotonic clock: the server may end the connection soon after it, so that it is not used for another call. `Infinity`: it has no end. */
  readonly retiresAtMs: number;

  /** Makes the next change wait for a NOOP, unless the server has answered another command by then. */
  markUnproven(): void;

  /** Calls `listener` once, when the connection has ended for any reason. */
  onClose(listener: () => void): void;

  /** Sends LOGOUT without waiting for its answer. */
  end(): void;

  /** Closes the connection. Running commands fail. */
  close(): void;
}

/** How a mailbox is opened anew. */
export interface AnewMode {
  /** True: the server is to report modification sequences (CONDSTORE, RFC 7162 §3.1.8). */
  condstore: boolean;
  /** True: the commands have VANISHED, for which QRESYNC is enabled before (RFC 7162 §3.2.3). It stays enabled on this connection. */
  qresync: boolean;
}

/** A mailbox to open, and what is read in it. */
export interface Visit<T> {
  /** As the server lists it. */
  name: string;
  commands: readonly ReadCommand<T>[];
}

/** What a visit has brought. */
export interface Visited<T> {
  /** Null if the mailbox was not opened. */
  selected: SelectedMailbox | null;
  /** Why it was not opened. */
  refusal: unknown;
  /** Outcomes of the commands, in order. All are rejected if the mailbox was not opened. */
  outcomes: PromiseSettledResult<T>[];
}

/** A LIST command that precedes visits. */
export interface ListRequest {
  tokens: readonly Token[];
  untagged: NonNullable<RunOptions['untagged']>;
}

export interface EachOptions {
  /** For all visits together. After it the connection is closed, and the visits that have not ended are rejected. */
  limitMs: number;
  list?: ListRequest | undefined;
}

export interface SelectMode {
  readOnly: boolean;
  /** True: if the mailbox is selected already, a NOOP updates `exists`. */
  fresh: boolean;
}

export interface ReadResult<T> {
  selected: SelectedMailbox;
  /** The number of messages for which the command was made. */
  exists: number;
  /** Null if there was nothing to read. @throws {UpstreamError} as the command failed */
  result(): T | null;
}
