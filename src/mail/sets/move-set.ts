/** Moves a set of messages, in as many round trips as one. */
import { atom, type Token } from '../imap/data-formats.ts';
import type { FetchedItems } from '../imap/fetch.ts';
import type { ImapConnection } from '../imap/imap-connection.ts';
import { carry, stillThere } from '../messages/carry.ts';
import { nullIfCausedByMessage, type WithConnection } from '../messages/list.ts';
import { findGone } from './find-gone.ts';
import { isLost } from './lost-connection.ts';
import { type NamedSet, openSet } from './open-set.ts';

export interface MovedSet {
  /** UIDVALIDITY of the mailbox that they were in. */
  uidValidity: string;
  /** The destination, as the server lists it. */
  to: string;
  /** New UIDs by old ones, ascending; null where the server reports none. */
  moved: Map<number, number | null>;
  newUidValidity: string | null;
  /** Messages that the server has not moved. */
  remaining: number[];
  /** Messages that did not exist. */
  missing: number[];
  /** Messages that may have been moved or not. */
  unknown: number[];
  /** True if the connection was lost, so that new UIDs are not known. */
  isLost: boolean;
  /** False if the originals could only be marked \Deleted. */
  removed: boolean;
  /** What was fetched of each message before. */
  items: ReadonlyMap<number, FetchedItems>;
}

interface MoveSet extends NamedSet {
  destination: string;
  /** Fetched before the messages are moved; left out if the server fails on one of them. */
  items?: readonly Token[];
}

const NOTHING: readonly Token[] = [atom('FLAGS')];
const NOTHING_MOVED = {
  moved: new Map<number, null>(),
  newUidValidity: null,
  remaining: [],
  unknown: [],
  isLost: false,
  removed: true,
};

/**
 * @param prepare called with the connection before anything else
 * @throws {ToolError} if a mailbox or every message does not exist; nothing was moved then
 * @throws {UpstreamError} if nothing was moved, or nothing is known
 */
export async function moveSet(
  set: MoveSet,
  { changeImap, readImap }: { changeImap: WithConnection; readImap: WithConnection },
  prepare: Preparation = async (imap) => ({ imap, destination: set.destination }),
): Promise<MovedSet> {
  let begun: Begun | undefined;
  let isOpen = false;
  try {
    return await changeImap(async (whole) => {
      const { imap, destination } = await prepare(whole);
      const { selected, uids, missing, items } = await openSet(imap, set, set.items ?? NOTHING);
      isOpen = true;
      const from = selected.path;
      const known = { uidValidity: selected.uidValidity, missing, items };
      if (uids.length === 0) return { ...known, ...NOTHING_MOVED, to: destination };
      const onRemoval = () => {
        begun = { ...known, from, uids, to: destination };
      };
      const { to, copied, remaining, removed } = await carry(imap, uids, { from, destination, onRemoval });
      const left = new Set(remaining);
      const moved = uids.filter((uid) => !left.has(uid));
      if (moved.length === 0) throw stillThere(left.size, uids.length, { from, to });
      const pairs = moved.toSorted((a, b) => a - b).map((uid) => [uid, copied.uids.get(uid) ?? null] as const);
      return {
        ...known,
        ...{ to, moved: new Map(pairs), newUidValidity: copied.uidValidity, remaining },
        ...{ unknown: [], isLost: false, removed },
      };
    }, set.mailbox);
  } catch (error) {
    if (!isOpen && set.items !== undefined && nullIfCausedByMessage(error) === null) {
      const { items: _, ...plain } = set;
      return moveSet(plain, { changeImap, readImap }, prepare);
    }
    if (begun === undefined || !isLost(error)) throw error;
    return afterLoss(begun, readImap, error);
  }
}

/** Chooses the connection for the move. */
type Preparation = (imap: ImapConnection) => Promise<{ imap: ImapConnection; destination: string }>;

/** A move that has begun. */
interface Begun extends Pick<MovedSet, 'uidValidity' | 'missing' | 'items' | 'to'> {
  from: string;
  uids: readonly number[];
}

/** What is gone from the source was moved, as its copy precedes the removal. */
async function afterLoss({ from, uids, ...known }: Begun, readImap: WithConnection, error: unknown): Promise<MovedSet> {
  const gone = await findGone(readImap, { mailbox: from, uids, uidValidity: known.uidValidity }).catch(() => null);
  if (gone === null || gone.size === 0) throw error;
  const moved = uids.filter((uid) => gone.has(uid)).toSorted((a, b) => a - b);
  return {
    ...known,
    ...{
      moved: new Map(moved.map((uid) => [uid, null])),
      newUidValidity: null,
      remaining: [],
      isLost: true,
      removed: true,
    },
    unknown: uids.filter((uid) => !gone.has(uid)),
  };
}
