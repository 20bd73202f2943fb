/**
 * Runs commands over one authenticated IMAP connection, from the login to LOGOUT, and keeps track of the selected mailbox.
 *
 * Invariant: no text of a server becomes part of an error message.
 */
import type { ConnectionOptions } from 'node:tls';
import { type AccessTokens, type Credential, withCredential } from '../access-tokens.ts';
import type { Login, MailServer } from '../account.ts';
import { canonicalMailboxName, encodeMailboxName } from '../mailbox-name.ts';
import {
  type Command,
  type Completion,
  completedOrThrow,
  NOOP,
  type ReadCommand,
  type RunOptions,
  resultOf,
  sharingResponses,
} from './command.ts';
import { CommandRunner } from './command-runner.ts';
import { connectTransport } from './connect-transport.ts';
import type {
  AnewMode,
  EachOptions,
  OwnedImapConnection,
  ReadResult,
  SelectMode,
  Visit,
  Visited,
} from './connection.ts';
import { atom, isList, string, type Token, type UntaggedResponse } from './data-formats.ts';
import { IMAP_LIMITS, type ImapLimits } from './imap-timeouts.ts';
import { type SelectedMailbox, Selection, SelectResponses } from './selected-mailbox.ts';
import type { Transport } from './transport.ts';

export type { Completion, ReadCommand, RunOptions } from './command.ts';
export type {
  AnewMode,
  EachOptions,
  ImapConnection,
  ListRequest,
  OwnedImapConnection,
  ReadResult,
  SelectMode,
  Visit,
  Visited,
} from './connection.ts';
export type { SelectedMailbox } from './selected-mailbox.ts';

export interface ConnectOptions {
  /** Certificate authorities to trust instead of Node's. */
  tls?: Pick<ConnectionOptions, 'ca'>;
  limits?: Partial<ImapLimits>;
  /** Called when the credentials are about to be sent. */
  onLogin?: (() => void) | undefined;
  /** For logins at a provider. */
  accessTokens?: AccessTokens | undefined;
}

/**
 * Connects and logs in, in as few round trips as the server allows.
 *
 * @throws {UpstreamError} `credentials` (codes `APP_PASSWORD` and `NO_PASSWORDS` if the server says so), `unreachable`, `certificate`, `timeout`,
 *   or `refused` (codes `NO_STARTTLS`, `LOGINDISABLED`, `BLOCKED`, `LIMIT` for too many connections, or the server's own)
 */
export async function connectImap(
  endpoint: { server: MailServer; login: Login },
  options: ConnectOptions = {},
): Promise<OwnedImapConnection> {
  const limits = { ...IMAP_LIMITS, ...options.limits };
  return withCredential(endpoint.login, options.accessTokens, async (login) => {
    const transport = await connectTransport({ server: endpoint.server, login }, limits, options);
    return new AuthenticatedConnection(transport, limits, retirementOf(login));
  });
}

/** Exchange ends IMAP sessions when their access token expires (`BYE … AccessTokenExpired`). */
const RETIRED_BEFORE_MS = 5 * 60_000;

function retirementOf(login: Credential): number {
  if (login.kind === 'password') return Infinity;
  const leftMs = login.expiresAtMs - performance.now();
  return performance.now() + Math.max(leftMs - RETIRED_BEFORE_MS, leftMs / 2);
}

class AuthenticatedConnection implements OwnedImapConnection {
  readonly retiresAtMs: number;
  readonly #transport: Transport;
  readonly #runner: CommandRunner;
  readonly #selection = new Selection();
  #changeCount = 0;
  /** Names as the server lists them, by path. Only those that are not the modified UTF-7 of the path. */
  readonly #encodedNames = new Map<string, string>();
  #isQresyncEnabled = false;

  constructor(transport: Transport, limits: ImapLimits, retiresAtMs: number) {
    this.retiresAtMs = retiresAtMs;
    this.#transport = transport;
    this.#runner = new CommandRunner(transport, limits);
  }

  get isUsable(): boolean {
    return this.#runner.isUsable;
  }

  get isBusy(): boolean {
    return this.#runner.isBusy;
  }

  get changeCount(): number {
    return this.#changeCount;
  }

  get selected(): SelectedMailbox | null {
    return this.#selection.selected;
  }

  get appendLimitBytes(): number | null {
    const limit = this.#transport.capabilities.get('APPENDLIMIT');
    return typeof limit === 'number' && limit > 0 ? limit : null;
  }

  has(capability: string): boolean {
    const { capabilities } = this.#transport;
    return capabilities.has(capability) || (INCLUDED_IN_REV2.has(capability) && !capabilities.has('IMAP4rev1'));
  }

