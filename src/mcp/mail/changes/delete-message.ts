/** Deletes a message, or moves it to the trash, and describes the outcome to the model. */
import { findMailboxByRole } from '../../../mail/mailbox/find-by-role.ts';
import { openMailbox } from '../../../mail/mailbox/open-mailbox.ts';
import { deleteMessages, moveMessages } from '../../../mail/messages/change.ts';
import type { Rights } from '../../tool.ts';
import type { MailSession } from '../mail-session.ts';
import { undoOfOne } from './move-message.ts';
import { NOT_REMOVED, toMoveResult } from './move-results.ts';

interface NamedMessage {
  mailbox: string;
  uid: number;
  /** The UIDVALIDITY that openMailbox() requires. */
  uidValidity: string | undefined;
}

export function deletePermanently(message: NamedMessage, { changeImap, countedChange }: MailSession) {
  const { mailbox, uid, uidValidity } = message;
  const remove = () =>
    changeImap(async (imap) => {
      if (uidValidity !== undefined) await openMailbox(imap, mailbox, { toChange: true, uidValidity });
      const { expunged, uidValidity: validity } = await deleteMessages(imap, mailbox, [uid]);
      const deleted = { uid, uid_validity: validity };
      if (expunged) return { ...deleted, outcome: 'expunged' as const };
      return { ...deleted, outcome: 'marked_deleted' as const, warning: NOT_REMOVED };
    }, mailbox);
  return countedChange(1, remove);
}

/** Moves the message to the trash, even if the policy does not allow the connection to use that mailbox otherwise. */
export async function moveToTrash(message: NamedMessage, session: MailSession, rights: Rights) {
  const { mailbox, uid, uidValidity } = message;
  const { changeImap, withinPolicy } = session.wholeMailbox;
  const move = () =>
    changeImap(async (wholeImap) => {
      const imap = withinPolicy(wholeImap);
      if (uidValidity !== undefined) await openMailbox(imap, mailbox, { toChange: true, uidValidity });
      const trash = await findMailboxByRole(wholeImap, 'trash');
      await openMailbox(imap, mailbox, { toChange: true });
      const [moved] = await moveMessages(withinPolicy(wholeImap, trash), mailbox, [uid], trash);
      return { trash, result: toMoveResult(moved) };
    }, mailbox);
  const { trash, result } = await session.countedChange(1, move);
  const undo = await undoOfOne({ from: mailbox, to: trash, result }, session, rights);
  return { uid, outcome: 'moved_to_trash' as const, trash, ...result, ...undo };
}
