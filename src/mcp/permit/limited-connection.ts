/** Limits a connection to certain mailboxes: other mailboxes cannot be opened or written to, and are not listed. */
import { ToolError } from '../../errors.ts';
import { string, type Token, textOf, type UntaggedResponse } from '../../mail/imap/data-formats.ts';
import type {
  AnewMode,
  Completion,
  EachOptions,
  ImapConnection,
  ReadCommand,
  ReadResult,
  RunOptions,
  SelectedMailbox,
  SelectMode,
  Visit,
  Visited,
} from '../../mail/imap/imap-connection.ts';
import { decodeMailboxName, quoteName } from '../../mail/mailbox-name.ts';
import { includesFolder, mayIncludeFolder, meansFolder } from './folders.ts';

/** Position of the mailbox name among the arguments of a command. */
const NAME_POSITION: Readonly<Record<string, number>> = {
  APPEND: 0,
  CREATE: 0,
  SUBSCRIBE: 0,
  STATUS: 0,
  'UID COPY': 1,
  'UID MOVE': 1,
  LIST: 1,
  LSUB: 1,
};

/** Commands in the selected mailbox. Commands that are neither here nor in NAME_POSITION are refused. */
const IN_SELECTED_MAILBOX: ReadonlySet<string> = new Set([
  'UID FETCH',
  'UID SEARCH',
  'UID STORE',
  'UID EXPUNGE',
  'FETCH',
  'SEARCH',
  'EXPUNGE',
  'NOOP',
]);

const LISTING: ReadonlySet<string> = new Set(['LIST', 'LSUB']);

/** A limited view of a connection. Every command passes through it, so tools do not have to check names themselves. */
export class LimitedConnection implements ImapConnection {
  readonly #connection: ImapConnection;
  readonly #folders: readonly string[];
  readonly #extra: string | undefined;
  /** Cached decisions, by name, that needed the delimiter of the server. */
  readonly #decided = new Map<string, boolean>();
  #listed: string[] | undefined;

  /**
   * @param folders entries of the policy, as for includesFolder()
   * @param extra one more mailbox, in the spelling of the server
   */
  constructor(connection: ImapConnection, folders: readonly string[], extra?: string) {
    this.#connection = connection;
    this.#folders = folders;
    this.#extra = extra;
  }

  get isUsable(): boolean {
    return this.#connection.isUsable;
  }

  get selected(): SelectedMailbox | null {
    return this.#connection.selected;
  }

  get appendLimitBytes(): number | null {
    return this.#connection.appendLimitBytes;
  }

  has(capability: string): boolean {
    return this.#connection.has(capability);
  }

  encodedName(path: string): string {
    return this.#connection.encodedName(path);
  }

  rememberEncodedName(path: string, encodedName: string): void {
    this.#connection.rememberEncodedName(path, encodedName);
  }

  async run(command: string, tokens: readonly Token[] = [], options: RunOptions = {}): Promise<Completion> {
    const position = NAME_POSITION[command];
    if (position === undefined && !IN_SELECTED_MAILBOX.has(command)) throw notOnLimited(command);
    if (position === undefined || command.startsWith('UID ')) await this.#requireSelected();
    const name = position === undefined ? undefined : nameIn(tokens[position]);
    const isListing = LISTING.has(command);
    if (name !== undefined && !(isListing && name === '*')) await this.#requireFolder(name);
    if (command === 'UID STORE') for (const label of labelsIn(tokens)) await this.#requireFolder(label);
    return isListing ? this.#list(command, tokens, options) : this.#connection.run(command, tokens, options);
  }

  async select(name: string, mode: SelectMode): Promise<SelectedMailbox> {
    await this.#requireFolder(name);
    return this.#connection.select(name, mode);
  }

  async selectAndRead<T>(
    name: string,
    mode: SelectMode,
    makeCommand: (exists: number | null) => ReadCommand<T> | null,
  ): Promise<ReadResult<T>> {
    await this.#requireFolder(name);
    return this.#connection.selectAndRead(name, mode, makeCommand);
  }

  async openAnew<T>(
    name: string,
    mode: AnewMode,
    commands: readonly ReadCommand<T>[],
  ): Promise<{ selected: SelectedMailbox; outcomes: PromiseSettledResult<T>[] }> {
    await this.#requireFolder(name);
    return this.#connection.openAnew(name, mode, commands);
  }

  async read<T>(command: ReadCommand<T>): Promise<T> {
    await this.#requireSelected();
    return this.#connection.read(command);
  }

  async readAll<T>(commands: readonly ReadCommand<T>[]): Promise<PromiseSettledResult<T>[]> {
    await this.#requireSelected();
    return this.#connection.readAll(commands);
  }

  async openEach<T>(
    visits: readonly Visit<T>[],
    { list, ...options }: EachOptions,
  ): Promise<{ visited: Visited<T>[]; listed?: PromiseSettledResult<Completion> }> {
    for (const { name } of visits) await this.#requireFolder(name);
    if (list === undefined) return this.#connection.openEach(visits, options);
    const limited = this.#limitListing(list.untagged);
    const each = await this.#connection.openEach(visits, { ...options, list: { ...list, untagged: limited.untagged } });
    if (each.listed?.status === 'fulfilled') await limited.finish();
    return each;
  }

