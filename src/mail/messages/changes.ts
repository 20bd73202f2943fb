/**
 * Reads what has changed in a mailbox since a cursor: new messages, changed flags (CONDSTORE) and messages that are gone (QRESYNC, both RFC
 * 7162), in one round trip as far as the server has these extensions.
 */
import { ToolError, UpstreamError } from '../../errors.ts';
import { atom, isList, listOf, numberOf, rangesOf, type Token, textOf } from '../imap/data-formats.ts';
import { type FetchedItems, uidRangeFetchCommand } from '../imap/fetch.ts';
import type { ImapConnection, ReadCommand, SelectedMailbox } from '../imap/imap-connection.ts';
import { withListedName } from '../mailbox/open-mailbox.ts';
import { type FoundUids, uidSearchCommand } from '../search/uid-search.ts';
import { ALL_ITEMS } from './fetch-items.ts';
import { fetchPageInPieces, type ListedMessage, listUids, toListed, type WithConnection } from './list.ts';

/** The state of a mailbox that a caller has seen. */
export interface Cursor {
  uidValidity: string;
  /** Messages from this UID on are new. */
  uidNext: number;
  /** Decimal; `0` if the server has none. */
  modSeq: string;
}

export interface Changes {
  uidValidity: string;
  cursor: Cursor;
  /** New messages, newest first. If there are `more`, these are the oldest of them, and the cursor is behind them. */
  messages: ListedMessage[];
  more: number;
  /** Messages whose flags have changed, newest first; null if the server does not say. */
  changed: { uid: number; flags: string[] }[] | null;
  /** Changed messages that are not in `changed`. */
  moreChanged: number;
  /** UIDs of messages that are gone, as a sequence set; null if the server does not say. */
  gone: string | null;
  /** True if more are gone. */
  isGoneCut: boolean;
}

/** Changed messages that are returned. */
const MAX_CHANGED = 200;
const MAX_SET_CHARS = 2_000;
/** Of the sets of the server; one more set is kept whole. */
const MAX_READ_CHARS = 100_000;

export const cursorText = ({ uidValidity, uidNext, modSeq }: Cursor): string => `${uidValidity}.${uidNext}.${modSeq}`;

/** @returns undefined if the text is not a cursor */
export function parseCursor(text: string): Cursor | undefined {
  const [, uidValidity, uidNext, modSeq] = /^(\d{1,20})\.(\d{1,10})\.(\d{1,20})$/.exec(text) ?? [];
  if (uidValidity === undefined || uidNext === undefined || modSeq === undefined) return undefined;
  return { uidValidity, uidNext: Math.max(1, Number(uidNext)), modSeq };
}

/** The cursor of a mailbox as it is now. */
export function readCursor(withConnection: WithConnection, mailbox: string): Promise<Cursor> {
  return withConnection(async (imap) => {
    const mode = { condstore: imap.has('CONDSTORE'), qresync: false };
    const { selected } = await withListedName(imap, mailbox, (path) => imap.openAnew(path, mode, []));
    return cursorAt(imap, mailbox, selected);
  }, mailbox);
}

/** The cursor of a mailbox as it was when it was opened. */
export async function cursorAt(imap: ImapConnection, mailbox: string, selected: SelectedMailbox): Promise<Cursor> {
  return cursorOf(selected, selected.uidNext ?? (await nextUid(imap, mailbox)));
}

async function nextUid(imap: ImapConnection, mailbox: string): Promise<number> {
  const { uids } = await listUids(imap, mailbox, { page: 1, perPage: 1 });
  return (uids[0] ?? 0) + 1;
}

/**
 * @param options `count`: new messages that are returned at most
 * @throws {ToolError} if the cursor belongs to another UIDVALIDITY
 */
