/** Sends a message and describes the outcome to the model. */
import { z } from 'zod';
import { ToolError } from '../../errors.ts';
import type { ImapConnection } from '../../mail/imap/imap-connection.ts';
import { requireMailbox } from '../../mail/mailbox/open-mailbox.ts';
import type { ComposedMessage } from '../../mail/send/compose.ts';
import { unkeyedMessageId } from '../../mail/send-once/keyed-message-id.ts';
import { type CopyPlan, planCopy, saveCopy } from '../../mail/send-once/save-copy.ts';
import { type SendOutcome, sendOnce } from '../../mail/send-once/send-once.ts';
import { Name } from '../outgoing.ts';
import type { MailSession } from './mail-session.ts';
import { composeNewMessage, contentOf, type NewMessage } from './new-message.ts';
import { UidValidity } from './parameters.ts';

export const SendResult = z.object({
  message_id: Name,
  accepted: z
    .array(z.string())
    .nullable()
    .describe('Recipients that the mail server accepted the message for. Null: only the first call was told.'),
  rejected: z
    .array(z.object({ address: z.string(), reason: z.string() }))
    .nullable()
    .describe('Recipients that the mail server refused, with the reason. Null: only the first call was told.'),
  folder: Name.nullable().describe('Where the copy is. Null: there is none, or nobody knows where.'),
  uid: z.number().nullable().describe('UID of the copy, if the server reports it.'),
  uid_validity: UidValidity.nullable(),
  already_sent: z.boolean().optional().describe('True: an earlier call with this idempotency_key sent it.'),
  note: z.string().optional(),
  warning: z.string().optional(),
});
export type SendResult = z.output<typeof SendResult>;

/** @param options `folder`: mailbox for the copy. Without `idempotencyKey` a repeated call sends the message again */
export function sendMessage(
  fields: NewMessage,
  { folder, idempotencyKey }: { folder: string | undefined; idempotencyKey: string | undefined },
  session: MailSession,
): Promise<SendResult> {
  return idempotencyKey === undefined
    ? sendWithoutKey(fields, folder, session)
    : sendWithKey(fields, { folder, idempotencyKey }, session);
}

async function sendWithoutKey(
  fields: NewMessage,
  folder: string | undefined,
  session: MailSession,
): Promise<SendResult> {
  const plan = await session.wholeMailbox.readImap((imap) => planCopyIn(imap, folder, session));
  await session.checkSendLimit();
  const message = await composeToSend(fields, session);
  const submission = await session.submit(message);
  // The message is sent: a fault after this point must not be reported as a failure to send.
  const copy = await saveCopy(message, unkeyedMessageId(message.messageId), plan, session);
  return toSendResult({ messageId: message.messageId, submission, copyPlan: plan, copy });
}

async function sendWithKey(
  fields: NewMessage,
  { folder, idempotencyKey }: { folder: string | undefined; idempotencyKey: string },
  session: MailSession,
): Promise<SendResult> {
  const id = await session.keyedMessageId({ tool: 'send_mail_message', idempotencyKey, content: contentOf(fields) });
  const { result, isRepeat } = await session.recentResults.once(id.place, id.localPart, async ({ mayHaveHappened }) => {
    const message = {
      id,
      mayBeSent: mayHaveHappened,
      planCopy: (imap: ImapConnection) => planCopyIn(imap, folder, session),
      compose: () => composeToSend(fields, session, id.messageId),
    };
    return toSendResult(await sendOnce(message, session));
  });
  const sent = SendResult.parse(result);
  return isRepeat ? { ...sent, already_sent: true } : sent;
}

/** Called before the message is sent. @throws {ToolError} if there is no such mailbox */
async function planCopyIn(
  imap: ImapConnection,
  folder: string | undefined,
  { account, wholeMailbox: { withinPolicy } }: MailSession,
): Promise<CopyPlan> {
  if (folder === undefined) return planCopy(imap, account);
  return { savedBy: 'client', mailbox: await requireMailbox(withinPolicy(imap), folder) };
}

async function composeToSend(fields: NewMessage, session: MailSession, messageId?: string): Promise<ComposedMessage> {
  const message = await composeNewMessage(fields, session, messageId);
  if (message.envelope.to.length === 0) throw new ToolError('Nobody to send to: name at least one address.');
  return message;
}

function toSendResult({ messageId, submission, copyPlan: { savedBy, mailbox }, copy }: SendOutcome): SendResult {
  return {
    message_id: messageId,
    accepted: submission?.accepted ?? null,
    rejected: submission?.rejected.map(({ address, reason }) => ({ address, reason })) ?? null,
    folder: copy === null ? null : mailbox,
    uid: copy?.uid ?? null,
    uid_validity: copy?.uidValidity ?? null,
    ...(savedBy === 'provider' && copy?.uid === null && { note: SAVED_BY_PROVIDER }),
    ...(copy === null && { warning: NOT_SAVED }),
    ...(submission === null && { already_sent: true }),
  };
}

const NOT_SAVED = 'The message was sent. Only its copy could not be saved. Do not send it again.';
const SAVED_BY_PROVIDER = 'The mail provider files the copy itself; it may take a moment.';
