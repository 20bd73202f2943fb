/** Sends a message and describes the outcome to the model. */
import { z } from 'zod';
import type { ImapConnection } from '../../mail/imap/imap-connection.ts';
import { requireMailbox } from '../../mail/mailbox/open-mailbox.ts';
import { unkeyedMessageId } from '../../mail/send-once/keyed-message-id.ts';
import { type CopyPlan, planAfter, planCopy, saveCopy } from '../../mail/send-once/save-copy.ts';
import { type SendOutcome, sendOnce } from '../../mail/send-once/send-once.ts';
import { Name } from '../outgoing.ts';
import { Invite } from './invite.ts';
import type { MailSession } from './mail-session.ts';
import { contentOf, type NewMessage } from './new-message.ts';
import { UidValidity } from './parameters.ts';
import { markOriginal } from './writing/mark-original.ts';
import { ownFieldsOf, ShownMessage } from './writing/shown-message.ts';
import { type WriteOptions, type WrittenMessage, writeMessage } from './writing/write-message.ts';

export const SendResult = z.object({
  ...ShownMessage.shape,
  sent: z.boolean().optional().describe('False: nothing left, because of dry_run.'),
  invite: Invite.optional().describe('The event whose invitation was answered, and the answer.'),
  copy: Name.optional().describe('The copy, as `of` takes it.'),
  size: z.number().optional().describe('With dry_run, bytes as sent.'),
  message_id: Name.optional(),
  accepted: z
    .array(z.string())
    .nullable()
    .optional()
    .describe('Recipients that the mail server accepted the message for. Null: only the first call was told.'),
  rejected: z
    .array(z.object({ address: z.string(), reason: z.string() }))
    .nullable()
    .optional()
    .describe('Recipients that the mail server refused, with the reason. Null: only the first call was told.'),
  folder: Name.nullable().optional().describe('Where the copy is. Null: there is none, or nobody knows where.'),
  uid: z.number().nullable().optional().describe('UID of the copy, if the server reports it.'),
  uid_validity: UidValidity.nullable().optional(),
  already_sent: z.boolean().optional().describe('True: an earlier call with this idempotency_key sent it.'),
  note: z.string().optional(),
  warning: z.string().optional(),
});
export type SendResult = z.output<typeof SendResult>;

export interface SendOptions {
  /** Mailbox for the copy. */
  folder: string | undefined;
  /** Without it a repeated call sends the message again. */
  idempotencyKey: string | undefined;
  requireFiles: WriteOptions['requireFiles'];
}

export function sendMessage(fields: NewMessage, options: SendOptions, session: MailSession): Promise<SendResult> {
  const { idempotencyKey } = options;
  return idempotencyKey === undefined
    ? sendWithoutKey(fields, options, session)
    : sendWithKey(fields, { ...options, idempotencyKey }, session);
}

/** What would be sent. Nothing is sent, saved, marked or counted. */
export async function previewMessage(
  fields: NewMessage,
  { requireFiles }: Pick<SendOptions, 'requireFiles'>,
  session: MailSession,
): Promise<SendResult> {
  const options = { isToBeSent: true, isPreview: true, requireFiles };
  const { composed, shown, answered } = await writeMessage(fields, options, session);
  return { sent: false, ...shown, ...answered, size: composed.raw.length };
}

async function sendWithoutKey(
  fields: NewMessage,
  { folder, requireFiles }: SendOptions,
  session: MailSession,
): Promise<SendResult> {
  const planned = await session.wholeMailbox.readImap((imap) => planCopyIn(imap, folder, session));
  await session.checkSendLimit();
  const written = await writeMessage(fields, { isToBeSent: true, requireFiles }, session);
  const { composed } = written;
  const { messageId } = composed;
  const submission = await session.submit(composed);
  const copyPlan = planAfter(planned, submission);
  // The message is sent: a fault after this point must not be reported as a failure to send.
  const copy = await saveCopy(composed, unkeyedMessageId(messageId), copyPlan, session);
  return completed({ messageId, submission, copyPlan, copy }, { fields, written }, session);
}

