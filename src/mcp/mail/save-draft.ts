/** Saves a draft and describes it to the model. */
import { z } from 'zod';
import { appendMessage } from '../../mail/messages/change.ts';
import { saveDraftOnce } from '../../mail/send-once/save-draft-once.ts';
import { Name } from '../outgoing.ts';
import type { MailSession } from './mail-session.ts';
import { contentOf, type NewMessage } from './new-message.ts';
import { UidValidity } from './parameters.ts';
import { ShownMessage } from './writing/shown-message.ts';
import { type WriteOptions, type WrittenMessage, writeMessage } from './writing/write-message.ts';

export const DraftResult = z.object({
  ...ShownMessage.shape,
  saved: z.boolean().optional(),
  draft: Name.optional().describe('The draft, as `of` takes it.'),
  message_id: Name,
  folder: Name,
  uid: z.number().nullable().describe('UID of the draft, if the server reports it.'),
  uid_validity: UidValidity.nullable(),
  already_saved: z.boolean().optional().describe('True: an earlier call with this idempotency_key saved it.'),
});
export type DraftResult = z.output<typeof DraftResult>;

export interface DraftOptions {
  /** Where the draft is saved. */
  mailbox: string;
  /** Without it a repeated call saves another draft. */
  idempotencyKey: string | undefined;
  requireFiles: WriteOptions['requireFiles'];
}

export function saveDraft(fields: NewMessage, options: DraftOptions, session: MailSession): Promise<DraftResult> {
  const { idempotencyKey } = options;
  return idempotencyKey === undefined
    ? saveWithoutKey(fields, options, session)
    : saveWithKey(fields, { ...options, idempotencyKey }, session);
}

async function saveWithoutKey(
  fields: NewMessage,
  { mailbox, requireFiles }: DraftOptions,
  session: MailSession,
): Promise<DraftResult> {
  const written = await writeMessage(fields, { isToBeSent: false, requireFiles }, session);
  const { messageId, rawWithBcc } = written.composed;
  const { uid, uidValidity } = await session.wholeMailbox.changeImap((imap) =>
    appendMessage(imap, mailbox, rawWithBcc, ['\\Draft', '\\Seen']),
  );
  return toDraftResult({ message_id: messageId, folder: mailbox, uid, uid_validity: uidValidity }, fields, written);
}

async function saveWithKey(
  fields: NewMessage,
  { mailbox, requireFiles, idempotencyKey }: DraftOptions & { idempotencyKey: string },
  session: MailSession,
): Promise<DraftResult> {
  const id = await session.keyedMessageId({
    tool: 'create_draft_mail_message',
    idempotencyKey,
    content: contentOf(fields),
  });
  const { result, isRepeat } = await session.recentResults.once(id.place, id.localPart, async () => {
    let written: WrittenMessage | undefined;
    const compose = async () => {
      written = await writeMessage(fields, { messageId: id.messageId, isToBeSent: false, requireFiles }, session);
      return written.composed;
    };
    const { uid, uidValidity, isEarlier } = await saveDraftOnce({ id, mailbox, compose }, session);
    const saved = { message_id: id.messageId, folder: mailbox, uid, uid_validity: uidValidity };
    return toDraftResult({ ...saved, ...(isEarlier && { already_saved: true }) }, fields, written);
  });
  const saved = DraftResult.parse(result);
  return isRepeat ? { ...saved, already_saved: true } : saved;
}

function toDraftResult(saved: DraftResult, { as }: NewMessage, written: WrittenMessage | undefined): DraftResult {
  if (as === undefined) return saved;
  const { folder, uid } = saved;
  return { saved: true, ...written?.shown, ...saved, ...(uid !== null && { draft: `${folder}/${uid}` }) };
}
