/** Adds and removes flags and labels of a set of messages, and finds out in which of them one has changed. */
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
import { decodeMailboxName, quoteName } from '../mailbox-name.ts';
import { nullIfCausedByMessage, type WithConnection } from '../messages/list.ts';
import { toUnknownOutcome } from '../messages/unknown-outcome.ts';
import { isLost } from './lost-connection.ts';
import { labelId, type Mark, readMark, requireStorable } from './marks.ts';
import { type NamedSet, openSet } from './open-set.ts';
import { readSet } from './read-set.ts';

/** Names as readMark() reads them. */
export interface FlagChange {
  add: readonly string[];
  remove: readonly string[];
}

/** One flag or label, and the messages in which it was added or removed. */
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

/** What is known of the flags and labels of a message, as Mark.id; null: it has to be read. */
interface Marks {
  flags: ReadonlySet<string> | null;
  labels: ReadonlySet<string> | null;
}
type MarksByUid = ReadonlyMap<number, Marks>;

/**
 * @param set.items fetched before the flags are changed, in addition to FLAGS; left out if the server fails on one of the messages
 * @throws {ToolError} if a flag is not valid, the mailbox does not keep it, or no message exists; nothing was changed then
 */
export async function flagSet(
  set: NamedSet & FlagChange & { items?: readonly Token[] },
  { changeImap, readImap }: { changeImap: WithConnection; readImap: WithConnection },
): Promise<FlaggedSet> {
  let begun: Begun | undefined;
  let isOpen = false;
  try {
    return await changeImap(async (imap) => {
      const change = readChange(imap, set);
      const { selected, items, ...found } = await openSet(imap, set, [...change.items, ...(set.items ?? [])]);
      isOpen = true;
      for (const mark of [...change.add, ...change.remove.filter(({ isLabel }) => isLabel)])
        requireStorable(selected, mark);
      begun = { ...found, ...change, fetched: items, before: marksIn(items), uidValidity: selected.uidValidity };
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

interface Change {
  add: readonly Mark[];
  remove: readonly Mark[];
  /** Fetched to know them. */
  items: readonly Token[];
}

interface Begun extends Change {
  uidValidity: string;
  uids: number[];
  missing: number[];
  before: MarksByUid;
  fetched: ReadonlyMap<number, FetchedItems>;
}

/** @throws {ToolError} */
function readChange(imap: ImapConnection, set: FlagChange): Change {
  const [add, remove] = [set.add, set.remove].map((names) => names.map((name) => readMark(imap, name)));
  const both = (add ?? []).find(({ id }) => remove?.some((other) => other.id === id));
  if (both !== undefined)
    throw new ToolError(`The flag ${quoteName(both.name)} is both to be added and to be removed.`);
  const hasLabels = [...(add ?? []), ...(remove ?? [])].some(({ isLabel }) => isLabel);
  return { add: add ?? [], remove: remove ?? [], items: ['FLAGS', ...(hasLabels ? ['X-GM-LABELS'] : [])].map(atom) };
}

/** Changes only messages that do not have the flags as requested. @returns flags and labels afterwards */
async function store(imap: ImapConnection, { uids, before, add, remove, items }: Begun): Promise<MarksByUid> {
  const after = new Map<number, Marks>(before);
  for (const isLabel of [false, true]) {
    for (const [sign, all] of [['+', add] as const, ['-', remove] as const]) {
      const marks = all.filter((mark) => mark.isLabel === isLabel);
      const wrong = uids.filter((uid) => marks.some((mark) => hasMark(before.get(uid), mark) !== (sign === '+')));
      for (const uid of wrong) after.set(uid, { ...UNKNOWN, ...after.get(uid), [isLabel ? 'labels' : 'flags']: null });
      await storeMarks(imap, wrong, { item: `${sign}${isLabel ? 'X-GM-LABELS' : 'FLAGS'}`, marks }, after);
    }
  }
  const needsLabels = items.length > 1;
  const unreported = uids.filter((uid) => !isKnown(after.get(uid), needsLabels));
  const fetched = await fetchByUid(imap, unreported, items, ['FLAGS']).catch((error: unknown) => {
    throw toUnknownOutcome(error, IF_LOST);
  });
  return new Map([...after, ...marksIn(fetched)]);
}

const UNKNOWN: Marks = { flags: null, labels: null };

/** The server reports the flags of each message that it changes (RFC 9051 §6.4.6). */
async function storeMarks(
  imap: ImapConnection,
  uids: readonly number[],
  { item, marks }: { item: string; marks: readonly Mark[] },
  after: Map<number, Marks>,
): Promise<void> {
  if (uids.length === 0 || marks.length === 0) return;
  const named = new Set(uids);
  const readReport = (response: UntaggedResponse) => {
    const items = readItems(response);
    const uid = numberOf(items.get('UID'));
    if (uid === null || !named.has(uid)) return;
    const [known, reported] = [after.get(uid) ?? UNKNOWN, toMarks(items)];
    after.set(uid, { flags: reported.flags ?? known.flags, labels: reported.labels ?? known.labels });
  };
  const tokens = [sequenceSet(uids), atom(item), marks.map(({ token }) => token)];
  await imap.run('UID STORE', tokens, { ifLost: IF_LOST, untagged: { FETCH: readReport } });
}

/** @throws {ToolError} if the mailbox has another UIDVALIDITY now */
async function readAgain(readImap: WithConnection, { mailbox, uids, uidValidity, items }: NamedSet & Begun) {
  const read = await readImap((imap) => readSet(imap, { mailbox, uids, uidValidity }, items), mailbox);
  return marksIn(read.items);
}

/** Which flags have changed in which messages. */
function compare({ before, uids, add, remove, items, ...known }: Begun, after: MarksByUid): FlaggedSet {
  const inOrder = uids.toSorted((a, b) => a - b);
  const each = [...add.map((mark) => ({ mark, isAdded: true })), ...remove.map((mark) => ({ mark, isAdded: false }))];
  const changes = [...new Map(each.map((change) => [change.mark.id, change])).values()].flatMap(({ mark, isAdded }) => {
    const changed = inOrder.filter((uid) => {
      const [had, has] = [hasMark(before.get(uid), mark), hasMark(after.get(uid), mark)];
      return had === !isAdded && has === isAdded;
    });
    return changed.length === 0 ? [] : [{ flag: mark.name, isAdded, uids: changed }];
  });
  const needsLabels = items.length > 1;
  const isUnknown = (uid: number) => !isKnown(after.get(uid), needsLabels) || !isKnown(before.get(uid), needsLabels);
  const refused = inOrder.filter(
    (uid) =>
      isKnown(after.get(uid), needsLabels) &&
      each.some(({ mark, isAdded }) => hasMark(after.get(uid), mark) !== isAdded),
  );
  const { fetched, uidValidity, missing } = known;
  return { uidValidity, missing, items: fetched, uids, changes, refused, unknown: inOrder.filter(isUnknown) };
}

const isKnown = (marks: Marks | undefined, needsLabels: boolean): boolean =>
  marks !== undefined && marks.flags !== null && (!needsLabels || marks.labels !== null);

/** @returns undefined if it is not known */
const hasMark = (marks: Marks | undefined, { id, isLabel }: Mark): boolean | undefined =>
  (isLabel ? marks?.labels : marks?.flags)?.has(id);

function marksIn(items: ReadonlyMap<number, FetchedItems>): Map<number, Marks> {
  return new Map([...items].map(([uid, fetched]) => [uid, toMarks(fetched)]));
}

function toMarks(items: FetchedItems): Marks {
  const namesIn = (item: Item): string[] => listOf(item).map((name) => textOf(name) ?? '');
  const [flags, labels] = [items.get('FLAGS'), items.get('X-GM-LABELS')];
  return {
    flags: flags === undefined ? null : new Set(namesIn(flags).map((flag) => flag.toLowerCase())),
    labels: labels === undefined ? null : new Set(namesIn(labels).map((name) => labelId(decodeMailboxName(name)))),
  };
}
