/**
 * Sends a message at most once for each idempotency key; the record is kept in the mailbox, which all replicas share.
 *
 * Invariant: a message that may have been sent is not submitted again.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { ToolError, UpstreamError } from '../../errors.ts';
import type { ImapConnection } from '../imap/imap-connection.ts';
import { findMailboxByRole } from '../mailbox/find-by-role.ts';
import type { ComposedMessage } from '../send/compose.ts';
import { messageIdFields } from '../send/sent-copy-saver.ts';
import type { Submission } from '../send/smtp.ts';
import {
  checkClaim,
  type DraftClaim,
  type EarlierSend,
  findEarlierSend,
  findInSent,
  moveToSent,
  releaseClaim,
  removeDrafts,
  type SavedCopy,
  saveDraft,
} from './draft-claim.ts';
import type { KeyedMessageId } from './keyed-message-id.ts';
import { otherMessage } from './recent-results.ts';
import { type CopyPlan, nullIfMissing, planAfter, saveCopy } from './save-copy.ts';
import type { SendSession } from './send-session.ts';

/** The message of a call with an idempotency key. */
export interface KeyedMessage {
  id: KeyedMessageId;
  /** True if an earlier call with the key ended with an unknown outcome. */
  mayBeSent: boolean;
  planCopy(imap: ImapConnection): Promise<CopyPlan>;
  /** Called only if the message is to be sent. */
  compose(): Promise<ComposedMessage>;
}

export interface SendOutcome {
  messageId: string;
  /** Null if an earlier call sent the message: the replies about its recipients are not recorded. */
  submission: Submission | null;
  copyPlan: CopyPlan;
  /** Null if the message was sent and its copy could not be saved. */
  copy: SavedCopy | null;
}

/**
 * Sends the message, unless a call with the same key has sent it.
 *
 * @throws {ToolError} if the key was used for another message
 * @throws {UpstreamError} `unknown_outcome` if it cannot be known whether this call, or an earlier one, sent it
 */
export async function sendOnce(message: KeyedMessage, session: SendSession): Promise<SendOutcome> {
  const { earlier, ...attempt } = await findEarlier(message, session);
  if (earlier.kind !== 'none') return toOutcome(earlier, attempt, session);
  if (message.mayBeSent) throw earlierOutcomeUnknown();
  await session.checkSendLimit();
  const composed = await message.compose();
  const { id, copyPlan, claim } = attempt;
  if (claim !== null) {
    const others = await claimDraft(claim, composed, session);
    if (others.kind !== 'none') return toOutcome(others, attempt, session);
  }
  const submission = await session.submit(composed).catch((error: unknown) => explainFault(error, claim, session));
  const plan = planAfter(copyPlan, submission);
  const copy =
    claim === null
      ? await saveCopy(composed, id, plan, session)
      : await saveInSent(claim, plan.savedBy !== 'client', session);
  return { messageId: id.messageId, submission, copyPlan: plan, copy };
}

interface Attempt {
  id: KeyedMessageId;
  copyPlan: CopyPlan;
  /** Null if there is no Drafts or the provider saves the copy. Then only Sent records that the message was sent. */
  claim: DraftClaim | null;
}

/** Plans where the message is recorded, and looks there for the state that an earlier call with the key has left. */
function findEarlier(
  { id, planCopy }: KeyedMessage,
  { account, now, wholeMailbox: { readImap } }: SendSession,
): Promise<Attempt & { earlier: EarlierSend }> {
  return readImap(async (imap) => {
    const copyPlan = await planCopy(imap);
    const { mailbox: sent, savedBy } = copyPlan;
    const search = { id, fields: messageIdFields(account), now: now() };
    const drafts = savedBy === 'provider' ? null : await findMailboxByRole(imap, 'drafts').catch(nullIfMissing);
    if (sent === null) return { id, copyPlan, claim: null, earlier: { kind: 'none' } };
    if (drafts === null) return { id, copyPlan, claim: null, earlier: await findInSent(imap, sent, search) };
    const claim = { ...search, drafts, sent };
    return { id, copyPlan, claim, earlier: await findEarlierSend(imap, claim) };
  });
}

/**
 * Claims the message for this call.
 *
 * @returns `none`, or the state of the message if a call on another replica has claimed it; then the draft of this call is removed
 * @throws {UpstreamError} if the server did not answer; nothing was sent
 */
async function claimDraft(
  claim: DraftClaim,
  { rawWithBcc }: ComposedMessage,
  { wholeMailbox: { readImap, changeImap, finishImap } }: SendSession,
): Promise<EarlierSend> {
  const { uid } = await changeImap((imap) => saveDraft(imap, claim.drafts, rawWithBcc)).catch(draftNotSaved);
  const removeOwn = (own: number) => isDone(finishImap((imap) => removeDrafts(imap, claim, [own])));
  const check = () => readImap((imap) => checkClaim(imap, claim, uid));
  const { others, own, isFound } = await check()
    // Some servers index new messages with a delay.
    .then((first) => (first.isFound ? first : sleep(INDEXING_MS).then(check)))
    .catch(async (error: unknown) => {
      if (uid === null) return draftNotSaved(error);
      const isRemoved = await removeOwn(uid);
      throw isRemoved ? nothingSent(error) : withClaimLeft(nothingSent(error));
    });
  if ((others.kind !== 'none' || !isFound) && own !== null) await removeOwn(own);
  if (others.kind === 'none' && !isFound) throw new ToolError(NOT_FINDABLE);
  return others;
}

