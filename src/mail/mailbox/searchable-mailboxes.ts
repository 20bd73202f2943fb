/** Chooses the mailboxes of a search: named ones, or all but Trash and Junk. */
import { ToolError } from '../../errors.ts';
import { withInbox } from '../mailbox-name.ts';
import type { Listed } from './list-mailboxes.ts';
import { unknownMailbox } from './open-mailbox.ts';
import type { Role } from './roles.ts';

/** The mailboxes that a caller wants, each by path or role. */
export interface MailboxChoice {
  /** Empty: all but Trash and Junk. */
  named: readonly string[];
  excluded: readonly string[];
  /** True: Trash and Junk too. */
  isAnywhere: boolean;
}

/** A mailbox to search. */
export interface SearchedMailbox {
  path: string;
  role: Role | null;
  /** Null where the server does not report it. */
  messages: number | null;
  /** Likewise. */
  uidNext: number | null;
}

export interface ChosenMailboxes {
  /** Those with the highest UIDNEXT first, where the server reports it. */
  mailboxes: SearchedMailbox[];
  /** In words: `all 7 folders but Trash and Junk`. */
  inWords: string;
}

/** Attributes of mailboxes that show messages of others (RFC 6154 §2, RFC 8457, and Gmail's). */
const VIRTUAL = ['\\all', '\\flagged', '\\starred', '\\important'];
const LEFT_OUT: ReadonlySet<Role | null> = new Set(['trash', 'junk']);

/**
 * @param listed all mailboxes, with their roles
 * @param options `hasAllMail`: the mailbox with the role `all` holds every message outside Trash and Junk, as Gmail's does
 * @throws {ToolError} if there is no mailbox of a name
 */
export function chooseMailboxes(
  listed: readonly Listed[],
  { named, excluded, isAnywhere }: MailboxChoice,
  { hasAllMail }: { hasAllMail: boolean },
): ChosenMailboxes {
  const selectable = listed.filter((mailbox) => mailbox.selectable);
  const out = excluded.map((name) => meantBy(name, selectable));
  if (named.length > 0) {
    const meant = new Set(named.map((name) => meantBy(name, selectable)));
    const mailboxes = [...meant].filter((mailbox) => !out.includes(mailbox));
    if (mailboxes.length === 0)
      throw new ToolError('The query leaves no folder to search: in: and -in: name the same.');
    return { mailboxes: newestFirst(mailboxes), inWords: mailboxes.map(({ path }) => path).join(', ') };
  }
  const all = selectable.find(({ role }) => role === 'all');
  const usual = [...LEFT_OUT].flatMap((role) => selectable.filter((mailbox) => mailbox.role === role));
  if (hasAllMail && all !== undefined && out.length === 0) {
    const mailboxes = isAnywhere ? [all, ...usual] : [all];
    const names = mailboxes.map(({ path }) => path).join(', ');
    return { mailboxes: newestFirst(mailboxes), inWords: `${names} (${allBut(isAnywhere ? [] : usual)})` };
  }
  const leftOut = isAnywhere ? out : [...usual, ...out];
  const real = selectable.filter((mailbox) => !isVirtual(mailbox));
  const mailboxes = real.filter((mailbox) => !leftOut.some((other) => isAtOrBelow(mailbox, other)));
  return { mailboxes: newestFirst(mailboxes), inWords: allBut(leftOut, mailboxes.length) };
}

function allBut(leftOut: readonly Listed[], count?: number): string {
  const all = count === undefined ? 'all folders' : `all ${count} ${count === 1 ? 'folder' : 'folders'}`;
  const names = [...new Set(leftOut.map(({ path }) => path))];
  const last = names.pop();
  if (last === undefined) return all;
  return `${all} but ${names.length === 0 ? last : `${names.join(', ')} and ${last}`}`;
}

/** A path of exactly this name takes precedence over a role, and a role over a path in other letters. */
function meantBy(name: string, listed: readonly Listed[]): Listed {
  const path = withInbox(name);
  const lower = path.toLowerCase();
  const meant =
    listed.find((mailbox) => mailbox.path === path) ??
    listed.find(({ role }) => role === lower) ??
    listed.find((mailbox) => mailbox.path.normalize('NFC').toLowerCase() === lower.normalize('NFC'));
  if (meant === undefined) throw unknownMailbox(name);
  return meant;
}

function isVirtual({ attributes, role }: Listed): boolean {
  return role === 'all' || role === 'flagged' || VIRTUAL.some((attribute) => attributes.has(attribute));
}

function isAtOrBelow({ path }: Listed, { path: above, delimiter }: Listed): boolean {
  // Everything below INBOX is not INBOX.
  return path === above || (delimiter !== null && above !== 'INBOX' && path.startsWith(above + delimiter));
}

function newestFirst(mailboxes: readonly Listed[]): SearchedMailbox[] {
  return [...mailboxes]
    .sort((a, b) => (b.uidNext ?? 0) - (a.uidNext ?? 0))
    .map(({ path, role, messages, uidNext }) => ({ path, role, messages, uidNext }));
}
