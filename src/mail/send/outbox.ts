import { UpstreamError } from '../../errors.ts';
import type { Imap } from '../imap/connection.ts';
import { openMailbox } from '../mailbox/list-mailboxes.ts';
import type { MessageBytes } from '../message-bytes.ts';
import { appendMessage, moveMessages, updateFlags } from '../messages/change.ts';
import { removeMessages } from '../messages/removal.ts';
import { findKeyedCopies, type KeyedCopy } from './keyed-copies.ts';
import type { KeyedMessageId } from './keyed-message-id.ts';

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
  /** In Sent. `late`: UIDs of drafts of it that can only be left of calls whose APPEND was cut off, and came to be after others had looked. */
  | { kind: 'sent'; copy: KeyedCopy; late: number[] }
  /** Sent, but still in Drafts; without MOVE perhaps in Sent too. */
  | { kind: 'submitted' }
  | { kind: 'begun' };

/**
 * What an earlier call with the same key has left. Drafts is looked into first: a message that moves to Sent meanwhile is found there.
 */
export async function findEarlier(imap: Imap, outbox: Outbox): Promise<Earlier> {
  const drafts = await findKeyedCopies(imap, outbox.drafts, outbox.id, outbox);
  const filed = outbox.sent === outbox.drafts ? { kind: 'none' as const } : await findSent(imap, outbox);
  if (filed.kind === 'other_message' || drafts.some(({ isSameMessage }) => !isSameMessage))
    return { kind: 'other_message' };
  if (drafts.some(({ isDraft }) => !isDraft)) return { kind: 'submitted' };
  if (filed.kind === 'sent') return { ...filed, late: drafts.map(({ uid }) => uid) };
  return drafts.length > 0 ? { kind: 'begun' } : filed;
}

/** As findEarlier(), for mailboxes where the provider files the copies: only Sent tells. */
export async function findSent(imap: Imap, { sent, id, ...look }: Omit<Outbox, 'drafts'>): Promise<Earlier> {
  const copies = await findKeyedCopies(imap, sent, id, look);
  const [copy] = copies;
  if (copy === undefined) return { kind: 'none' };
  const areSame = copies.every(({ isSameMessage }) => isSameMessage);
  return areSame ? { kind: 'sent', copy, late: [] } : { kind: 'other_message' };
}

/** Saves the message before it is submitted. @returns its UID in Drafts; null without UIDPLUS */
export async function begin(imap: Imap, { drafts }: Outbox, raw: MessageBytes): Promise<number | null> {
  return (await appendMessage(imap, drafts, raw, ['\\Draft', '\\Seen'])).uid;
}

/**
 * Finds out, after begin(), whether no other replica has done the same: of several, the first in Drafts counts, as a mailbox gives out UIDs
 * in one order (RFC 9051 §2.3.1.1). Only reads.
 *
 * @returns `others` is `none` if this call may submit the message; otherwise its own draft has to go. `own` is null if nobody knows which
 *   one that is. `isFound` is false if the server does not find what was just saved: then it would not find earlier ones either
 */
export async function claim(
  imap: Imap,
  outbox: Outbox,
  begun: number | null,
): Promise<{ others: Earlier; own: number | null; isFound: boolean }> {
  const drafts = await findKeyedCopies(imap, outbox.drafts, outbox.id, outbox);
  const filed = outbox.sent === outbox.drafts ? { kind: 'none' as const } : await findSent(imap, outbox);
  // Without UIDPLUS nobody knows which one is whose, so of several nobody goes on.
  const own = begun ?? (drafts.length === 1 ? (drafts[0]?.uid ?? null) : null);
  const isFirst = drafts.length === 0 || drafts[0]?.uid === own;
  return { others: isFirst || filed.kind !== 'none' ? filed : { kind: 'begun' }, own, isFound: drafts.length > 0 };
}

/** Takes back begin(): the message was not sent. Whoever began is first in Drafts; what follows belongs to calls that have lost. */
export async function giveUp(imap: Imap, outbox: Outbox): Promise<void> {
  const [own] = await findKeyedCopies(imap, outbox.drafts, outbox.id, outbox);
  if (own?.isDraft) await withdraw(imap, outbox, [own.uid]);
}

/** Removes drafts. */
export async function withdraw(imap: Imap, { drafts }: Outbox, uids: readonly number[]): Promise<void> {
  if (uids.length === 0) return;
  await openMailbox(imap, drafts, { toChange: true });
  await removeMessages(imap, uids);
}

/**
 * Files the message, which the SMTP server has by now, and takes back what other calls with the same key have left in Drafts: once it is
 * in Sent, none of them will send it. May be repeated at any point.
 *
 * @param mayBeFiled it may be in Sent already, put there by the provider or by an attempt that was cut off; then the draft goes
 * @returns the copy in Sent; UIDs are null without UIDPLUS
 * @throws {UpstreamError} `refused` if the message is nowhere
 */
export async function finish(imap: Imap, outbox: Outbox, { mayBeFiled }: { mayBeFiled: boolean }): Promise<FiledCopy> {
  const copies = await findKeyedCopies(imap, outbox.drafts, outbox.id, outbox);
  const own = copies.find(({ isDraft }) => !isDraft) ?? copies[0];
  const filed = await fileOne(imap, outbox, own, mayBeFiled);
  const others = copies.filter((copy) => copy !== own && copy.isDraft && copy.isSameMessage);
  // The message is filed, whatever comes of this; the next call with the key tries again.
  await withdraw(
    imap,
    outbox,
    others.map(({ uid }) => uid),
  ).catch(() => undefined);
  return filed;
}

interface FiledCopy {
  uid: number | null;
  uidValidity: string | null;
}

async function fileOne(
  imap: Imap,
  outbox: Outbox,
  draft: KeyedCopy | undefined,
  mayBeFiled: boolean,
): Promise<FiledCopy> {
  if (draft?.isDraft) await updateFlags(imap, outbox.drafts, draft.uid, { add: [], remove: ['\\Draft'] });
  if (outbox.sent === outbox.drafts && draft !== undefined) return draft;
  const filed = draft === undefined || mayBeFiled ? await findSent(imap, outbox) : undefined;
  if (filed?.kind === 'sent') {
    if (draft !== undefined) await withdraw(imap, outbox, [draft.uid]);
    return filed.copy;
  }
  if (draft === undefined) throw new UpstreamError('IMAP', 'refused', 'The copy of the message is gone.');
  const [moved] = await moveMessages(imap, outbox.drafts, [draft.uid], outbox.sent);
  return { uid: moved?.newUid ?? null, uidValidity: moved?.newUidValidity ?? null };
}
