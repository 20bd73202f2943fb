/** Saves a draft at most once for each idempotency key. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ImapConnection } from '../imap/imap-connection.ts';
import { removeMessages } from '../messages/change.ts';
import { toUnknownOutcome } from '../messages/unknown-outcome.ts';
import type { ComposedMessage } from '../send/compose.ts';
import { type SavedCopy, saveDraft } from './draft-claim.ts';
import { findEarlierCopies } from './earlier-copies.ts';
import { type KeyedMessageId, unkeyedMessageId } from './keyed-message-id.ts';
import { otherMessage } from './recent-results.ts';
import type { SendSession } from './send-session.ts';

export interface KeyedDraft {
  id: KeyedMessageId;
  mailbox: string;
  compose(): Promise<ComposedMessage>;
}

export interface SavedDraft extends SavedCopy {
  /** True if an earlier call with the key saved it. */
  isEarlier: boolean;
}

/**
 * Saves the draft, unless a call with the same key has saved it. If several replicas save it at the same time, the draft with the lowest UID
 * remains, and the other replicas remove theirs.
 *
 * @throws {ToolError} if the key was used for another message
 * @throws {UpstreamError} `unknown_outcome` also if the draft was saved, and it is not certain that it is the only one
 */
export async function saveDraftOnce(
  { id, mailbox, compose }: KeyedDraft,
  { wholeMailbox: { readImap, changeImap, finishImap }, now }: Pick<SendSession, 'wholeMailbox' | 'now'>,
): Promise<SavedDraft> {
  const search = { id, fields: ['Message-ID'], now: now() };
  const [earlier] = await readImap((imap) => findEarlierCopies(imap, mailbox, search));
  if (earlier?.isSameMessage === false) throw otherMessage();
  if (earlier !== undefined) return { uid: earlier.uid, uidValidity: earlier.uidValidity, isEarlier: true };
  const { rawWithBcc } = await compose();
  const { uid, uidValidity } = await changeImap((imap) => saveDraft(imap, mailbox, rawWithBcc));
  // The draft is saved: a fault after this point must not be reported as if nothing had happened.
  return finishImap(async (imap) => {
    const [first] = await findEarlierCopies(imap, mailbox, search);
    if (first === undefined || uid === null || first.uid === uid) {
      return {
        uid: uid ?? first?.uid ?? null,
        uidValidity: uidValidity ?? first?.uidValidity ?? '0',
        isEarlier: false,
      };
    }
    await removeMessages(imap, mailbox, [uid]);
    if (!first.isSameMessage) throw otherMessage();
    return { uid: first.uid, uidValidity: first.uidValidity, isEarlier: true };
  }).catch((error: unknown) => {
    throw toUnknownOutcome(error, MAY_BE_DOUBLE);
  });
}

const MAY_BE_DOUBLE =
  'The draft was saved, but the connection was lost before it was certain that no earlier call with this idempotency_key had saved it too: it may be there twice. Call again with the same idempotency_key, which saves it no second time, or look into its folder.';
const INDEXING_MS = 1_000;

/** Looks for a message in a mailbox, for evidence that it was saved there. @param messageId with angle brackets */
export async function isSavedIn(
  imap: ImapConnection,
  mailbox: string,
  { messageId, now }: { messageId: string; now: Date },
): Promise<boolean> {
  const search = { id: unkeyedMessageId(messageId), fields: ['Message-ID'], now };
  const isFound = async () => (await findEarlierCopies(imap, mailbox, search)).length > 0;
  // Some servers index new messages with a delay.
  return (await isFound()) || (await sleep(INDEXING_MS).then(isFound));
}