async function sendWithKey(
  fields: NewMessage,
  { folder, requireFiles, idempotencyKey }: SendOptions & { idempotencyKey: string },
  session: MailSession,
): Promise<SendResult> {
  const id = await session.keyedMessageId({ tool: 'send_mail_message', idempotencyKey, content: contentOf(fields) });
  const { result, isRepeat } = await session.recentResults.once(id.place, id.localPart, async ({ mayHaveHappened }) => {
    let written: WrittenMessage | undefined;
    const message = {
      id,
      mayBeSent: mayHaveHappened,
      planCopy: (imap: ImapConnection) => planCopyIn(imap, folder, session),
      compose: async () => {
        written = await writeMessage(fields, { messageId: id.messageId, isToBeSent: true, requireFiles }, session);
        return written.composed;
      },
    };
    const outcome = await sendOnce(message, session);
    return completed(outcome, { fields, written }, session);
  });
  const sent = SendResult.parse(result);
  return isRepeat ? { ...sent, already_sent: true } : sent;
}

/** Marks the original of an answer, and describes what was sent. */
async function completed(
  outcome: SendOutcome,
  { fields, written }: { fields: NewMessage; written: WrittenMessage | undefined },
  session: MailSession,
): Promise<SendResult> {
  const result = toSendResult(outcome);
  if (fields.as === undefined) return describeSent(result, written === undefined ? {} : ownFieldsOf(written.shown));
  const notMarked = await markOriginal(fields, written?.original, session);
  const { warnings = [], ...shown } = written?.shown ?? {};
  return { ...describeSent(result, { ...shown, ...written?.answered }), warnings: [...warnings, ...notMarked] };
}

/** Adds what left, and the name of the copy. */
export function describeSent(result: SendResult, shown: Partial<SendResult>): SendResult {
  const { folder, uid } = result;
  const copy = typeof folder === 'string' && typeof uid === 'number' ? `${folder}/${uid}` : undefined;
  const note = [shown.note, result.note].filter((each) => each !== undefined).join(' ');
  return { sent: true, ...shown, ...result, ...(copy !== undefined && { copy }), ...(note !== '' && { note }) };
}

/** Called before the message is sent. @throws {ToolError} if there is no such mailbox */
export async function planCopyIn(
  imap: ImapConnection,
  folder: string | undefined,
  { account, wholeMailbox: { withinPolicy } }: MailSession,
): Promise<CopyPlan> {
  if (folder === undefined) return planCopy(imap, account);
  return { savedBy: 'client', isChosen: true, mailbox: await requireMailbox(withinPolicy(imap), folder) };
}

export function toSendResult({ messageId, submission, copyPlan: { savedBy, mailbox }, copy }: SendOutcome): SendResult {
  return {
    message_id: messageId,
    accepted: submission?.accepted ?? null,
    rejected: submission?.rejected.map(({ address, reason }) => ({ address, reason })) ?? null,
    folder: copy === null ? null : mailbox,
    uid: copy?.uid ?? null,
    uid_validity: copy?.uidValidity ?? null,
    ...notesOf(submission?.acceptedBy === 'graph', savedBy === 'provider' && copy?.uid === null),
    ...(copy === null && { warning: NOT_SAVED }),
    ...(submission === null && { already_sent: true }),
  };
}

function notesOf(isByGraph: boolean, isSavedByProvider: boolean): Pick<SendResult, 'note'> {
  const notes = [...(isByGraph ? [ACCEPTED_BY_GRAPH] : []), ...(isSavedByProvider ? [SAVED_BY_PROVIDER] : [])];
  return notes.length === 0 ? {} : { note: notes.join(' ') };
}

const ACCEPTED_BY_GRAPH =
  'SMTP is switched off for this mailbox, so Microsoft Graph sends the message: it has accepted it, and reports a recipient that is refused by mail.';
const NOT_SAVED = 'The message was sent. Only its copy could not be saved. Do not send it again.';
const SAVED_BY_PROVIDER = 'The mail provider files the copy itself; it may take a moment.';
