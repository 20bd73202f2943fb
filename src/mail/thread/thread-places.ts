/** Chooses the mailboxes in which a conversation is looked for. */
import type { createListing } from '../mailbox/list-mailboxes.ts';
import type { FoundMessage } from './found-message.ts';

export type ListedMailbox = Awaited<ReturnType<ReturnType<typeof createListing>['read']>>[number];

const MAX_MAILBOXES = 200;
const LEFT_OUT: ReadonlySet<string | null> = new Set(['trash', 'junk', 'all', 'flagged']);

/** @returns the mailbox of the message first; Trash and Junk only if the message is there */
export function placesOf(seed: FoundMessage, mailboxes: readonly ListedMailbox[], isGmail: boolean): ListedMailbox[] {
  const selectable = mailboxes.filter((mailbox) => mailbox.selectable);
  const all = selectable.find(({ role }) => role === 'all');
  const own = selectable.filter(({ path }) => path === seed.mailbox);
  if (isGmail && all !== undefined) {
    const isInAll = !own.some(({ role }) => role === 'trash' || role === 'junk');
    return isInAll ? [all] : [...own, all];
  }
  const others = selectable.filter(({ path, role }) => path !== seed.mailbox && !LEFT_OUT.has(role));
  return [...own, ...others.sort((a, b) => (b.uidNext ?? 0) - (a.uidNext ?? 0))].slice(0, MAX_MAILBOXES);
}
