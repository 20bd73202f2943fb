/** Deletes the messages that a call names by `uids`: into the trash, or for good. */
import { ToolError } from '../../../errors.ts';
import { findMailboxByRole } from '../../../mail/mailbox/find-by-role.ts';
import { moveSet } from '../../../mail/sets/move-set.ts';
import { removeSet } from '../../../mail/sets/remove-set.ts';
import type { Rights } from '../../tool.ts';
import type { MailSession } from '../mail-session.ts';
import { isHeld, MAX_UNASKED } from './brakes.ts';
import { type Chosen, chooseMessages } from './choice.ts';
import { countOf, describeMoved } from './move-messages.ts';
import { NOT_REMOVED } from './move-results.ts';
import { planOf } from './plan.ts';
import { uidSetText } from './uid-set.ts';
import { noUndo } from './undo.ts';

export interface DeleteRequest {
  folder: string;
  uids?: string | undefined;
  uid_validity?: string | undefined;
  permanent: boolean;
  dry_run?: boolean | undefined;
}

/** @throws {ToolError} if the call cannot be carried out; nothing was deleted then */
export async function deleteMessagesOf(request: DeleteRequest, session: MailSession, rights: Rights) {
  const { permanent, dry_run: dryRun } = request;
  const chosen = await chooseMessages(request, session);
  if (permanent && chosen.uids.length > MAX_UNASKED) throw new ToolError(TOO_MANY);
  if (isHeld({ dryRun, count: chosen.uids.length, isByQuery: false, isDiscarding: true })) {
    if (!permanent) await requireOutsideTrash(chosen.mailbox, session);
    const args = permanent ? { permanent } : {};
    const planned = { tool: 'delete_mail_message', args, chosen, isAsked: dryRun === true };
    const { count, fields } = await planOf(planned, session, rights);
    return { would_delete: count, ...fields };
  }
  return permanent ? deleteForGood(chosen, session) : deleteToTrash(chosen, session, rights);
}

const TOO_MANY =
  'Nothing was done: with permanent: true a call deletes at most 100 messages. Without it they go to the trash, up to 1,000 at once.';

/** Into the trash, even if the policy does not allow the connection to use that mailbox otherwise. */
async function deleteToTrash(chosen: Chosen, session: MailSession, rights: Rights) {
  const { changeImap, withinPolicy } = session.wholeMailbox;
  const move = () =>
    moveSet({ ...chosen, destination: '' }, { changeImap, readImap: session.readImap }, async (whole) => {
      const trash = await findMailboxByRole(whole, 'trash');
      if (trash === chosen.mailbox) throw new ToolError(IN_TRASH);
      return { imap: withinPolicy(whole, trash), destination: trash };
    });
  const moved = await session.countedChange(chosen.uids.length, move, countOf);
  const { moved: count, destination: trash, ...described } = await describeMoved(moved, chosen, session, rights);
  return { deleted: count, outcome: 'moved_to_trash' as const, trash, ...described };
}

/** What the call could not do is said before it is made. */
async function requireOutsideTrash(mailbox: string, { wholeMailbox }: MailSession): Promise<void> {
  const trash = await wholeMailbox.readImap((imap) => findMailboxByRole(imap, 'trash'), mailbox);
  if (trash === mailbox) throw new ToolError(IN_TRASH);
}

const IN_TRASH =
  'Nothing was done: the messages are in the trash already. permanent: true deletes them for good, and they cannot be brought back.';

async function deleteForGood(chosen: Chosen, session: MailSession) {
  const { uids, expunged, missing, unknown, uidValidity } = await session.countedChange(
    chosen.uids.length,
    () => removeSet(chosen, session),
    (removed) => removed.uids.length + removed.unknown.length,
  );
  return {
    ...{ deleted: uids.length, outcome: expunged ? ('expunged' as const) : ('marked_deleted' as const) },
    uid_validity: uidValidity,
    ...(missing.length > 0 && { not_found: uidSetText(missing) }),
    ...(unknown.length > 0 && { unknown: uidSetText(unknown) }),
    ...noUndo(expunged ? FOR_GOOD : MARKED),
    ...(!expunged && { warning: NOT_REMOVED }),
    ...(unknown.length > 0 && { warning: UNKNOWN }),
  };
}

const FOR_GOOD = 'Messages that are deleted for good cannot be brought back.';
const MARKED = 'Until the folder is expunged, update_mail_message_flags can remove the flag \\Deleted.';
const UNKNOWN =
  'The connection was lost: the messages in `unknown` may be gone or not. Look into the folder before trying again.';
