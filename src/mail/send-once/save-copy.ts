/** Saves one copy of a sent message in Sent, unless the provider saves it. */
import { ToolError } from '../../errors.ts';
import type { MailAccount } from '../account.ts';
import type { ImapConnection } from '../imap/imap-connection.ts';
import { findMailboxByRole } from '../mailbox/find-by-role.ts';
import { appendMessage } from '../messages/change.ts';
import type { ComposedMessage } from '../send/compose.ts';
import { messageIdFields, type SentCopySaver, sentCopySaver } from '../send/sent-copy-saver.ts';
import type { Submission } from '../send/smtp.ts';
import { findInSent, type SavedCopy } from './draft-claim.ts';
import type { KeyedMessageId } from './keyed-message-id.ts';
import type { SendSession } from './send-session.ts';

/** Determines where the copy of a sent message is saved, and by which side. */
export interface CopyPlan {
  savedBy: SentCopySaver;
  /** Null only if the provider saves the copy and no mailbox has the role Sent. */
  mailbox: string | null;
  /** True: the caller has named the mailbox, and the copy there is made beside that of the provider. */
  isChosen?: true;
}

/** @throws {ToolError} if no mailbox has the role Sent and the provider does not save the copy */
export async function planCopy(
  imap: ImapConnection,
  account: Pick<MailAccount, 'smtp' | 'sentCopy'>,
): Promise<CopyPlan> {
  const savedBy = sentCopySaver(account, imap);
  const mailbox = findMailboxByRole(imap, 'sent');
  return { savedBy, mailbox: await (savedBy === 'provider' ? mailbox.catch(nullIfMissing) : mailbox) };
}

/** The plan after the submission: Graph saves the copy itself, whatever the SMTP server would do. */
export const planAfter = (plan: CopyPlan, { acceptedBy }: Submission): CopyPlan =>
  acceptedBy === 'graph' && plan.isChosen !== true ? { ...plan, savedBy: 'provider' } : plan;

/** @returns the copy, without a UID if the provider saves it; null if it could not be saved */
export async function saveCopy(
  { rawWithBcc }: ComposedMessage,
  id: KeyedMessageId,
  { savedBy, mailbox }: CopyPlan,
  { account, now, wholeMailbox: { finishImap } }: SendSession,
): Promise<SavedCopy | null> {
  if (savedBy === 'provider' || mailbox === null) return { uid: null, uidValidity: null };
  const save = async (imap: ImapConnection) => {
    if (savedBy === 'unknown') {
      const sent = await findInSent(imap, mailbox, { id, fields: messageIdFields(account), now: now() });
      if (sent.kind === 'sent') return sent.copy;
    }
    return appendMessage(imap, mailbox, rawWithBcc, ['\\Seen']);
  };
  return finishImap(save).catch(() => null);
}

export function nullIfMissing(error: unknown): null {
  if (error instanceof ToolError) return null;
  throw error;
}
