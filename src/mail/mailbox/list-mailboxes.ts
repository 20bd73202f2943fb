/**
 * Lists the mailboxes of an account: names, roles, subscriptions, numbers of messages.
 *
 * Invariant: roles from special-use attributes take precedence over roles from names.
 */
import { UpstreamError } from '../../errors.ts';
import {
  atom,
  type Item,
  listOf,
  numberOf,
  string,
  type Token,
  textOf,
  type UntaggedResponse,
} from '../imap/data-formats.ts';
import type { ImapConnection, ListRequest } from '../imap/imap-connection.ts';
import { decodeMailboxName, isAscii, meantMailbox, withInbox } from '../mailbox-name.ts';
import { isOutboxLike } from './outbox.ts';
import { assignRoles, type Role } from './roles.ts';

export type { Role } from './roles.ts';

export interface Mailbox {
  /** Unicode. */
  path: string;
  /** Separates the levels of a path; null if there are none. */
  delimiter: string | null;
  role: Role | null;
  subscribed: boolean;
  /** False: it has no messages and cannot be opened. */
  selectable: boolean;
  /** True if a server or a mail program may send what is in it. */
  isOutbox: boolean;
  /** Null unless counts were requested, and where the server does not report them. */
  messages: number | null;
  /** Messages without \Seen. */
  unseen: number | null;
}

export interface Listed extends Mailbox {
  /** The attributes in the LIST response, lower case. Mailboxes with the same attributes share one set. */
  attributes: ReadonlySet<string>;
  /** Null unless it was requested, and where the server does not report it. */
  uidNext: number | null;
}

/** Without LIST-STATUS each mailbox takes one STATUS command. The counts of further mailboxes are null. */
const MAX_STATUS_COMMANDS = 200;

/** Which mailboxes to return, in the order of their list. */
export interface MailboxRange {
  start: number;
  count: number;
}

/**
 * Lists the mailboxes that the account can see, INBOX first, then those with a role, then by path.
 *
 * @param options `range`: only these are counted and returned
 * @returns `paths` of all mailboxes, in that order
 * @throws {UpstreamError} if the server refuses or the connection drops
 */
export async function listMailboxRange(
  imap: ImapConnection,
  { counts, range }: { counts: boolean; range: MailboxRange },
): Promise<{ mailboxes: Mailbox[]; paths: string[] }> {
  const all = await list(imap, '*', { counts });
  assignRoles(all);
  const isCounted = all.some(({ messages }) => messages !== null);
  const listed = all.sort(inboxFirst).slice(range.start, range.start + range.count);
  if (counts && !isCounted) await countEach(imap, listed);
  return {
    mailboxes: listed.map(({ attributes: _, uidNext: __, ...mailbox }) => mailbox),
    paths: all.map(({ path }) => path),
  };
}

/** All mailboxes, as listMailboxRange(). */
export async function listMailboxes(imap: ImapConnection, { counts }: { counts: boolean }): Promise<Mailbox[]> {
  const range = { start: 0, count: Number.POSITIVE_INFINITY };
  return (await listMailboxRange(imap, { counts, range })).mailboxes;
}

/**
 * Finds the mailbox that a name means, as meantMailbox(). The listed paths are compared, because `%` and `*` in a path act as wildcards.
 *
 * @returns undefined if it does not exist
 */
export async function lookUpMailbox(imap: ImapConnection, path: string): Promise<Mailbox | undefined> {
  const listAll = (pattern: string) => list(imap, pattern, { counts: false, plain: true });
  const found = (await listAll(path)).find((mailbox) => mailbox.path === path);
  if (found !== undefined || (isAscii(path) && !imap.encodedName(path).includes('&'))) return found;
  const all = await listAll('*');
  const meant = meantMailbox(
    path,
    all.map((mailbox) => mailbox.path),
  );
  return all.find((mailbox) => mailbox.path === meant);
}

async function list(
  imap: ImapConnection,
  pattern: string,
  { counts, plain }: { counts: boolean; plain?: true },
): Promise<Listed[]> {
  const isExtended = imap.has('LIST-EXTENDED') && plain !== true;
  const options = isExtended ? returnOptions(imap, counts ? ['MESSAGES', 'UNSEEN'] : []) : [];
  const mailboxes = await listOnce(imap, 'LIST', pattern, options).catch((error: unknown) => {
    // Some servers announce LIST-EXTENDED and then refuse its syntax: list without it.
    if (!isExtended || !(error instanceof UpstreamError) || error.code !== 'BAD') throw error;
    return listOnce(imap, 'LIST', pattern, []);
  });
  if (!isExtended && plain !== true) await markSubscribed(imap, mailboxes);
  return [...mailboxes.values()];
}

/** @param status items of STATUS to return with each mailbox, where the server has LIST-STATUS (RFC 5819) */
function returnOptions(imap: ImapConnection, status: readonly string[]): Token[] {
  return [
    atom('SUBSCRIBED'),
    ...(imap.has('SPECIAL-USE') ? [atom('SPECIAL-USE')] : []),
    ...(status.length > 0 && imap.has('LIST-STATUS') ? [atom('STATUS'), status.map(atom)] : []),
  ];
}

/** A LIST command of all mailboxes with their roles, for a caller who sends it with other commands. */
export interface Listing extends ListRequest {
  /** To be called after the command. @throws {UpstreamError} as listMailboxes() */
  read(listed: PromiseSettledResult<unknown> | undefined): Promise<Listed[]>;
}

