/** Moves one message, and describes the outcome to the model. */
import { openMailbox } from '../../../mail/mailbox/open-mailbox.ts';
import { moveMessages } from '../../../mail/messages/change.ts';
import type { Rights } from '../../tool.ts';
import { requireDestination } from '../destination.ts';
import type { MailSession } from '../mail-session.ts';
import { resolveFolder } from '../resolve-folder.ts';
import { toMoveResult } from './move-results.ts';
import { createdFields, makeFolders, missingFolders } from './new-folder.ts';
import { undoOfMove } from './undo.ts';

export interface MoveOne {
  folder: string;
  uid: number;
  uid_validity?: string | undefined;
  destination: string;
  create: boolean;
}

/** @throws {ToolError} if a folder or the message does not exist; nothing was moved then */
export async function moveOne(request: MoveOne, session: MailSession, rights: Rights) {
  const { folder, uid, uid_validity: uidValidity } = request;
  const mailbox = await resolveFolder(folder, session);
  const destination = await resolveFolder(request.destination, session, 'destination');
  const missing = request.create ? await missingFolders(destination, session, rights) : [];
  if (missing.length === 0) await requireDestination(destination, session, rights);
  const move = () =>
    session.changeImap(async (imap) => {
      if (uidValidity !== undefined) await openMailbox(imap, mailbox, { toChange: true, uidValidity });
      const [moved] = await moveMessages(imap, mailbox, [uid], destination);
      return toMoveResult(moved);
    }, mailbox);
  const made = async () => {
    await makeFolders(missing, { mailbox, uids: [uid], uidValidity }, session);
    return move();
  };
  const result = await session.countedChange(1, made);
  const undo = await undoOfOne({ from: mailbox, to: destination, result }, session, rights);
  return { destination, ...result, ...undo, ...createdFields(missing, undo.undo_note) };
}

/** The calls that undo the move of one message. */
export function undoOfOne(
  { from, to, result }: { from: string; to: string; result: ReturnType<typeof toMoveResult> },
  session: MailSession,
  rights: Rights,
) {
  const { new_uid: uid, uid_validity: uidValidity, warning } = result;
  return undoOfMove({ from, to, uids: [uid], uidValidity, removed: warning === undefined }, session, rights);
}