export async function readChanges(
  withConnection: WithConnection,
  mailbox: string,
  cursor: Cursor,
  { count }: { count: number },
): Promise<Changes> {
  const read = await withConnection((imap) => readAll(imap, mailbox, { cursor, count }), mailbox);
  const { selected, found, fetched, flags } = read;
  const uids = newUids(found, cursor.uidNext, count);
  const total = uids.total;
  const missing = uids.oldest.filter((uid) => !fetched.has(uid));
  const rest =
    missing.length === 0
      ? []
      : await fetchPageInPieces(withConnection, mailbox, { uids: missing, uidValidity: selected.uidValidity });
  const byUid = new Map(rest.map((message) => [message.uid, message]));
  const messages = uids.oldest.flatMap((uid) => {
    const items = fetched.get(uid);
    return items === undefined ? (byUid.get(uid) ?? []) : [toListed(uid, items)];
  });
  const more = total - uids.oldest.length;
  const last = uids.oldest[0] ?? cursor.uidNext - 1;
  const next = more > 0 ? last + 1 : Math.max(selected.uidNext ?? 0, last + 1);
  return { uidValidity: selected.uidValidity, cursor: cursorOf(selected, next), messages, more, ...flags };
}

function cursorOf({ uidValidity, highestModSeq }: SelectedMailbox, uidNext: number): Cursor {
  return { uidValidity, uidNext, modSeq: highestModSeq ?? '0' };
}

interface AllRead {
  selected: SelectedMailbox;
  found: FoundUids;
  fetched: ReadonlyMap<number, FetchedItems>;
  flags: Pick<Changes, 'changed' | 'moreChanged' | 'gone' | 'isGoneCut'>;
}

/** What the commands return: UIDs found, items fetched, changed flags. */
interface Part {
  found?: FoundUids;
  fetched?: ReadonlyMap<number, FetchedItems>;
  flags?: AllRead['flags'];
}

/** Reads everything in one round trip; in one more if the server refuses what it has offered. */
async function readAll(
  imap: ImapConnection,
  mailbox: string,
  { cursor, count }: { cursor: Cursor; count: number },
): Promise<AllRead> {
  const { uidNext, modSeq, uidValidity } = cursor;
  const condstore = imap.has('CONDSTORE') || imap.has('QRESYNC');
  const knowsFlags = condstore && modSeq !== '0' && uidNext > 1;
  const read = async (qresync: boolean) => {
    const makeCommands = () => [
      named('found', uidSearchCommand(imap, [atom('UID'), sequence(`${uidNext}:*`)], { charset: undefined })),
      named('fetched', uidRangeFetchCommand([uidNext, uidNext + count - 1], ...ALL_ITEMS)),
      ...(knowsFlags ? [named('flags', changedCommand(cursor, qresync))] : []),
    ];
    const opened = await withListedName(imap, mailbox, (path) =>
      imap.openAnew<Part>(path, { condstore, qresync }, makeCommands()),
    );
    return { ...opened, refused: opened.outcomes.filter((outcome) => outcome.status === 'rejected') };
  };
  const qresync = knowsFlags && imap.has('QRESYNC');
  const first = await read(qresync);
  const isRepeated = qresync && first.refused.length > 0 && imap.isUsable;
  const { selected, outcomes, refused } = isRepeated ? await read(false) : first;
  if (selected.uidValidity !== uidValidity) throw staleCursor(selected);
  const parts: Part = Object.assign({}, ...outcomes.map((each) => (each.status === 'fulfilled' ? each.value : {})));
  const lost = refused.find(({ reason }) => !imap.isUsable || !(reason instanceof UpstreamError));
  if (lost !== undefined || parts.found === undefined) throw (lost ?? refused[0])?.reason ?? new Error('no result');
  const { found, fetched = new Map(), flags = UNKNOWN_FLAGS } = parts;
  return { selected, found, fetched, flags };
}

const UNKNOWN_FLAGS = { changed: null, moreChanged: 0, gone: null, isGoneCut: false };

/** The result of a command under a name. */
function named<Name extends keyof Part>(name: Name, command: ReadCommand<NonNullable<Part[Name]>>): ReadCommand<Part> {
  return { ...command, result: () => ({ [name]: command.result() }) };
}

