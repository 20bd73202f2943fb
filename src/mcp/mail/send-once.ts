import { setTimeout as sleep } from 'node:timers/promises';
import { ToolError, UpstreamError } from '../../errors.ts';
import { findMailbox } from '../../mail/mailbox/list-mailboxes.ts';
import type { ComposedMessage } from '../../mail/send/compose.ts';
import type { KeyedMessageId } from '../../mail/send/keyed-message-id.ts';
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
} from '../../mail/send/outbox.ts';
import { messageIdFields } from '../../mail/send/sent-copies.ts';
import { otherContents } from '../../state/recent-calls.ts';
import type { MailSession } from './mail-session.ts';
import { contentOf } from './new-message.ts';
import {
  type Copy,
  composeToSend,
  type Fields,
  findPlaces,
  noneIfMissing,
  type Places,
  SendResult,
  saveCopy,
  told,
} from './send.ts';

/** Sending a message at most once for each idempotency key. */

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
  const { places, outbox, earlier } = await session.filing.readImap(async (imap) => {
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
  await session.mayStillSend();
  const message = await composeToSend(fields, session, id.messageId);
  if (outbox !== null) {
    const others = await take(outbox, message, session);
    if (others.kind !== 'none') return tellEarlier(others, { id, places, outbox }, session);
  }
  const submission = await session.submit(message).catch((error: unknown) => explain(error, outbox, session));
  const copy =
    outbox === null
      ? await saveCopy(message, id, places, session)
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
  const { readImap, changeImap, settleImap } = session.filing;
  const begun = await changeImap((imap) => begin(imap, outbox, rawWithBcc)).catch(notBegun);
  const putBack = (uid: number) => settleImap((imap) => withdraw(imap, outbox, [uid])).catch(() => undefined);
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
  if (earlier.kind === 'sent' && outbox !== null && earlier.late.length > 0) {
    // What is left is a draft too many, for the next call with the key.
    await session.filing.settleImap((imap) => withdraw(imap, outbox, earlier.late)).catch(() => undefined);
  }
  const copy = earlier.kind === 'sent' ? earlier.copy : outbox && (await file(outbox, true, session));
  return {
    ...told(id.messageId, { accepted: null, rejected: null }, places, copy),
    already_sent: true,
  };
}

/** Tried twice, as nothing is lost by it: what the first attempt has done the second one finds done. */
async function file(
  outbox: Outbox,
  mayBeFiled: boolean,
  { filing: { settleImap } }: MailSession,
): Promise<Copy | null> {
  return settleImap((imap) => finish(imap, outbox, { mayBeFiled }))
    .catch(() => settleImap((imap) => finish(imap, outbox, { mayBeFiled: true })))
    .catch(() => null);
}

/** It is not known whether there is a draft now, or which one it is. */
function notBegun(error: unknown): never {
  if (!(error instanceof UpstreamError) || error.fault === 'refused' || error.fault === 'credentials') throw error;
  throw new UpstreamError('IMAP', 'unreachable', NOT_BEGUN, { cause: error, code: error.code });
}

/** Takes the draft back when it is certain that nothing was sent. */
async function explain(error: unknown, outbox: Outbox | null, { filing: { settleImap } }: MailSession): Promise<never> {
  if (error instanceof UpstreamError && error.fault === 'unknown_outcome') {
    const sentence = `${error.message} ${outbox === null ? '' : 'Its text is in Drafts. '}${ASK_AGAIN}`;
    throw new UpstreamError('SMTP', 'unknown_outcome', sentence, { cause: error, code: error.code });
  }
  if (outbox !== null && (error instanceof UpstreamError || error instanceof ToolError)) {
    await settleImap((imap) => giveUp(imap, outbox)).catch(() => undefined);
  }
  throw error;
}

function notKnown(): UpstreamError {
  return new UpstreamError('SMTP', 'unknown_outcome', NOT_KNOWN);
}

const INDEXING_MS = 1_000;
const NOT_FINDABLE =
  'Nothing was sent: this mail server does not find messages by their Message-ID, so it cannot be made sure that the message is sent once. Call without idempotency_key to send it all the same.';
const NOT_BEGUN =
  'Nothing was sent: the connection was lost while the message was being saved before sending. Call again with a new idempotency_key. A draft of it may be left.';
const ASK_AGAIN =
  'Calling again with the same idempotency_key does not send it twice: it tells if the message has turned up in Sent.';
const NOT_KNOWN =
  'An earlier call with this idempotency_key began to send the message, and it is not known how that ended: it is still running, or was cut off, so the message may have been sent or not. Nothing was sent now. Call again in a minute with the same idempotency_key. If the answer stays the same, look for the message in Sent and Drafts, or ask a recipient; a new idempotency_key sends it in any case.';
