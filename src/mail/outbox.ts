import { UpstreamError } from '../errors.ts';
import type { Imap } from './imap.ts';
import { findKeyedCopies, type KeyedCopy } from './keyed-copies.ts';
import type { KeyedMessageId } from './keyed-message-id.ts';
import { openMailbox } from './mailboxes.ts';
import { appendMessage, moveMessages, updateFlags } from './messages.ts';
import { removeMessages } from './removal.ts';

/**
 * What has become of a message with an idempotency key, kept where every replica sees it: in the mailbox itself. Before it is submitted
 * it is saved in Drafts. \Draft is taken off once the SMTP server has it, and then it moves to Sent. So whoever asks later finds it
 * in Sent or without \Draft (sent), in Drafts with \Draft (begun, and nobody knows more), or not at all (not sent).
 */
export interface Outbox {
  id: KeyedMessageId;
  /** Header fields that may hold the Message-ID. */
  fields: readonly string[];
  now: Date;
  /** Where it is kept while it is being sent. */
  drafts: string;
  /** Where it goes when it is sent. */
  sent: string;
}

export type Earlier =
  | { kind: 'none' }
  | { kind: 'other_message' }
  /** In Sent. */
  | { kind: 'sent'; copy: KeyedCopy }
  /** Sent, but still in Drafts. */
  | { kind: 'submitted' }
  | { kind: 'begun' };

/**
 * What an earlier call with the same key has left. Drafts is looked into first: a message that moves to Sent meanwhile is found there.
 */
export async function findEarlier(imap: Imap, outbox: Outbox): Promise<Earlier> {
  const drafts = await findKeyedCopies(imap, outbox.drafts, outbox.id, outbox);
  const earlier = outbox.sent === outbox.drafts ? { kind: 'none' as const } : await findSent(imap, outbox);
  if (earlier.kind !== 'none') return earlier;
  const [first] = drafts;
  if (first === undefined) return { kind: 'none' };
  if (drafts.some(({ isSameMessage }) => !isSameMessage)) return { kind: 'other_message' };
  return drafts.some(({ isDraft }) => !isDraft) ? { kind: 'submitted' } : { kind: 'begun' };
}

/** As findEarlier(), for mailboxes where the provider files the copies: only Sent tells. */
export async function findSent(imap: Imap, { sent, id, ...look }: Omit<Outbox, 'drafts'>): Promise<Earlier> {
  const copies = await findKeyedCopies(imap, sent, id, look);
  const [copy] = copies;
  if (copy === undefined) return { kind: 'none' };
  return copies.every(({ isSameMessage }) => isSameMessage) ? { kind: 'sent', copy } : { kind: 'other_message' };
}

/**
 * Saves the message before it is submitted, and makes sure that no other replica has done the same: of several, the first in Drafts counts,
 * as a mailbox gives out UIDs in one order (RFC 9051 §2.3.1.1).
 *
 * @returns `none` if this call may submit it; otherwise what others have done, and nothing of this call is left
 */
export async function begin(imap: Imap, outbox: Outbox, raw: Buffer): Promise<Earlier> {
  const { uid } = await appendMessage(imap, outbox.drafts, raw, ['\\Draft', '\\Seen']);
  const drafts = await findKeyedCopies(imap, outbox.drafts, outbox.id, outbox);
  // Without UIDPLUS nobody knows which one is whose, so nobody goes on.
  const isFirst = drafts.length <= 1 || (uid !== null && drafts[0]?.uid === uid);
  const elsewhere = outbox.sent === outbox.drafts ? { kind: 'none' as const } : await findSent(imap, outbox);
  if (isFirst && elsewhere.kind === 'none') return elsewhere;
  const own = uid ?? (drafts.length === 1 ? drafts[0]?.uid : undefined);
  if (own !== undefined) await remove(imap, outbox.drafts, own);
  return elsewhere.kind === 'none' ? { kind: 'begun' } : elsewhere;
}

/** Takes back begin(): the message was not sent. */
export async function giveUp(imap: Imap, outbox: Outbox): Promise<void> {
  for (const { uid } of await findKeyedCopies(imap, outbox.drafts, outbox.id, outbox))
    await remove(imap, outbox.drafts, uid);
}

/**
 * Files the message, which the SMTP server has by now. May be repeated at any point.
 *
 * @param mayBeFiled the provider may have filed a copy itself; then ours goes
 * @returns the copy in Sent; UIDs are null without UIDPLUS
 * @throws {UpstreamError} `refused` if the message is nowhere
 */
export async function finish(
  imap: Imap,
  outbox: Outbox,
  { mayBeFiled }: { mayBeFiled: boolean },
): Promise<{ uid: number | null; uidValidity: string | null }> {
  const [draft] = await findKeyedCopies(imap, outbox.drafts, outbox.id, outbox);
  if (draft?.isDraft) await updateFlags(imap, outbox.drafts, draft.uid, { add: [], remove: ['\\Draft'] });
  if (outbox.sent === outbox.drafts && draft !== undefined) return draft;
  const filed = draft === undefined || mayBeFiled ? await findSent(imap, outbox) : undefined;
  if (filed?.kind === 'sent') {
    if (draft !== undefined) await remove(imap, outbox.drafts, draft.uid);
    return filed.copy;
  }
  if (draft === undefined) throw new UpstreamError('IMAP', 'refused', 'The copy of the message is gone.');
  const [moved] = await moveMessages(imap, outbox.drafts, [draft.uid], outbox.sent);
  return { uid: moved?.newUid ?? null, uidValidity: moved?.newUidValidity ?? null };
}

async function remove(imap: Imap, mailbox: string, uid: number): Promise<void> {
  await openMailbox(imap, mailbox, { toChange: true });
  await removeMessages(imap, [uid]);
}