function sequence(value: string): Token {
  return { type: 'SEQUENCE', value };
}

/** RFC 7162 §3.1.4.1 and §3.2.6. */
function changedCommand({ uidNext, modSeq }: Cursor, qresync: boolean): ReadCommand<AllRead['flags']> {
  const changed = new Map<number, string[]>();
  const gone: string[] = [];
  let goneChars = 0;
  let skipped = 0;
  const modifier: Token[] = [
    atom('CHANGEDSINCE'),
    { type: 'NUMBER', value: modSeq },
    ...(qresync ? [atom('VANISHED')] : []),
  ];
  return {
    command: 'UID FETCH',
    tokens: [sequence(`1:${uidNext - 1}`), [atom('UID'), atom('FLAGS')], modifier],
    options: {
      untagged: {
        FETCH: ({ items: [, list] }) => {
          const { uid, flags } = readFlags(listOf(list));
          if (uid === null || uid >= uidNext) return;
          changed.set(uid, flags);
          if (changed.size <= MAX_CHANGED) return;
          const [oldest = uid] = changed.keys();
          changed.delete(oldest);
          skipped += 1;
        },
        VANISHED: ({ items }) => {
          const set = textOf(isList(items[0]) ? items[1] : items[0]) ?? '';
          if (goneChars <= MAX_READ_CHARS) gone.push(set);
          goneChars += set.length;
        },
      },
    },
    result: () => {
      const newest = [...changed].sort(([a], [b]) => b - a).map(([uid, flags]) => ({ uid, flags }));
      return { changed: newest, moreChanged: skipped, ...(qresync ? goneSet(gone, uidNext) : NOTHING_GONE) };
    },
  };
}

function readFlags(pairs: ReturnType<typeof listOf>): { uid: number | null; flags: string[] } {
  const read: { uid: number | null; flags: string[] } = { uid: null, flags: [] };
  for (let i = 0; i + 1 < pairs.length; i += 2) {
    const name = textOf(pairs[i])?.toUpperCase();
    if (name === 'UID') read.uid = numberOf(pairs[i + 1]);
    if (name === 'FLAGS') {
      const flags = listOf(pairs[i + 1]).map((flag) => textOf(flag) ?? '');
      read.flags = flags.filter((flag) => flag !== '' && flag !== '\\Recent');
    }
  }
  return read;
}

/** Those below `uidNext`: the caller has not seen the others. Cut at a length that a model still reads. */
function goneSet(sets: readonly string[], uidNext: number): Pick<Changes, 'gone' | 'isGoneCut'> {
  const whole = sets.join(',');
  const start = whole.length <= MAX_READ_CHARS ? whole : whole.slice(0, whole.lastIndexOf(',', MAX_READ_CHARS));
  const ranges = (rangesOf(start) ?? []).filter(([low]) => low < uidNext);
  const texts = ranges.map(([low, high]) => {
    const end = Math.min(high, uidNext - 1);
    return low === end ? `${low}` : `${low}:${end}`;
  });
  const text = texts.join(',');
  if (text.length <= MAX_SET_CHARS) return { gone: text, isGoneCut: start.length < whole.length };
  return { gone: text.slice(0, text.lastIndexOf(',', MAX_SET_CHARS)), isGoneCut: true };
}

const NOTHING_GONE = { gone: null, isGoneCut: false };

/** The oldest of the new UIDs, newest first. `n:*` includes the last message even if its UID is lower. */
function newUids(found: FoundUids, uidNext: number, count: number): { oldest: number[]; total: number } {
  const [newest = 0] = found.newest(0, 1);
  if (newest < uidNext) return { oldest: [], total: 0 };
  return { oldest: found.newest(Math.max(0, found.count - count), count), total: found.count };
}

function staleCursor({ uidValidity }: SelectedMailbox): ToolError {
  return new ToolError(
    `The cursor is not valid any more: the folder was created anew, and its uid_validity is ${uidValidity} now. List it, and call with since "now" for a new cursor.`,
  );
}
