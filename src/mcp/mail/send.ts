import { z } from 'zod';
import { ToolError } from '../../errors.ts';
import type { Imap } from '../../mail/imap/connection.ts';
import { findMailbox, requireMailbox } from '../../mail/mailbox/list-mailboxes.ts';
import { appendMessage } from '../../mail/messages/change.ts';
import type { ComposedMessage } from '../../mail/send/compose.ts';
import { type KeyedMessageId, unkeyedMessageId } from '../../mail/send/keyed-message-id.ts';
import { findSent } from '../../mail/send/outbox.ts';
import { type Filing, messageIdFields, whoFiles } from '../../mail/send/sent-copies.ts';
import type { MailSession } from './mail-session.ts';
import { compose, type OutgoingFields } from './new-message.ts';
import { UidValidity } from './parameters.ts';

/** Sending a message and keeping its copy; what the caller is told of it. */

export const SendResult = z.object({
  message_id: z.string(),
  accepted: z
    .array(z.string())
    .nullable()
    .describe('Recipients that the mail server accepted the message for. Null: only the first call was told.'),
  rejected: z
    .array(z.object({ address: z.string(), reason: z.string() }))
    .nullable()
    .describe('Recipients that the mail server refused, with the reason. Null: only the first call was told.'),
  folder: z.string().nullable().describe('Where the copy is. Null: there is none, or nobody knows where.'),
  uid: z.number().nullable().describe('UID of the copy, if the server reports it.'),
  uid_validity: UidValidity.nullable(),
  already_sent: z.boolean().optional().describe('True: an earlier call with this idempotency_key sent it.'),
  note: z.string().optional(),
  warning: z.string().optional(),
});
export type SendResult = z.output<typeof SendResult>;

export type Fields = z.output<typeof OutgoingFields>;

/** Where the copy of a message goes. */
export interface Places {
  filing: Filing;
  /** Null only where the provider files the copy, and has no mailbox for it that can be told. */
  sent: string | null;
}

export interface Copy {
  uid: number | null;
  uidValidity: string | null;
}

/** Sends; the same call again sends again. */
export async function sendNow(fields: Fields, folder: string | undefined, session: MailSession): Promise<SendResult> {
  const places = await session.filing.readImap((imap) => findPlaces(imap, folder, session));
  await session.mayStillSend();
  const message = await composeToSend(fields, session);
  const submission = await session.submit(message);
  // From here on the message is on its way: nothing that fails may look as if it were not.
  const copy = await saveCopy(message, unkeyedMessageId(message.messageId), places, session);
  return told(message.messageId, submission, places, copy);
}

/** @throws {ToolError} if there is no such mailbox; before anything is sent */
export async function findPlaces(
  imap: Imap,
  folder: string | undefined,
  { account, filing: { limited } }: MailSession,
): Promise<Places> {
  if (folder !== undefined) return { filing: 'ours', sent: await requireMailbox(limited(imap), folder) };
  const filing = whoFiles(account, imap);
  const sent = findMailbox(imap, 'sent');
  return { filing, sent: await (filing === 'theirs' ? sent.catch(noneIfMissing) : sent) };
}

export async function composeToSend(
  fields: Fields,
  session: MailSession,
  messageId?: string,
): Promise<ComposedMessage> {
  const message = await compose(fields, session, messageId);
  if (message.envelope.to.length === 0) throw new ToolError('Nobody to send to: name at least one address.');
  return message;
}

/** @returns the copy; without a UID if the provider files it; null if it could not be saved */
export async function saveCopy(
  { rawWithBcc }: ComposedMessage,
  id: KeyedMessageId,
  { filing, sent }: Places,
  { account, now, filing: { settleImap } }: MailSession,
): Promise<Copy | null> {
  if (filing === 'theirs' || sent === null) return { uid: null, uidValidity: null };
  const save = async (imap: Imap) => {
    if (filing === 'unsure') {
      const filed = await findSent(imap, { id, sent, fields: messageIdFields(account), now: now() });
      if (filed.kind === 'sent') return filed.copy;
    }
    return appendMessage(imap, sent, rawWithBcc, ['\\Seen']);
  };
  return settleImap(save).catch(() => null);
}

/** The result, as far as it is known. */
export function told(
  messageId: string,
  submission: { accepted: string[] | null; rejected: { address: string; reason: string }[] | null },
  { filing, sent }: Places,
  copy: Copy | null,
): SendResult {
  return {
    message_id: messageId,
    accepted: submission.accepted,
    rejected: submission.rejected?.map(({ address, reason }) => ({ address, reason })) ?? null,
    folder: copy === null ? null : sent,
    uid: copy?.uid ?? null,
    uid_validity: copy?.uidValidity ?? null,
    ...(filing === 'theirs' && copy?.uid === null && { note: FILED_BY_PROVIDER }),
    ...(copy === null && { warning: NOT_SAVED }),
  };
}

export function noneIfMissing(error: unknown): null {
  if (error instanceof ToolError) return null;
  throw error;
}

const NOT_SAVED = 'The message was sent. Only its copy could not be saved. Do not send it again.';
const FILED_BY_PROVIDER = 'The mail provider files the copy itself; it may take a moment.';