  encodedName(path: string): string {
    return this.#encodedNames.get(path) ?? encodeMailboxName(path);
  }

  rememberEncodedName(path: string, encodedName: string): void {
    if (path === 'INBOX' || encodeMailboxName(path) === encodedName) this.#encodedNames.delete(path);
    else if (this.#encodedNames.size < MAX_ENCODED_NAMES) this.#encodedNames.set(path, encodedName);
  }

  async run(command: string, tokens: readonly Token[] = [], options: RunOptions = {}): Promise<Completion> {
    const isChange = options.ifLost !== undefined;
    // Probe before a change; otherwise a dead connection would leave the outcome unknown.
    if (isChange && !this.#runner.isProven) await this.#runner.run([NOOP]);
    // A command that was not sent has certainly had no effect.
    if (isChange && !this.isUsable) throw this.#runner.explain(new Error('no connection'), { command });
    if (isChange) this.#changeCount += 1;
    const [ended] = await this.#runner.run([{ command, tokens, options }]);
    return completedOrThrow(ended);
  }

  async select(name: string, mode: SelectMode): Promise<SelectedMailbox> {
    return (await this.#select(canonicalMailboxName(name), mode, null)).selected;
  }

  async selectAndRead<T>(
    name: string,
    mode: SelectMode,
    makeCommand: (exists: number | null) => ReadCommand<T> | null,
  ): Promise<ReadResult<T>> {
    const path = canonicalMailboxName(name);
    const expected = this.#selection.lastCountOf(path);
    const command = makeCommand(expected);
    const { selected, ended, isCurrent } = await this.#select(path, mode, command, expected);
    if (command !== null && isCurrent) {
      const exists = command.isBySequence ? (expected ?? 0) : selected.exists;
      return { selected, exists, result: () => resultOf(command, ended) };
    }
    // The command is the next one after the server has reported the count, so the sequence numbers are still valid when it runs.
    const { exists } = selected;
    const repeated = makeCommand(exists);
    if (repeated === null) return { selected, exists, result: () => null };
    const [last] = await this.#runner.run([repeated]);
    return { selected, exists, result: () => resultOf(repeated, last) };
  }

  async read<T>(command: ReadCommand<T>): Promise<T> {
    const [ended] = await this.#runner.run([command]);
    return resultOf(command, ended);
  }

  async readAll<T>(commands: readonly ReadCommand<T>[]): Promise<PromiseSettledResult<T>[]> {
    const ended = await this.#runner.run(sharingResponses(commands));
    return Promise.allSettled(commands.map(async (command, index) => resultOf(command, ended[index])));
  }

  /** @returns `isCurrent`: false if messages or flags have changed since the command `then` was built, so that it has to run again */
  async #select<T>(
    path: string,
    { readOnly, fresh }: SelectMode,
    then: ReadCommand<T> | null,
    expected: number | null = null,
  ): Promise<{ selected: SelectedMailbox; ended: PromiseSettledResult<Completion> | undefined; isCurrent: boolean }> {
    const following = then === null ? [] : [then];
    const open = this.#selection.selected;
    if (open?.path === path && (readOnly || !open.isReadOnly)) {
      const updatesBefore = this.#selection.updates;
      const all = await this.#runner.run(fresh ? [...following, NOOP] : following);
      if (fresh) completedOrThrow(all.at(-1));
      return { selected: open, ended: all[0], isCurrent: !fresh || this.#selection.updates === updatesBefore };
    }
    const { command, opened, described } = this.#selectCommand(path, readOnly);
    const [first, ended] = await this.#runner.run([command, ...following]);
    completedOrThrow(first);
    return { selected: opened(), ended, isCurrent: then?.isBySequence !== true || described().exists === expected };
  }

  async openAnew<T>(
    name: string,
    { condstore, qresync }: AnewMode,
    commands: readonly ReadCommand<T>[],
  ): Promise<{ selected: SelectedMailbox; outcomes: PromiseSettledResult<T>[] }> {
    const enable: Command = {
      ...{ command: 'ENABLE', tokens: [atom('QRESYNC')], options: {} },
      onEnd: () => {
        this.#isQresyncEnabled = true;
      },
    };
    const before = qresync && !this.#isQresyncEnabled ? [enable] : [];
    const { command, opened } = this.#selectCommand(
      canonicalMailboxName(name),
      true,
      condstore ? [[atom('CONDSTORE')]] : [],
    );
    const following = sharingResponses(commands).map((each) => this.#keepingCount(each));
    const ended = await this.#runner.run([...before, command, ...following]);
    completedOrThrow(ended[before.length]);
    const results = ended.slice(before.length + 1);
    const outcomes = await Promise.allSettled(commands.map(async (each, index) => resultOf(each, results[index])));
    return { selected: opened(), outcomes };
  }

  async openEach<T>(
    visits: readonly Visit<T>[],
    { limitMs: commandMs, list }: EachOptions,
  ): Promise<{ visited: Visited<T>[]; listed?: PromiseSettledResult<Completion> }> {
    const listing: Command[] =
      list === undefined
        ? []
        : [{ command: 'LIST', tokens: list.tokens, options: { untagged: list.untagged, commandMs } }];
    const stops = visits.map(({ name, commands }) => {
      const opening = this.#selectCommand(canonicalMailboxName(name), true);
      const following = sharingResponses(commands);
      const all: Command[] = [opening.command, ...following];
      return {
        ...{ commands, opened: opening.opened },
        run: all.map((each) => ({ ...each, options: { ...each.options, commandMs } })),
      };
    });
    const ended = await this.#runner.run([...listing, ...stops.flatMap(({ run }) => run)]);
    let next = listing.length;
    const visited = stops.map(({ commands, opened, run }) => {
      const [first, ...results] = ended.slice(next, next + run.length);
      next += run.length;
      return toVisited(commands, { first, results, opened });
    });
    const last = visited.at(-1);
    if (last !== undefined && last.selected === null) this.#selection.unselect();
    const [listed] = ended;
    return { visited, ...(list !== undefined && listed !== undefined && { listed }) };
  }

  /** A command that handles VANISHED takes it from the selection, which counts those that are not EARLIER. */
  #keepingCount<T>(command: ReadCommand<T>): ReadCommand<T> {
    const { VANISHED: handle, ...others } = command.options.untagged ?? {};
    if (handle === undefined) return command;
    const handleAll = async (response: UntaggedResponse) => {
      if (!isList(response.items[0])) await this.#selection.handlers.VANISHED({ attributes: response.items });
      await handle(response);
    };
    return { ...command, options: { ...command.options, untagged: { ...others, VANISHED: handleAll } } };
  }

  /** No mailbox is selected until the command has succeeded. */
  #selectCommand(path: string, readOnly: boolean, parameters: readonly Token[] = []) {
    this.#selection.unselect();
    const responses = new SelectResponses();
    let selected: SelectedMailbox | undefined;
    const onEnd = ({ code }: Completion) => {
      const isReadOnly = readOnly || code === 'READ-ONLY';
      selected = this.#selection.select({ path, isReadOnly, ...responses.described });
      Object.assign(this.#transport.untaggedHandlers, this.#selection.handlers);
    };
    const tokens = [string(this.encodedName(path)), ...parameters];
    const options = { untagged: responses.handlers };
    const command: Command = { command: readOnly ? 'EXAMINE' : 'SELECT', tokens, options, onEnd };
    const opened = () => {
      if (selected === undefined) throw new Error('no mailbox is open');
      return selected;
    };
    return { command, opened, described: () => responses.described };
  }

  markUnproven(): void {
    this.#runner.markUnproven();
  }

  onClose(listener: () => void): void {
    if (this.#transport.isClosed) listener();
    else this.#transport.once('close', listener);
  }

  end(): void {
    this.#runner.end();
  }

  close(): void {
    this.#runner.close();
  }
}

const MAX_ENCODED_NAMES = 10_000;
/** Extensions that are part of IMAP4rev2. */
const INCLUDED_IN_REV2 = new Set([
  'UIDPLUS',
  'MOVE',
  'ESEARCH',
  'SPECIAL-USE',
  'LIST-EXTENDED',
  'LIST-STATUS',
  'SASL-IR',
]);

function toVisited<T>(
  commands: readonly ReadCommand<T>[],
  {
    first,
    results,
    opened,
  }: {
    first: PromiseSettledResult<Completion> | undefined;
    results: readonly PromiseSettledResult<Completion>[];
    opened: () => SelectedMailbox;
  },
): Visited<T> {
  if (first?.status !== 'fulfilled') {
    const refusal: unknown = first?.reason ?? new Error('the mailbox was not opened');
    // Results of the commands could belong to another mailbox.
    return { selected: null, refusal, outcomes: commands.map(() => ({ status: 'rejected', reason: refusal })) };
  }
  const outcomes = commands.map((command, index): PromiseSettledResult<T> => {
    try {
      return { status: 'fulfilled', value: resultOf(command, results[index]) };
    } catch (reason) {
      return { status: 'rejected', reason };
    }
  });
  return { selected: opened(), refusal: undefined, outcomes };
}
