import { ToolError, UpstreamError } from '../../errors.ts';
import type { Asked, Imap, Question, SelectedMailbox } from '../imap/connection.ts';
import { canonicalMailboxName, decodeMailboxName, quoteName, withInbox } from '../imap/mailbox-name.ts';
import { atom, type Item, type Line, listOf, numberOf, string, type Token, textOf } from '../imap/tokens.ts';
import { guessSpecialUse } from '../imap/wire.ts';

/** The mailboxes of an account: their names, what each is for, and opening one. */

/** Special use of a mailbox (RFC 6154 §2), and `inbox`. */
export type Role = 'inbox' | 'sent' | 'drafts' | 'trash' | 'archive' | 'junk' | 'all' | 'flagged';

export interface Mailbox {
  /** Unicode. */
  path: string;
  /** Separates the levels of a path; null if there are none. */
  delimiter: string | null;
  role: Role | null;
  subscribed: boolean;
  /** False: it has no messages and cannot be opened. */
  selectable: boolean;
  /** Null unless asked for, and where the server does not tell. */
  messages: number | null;
  /** Messages without \Seen. */
  unseen: number | null;
}

interface Listed extends Mailbox {
  attributes: Set<string>;
}

const ROLES: ReadonlyMap<string, Role> = new Map([
  ['\\sent', 'sent'],
  ['\\drafts', 'drafts'],
  ['\\trash', 'trash'],
  ['\\archive', 'archive'],
  ['\\junk', 'junk'],
  ['\\all', 'all'],
  ['\\flagged', 'flagged'],
]);

/** Names in use that imapflow's tables lack; lower case. */
const MORE_NAMES: Readonly<Record<string, string>> = {
  nosūtītie: '\\sent',
  sūtītās: '\\sent',
  dzēstie: '\\trash',
  izdzēstie: '\\trash',
  miskaste: '\\trash',
  surogātpasts: '\\junk',
};

/** Without LIST-STATUS each count costs a command; from here on counts are null. */
const MOST_STATUS_COMMANDS = 200;

/**
 * Lists all mailboxes that the account can see, INBOX first, then by path.
 *
 * @throws {UpstreamError} if the server refuses or the connection drops
 */
export async function listMailboxes(imap: Imap, { counts }: { counts: boolean }): Promise<Mailbox[]> {
  const listed = await list(imap, '*', { counts });
  assignRoles(listed);
  if (counts && listed.every(({ messages }) => messages === null)) await countEach(imap, listed);
  return listed.map(({ attributes: _, ...mailbox }) => mailbox).sort(inboxFirst);
}

/**
 * The mailbox with a role: as the server marks it (RFC 6154), otherwise by its name in many languages.
 *
 * @throws {ToolError} if there is none
 */
export async function findMailbox(imap: Imap, role: 'sent' | 'drafts' | 'trash'): Promise<string> {
  const known = roles.get(imap);
  const isKnown = known !== undefined && performance.now() - known.listedAt < ROLES_LAST_MS;
  const found = isKnown ? known.paths.get(role) : await listRole(imap, role);
  if (found !== undefined) return found;
  throw new ToolError(`No mailbox is marked or named as ${role}. Call list_mailboxes and name the one to use.`);
}

/** What mailboxes were for when they were listed last on a connection: a person may name another one at any time. */
const roles = new WeakMap<Imap, { listedAt: number; paths: Map<Role | null, string> }>();
const ROLES_LAST_MS = 5 * 60_000;

async function listRole(imap: Imap, role: Role): Promise<string | undefined> {
  const mailboxes = await listMailboxes(imap, { counts: false });
  // The first with a role counts, so it is the last to be set.
  const paths = new Map(mailboxes.reverse().map(({ role, path }) => [role, path]));
  // What is not there yet may be made at any time, so nobody is told so twice without asking.
  if (paths.has(role)) roles.set(imap, { listedAt: performance.now(), paths });
  return paths.get(role);
}

/**
 * The path of a mailbox that can hold messages, in the server's spelling.
 *
 * @throws {ToolError} if there is none
 */
export async function requireMailbox(imap: Imap, name: string): Promise<string> {
  const path = canonicalMailboxName(name);
  const found = await lookUp(imap, path);
  if (found === undefined) throw unknownMailbox(path);
  if (!found.selectable) throw noMessagesIn(path);
  return found.path;
}

export interface OpenOptions {
  toChange?: boolean;
  fresh?: boolean;
  uidValidity?: string | undefined;
}

/**
 * Opens a mailbox for reading (EXAMINE) or changing (SELECT).
 *
 * @param fresh true if new messages must be seen too, not just known UIDs
 * @param uidValidity decimal; what UIDs that the caller has were read under. It cannot change while the mailbox stays open
 * @throws {ToolError} if there is no such mailbox, it cannot be changed, or its UIDVALIDITY is another one by now
 */
