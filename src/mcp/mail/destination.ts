import { withInbox } from '../../mail/imap/mailbox-name.ts';
import { listMailboxes, type Mailbox, unknownMailbox } from '../../mail/mailbox/list-mailboxes.ts';
import { includesFolder } from '../permit/folders.ts';
import { notAllowed } from '../permit/limited-imap.ts';
import type { Rights, Use } from '../tool.ts';
import type { MailSession } from './mail-session.ts';

/** Where a call puts a message can be more than its tool stands for: what lies in the trash is deleted sooner or later. */

const AS_MOVED: Use = { tool: 'move_mail_message' };
const AS_DELETED: Use = { tool: 'delete_mail_message' };

/**
 * For a mailbox that the caller has named. The mailboxes are only looked up when something is missing from the rights.
 *
 * @param usual the tool may put messages there, and needs the right to move for every other mailbox. Left out: it moves
 * @throws as Rights.require()
 */
export async function requireDestination(
  named: string,
  { filing, permit }: MailSession,
  rights: Rights,
  usual?: 'sent' | 'drafts',
): Promise<void> {
  const mayMove = usual === undefined || rights.allows(AS_MOVED);
  if (mayMove && rights.allows(AS_DELETED)) return;
  const mailboxes = await filing.readImap((imap) => listMailboxes(imap, { counts: false }));
  const destination = mailboxes.find(({ path }) => path === withInbox(named));
  const { folders } = permit.policy;
  // Before anything is told about it, even that it does not exist.
  if (folders && !includesFolder(folders, withInbox(named), mailboxes[0]?.delimiter ?? null)) throw notAllowed(named);
  // Some servers know mailboxes by more names than they list, which nothing could be told about.
  if (destination === undefined) throw unknownMailbox(named);
  const isTrash = mailboxes.some((mailbox) => mailbox.role === 'trash' && isIn(mailbox, destination));
  const isUsual = usual === undefined || destination === mailboxes.find(({ role }) => role === usual);
  rights.require([...(isUsual ? [] : [AS_MOVED]), ...(isTrash ? [AS_DELETED] : [])]);
}

/** True for the mailbox itself and all below it; in any case, as some servers do not tell cases apart. */
function isIn({ path: above, delimiter }: Mailbox, { path }: Mailbox): boolean {
  const [outer, inner] = [above, path].map((name) => name.normalize('NFC').toLowerCase());
  if (outer === undefined || inner === undefined) return false;
  return inner === outer || (delimiter !== null && inner.startsWith(outer + delimiter));
}
