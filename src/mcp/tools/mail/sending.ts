import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { ToolError, UpstreamError } from '../../../errors.ts';
import type { ComposedMessage } from '../../../mail/compose.ts';
import type { Imap } from '../../../mail/imap.ts';
import { type KeyedMessageId, unkeyedMessageId } from '../../../mail/keyed-message-id.ts';
import { findMailbox, requireMailbox } from '../../../mail/mailboxes.ts';
import { appendMessage } from '../../../mail/messages.ts';
import {
  begin,
  claim,
  type Earlier,
  findEarlier,
  findSent,
  finish,
  giveUp,
  type Outbox,
  withdraw,
} from '../../../mail/outbox.ts';
import { type Filing, messageIdFields, whoFiles } from '../../../mail/sent-copies.ts';
import { otherContents } from '../../../state/recent-calls.ts';
import { compose, contentOf, type OutgoingFields } from './outgoing.ts';
import { UidValidity } from './parameters.ts';
import type { MailSession } from './session.ts';

/** Sending a message, at most once for each idempotency key, and what is certain about the outcome. */

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
type SendResult = z.output<typeof SendResult>;

type Fields = z.output<typeof OutgoingFields>;

/** Where the copy of a message goes. */
interface Places {
  filing: Filing;
  /** Null only where the provider files the copy, and has no mailbox for it that can be told. */
  sent: string | null;
}

interface Copy {
  uid: number | null;
  uidValidity: string | null;
}

/** Sends; the same call again sends again. */
export async function sendNow(fields: Fields, folder: string | undefined, session: MailSession): Promise<SendResult> {
  const places = await session.readImap((imap) => findPlaces(imap, folder, session));
  const message = await composeToSend(fields, session);
  const submission = await session.submit(message);
  // From here on the message is on its way: nothing that fails may look as if it were not.
  const id = unkeyedMessageId(message.messageId);
  const copy = await session
    .settleImap((imap) => fileCopy(imap, message, { ...places, id, session }))
    .catch(() => null);
  return told(message.messageId, submission, places, copy);
}

/** Sends, unless a call with the same key has done so. */
export async function sendOnce(
  fields: Fields,
  folder: string | undefined,
  idempotencyKey: string,
  session: MailSession,
): Promise<SendResult> {
  const id = session.keyedMessageId({ tool: 'send_mail_message', idempotencyKey, content: contentOf(fields) });
  const { result, isRepeat } = await session.recentCalls.once(id.place, id.localPart, ({ mayHaveHappened }) =>
    attempt({ fields, folder, id, mayHaveHappened }, session),
  );
  const sent = SendResult.parse(result);
  return isRepeat ? { ...sent, already_sent: true } : sent;
}

interface Attempt {
  fields: Fields;
  folder: string | undefined;
  id: KeyedMessageId;
  mayHaveHappened: boolean;
}

async function attempt({ fields, folder, id, mayHaveHappened }: Attempt, session: MailSession): Promise<SendResult> {
  const { places, outbox, earlier } = await session.readImap(async (imap) => {
    const places = await findPlaces(imap, folder, session);
    const look = { id, fields: messageIdFields(session.account), now: session.now() };
    const drafts = places.filing === 'theirs' ? null : await findMailbox(imap, 'drafts').catch(noneIfMissing);
    const outbox = drafts === null || places.sent === null ? null : { ...look, drafts, sent: places.sent };
    const none: Earlier = { kind: 'none' };
    const inSent = () => (places.sent === null ? none : findSent(imap, { ...look, sent: places.sent }));
    return { places, outbox, earlier: outbox === null ? await inSent() : await findEarlier(imap, outbox) };
  });
  if (earlier.kind !== 'none') return tellEarlier(earlier, { id, places, outbox }, session);
  if (mayHaveHappened) throw notKnown();
  const message = await composeToSend(fields, session, id.messageId);
  if (outbox !== null) {
    const others = await take(outbox, message, session);
    if (others.kind !== 'none') return tellEarlier(others, { id, places, outbox }, session);
  }
  const submission = await session.submit(message).catch((error: unknown) => explain(error, outbox, session));
  const copy =
    outbox === null
      ? await session.settleImap((imap) => fileCopy(imap, message, { ...places, id, session })).catch(() => null)
      : await file(outbox, places.filing === 'unsure', session);
  return told(id.messageId, submission, places, copy);
}

/**
 * Takes the message for this call.
 *
 * @returns `none`, or what a call on another replica has made of it meanwhile; then nothing of this one is left
 * @throws {UpstreamError} if it could not be found out; nothing was sent
 */
async function take(outbox: Outbox, { rawWithBcc }: ComposedMessage, session: MailSession): Promise<Earlier> {
  const { readImap, changeImap, settleImap } = session;
  const begun = await changeImap((imap) => begin(imap, outbox, rawWithBcc)).catch(notBegun);
  const putBack = (uid: number) => settleImap((imap) => withdraw(imap, outbox, uid)).catch(() => undefined);
  const look = () => readImap((imap) => claim(imap, outbox, begun));
  const claimed = await look()
    // Some servers index new messages a moment later.
    .then((first) => (first.isFound ? first : sleep(INDEXING_MS).then(look)))
    .catch(async (error: unknown) => {
      if (begun === null) return notBegun(error);
      await putBack(begun);
      throw error;
    });
  const { others, own, isFound } = claimed;
  if ((others.kind !== 'none' || !isFound) && own !== null) await putBack(own);
  if (others.kind === 'none' && !isFound) throw new ToolError(NOT_FINDABLE);
  return others;
}