  /** Always throws: only the owner of a connection closes it. */
  close(): never {
    throw notOnLimited('close');
  }

  async #requireFolder(name: string): Promise<void> {
    if (name === this.#extra || includesFolder(this.#folders, name, null)) return;
    const isAllowed = this.#decided.get(name) ?? (await this.#decide(name));
    this.#decided.set(name, isAllowed);
    if (!isAllowed) throw folderNotAllowed(name);
  }

  async #decide(name: string): Promise<boolean> {
    const delimiter = await this.#delimiterOf(name);
    if (includesFolder(this.#folders, name, delimiter)) return true;
    return mayIncludeFolder(this.#folders, name, delimiter) && this.#means(name, delimiter);
  }

  async #means(name: string, delimiter: string | null): Promise<boolean> {
    this.#listed ??= await this.#listAll();
    return meansFolder(this.#folders, name, { delimiter, listed: this.#listed });
  }

  /** The names of all mailboxes, also of those that are not allowed: an entry may mean another mailbox than an equivalent name. */
  async #listAll(): Promise<string[]> {
    const names: string[] = [];
    const addName = ({ items }: UntaggedResponse) => names.push(decodeMailboxName(textOf(items[2]) ?? ''));
    await this.#connection.run('LIST', [string(''), string('*')], { untagged: { LIST: addName } });
    return names;
  }

  /** The previous user of the connection may have selected another mailbox. */
  async #requireSelected(): Promise<void> {
    if (this.selected !== null) await this.#requireFolder(this.selected.path);
  }

  /** The delimiter, for which the mailbox is listed if an entry ends in `/*`. @returns null if none does, or there is no such mailbox */
  async #delimiterOf(name: string): Promise<string | null> {
    if (!this.#folders.some((entry) => entry.endsWith('/*'))) return null;
    let delimiter: string | null = null;
    const readDelimiter = ({ items: [, separator, encodedName] }: UntaggedResponse) => {
      if (decodeMailboxName(textOf(encodedName) ?? '') === name) delimiter = textOf(separator);
    };
    const tokens = [string(''), string(this.encodedName(name))];
    await this.#connection.run('LIST', tokens, { untagged: { LIST: readDelimiter } });
    return delimiter;
  }

  async #list(
    command: string,
    tokens: readonly Token[],
    { untagged = {}, ...options }: RunOptions,
  ): Promise<Completion> {
    const limited = this.#limitListing(untagged);
    const completion = await this.#connection.run(command, tokens, { ...options, untagged: limited.untagged });
    await limited.finish();
    return completion;
  }

  /**
   * Leaves out the responses about mailboxes that are not allowed. Those that only the whole list decides about are handled last.
   *
   * @returns `finish`: to be called after the command
   */
  #limitListing(untagged: NonNullable<RunOptions['untagged']>) {
    const listed = new Set<string>();
    const undecided: { name: string; delimiter: string | null; handle: () => void }[] = [];
    const handlers = Object.entries(untagged).map(([key, handle]) => {
      const handleAllowed = (response: UntaggedResponse) => {
        const isStatus = key === 'STATUS';
        const name = decodeMailboxName(textOf(response.items[isStatus ? 0 : 2]) ?? '');
        const delimiter = isStatus ? null : textOf(response.items[1]);
        if (name === this.#extra || includesFolder(this.#folders, name, delimiter)) listed.add(name);
        if (listed.has(name)) handle(response);
        else if (mayIncludeFolder(this.#folders, name, delimiter)) {
          undecided.push({ name, delimiter, handle: () => handle(response) });
        }
      };
      return [key, handleAllowed] as const;
    });
    const finish = async () => {
      for (const { name, delimiter, handle } of undecided) {
        if (!listed.has(name) && (await this.#means(name, delimiter))) listed.add(name);
        if (listed.has(name)) handle();
      }
    };
    return { untagged: Object.fromEntries(handlers), finish };
  }
}

/** Labels that a STORE adds or removes. On servers that have them each is a mailbox. */
function labelsIn([, item, labels]: readonly Token[]): string[] {
  if (!/LABELS/i.test(nameIn(item) ?? '')) return [];
  return (Array.isArray(labels) ? labels : [labels]).map((label) => nameIn(label) ?? '');
}

/** @param all as for meansFolder() @throws {ToolError} if the list does not include the mailbox */
export function requireFolder(
  folders: readonly string[],
  name: string,
  all: { delimiter: string | null; listed: readonly string[] },
): void {
  if (!meansFolder(folders, name, all)) throw folderNotAllowed(name);
}

function folderNotAllowed(name: string): ToolError {
  return new ToolError(
    `This connection may not use the mailbox ${quoteName(name)}: the operator of this server has limited it to certain mailboxes. Call list_mailboxes for those.`,
  );
}

function notOnLimited(what: string): Error {
  return new Error(`${what} on a connection with a limited list of mailboxes`);
}

function nameIn(token: Token | undefined): string {
  const value = token !== undefined && 'value' in token ? token.value : '';
  return decodeMailboxName(typeof value === 'string' ? value : value.toString('utf8'));
}
