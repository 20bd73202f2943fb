/** A connection on which only some mailboxes exist. */
import { ToolError } from '../../errors.ts';
import type { Completion, Imap, RunOptions } from '../../mail/imap/connection.ts';
import { decodeMailboxName, quoteName } from '../../mail/imap/mailbox-name.ts';
import { type Line, string, type Token, textOf } from '../../mail/imap/tokens.ts';
import { includesFolder } from './folders.ts';

/** Where the name of a mailbox stands among the arguments of a command. */
const NAME_AT: Readonly<Record<string, number>> = {
  APPEND: 0,
  STATUS: 0,
  'UID COPY': 1,
  'UID MOVE': 1,
  LIST: 1,
  LSUB: 1,
};

/** Commands about the mailbox that is open. Whatever is neither here nor above is refused. */
const ON_THE_OPEN_MAILBOX = new Set([
  'UID FETCH',
  'UID SEARCH',
  'UID STORE',
  'UID EXPUNGE',
  'FETCH',
  'SEARCH',
  'EXPUNGE',
  'NOOP',
]);

const LISTING = new Set(['LIST', 'LSUB']);

/** What else a connection has, and what does not reach a mailbox. */
const HARMLESS = new Set<PropertyKey>([
  'isUsable',
  'isBusy',
  'changes',
  'selected',
  'has',
  'appendLimit',
  'wireName',
  'learnWireName',
]);

/**
 * The same connection without the mailboxes that are not in a list: they cannot be opened or written to, and are not listed. Every
 * command passes here, so that no tool has to remember it.
 *
 * @param entries as in Policy
 * @param extra one more mailbox, in the spelling of the server
 */
export function limitedImap(imap: Imap, entries: readonly string[], extra?: string): Imap {
  /** What was found out about names whose level depends on the delimiter of the server. */
  const known = new Map<string, boolean>();

  async function requireAllowed(name: string): Promise<void> {
    if (name === extra || includesFolder(entries, name, null)) return;
    const isAllowed = known.get(name) ?? includesFolder(entries, name, await delimiterOf(imap, name, entries));
    known.set(name, isAllowed);
    if (!isAllowed) throw notAllowed(name);
  }

  /** The connection may come from somebody who had another mailbox open. */
  async function requireOpen(): Promise<void> {
    if (imap.selected !== null) await requireAllowed(imap.selected.path);
  }

  async function run(command: string, tokens: readonly Token[] = [], options: RunOptions = {}): Promise<Completion> {
    const position = NAME_AT[command];
    if (position === undefined && !ON_THE_OPEN_MAILBOX.has(command)) {
      throw new Error(`${command} on a connection with a limited list of mailboxes`);
    }
    if (position === undefined || command.startsWith('UID ')) await requireOpen();
    const name = position === undefined ? undefined : nameIn(tokens[position]);
    const isAll = LISTING.has(command) && name === '*';
    if (name !== undefined && !isAll) await requireAllowed(name);
    return imap.run(command, tokens, LISTING.has(command) ? { ...options, untagged: visible(options) } : options);
  }

  /** Leaves out the lines about mailboxes that are not there. */
  function visible({ untagged = {} }: RunOptions): Record<string, (line: Line) => void> {
    const listed = new Set<string>();
    const handlers = Object.entries(untagged).map(([key, handle]) => {
      const handleVisible = (line: Line) => {
        const isStatus = key === 'STATUS';
        const name = decodeMailboxName(textOf(line.items[isStatus ? 0 : 2]) ?? '');
        const delimiter = isStatus ? null : textOf(line.items[1]);
        if (name === extra || includesFolder(entries, name, delimiter)) listed.add(name);
        if (listed.has(name)) handle(line);
      };
      return [key, handleVisible] as const;
    });
    return Object.fromEntries(handlers);
  }

  const instead: Partial<Imap> = {
    run,
    select: async (name, mode) => {
      await requireAllowed(name);
      return imap.select(name, mode);
    },
    ask: async (name, mode, make) => {
      await requireAllowed(name);
      return imap.ask(name, mode, make);
    },
    find: async (question) => {
      await requireOpen();
      return imap.find(question);
    },
  };
  return new Proxy(imap, {
    get(target, key) {
      if (Object.hasOwn(instead, key)) return Reflect.get(instead, key);
      if (!HARMLESS.has(key)) throw new Error(`${String(key)} of a connection with a limited list of mailboxes`);
      const value: unknown = Reflect.get(target, key, target);
      // Private fields are found on the connection itself only.
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

export function notAllowed(name: string): ToolError {
  return new ToolError(
    `This connection may not use the mailbox ${quoteName(name)}: the operator of this server has limited it to certain mailboxes. Call list_mailboxes for those.`,
  );
}

/** Asked only where the answer can matter. @returns null if there is no such mailbox */
async function delimiterOf(imap: Imap, name: string, entries: readonly string[]): Promise<string | null> {
  if (!entries.some((entry) => entry.endsWith('/*'))) return null;
  let delimiter: string | null = null;
  const readDelimiter = ({ items: [, separator, wireName] }: Line) => {
    if (decodeMailboxName(textOf(wireName) ?? '') === name) delimiter = textOf(separator);
  };
  await imap.run('LIST', [string(''), string(imap.wireName(name))], { untagged: { LIST: readDelimiter } });
  return delimiter;
}

function nameIn(token: Token | undefined): string {
  const value = token !== undefined && 'value' in token ? token.value : '';
  return decodeMailboxName(typeof value === 'string' ? value : value.toString('utf8'));
}
