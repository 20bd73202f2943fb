/**
 * Checks that a call may store a message in the mailbox that it names. The trash needs the right to delete, because it is emptied sooner or later,
 * and an outbox the right to send, because some servers and programs send what is in it.
 */

import { discardMailboxes } from '../../mail/mailbox/find-by-role.ts';
import { listMailboxes, type Mailbox } from '../../mail/mailbox/list-mailboxes.ts';
import { unknownMailbox } from '../../mail/mailbox/open-mailbox.ts';
import { isOutboxName } from '../../mail/mailbox/outbox.ts';
import { meantMailbox, withInbox } from '../../mail/mailbox-name.ts';
import { meansFolder } from '../permit/folders.ts';
import { requireFolder } from '../permit/limited-connection.ts';
import type { Rights, Use } from '../tool.ts';
import type { MailSession } from './mail-session.ts';

const AS_MOVED: Use = { tool: 'move_mail_message' };
const AS_DELETED: Use = { tool: 'delete_mail_message' };
const AS_SENT: Use = { tool: 'send_mail_message' };

/**
 * Checks the destination. The mailboxes are listed only if the call lacks the right to move, to delete or to send.
 *
 * @param named mailbox that the caller has named
 * @param usual role of the mailbox that the tool itself stores messages in; any other needs the right to move. Absent for tools that move messages
 * @throws as Rights.require()
 */
export async function requireDestination(
  named: string,
  { wholeMailbox, permit }: MailSession,
  rights: Rights,
  usual?: 'sent' | 'drafts',
): Promise<void> {
  const mayMove = usual === undefined || rights.allows(AS_MOVED);
  if (mayMove && rights.allows(AS_DELETED) && rights.allows(AS_SENT)) return;
  const mailboxes = await wholeMailbox.readImap((imap) => listMailboxes(imap, { counts: false }));
  const listed = mailboxes.map(({ path }) => path);
  const { folders } = permit.policy;
  const all = { delimiter: mailboxes[0]?.delimiter ?? null, listed };
  const usable = folders === undefined ? listed : listed.filter((path) => meansFolder(folders, path, all));
  const meant = meantMailbox(withInbox(named), usable);
  // Checked before the next error, which discloses that the mailbox does not exist.
  if (folders && meant === undefined) requireFolder(folders, named, all);
  const destination = mailboxes.find(({ path }) => path === meant);
  // Some servers accept further names of a mailbox that they do not list. The role is unknown for such a name, so it is refused.
  if (destination === undefined) throw unknownMailbox(named);
  const isTrash = mailboxes.some((mailbox) => mailbox.role === 'trash' && isAtOrBelow(mailbox, destination));
  const isSent = mailboxes.some((mailbox) => mailbox.isOutbox && isAtOrBelow(mailbox, destination));
  const isUsual = usual === undefined || destination === mailboxes.find(({ role }) => role === usual);
  rights.require([...(isUsual ? [] : [AS_MOVED]), ...(isTrash ? [AS_DELETED] : []), ...(isSent ? [AS_SENT] : [])]);
}

/** @param folder that does not exist yet @throws as Rights.require() */
export function requireRightsOf(
  { path, isOutbox }: { path: string; isOutbox: boolean },
  all: readonly Mailbox[],
  rights: Rights,
): void {
  const isIn = (has: (mailbox: Mailbox) => boolean) => all.some((each) => has(each) && isAtOrBelow(each, { path }));
  const isTrash = isIn(({ role }) => role === 'trash');
  const isSent = isOutbox || isIn((mailbox) => mailbox.isOutbox);
  rights.require([...(isTrash ? [AS_DELETED] : []), ...(isSent ? [AS_SENT] : [])]);
}

/** Checks a label that a call adds or removes. On Gmail each label is a folder. @throws as requireDestination() */
export async function requireLabel(
  label: string,
  { wholeMailbox, permit }: MailSession,
  rights: Rights,
): Promise<void> {
  requireRightsOf({ path: label, isOutbox: isOutboxName(label, '/') }, [], rights);
  const { folders } = permit.policy;
  if (folders === undefined) return;
  const all = await wholeMailbox.readImap(async (imap) =>
    imap.has('X-GM-EXT-1') ? listMailboxes(imap, { counts: false }) : null,
  );
  if (all === null) return;
  requireFolder(folders, label, { delimiter: all[0]?.delimiter ?? null, listed: all.map(({ path }) => path) });
}

/** Whether a mailbox is the trash or junk, or below one of them. */
export async function isDiscardFolder(path: string, { wholeMailbox }: MailSession): Promise<boolean> {
  const discards = await wholeMailbox.readImap((imap) => discardMailboxes(imap), path);
  return discards.some((mailbox) => isAtOrBelow(mailbox, { path }));
}

/** The same for junk alone. */
export async function isJunkFolder(path: string, { wholeMailbox }: MailSession): Promise<boolean> {
  if (withInbox(path) === 'INBOX') return false;
  const discards = await wholeMailbox.readImap((imap) => discardMailboxes(imap), path);
  return discards.some((mailbox) => mailbox.role === 'junk' && isAtOrBelow(mailbox, { path }));
}

/** True if `path` is the mailbox itself or below it. Ignores case, as some servers do. */
function isAtOrBelow(
  { path: above, delimiter }: Pick<Mailbox, 'path' | 'delimiter'>,
  { path }: Pick<Mailbox, 'path'>,
): boolean {
  const [outer, inner] = [above, path].map((name) => name.normalize('NFC').toLowerCase());
  if (outer === undefined || inner === undefined) return false;
  return inner === outer || (delimiter !== null && inner.startsWith(outer + delimiter));
}