export async function openMailbox(
  imap: Imap,
  name: string,
  { toChange = false, fresh = false, uidValidity }: OpenOptions = {},
): Promise<SelectedMailbox> {
  const selected = await byItsName(imap, name, () => imap.select(name, { readOnly: !toChange, fresh }));
  if (toChange && selected.isReadOnly) {
    throw new ToolError(`The mailbox ${quoteName(name)} can be read but not changed.`);
  }
  if (uidValidity !== undefined && uidValidity !== selected.uidValidity) throw staleUids(selected);
  return selected;
}

/**
 * Opens a mailbox for reading and asks something about it in the same round trip.
 *
 * @param name,options as openMailbox()
 * @returns as Imap.ask()
 * @throws {ToolError} as openMailbox()
 */
export async function askMailbox<T>(
  imap: Imap,
  name: string,
  { fresh = false, uidValidity }: Omit<OpenOptions, 'toChange'>,
  make: (exists: number | null) => Question<T> | null,
): Promise<Asked<T>> {
  const asked = await byItsName(imap, name, () => imap.ask(name, { readOnly: true, fresh }, make));
  const { selected } = asked;
  if (uidValidity !== undefined && uidValidity !== selected.uidValidity) throw staleUids(selected);
  return asked;
}

/** Numbered anew by the server (RFC 9051 §2.3.1.1): the same UID may be another message now. */
function staleUids({ path, uidValidity }: SelectedMailbox): ToolError {
  return new ToolError(
    `Nothing was done: the UIDs of ${quoteName(path)} are not valid any more, its uid_validity is ${uidValidity} now. Find the message again with search_mail_messages, by \`HEADER Message-ID "<its message_id>"\` or by SUBJECT, and use the new UID.`,
  );
}

/** Some servers do not write `&` and letters outside ASCII as they should: if that may be why, the name is looked up and tried once more. */
async function byItsName<T>(imap: Imap, name: string, use: () => Promise<T>): Promise<T> {
  return use().catch(async (error: unknown) => {
    const path = canonicalMailboxName(name);
    const tried = imap.wireName(path);
    if (!(error instanceof UpstreamError) || error.fault !== 'refused' || !tried.includes('&') || !imap.isUsable) {
      return explainMissing(imap, name, error);
    }
    await lookUp(imap, path);
    if (imap.wireName(path) === tried) return explainMissing(imap, name, error);
    return use().catch((again: unknown) => explainMissing(imap, name, again));
  });
}

/**
 * Turns a refusal into an error that names the mailbox, if the mailbox is the reason. Codes tell (RFC 5530 §3); where there is none,
 * the server is asked whether the mailbox exists.
 */
export async function explainMissing(imap: Imap, name: string, error: unknown): Promise<never> {
  if (!(error instanceof UpstreamError) || error.fault !== 'refused') throw error;
  roles.delete(imap);
  const path = canonicalMailboxName(name);
  if (error.code === 'NONEXISTENT' || error.code === 'TRYCREATE') throw unknownMailbox(path, error);
  // `NO` and `BAD` stand for a refusal without a code; CANNOT is what a name that no mailbox can have gets.
  if (!imap.isUsable || !['NO', 'BAD', 'CANNOT', 'SERVERBUG'].includes(error.code ?? 'NO')) throw error;
  const found = await lookUp(imap, path);
  if (found === undefined) throw unknownMailbox(path, error);
  if (!found.selectable) throw noMessagesIn(path, error);
  throw error;
}

export function unknownMailbox(name: string, cause?: unknown): ToolError {
  return new ToolError(`There is no mailbox ${quoteName(name)}. Call list_mailboxes for the names.`, { cause });
}

function noMessagesIn(name: string, cause?: unknown): ToolError {
  const sentence = `The mailbox ${quoteName(name)} holds other mailboxes but no messages. Call list_mailboxes for the names.`;
  return new ToolError(sentence, { cause });
}

/** LIST of one name; `%` and `*` in it would be wildcards, so the answers are compared. */
async function lookUp(imap: Imap, path: string): Promise<Mailbox | undefined> {
  const find = async (pattern: string) =>
    (await list(imap, pattern, { counts: false, plain: true })).find((mailbox) => mailbox.path === path);
  return (await find(path)) ?? (imap.wireName(path).includes('&') ? find('*') : undefined);
}

async function list(
  imap: Imap,
  pattern: string,
  { counts, plain }: { counts: boolean; plain?: true },
): Promise<Listed[]> {
  const isExtended = imap.has('LIST-EXTENDED') && plain !== true;
  const mailboxes = await listOnce(imap, 'LIST', pattern, isExtended ? returnOptions(imap, counts) : []).catch(
    (error: unknown) => {
      // Some servers offer what they then call a syntax error: ask without.
      if (!isExtended || !(error instanceof UpstreamError) || error.code !== 'BAD') throw error;
      return listOnce(imap, 'LIST', pattern, []);
    },
  );
  if (!isExtended && plain !== true) await markSubscribed(imap, mailboxes);
  return [...mailboxes.values()];
}

function returnOptions(imap: Imap, counts: boolean): Token[] {
  return [
    atom('SUBSCRIBED'),
    ...(imap.has('SPECIAL-USE') ? [atom('SPECIAL-USE')] : []),
    ...(counts && imap.has('LIST-STATUS') ? [atom('STATUS'), [atom('MESSAGES'), atom('UNSEEN')]] : []),
  ];
}