/** The outcome of an earlier call with the same key. Completes what that call left undone. */
async function toOutcome(
  earlier: EarlierSend,
  { id, copyPlan, claim }: Attempt,
  session: SendSession,
): Promise<SendOutcome> {
  if (earlier.kind === 'other_message') throw otherMessage();
  if (earlier.kind !== 'sent' && earlier.kind !== 'submitted') throw earlierOutcomeUnknown();
  if (earlier.kind === 'sent' && claim !== null && earlier.late.length > 0) {
    // If this fails, the next call with the key removes the late drafts.
    await session.wholeMailbox.finishImap((imap) => removeDrafts(imap, claim, earlier.late)).catch(() => undefined);
  }
  const copy = earlier.kind === 'sent' ? earlier.copy : claim && (await saveInSent(claim, true, session));
  return { messageId: id.messageId, submission: null, copyPlan, copy };
}

/** Tries twice. The second attempt detects what the first one has already done. */
async function saveInSent(
  claim: DraftClaim,
  mayBeInSent: boolean,
  { wholeMailbox: { finishImap } }: SendSession,
): Promise<SavedCopy | null> {
  return finishImap((imap) => moveToSent(imap, claim, { mayBeInSent }))
    .catch(() => finishImap((imap) => moveToSent(imap, claim, { mayBeInSent: true })))
    .catch(() => null);
}

/** Reports that the draft was refused, or that it is unknown whether it was saved, or which UID it has: nothing was sent. */
function draftNotSaved(error: unknown): never {
  if (error instanceof ToolError) throw new ToolError(`${NOT_SENT_WITHOUT_DRAFT} ${error.message}`, { cause: error });
  if (!(error instanceof UpstreamError) || error.fault === 'credentials') throw error;
  if (error.fault === 'refused') {
    const sentence = `${NOT_SENT_WITHOUT_DRAFT} ${error.message} Or call without idempotency_key: that sends it without saving it first.`;
    throw new UpstreamError('IMAP', 'refused', sentence, { cause: error, code: error.code });
  }
  throw new UpstreamError('IMAP', 'unreachable', DRAFT_UNKNOWN, { cause: error, code: error.code });
}

/** The error of a step before the message was submitted. */
function nothingSent(error: unknown): unknown {
  const isCertain =
    error instanceof UpstreamError && error.fault !== 'credentials' && error.fault !== 'unknown_outcome';
  if (!isCertain) return error;
  const { service, fault, message, code } = error;
  return new UpstreamError(service, fault, `Nothing was sent. ${message}`, { cause: error, code });
}

/** Releases the claim if it is certain that nothing was sent. */
async function explainFault(
  error: unknown,
  claim: DraftClaim | null,
  { wholeMailbox: { finishImap } }: SendSession,
): Promise<never> {
  if (error instanceof UpstreamError && error.fault === 'unknown_outcome') {
    const sentence = `${error.message} ${claim === null ? '' : 'Its text is in Drafts. '}${CALL_AGAIN}`;
    throw new UpstreamError('SMTP', 'unknown_outcome', sentence, { cause: error, code: error.code });
  }
  if (claim !== null && (error instanceof UpstreamError || error instanceof ToolError)) {
    if (!(await isDone(finishImap((imap) => releaseClaim(imap, claim))))) throw withClaimLeft(error);
  }
  throw error;
}

const isDone = (work: Promise<void>): Promise<boolean> =>
  work.then(
    () => true,
    () => false,
  );

/** Adds that a draft may be left, which would keep later calls with the key from sending. Nothing was sent. */
function withClaimLeft(error: unknown): unknown {
  if (error instanceof ToolError) return new ToolError(`${error.message} ${CLAIM_LEFT}`, { cause: error });
  if (!(error instanceof UpstreamError) || error.fault === 'credentials') return error;
  const { service, fault, message, code } = error;
  return new UpstreamError(service, fault, `${message} ${CLAIM_LEFT}`, { cause: error, code });
}

function earlierOutcomeUnknown(): UpstreamError {
  return new UpstreamError('SMTP', 'unknown_outcome', EARLIER_OUTCOME_UNKNOWN);
}

/** Ends the message of an error. */
export const CLAIM_LEFT = 'A draft of it may be left in Drafts: delete that, or call again with a new idempotency_key.';

const INDEXING_MS = 1_000;
const NOT_SENT_WITHOUT_DRAFT =
  'Nothing was sent: with idempotency_key the message is first saved in Drafts and looked for there, and that failed.';
const NOT_FINDABLE =
  'Nothing was sent: this mail server does not find messages by their Message-ID, so it cannot be made sure that the message is sent once. Call without idempotency_key to send it all the same.';
const DRAFT_UNKNOWN =
  'Nothing was sent: the connection was lost while the message was being saved before sending. Call again with a new idempotency_key. A draft of it may be left.';
const CALL_AGAIN =
  'Calling again with the same idempotency_key does not send it twice: it tells if the message has turned up in Sent.'; // phrase allowed: quoted in results
const EARLIER_OUTCOME_UNKNOWN =
  'An earlier call with this idempotency_key began to send the message, and it is not known how that ended: it is still running, or was cut off, so the message may have been sent or not. Nothing was sent now. Call again in a minute with the same idempotency_key. If the answer stays the same, look for the message in Sent and Drafts, or ask a recipient; a new idempotency_key sends it in any case.';
