/** Saves a draft and describes it to the model. */
import { z } from 'zod';
import { appendMessage } from '../../mail/messages/change.ts';
import { saveDraftOnce } from '../../mail/send-once/save-draft-once.ts';
import { Name } from '../outgoing.ts';
import type { MailSession } from './mail-session.ts';
import { composeNewMessage, contentOf, type NewMessage } from './new-message.ts';
import { UidValidity } from './parameters.ts';

export const DraftResult = z.object({
  message_id: Name,
  folder: Name,
  uid: z.number().nullable().describe('UID of the draft, if the server reports it.'),
  uid_validity: UidValidity.nullable(),
  already_saved: z.boolean().optional().describe('True: an earlier call with this idempotency_key saved it.'),
});
export type DraftResult = z.output<typeof DraftResult>;

/** @param options `mailbox`: where the draft is saved. Without `idempotencyKey` a repeated call saves another draft */
export function saveDraft(
  fields: NewMessage,
  { mailbox, idempotencyKey }: { mailbox: string; idempotencyKey: string | undefined },
  session: MailSession,
): Promise<DraftResult> {
  return idempotencyKey === undefined
    ? saveWithoutKey(fields, mailbox, session)
    : saveWithKey(fields, { mailbox, idempotencyKey }, session);
}

async function saveWithoutKey(fields: NewMessage, mailbox: string, session: MailSession): Promise<DraftResult> {
  const message = await composeNewMessage(fields, session);
  const { uid, uidValidity } = await session.wholeMailbox.changeImap((imap) =>
    appendMessage(imap, mailbox, message.rawWithBcc, ['\\Draft', '\\Seen']),
  );
  return { message_id: message.messageId, folder: mailbox, uid, uid_validity: uidValidity };
}

async function saveWithKey(
  fields: NewMessage,
  { mailbox, idempotencyKey }: { mailbox: string; idempotencyKey: string },
  session: MailSession,
): Promise<DraftResult> {
  const id = await session.keyedMessageId({
    tool: 'create_draft_mail_message',
    idempotencyKey,
    content: contentOf(fields),
  });
  const { result, isRepeat } = await session.recentResults.once(id.place, id.localPart, async () => {
    const draft = { id, mailbox, compose: () => composeNewMessage(fields, session, id.messageId) };
    const { uid, uidValidity, isEarlier } = await saveDraftOnce(draft, session);
    return {
      message_id: id.messageId,
      folder: mailbox,
      uid,
      uid_validity: uidValidity,
      ...(isEarlier && { already_saved: true }),
    };
  });
  const saved = DraftResult.parse(result);
  return isRepeat ? { ...saved, already_saved: true } : saved;
}