async function listOnce(
  imap: Imap,
  command: 'LIST' | 'LSUB',
  pattern: string,
  options: readonly Token[],
): Promise<Map<string, Listed>> {
  const mailboxes = new Map<string, Listed>();
  const encoded = string(pattern === '*' ? '*' : imap.wireName(pattern));
  await imap.run(command, [string(''), encoded, ...(options.length > 0 ? [atom('RETURN'), options] : [])], {
    untagged: {
      [command]: ({ items: [attributes, delimiter, name] }) => {
        const mailbox = toMailbox(listOf(attributes), textOf(delimiter), textOf(name) ?? '');
        if (mailbox.path === '') return;
        mailboxes.set(mailbox.path, mailbox);
        imap.learnWireName(mailbox.path, textOf(name) ?? '');
      },
      STATUS: (line) => readStatus(line, mailboxes),
    },
  });
  return mailboxes;
}

function toMailbox(attributes: readonly Item[], delimiter: string | null, wireName: string): Listed {
  const set = new Set(attributes.map((attribute) => (textOf(attribute) ?? '').toLowerCase()));
  const name = decodeMailboxName(wireName);
  return {
    path: withInbox(name),
    delimiter: delimiter === '' ? null : delimiter,
    role: null,
    subscribed: set.has('\\subscribed'),
    selectable: !set.has('\\noselect') && !set.has('\\nonexistent'),
    messages: null,
    unseen: null,
    attributes: set,
  };
}

/** Subscriptions by LSUB (RFC 3501 §6.3.9), which some servers no longer have: then nothing is known to be subscribed. */
async function markSubscribed(imap: Imap, mailboxes: Map<string, Listed>): Promise<void> {
  const subscribed = await listOnce(imap, 'LSUB', '*', []).catch((error: unknown) => {
    if (error instanceof UpstreamError && error.fault === 'refused') return new Map<string, Listed>();
    throw error;
  });
  for (const path of subscribed.keys()) {
    const mailbox = mailboxes.get(path);
    if (mailbox !== undefined) mailbox.subscribed = true;
  }
}

async function countEach(imap: Imap, mailboxes: Listed[]): Promise<void> {
  const byPath = new Map(mailboxes.map((mailbox) => [mailbox.path, mailbox]));
  for (const { path } of mailboxes.filter(({ selectable }) => selectable).slice(0, MOST_STATUS_COMMANDS)) {
    const name = string(imap.wireName(path));
    await imap
      .run('STATUS', [name, [atom('MESSAGES'), atom('UNSEEN')]], {
        untagged: { STATUS: (line) => readStatus(line, byPath) },
      })
      .catch((error: unknown) => {
        // One mailbox that may not be looked at leaves the others countable.
        if (!(error instanceof UpstreamError) || error.fault !== 'refused') throw error;
      });
  }
}

function readStatus({ items: [name, values] }: Line, mailboxes: Map<string, Listed>): void {
  const path = decodeMailboxName(textOf(name) ?? '');
  const mailbox = mailboxes.get(withInbox(path));
  if (mailbox === undefined) return;
  const pairs = listOf(values);
  for (let i = 0; i + 1 < pairs.length; i += 2) {
    const key = textOf(pairs[i])?.toUpperCase();
    if (key === 'MESSAGES') mailbox.messages = numberOf(pairs[i + 1]);
    if (key === 'UNSEEN') mailbox.unseen = numberOf(pairs[i + 1]);
  }
}

/** A role goes to the mailboxes the server marks with it; by name only where it marks none, and then to one, nearest to the top. */
function assignRoles(mailboxes: Listed[]): void {
  for (const mailbox of mailboxes) {
    const marked = [...mailbox.attributes].find((attribute) => ROLES.has(attribute));
    mailbox.role = mailbox.path === 'INBOX' ? 'inbox' : (ROLES.get(marked ?? '') ?? null);
  }
  const depth = ({ path, delimiter }: Mailbox) => (delimiter === null ? 1 : path.split(delimiter).length);
  const unmarked = mailboxes.filter(({ role, selectable }) => role === null && selectable);
  for (const mailbox of unmarked.sort((a, b) => depth(a) - depth(b) || a.path.localeCompare(b.path))) {
    const name = mailbox.delimiter === null ? mailbox.path : (mailbox.path.split(mailbox.delimiter).at(-1) ?? '');
    const guess = ROLES.get(
      (guessSpecialUse(name) ?? MORE_NAMES[name.normalize('NFKC').toLowerCase()] ?? '').toLowerCase(),
    );
    if (guess === undefined || guess === 'all' || guess === 'flagged') continue;
    if (mailboxes.every(({ role }) => role !== guess)) mailbox.role = guess;
  }
}

function inboxFirst(a: Mailbox, b: Mailbox): number {
  if (a.path === 'INBOX') return -1;
  if (b.path === 'INBOX') return 1;
  return a.path < b.path ? -1 : 1;
}
