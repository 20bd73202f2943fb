/** Claims the sending of a message for one call by saving a draft of it, and records in Drafts and Sent whether it was sent. */
import { UpstreamError } from '../../errors.ts';
import type { ImapConnection } from '../imap/imap-connection.ts';
import type { MessageBytes } from '../message-bytes.ts';
import { appendMessage, moveMessages, removeMessages, updateFlags } from '../messages/change.ts';
import { type CopySearch, type EarlierCopy, findEarlierCopies } from './earlier-copies.ts';

/** A saved message. UID and UIDVALIDITY are null on servers without UIDPLUS. */
export interface SavedCopy {
  uid: number | null;
  uidValidity: string | null;
}

/**
 * The message to be claimed, and the two mailboxes that record its state for every replica. Before the message is submitted it is saved in
 * Drafts. Once the SMTP server has accepted it, \Draft is removed, and then the message moves to Sent. A later call therefore finds it in
 * Sent or without \Draft (sent), in Drafts with \Draft (begun, outcome unknown), or in neither (not sent).
 */
export interface DraftClaim extends CopySearch {
  /** The mailbox that holds the message while it is being sent. */
  drafts: string;
  /** The mailbox that it moves to once it is sent. */
  sent: string;
}

/** The state that an earlier call with the same idempotency key has left. */
export type EarlierSend =
  | { kind: 'none' }
  | { kind: 'other_message' }
  /** In Sent. `late`: UIDs of drafts of the same message, from calls that lost the connection during APPEND; the server executed it later. */
  | { kind: 'sent'; copy: EarlierCopy; late: number[] }
  /** Accepted by the SMTP server, but still in Drafts; without MOVE perhaps in Sent too. */
  | { kind: 'submitted' }
  /** In Drafts with \Draft: the call is still running or was cut off. */
  | { kind: 'begun' };

/** Searches Drafts first: a message that moves to Sent meanwhile is found there. */
export async function findEarlierSend(imap: ImapConnection, claim: DraftClaim): Promise<EarlierSend> {
  const drafts = await findEarlierCopies(imap, claim.drafts, claim);
  const sent = claim.sent === claim.drafts ? { kind: 'none' as const } : await findInSent(imap, claim.sent, claim);
  if (sent.kind === 'other_message' || drafts.some(({ isSameMessage }) => !isSameMessage))
    return { kind: 'other_message' };
  if (drafts.some(({ isDraft }) => !isDraft)) return { kind: 'submitted' };
  if (sent.kind === 'sent') return { ...sent, late: drafts.map(({ uid }) => uid) };
  return drafts.length > 0 ? { kind: 'begun' } : sent;
}

/** As findEarlierSend(), where Sent is the only record: the provider saves the copies, or there is no Drafts. */
export async function findInSent(imap: ImapConnection, sent: string, search: CopySearch): Promise<EarlierSend> {
  const copies = await findEarlierCopies(imap, sent, search);
  const [copy] = copies;
  if (copy === undefined) return { kind: 'none' };
  const areSame = copies.every(({ isSameMessage }) => isSameMessage);
  return areSame ? { kind: 'sent', copy, late: [] } : { kind: 'other_message' };
}

/** Saves a draft; the same call again saves another one. */
export function saveDraft(imap: ImapConnection, mailbox: string, raw: MessageBytes): Promise<SavedCopy> {
  return appendMessage(imap, mailbox, raw, ['\\Draft', '\\Seen']);
}

/**
 * Checks, after saveDraft() in Drafts, whether this call has the claim. The call whose draft has the lowest UID in Drafts has it: UIDs ascend
 * in the order of arrival (RFC 9051 §2.3.1.1). Changes nothing.
 *
 * @param saved UID of the draft of this call
 * @returns `others` is `none` if this call may submit the message; otherwise its own draft has to be removed. `own` is the UID of that
 *   draft; null if it is unknown. `isFound` is false if the server does not find the draft just saved, and so would not find earlier
 *   messages either
 */
export async function checkClaim(
  imap: ImapConnection,
  claim: DraftClaim,
  saved: number | null,
): Promise<{ others: EarlierSend; own: number | null; isFound: boolean }> {
  const drafts = await findEarlierCopies(imap, claim.drafts, claim);
  const sent = claim.sent === claim.drafts ? { kind: 'none' as const } : await findInSent(imap, claim.sent, claim);
  // Without UIDPLUS a call cannot recognize its own draft, so of several calls none may continue.
  const own = saved ?? (drafts.length === 1 ? (drafts[0]?.uid ?? null) : null);
  const isFirst = drafts.length === 0 || drafts[0]?.uid === own;
  return { others: isFirst || sent.kind !== 'none' ? sent : { kind: 'begun' }, own, isFound: drafts.length > 0 };
}

/** Removes the draft of the call that has the claim, which is the first one: its message was not sent. The other calls remove their own drafts. */
export async function releaseClaim(imap: ImapConnection, claim: DraftClaim): Promise<void> {
  const [own] = await findEarlierCopies(imap, claim.drafts, claim);
  if (own?.isDraft) await removeDrafts(imap, claim, [own.uid]);
}

export async function removeDrafts(
  imap: ImapConnection,
  { drafts }: DraftClaim,
  uids: readonly number[],
): Promise<void> {
  if (uids.length > 0) await removeMessages(imap, drafts, uids);
}

/**
 * Moves a message that the SMTP server has accepted to Sent, and then removes the drafts of other calls with the same key: once the message
 * is in Sent, none of them will send it. If it fails at any point, it may be called again.
 *
 * @param mayBeInSent true if the provider or an earlier attempt may have saved a copy in Sent; if there is one, the draft is removed
 * @returns the copy in Sent
 * @throws {UpstreamError} `refused` if the message is in neither mailbox
 */
export async function moveToSent(
  imap: ImapConnection,
  claim: DraftClaim,
  { mayBeInSent }: { mayBeInSent: boolean },
): Promise<SavedCopy> {
  const copies = await findEarlierCopies(imap, claim.drafts, claim);
  const own = copies.find(({ isDraft }) => !isDraft) ?? copies[0];
  const saved = await moveOwnDraft(imap, claim, own, mayBeInSent);
  const others = copies.filter((copy) => copy !== own && copy.isDraft && copy.isSameMessage);
  // The message is in Sent whether or not this succeeds; the next call with the key tries again.
  await removeDrafts(
    imap,
    claim,
    others.map(({ uid }) => uid),
  ).catch(() => undefined);
  return saved;
}

async function moveOwnDraft(
  imap: ImapConnection,
  claim: DraftClaim,
  draft: EarlierCopy | undefined,
  mayBeInSent: boolean,
): Promise<SavedCopy> {
  if (draft?.isDraft) await updateFlags(imap, claim.drafts, draft.uid, { add: [], remove: ['\\Draft'] });
  if (claim.sent === claim.drafts && draft !== undefined) return draft;
  const sent = draft === undefined || mayBeInSent ? await findInSent(imap, claim.sent, claim) : undefined;
  if (sent?.kind === 'sent') {
    if (draft !== undefined) await removeDrafts(imap, claim, [draft.uid]);
    return sent.copy;
  }
  if (draft === undefined) throw new UpstreamError('IMAP', 'refused', 'The copy of the message is gone.');
  const [moved] = await moveMessages(imap, claim.drafts, [draft.uid], claim.sent);
  return { uid: moved?.newUid ?? null, uidValidity: moved?.newUidValidity ?? null };
}