/** What an earlier call with the same key has come to. */
async function tellEarlier(
  earlier: Earlier,
  { id, places, outbox }: { id: KeyedMessageId; places: Places; outbox: Outbox | null },
  session: MailSession,
): Promise<SendResult> {
  if (earlier.kind === 'other_message') throw otherContents();
  if (earlier.kind !== 'sent' && earlier.kind !== 'submitted') throw notKnown();
  const copy = earlier.kind === 'sent' ? earlier.copy : outbox && (await file(outbox, true, session));
  return {
    ...told(id.messageId, { accepted: null, rejected: null }, places, copy),
    already_sent: true,
  };
}

/** @throws {ToolError} if there is no such mailbox; before anything is sent */
async function findPlaces(imap: Imap, folder: string | undefined, { account }: MailSession): Promise<Places> {
  if (folder !== undefined) return { filing: 'ours', sent: await requireMailbox(imap, folder) };
  const filing = whoFiles(account, imap);
  const sent = findMailbox(imap, 'sent');
  return { filing, sent: await (filing === 'theirs' ? sent.catch(noneIfMissing) : sent) };
}

async function composeToSend(fields: Fields, session: MailSession, messageId?: string): Promise<ComposedMessage> {
  const message = await compose(fields, session, messageId);
  if (message.envelope.to.length === 0) throw new ToolError('Nobody to send to: name at least one address.');
  return message;
}

/** @returns the copy; `theirs` has none that is known yet */
async function fileCopy(
  imap: Imap,
  { rawWithBcc }: ComposedMessage,
  { filing, sent, id, session }: Places & { id: KeyedMessageId; session: MailSession },
): Promise<Copy> {
  if (filing === 'theirs' || sent === null) return { uid: null, uidValidity: null };
  if (filing === 'unsure') {
    const look = { id, sent, fields: messageIdFields(session.account), now: session.now() };
    const filed = await findSent(imap, look);
    if (filed.kind === 'sent') return filed.copy;
  }
  return appendMessage(imap, sent, rawWithBcc, ['\\Seen']);
}

/** Tried twice, as nothing is lost by it: what the first attempt has done the second one finds done. */
async function file(outbox: Outbox, mayBeFiled: boolean, { settleImap }: MailSession): Promise<Copy | null> {
  return settleImap((imap) => finish(imap, outbox, { mayBeFiled }))
    .catch(() => settleImap((imap) => finish(imap, outbox, { mayBeFiled: true })))
    .catch(() => null);
}

function told(
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

/** It is not known whether there is a draft now, or which one it is. */
function notBegun(error: unknown): never {
  if (!(error instanceof UpstreamError) || error.fault === 'refused' || error.fault === 'credentials') throw error;
  throw new UpstreamError('IMAP', 'unreachable', NOT_BEGUN, { cause: error, code: error.code });
}

/** Takes the draft back when it is certain that nothing was sent. */
async function explain(error: unknown, outbox: Outbox | null, { settleImap }: MailSession): Promise<never> {
  if (error instanceof UpstreamError && error.fault === 'unknown_outcome') {
    const sentence = `${error.message} ${outbox === null ? '' : 'Its text is in Drafts. '}${ASK_AGAIN}`;
    throw new UpstreamError('SMTP', 'unknown_outcome', sentence, { cause: error, code: error.code });
  }
  if (outbox !== null && (error instanceof UpstreamError || error instanceof ToolError)) {
    await settleImap((imap) => giveUp(imap, outbox)).catch(() => undefined);
  }
  throw error;
}

function noneIfMissing(error: unknown): null {
  if (error instanceof ToolError) return null;
  throw error;
}

function notKnown(): UpstreamError {
  return new UpstreamError('SMTP', 'unknown_outcome', NOT_KNOWN);
}

const INDEXING_MS = 1_000;
const NOT_FINDABLE =
  'Nothing was sent: this mail server does not find messages by their Message-ID, so it cannot be made sure that the message is sent once. Call without idempotency_key to send it all the same.';
const NOT_SAVED = 'The message was sent. Only its copy could not be saved. Do not send it again.';
const FILED_BY_PROVIDER = 'The mail provider files the copy itself; it may take a moment.';
const NOT_BEGUN =
  'Nothing was sent: the connection was lost while the message was being saved before sending. Call again with a new idempotency_key. A draft of it may be left.';
const ASK_AGAIN =
  'Calling again with the same idempotency_key does not send it twice: it tells if the message has turned up in Sent.';
const NOT_KNOWN =
  'An earlier call with this idempotency_key began to send the message, and it is not known how that ended: it is still running, or was cut off, so the message may have been sent or not. Nothing was sent now. Call again in a minute with the same idempotency_key. If the answer stays the same, look for the message in Sent and Drafts, or ask a recipient; a new idempotency_key sends it in any case.';
