/** Adds and removes flags of a set of messages, and finds out in which of them a flag has changed. */
import { ToolError } from '../../errors.ts';
import {
  atom,
  type Item,
  listOf,
  numberOf,
  sequenceSet,
  type Token,
  textOf,
  type UntaggedResponse,
} from '../imap/data-formats.ts';
import { type FetchedItems, fetchByUid, readItems } from '../imap/fetch.ts';
import type { ImapConnection } from '../imap/imap-connection.ts';
import { quoteName } from '../mailbox-name.ts';
import { canonicalFlag, isSameFlag, requirePermanent } from '../messages/flags.ts';
import { nullIfCausedByMessage, type WithConnection } from '../messages/list.ts';
import { toUnknownOutcome } from '../messages/unknown-outcome.ts';
import { isLost } from './lost-connection.ts';
import { type NamedSet, openSet } from './open-set.ts';
import { readSet } from './read-set.ts';

export interface FlagChange {
  add: readonly string[];
  remove: readonly string[];
}

/** One flag, and the messages in which it was added or removed. */
export interface ChangedFlag {
  flag: string;
  isAdded: boolean;
  /** Ascending. */
  uids: number[];
}

export interface FlaggedSet {
  uidValidity: string;
  changes: ChangedFlag[];
  /** Messages that existed. */
  uids: number[];
  missing: number[];
  /** Messages whose flags are not as requested: the server did not keep them. */
  refused: number[];
  /** Messages whose flags may have changed or not: the connection was lost, or the server does not report flags. */
  unknown: number[];
  /** What was fetched of each message before. */
  items: ReadonlyMap<number, FetchedItems>;
}

const IF_LOST =
  'The connection was lost while flags were being changed, which may have happened or not. Look at the messages, or make the same call again: flags that are set stay set.';

type Flags = ReadonlyMap<number, ReadonlySet<string>>;

/**
 * @param set.items fetched before the flags are changed, in addition to FLAGS; left out if the server fails on one of the messages
 * @throws {ToolError} if a flag is not valid, the mailbox does not keep it, or no message exists; nothing was changed then
 */
export async function flagSet(
  set: NamedSet & FlagChange & { items?: readonly Token[] },
  { changeImap, readImap }: { changeImap: WithConnection; readImap: WithConnection },
): Promise<FlaggedSet> {
  const [add, remove] = [set.add.map(canonicalFlag), set.remove.map(canonicalFlag)];
  const both = add.find((flag) => remove.some((other) => isSameFlag(flag, other)));
  if (both !== undefined) throw new ToolError(`The flag ${quoteName(both)} is both to be added and to be removed.`);
  let begun: Begun | undefined;
  let isOpen = false;
  try {
    return await changeImap(async (imap) => {
      const { selected, items, ...found } = await openSet(imap, set, [atom('FLAGS'), ...(set.items ?? [])]);
      isOpen = true;
      for (const flag of add) requirePermanent(selected, flag);
      begun = { ...found, add, remove, items, before: flagsIn(items), uidValidity: selected.uidValidity };
      return compare(begun, await store(imap, begun));
    }, set.mailbox);
  } catch (error) {
    if (!isOpen && set.items !== undefined && nullIfCausedByMessage(error) === null) {
      const { items: _, ...plain } = set;
      return flagSet(plain, { changeImap, readImap });
    }
    if (begun === undefined || !isLost(error)) throw error;
    const known = begun;
    const after = await readAgain(readImap, { mailbox: set.mailbox, ...known }).catch(() => null);
    if (after === null) throw error;
    const flagged = compare(known, after);
    if (flagged.changes.length === 0) throw error;
    return { ...flagged, refused: [], unknown: [...flagged.refused, ...flagged.unknown] };
  }
}

interface Begun extends FlagChange {
  uidValidity: string;
  uids: number[];
  missing: number[];
  before: Flags;
  items: ReadonlyMap<number, FetchedItems>;
}

