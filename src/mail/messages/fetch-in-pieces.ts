/** Fetches around messages at which a mail server breaks off, in ever smaller pieces. */
import { UpstreamError } from '../../errors.ts';

/** Failures on one page, each of which may cost a connection. */
const MAX_FAILURES = 24;
/** After this time no further piece is fetched. */
const MAX_MS = 20_000;

/**
 * Fetches by halves, down to single messages, and of those that cannot be fetched fewer and fewer items.
 *
 * @param itemSets sets of items to fetch, in this order
 * @param fetch null if the server broke off, refused or made no sense
 * @returns what was fetched, and the UIDs that were not reached or cannot be fetched
 * @throws {UpstreamError} if not one of several messages can be fetched: then the fault is hardly theirs
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
 * Whether one message can be the cause of a failure.
 *
 * Silence is not among these failures: its timeout would be waited for again with each piece.
 */
export function isAboutMessages(error: unknown): boolean {
  if (!(error instanceof UpstreamError) || error.service !== 'IMAP' || error.code === undefined) return false;
  return CODES.has(error.code) || error.code.startsWith('PROTOCOL_');
}

const CODES = new Set(['CONNECTION_LOST', 'TOO_LARGE', 'NO', 'BAD', 'SERVERBUG', 'EXPUNGEISSUED']);
