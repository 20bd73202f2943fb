/** Marks the original after its answer was sent, which is part of sending. */
import { ToolError } from '../../../errors.ts';
import { openMailbox } from '../../../mail/mailbox/open-mailbox.ts';
import { updateFlags } from '../../../mail/messages/change.ts';
import type { MailSession } from '../mail-session.ts';
import type { NewMessage } from '../new-message.ts';
import { resolveFolder } from '../resolve-folder.ts';
import type { Original } from './read-original.ts';

/**
 * Sets \Answered, or $Forwarded (RFC 5788). The limits of the connection hold for its mailbox.
 *
 * @param original absent if an earlier call with the same idempotency key sent the message
 * @returns a warning if that failed: the message was sent all the same
 */
export async function markOriginal(
  { as, of }: NewMessage,
  original: Original | undefined,
  session: MailSession,
): Promise<string[]> {
  if (as === undefined || of === undefined) return [];
  const flag = as === 'forward' ? '$Forwarded' : '\\Answered';
  const mark = async () => {
    const mailbox = original?.message.mailbox ?? (await resolveFolder(of.folder, session));
    const uidValidity = original?.message.uidValidity ?? of.uidValidity;
    if (!original?.message.flags.includes(flag)) await setFlag({ mailbox, uid: of.uid, uidValidity }, flag, session);
  };
  return mark().then(() => [], explainNotMarked);
}

export interface MarkedMessage {
  mailbox: string;
  uid: number;
  uidValidity?: string | undefined;
}

/** Also runs after the client has closed its request. The limits of the connection hold. */
export async function setFlag(
  { mailbox, uid, uidValidity }: MarkedMessage,
  flag: '$Forwarded' | '\\Answered',
  { wholeMailbox: { finishImap, withinPolicy } }: MailSession,
): Promise<void> {
  await finishImap(async (connection) => {
    const imap = withinPolicy(connection);
    await openMailbox(imap, mailbox, { toChange: true, uidValidity });
    await updateFlags(imap, mailbox, uid, { add: [flag], remove: [] });
  });
}

/** The warning for a mark that was not set. */
export function explainNotMarked(error: unknown): string[] {
  return [error instanceof ToolError ? NOT_KEPT : NOT_MARKED];
}

const NOT_KEPT =
  'The message was sent. The original is not marked: its folder does not take the mark, or it was moved.';
const NOT_MARKED = 'The message was sent. It is not certain that the original is marked.';