/** Changes only messages that do not have the flags as requested. @returns flags afterwards */
async function store(imap: ImapConnection, { uids, before, add, remove }: Begun): Promise<Flags> {
  const lacks = uids.filter((uid) => add.some((flag) => before.get(uid)?.has(lower(flag)) !== true));
  const has = uids.filter((uid) => remove.some((flag) => before.get(uid)?.has(lower(flag)) !== false));
  const after = new Map(before);
  for (const uid of [...lacks, ...has]) after.delete(uid);
  await storeFlags(imap, lacks, ['+FLAGS', add], after);
  for (const uid of has) after.delete(uid);
  await storeFlags(imap, has, ['-FLAGS', remove], after);
  const unreported = uids.filter((uid) => !after.has(uid));
  const fetched = await fetchByUid(imap, unreported, [atom('FLAGS')], ['FLAGS']).catch((error: unknown) => {
    throw toUnknownOutcome(error, IF_LOST);
  });
  return new Map([...after, ...flagsIn(fetched)]);
}

/** The server reports the flags of each message that it changes (RFC 9051 §6.4.6). */
async function storeFlags(
  imap: ImapConnection,
  uids: readonly number[],
  [item, flags]: readonly ['+FLAGS' | '-FLAGS', readonly string[]],
  after: Map<number, ReadonlySet<string>>,
): Promise<void> {
  if (uids.length === 0 || flags.length === 0) return;
  const named = new Set(uids);
  const readFlags = (response: UntaggedResponse) => {
    const items = readItems(response);
    const [uid, reported] = [numberOf(items.get('UID')), items.get('FLAGS')];
    if (uid !== null && named.has(uid) && reported !== undefined) after.set(uid, flagsOf(listOf(reported)));
  };
  const tokens = [sequenceSet(uids), atom(item), flags.map(atom)];
  await imap.run('UID STORE', tokens, { ifLost: IF_LOST, untagged: { FETCH: readFlags } });
}

/** @throws {ToolError} if the mailbox has another UIDVALIDITY now */
async function readAgain(readImap: WithConnection, set: NamedSet): Promise<Flags> {
  const { items } = await readImap((imap) => readSet(imap, set, [atom('FLAGS')]), set.mailbox);
  return flagsIn(items);
}

/** Which flags have changed in which messages. */
function compare({ before, uids, add, remove, ...known }: Begun, after: Flags): FlaggedSet {
  const inOrder = uids.toSorted((a, b) => a - b);
  const changes = [...new Set([...add, ...remove])].flatMap((flag): ChangedFlag[] => {
    const isAdded = add.includes(flag);
    const changed = inOrder.filter((uid) => {
      const [had, has] = [before.get(uid)?.has(lower(flag)), after.get(uid)?.has(lower(flag))];
      return isAdded ? had === false && has === true : had === true && has === false;
    });
    return changed.length === 0 ? [] : [{ flag, isAdded, uids: changed }];
  });
  const isAsRequested = (flags: ReadonlySet<string>) =>
    add.every((flag) => flags.has(lower(flag))) && !remove.some((flag) => flags.has(lower(flag)));
  const refused = inOrder.filter((uid) => {
    const flags = after.get(uid);
    return flags !== undefined && !isAsRequested(flags);
  });
  const unknown = inOrder.filter((uid) => !after.has(uid) || !before.has(uid));
  return { ...known, uids, changes, refused, unknown };
}

function flagsIn(items: ReadonlyMap<number, FetchedItems>): Map<number, ReadonlySet<string>> {
  return new Map(
    [...items].flatMap(([uid, fetched]) => {
      const flags = fetched.get('FLAGS');
      return flags === undefined ? [] : [[uid, flagsOf(listOf(flags))] as const];
    }),
  );
}

const flagsOf = (flags: readonly Item[]): ReadonlySet<string> =>
  new Set(flags.map((flag) => lower(textOf(flag) ?? '')));
const lower = (flag: string): string => flag.toLowerCase();