export function createListing(imap: ImapConnection): Listing {
  const isExtended = imap.has('LIST-EXTENDED');
  const mailboxes = new Map<string, Listed>();
  const options = isExtended ? returnOptions(imap, ['MESSAGES', 'UIDNEXT']) : [];
  return {
    ...listRequest(imap, { command: 'LIST', pattern: '*', options, mailboxes }),
    async read(listed) {
      const isRefused = listed?.status === 'rejected' && isExtended && imap.isUsable;
      if (listed?.status === 'rejected' && !isRefused) throw listed.reason;
      const all = isRefused ? await listOnce(imap, 'LIST', '*', []) : mailboxes;
      assignRoles([...all.values()]);
      return [...all.values()].sort(inboxFirst);
    },
  };
}

async function listOnce(
  imap: ImapConnection,
  command: 'LIST' | 'LSUB',
  pattern: string,
  options: readonly Token[],
): Promise<Map<string, Listed>> {
  const mailboxes = new Map<string, Listed>();
  const { tokens, untagged } = listRequest(imap, { command, pattern, options, mailboxes });
  await imap.run(command, tokens, { untagged });
  return mailboxes;
}

interface ListArguments {
  command: 'LIST' | 'LSUB';
  pattern: string;
  options: readonly Token[];
  /** Receives what is listed. */
  mailboxes: Map<string, Listed>;
}

function listRequest(imap: ImapConnection, { command, pattern, options, mailboxes }: ListArguments): ListRequest {
  const attributeSets = new Map<string, ReadonlySet<string>>();
  const encoded = string(pattern === '*' ? '*' : imap.encodedName(pattern));
  return {
    tokens: [string(''), encoded, ...(options.length > 0 ? [atom('RETURN'), options] : [])],
    untagged: {
      [command]: ({ items: [attributes, delimiter, name] }) => {
        const set = sharedSet(listOf(attributes), attributeSets);
        const mailbox = toMailbox(set, textOf(delimiter), textOf(name) ?? '');
        if (mailbox.path === '') return;
        mailboxes.set(mailbox.path, mailbox);
        imap.rememberEncodedName(mailbox.path, textOf(name) ?? '');
      },
      STATUS: (response) => readStatus(response, mailboxes),
    },
  };
}

/** A set for each mailbox would take most of the memory of a long list. */
function sharedSet(attributes: readonly Item[], sets: Map<string, ReadonlySet<string>>): ReadonlySet<string> {
  const names = attributes.map((attribute) => (textOf(attribute) ?? '').toLowerCase());
  const key = names.join(' ');
  const set = sets.get(key) ?? new Set(names);
  sets.set(key, set);
  return set;
}

function toMailbox(attributes: ReadonlySet<string>, delimiter: string | null, encodedName: string): Listed {
  const path = withInbox(decodeMailboxName(encodedName));
  const separator = delimiter === '' ? null : delimiter;
  return {
    path,
    delimiter: separator,
    role: null,
    subscribed: attributes.has('\\subscribed'),
    selectable: !attributes.has('\\noselect') && !attributes.has('\\nonexistent'),
    isOutbox: isOutboxLike({ path, delimiter: separator, attributes }),
    messages: null,
    unseen: null,
    uidNext: null,
    attributes,
  };
}

/** Subscriptions by LSUB (RFC 3501 §6.3.9). Where the server refuses it, no mailbox is marked as subscribed. */
async function markSubscribed(imap: ImapConnection, mailboxes: Map<string, Listed>): Promise<void> {
  const subscribed = await listOnce(imap, 'LSUB', '*', []).catch((error: unknown) => {
    if (error instanceof UpstreamError && error.fault === 'refused') return new Map<string, Listed>();
    throw error;
  });
  for (const path of subscribed.keys()) {
    const mailbox = mailboxes.get(path);
    if (mailbox !== undefined) mailbox.subscribed = true;
  }
}

async function countEach(imap: ImapConnection, mailboxes: Listed[]): Promise<void> {
  const byPath = new Map(mailboxes.map((mailbox) => [mailbox.path, mailbox]));
  for (const { path } of mailboxes.filter(({ selectable }) => selectable).slice(0, MAX_STATUS_COMMANDS)) {
    const name = string(imap.encodedName(path));
    await imap
      .run('STATUS', [name, [atom('MESSAGES'), atom('UNSEEN')]], {
        untagged: { STATUS: (response) => readStatus(response, byPath) },
      })
      .catch((error: unknown) => {
        // A mailbox that this account may not read does not prevent the counts of the others.
        if (!(error instanceof UpstreamError) || error.fault !== 'refused') throw error;
      });
  }
}

function readStatus({ items: [name, values] }: UntaggedResponse, mailboxes: Map<string, Listed>): void {
  const path = decodeMailboxName(textOf(name) ?? '');
  const mailbox = mailboxes.get(withInbox(path));
  if (mailbox === undefined) return;
  const pairs = listOf(values);
  for (let i = 0; i + 1 < pairs.length; i += 2) {
    const key = textOf(pairs[i])?.toUpperCase();
    if (key === 'MESSAGES') mailbox.messages = numberOf(pairs[i + 1]);
    if (key === 'UNSEEN') mailbox.unseen = numberOf(pairs[i + 1]);
    if (key === 'UIDNEXT') mailbox.uidNext = numberOf(pairs[i + 1]);
  }
}

function inboxFirst(a: Mailbox, b: Mailbox): number {
  if (a.path === 'INBOX' || b.path === 'INBOX') return a.path === 'INBOX' ? -1 : 1;
  if ((a.role === null) !== (b.role === null)) return a.role === null ? 1 : -1;
  return a.path < b.path ? -1 : 1;
}
