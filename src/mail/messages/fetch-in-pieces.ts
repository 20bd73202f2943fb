/** Fetches messages in ever smaller pieces if the mail server fails on some of them, so that the others are still fetched. */
import { UpstreamError } from '../../errors.ts';

/** Failures until fetching stops. Each may close a connection. */
const MAX_FAILURES = 24;
/** After this time no further piece is fetched. */
const MAX_MS = 20_000;

/**
 * Fetches all messages; after a failure each half of them, down to single messages. A single message that fails is fetched with the next,
 * smaller set of items.
 *
 * @param itemSets sets of items to fetch, the largest first
 * @param fetch fulfilled with null after a failure for which isCausedByMessage() is true
 * @returns what was fetched, and the UIDs that could not be fetched or were not tried before the limits were reached
 * @throws {UpstreamError} if none of several messages can be fetched, which suggests that no single message is the cause
 */
export async function fetchInPieces<ItemSet, Fetched>(
  uids: readonly number[],
  itemSets: readonly ItemSet[],
  fetch: (piece: readonly number[], itemSets: readonly ItemSet[]) => Promise<Fetched[] | null>,
): Promise<{ fetched: Fetched[]; unfetched: ReadonlySet<number> }> {
  const endsAt = performance.now() + MAX_MS;
  const fetched: Fetched[] = [];
  const unfetched = new Set(uids);
  let failures = 0;

  async function fetchPiece(piece: readonly number[], itemSets: readonly ItemSet[]): Promise<void> {
    if (failures >= MAX_FAILURES || performance.now() > endsAt) return;
    const found = await fetch(piece, itemSets);
    if (found !== null) {
      fetched.push(...found);
      for (const uid of piece) unfetched.delete(uid);
      return;
    }
    failures += 1;
    const half = Math.ceil(piece.length / 2);
    if (piece.length > 1) {
      await fetchPiece(piece.slice(0, half), itemSets);
      await fetchPiece(piece.slice(half), itemSets);
    } else if (itemSets.length > 1) {
      await fetchPiece(piece, itemSets.slice(1));
    }
  }

  await fetchPiece(uids, itemSets);
  if (uids.length > 1 && unfetched.size === uids.length) throw new UpstreamError('IMAP', 'refused', ALL_UNREADABLE);
  return { fetched, unfetched };
}

const ALL_UNREADABLE =
  'The mail server breaks off, refuses or makes no sense whenever it is asked what these messages are. Try again in a minute, or read one by its uid.';

/**
 * True if a single message can be the cause of the failure.
 *
 * False for a timeout: each further piece could wait for it again.
 */
export function isCausedByMessage(error: unknown): boolean {
  if (!(error instanceof UpstreamError) || error.service !== 'IMAP' || error.code === undefined) return false;
  return CODES.has(error.code) || error.code.startsWith('PROTOCOL_');
}

const CODES = new Set(['CONNECTION_LOST', 'TOO_LARGE', 'NO', 'BAD', 'SERVERBUG', 'EXPUNGEISSUED']);
