/** Makes the destination of a move where it does not exist yet. */
import { createMailbox, levelsOf } from '../../../mail/mailbox/create-mailbox.ts';
import { listMailboxes } from '../../../mail/mailbox/list-mailboxes.ts';
import { isOutboxName } from '../../../mail/mailbox/outbox.ts';
import { meantMailbox } from '../../../mail/mailbox-name.ts';
import { missingMessage } from '../../../mail/messages/change.ts';
import type { NamedSet } from '../../../mail/sets/open-set.ts';
import { readSet } from '../../../mail/sets/read-set.ts';
import type { Rights } from '../../tool.ts';
import { requireRightsOf } from '../destination.ts';
import type { MailSession } from '../mail-session.ts';

/** Folders that have to be made, the destination last; empty if it exists. */
export type NewFolders = string[];

/**
 * Finds out what is missing, and whether this connection may make it.
 *
 * @throws {ToolError} if no folder should have the name, or the connection may not make it
 */
export async function missingFolders(path: string, session: MailSession, rights: Rights): Promise<NewFolders> {
  const all = await session.wholeMailbox.readImap((imap) => listMailboxes(imap, { counts: false }));
  const listed = all.map((mailbox) => mailbox.path);
  if (meantMailbox(path, listed) !== undefined) return [];
  const delimiter = all.find((mailbox) => mailbox.delimiter !== null)?.delimiter ?? null;
  const levels = levelsOf(path, delimiter);
  requireRightsOf({ path, isOutbox: levels.some((level) => isOutboxName(level, delimiter)) }, all, rights);
  const missing = levels.filter((level) => !listed.includes(level));
  return missing.length === 0 ? [path] : missing;
}

/**
 * @param set messages that are to be moved there: without any of them no folder is made
 * @throws {ToolError} if none of the messages exists, or the policy does not allow one of the folders
 */
export async function makeFolders(missing: NewFolders, set: NamedSet, session: MailSession): Promise<void> {
  if (missing.length === 0) return;
  const { items } = await session.readImap((imap) => readSet(imap, set, []), set.mailbox);
  if (items.size === 0) throw missingMessage(set.mailbox, set.uids);
  await session.changeImap((imap) => createMailbox(imap, missing));
}

/** What the answer says about new folders. @param note what else undo does not restore */
export function createdFields(
  created: NewFolders,
  note: string | undefined,
): { created?: string[]; undo_note?: string } {
  if (created.length === 0) return {};
  const stays = `The new ${created.length === 1 ? 'folder stays' : 'folders stay'}.`;
  return { created, undo_note: note === undefined ? stays : `${note} ${stays}` };
}
