/** Adds and removes flags of one message, and describes the outcome to the model. */
import { openMailbox } from '../../../mail/mailbox/open-mailbox.ts';
import { changeFlags } from '../../../mail/messages/change.ts';
import { canonicalFlag } from '../../../mail/messages/flags.ts';
import type { MailSession } from '../mail-session.ts';
import { resolveFolder } from '../resolve-folder.ts';
import { noUndo, undoOfFlags } from './undo.ts';

export interface FlagOne {
  folder: string;
  uid: number;
  uid_validity?: string | undefined;
  add: string[];
  remove: string[];
}

/** @throws {ToolError} if the folder or the message does not exist, or a flag is not kept; nothing was changed then */
export async function flagOne(request: FlagOne, session: MailSession) {
  const { uid, uid_validity: expected, add, remove } = request;
  const mailbox = await resolveFolder(request.folder, session);
  const change = () =>
    session.changeImap(async (imap) => {
      if (expected !== undefined) await openMailbox(imap, mailbox, { toChange: true, uidValidity: expected });
      return changeFlags(imap, mailbox, uid, { add, remove });
    }, mailbox);
  const { flags, before, uidValidity } = await session.countedChange(1, change);
  const found = { uid, uid_validity: uidValidity, flags };
  if (before === null) return { ...found, ...noUndo(NOT_REPORTED) };
  const changes = [
    ...difference(flags, before, add).map((flag) => ({ flag, isAdded: true, uids: [uid] })),
    ...difference(before, flags, remove).map((flag) => ({ flag, isAdded: false, uids: [uid] })),
  ];
  return { ...found, ...undoOfFlags(mailbox, { changes, uidValidity, unknown: [] }) };
}

const NOT_REPORTED = 'The mail server did not report which flags the message had before.';

/** Of the flags that were named. Another program may change others at the same time. */
function difference(flags: readonly string[], others: readonly string[], named: readonly string[]): string[] {
  const meant = new Set(named.map((flag) => canonicalFlag(flag).toLowerCase()));
  return flags.filter((flag) => meant.has(flag.toLowerCase()) && !others.includes(flag));
}
