/** Lists the messages that have arrived in a mailbox since a time: one round trip to find them, one to read them. */
import { ToolError } from '../../errors.ts';
import { textOf } from '../imap/data-formats.ts';
import { type FetchedItems, uidFetchCommand } from '../imap/fetch.ts';
import type { ImapConnection } from '../imap/imap-connection.ts';
import { withListedName } from '../mailbox/open-mailbox.ts';
import { parseDate } from '../mime/dates.ts';
import { encodeSearch } from '../search/encode-search.ts';
import { parseSearch } from '../search/parse.ts';
import { searchDate } from '../search/search-date.ts';
import { uidSearchCommand } from '../search/uid-search.ts';
import { type Cursor, cursorAt } from './changes.ts';
import { isCausedByMessage } from './fetch-in-pieces.ts';
import { ALL_ITEMS, UID_ITEMS } from './fetch-items.ts';
import {
  fetchPageInPieces,
  type ListedMessage,
  listFetched,
  nullIfCausedByMessage,
  type Page,
  type WithConnection,
} from './list.ts';

export interface Arrivals {
  /** The state in which the mailbox was searched: what arrives meanwhile is returned twice rather than never. */
  cursor: Cursor;
  /** Messages that have arrived, on all pages. */
  total: number;
  /** Newest first. */
  messages: ListedMessage[];
}

/** Messages of which the time of arrival is read. */
const MAX_CANDIDATES = 2_000;
const DAY_MS = 86_400_000;

/** @throws {ToolError} if more than 2,000 messages have arrived since the day before */
export async function listArrivals(
  withConnection: WithConnection,
  mailbox: string,
  since: Date,
  { page, perPage }: Page,
): Promise<Arrivals> {
  const onPage = (uids: readonly number[]) => uids.slice((page - 1) * perPage, page * perPage);
  const read = async (imap: ImapConnection, likely: (candidates: readonly number[]) => readonly number[]) => {
    const { cursor, candidates } = await findCandidates(imap, mailbox, since);
    return { cursor, ...(await readCandidates(imap, { candidates, since, likely: likely(candidates) })) };
  };
  const { cursor, arrived, fetched } =
    (await withConnection((imap) => read(imap, onPage).catch(nullIfCausedByMessage), mailbox)) ??
    (await withConnection((imap) => read(imap, () => []), mailbox));
  const { uidValidity } = cursor;
  const uids = onPage(arrived);
  const listed = await listFetched(uids, fetched);
  const missing = uids.filter((uid) => !fetched.has(uid));
  const rest =
    missing.length === 0 ? [] : await fetchPageInPieces(withConnection, mailbox, { uids: missing, uidValidity });
  return { cursor, total: arrived.length, messages: [...listed, ...rest].sort((a, b) => b.uid - a.uid) };
}

/** SINCE compares days, of whatever zone the server counts in: one day more is searched. */
async function findCandidates(
  imap: ImapConnection,
  mailbox: string,
  since: Date,
): Promise<{ cursor: Cursor; candidates: number[] }> {
  const { tokens } = encodeSearch(parseSearch(`SINCE ${searchDate(since.getTime() - DAY_MS)}`));
  const mode = { condstore: imap.has('CONDSTORE'), qresync: false };
  const { selected, outcomes } = await withListedName(imap, mailbox, (path) =>
    imap.openAnew(path, mode, [uidSearchCommand(imap, tokens, { charset: undefined })]),
  );
  const [outcome] = outcomes;
  if (outcome?.status !== 'fulfilled') throw outcome?.reason ?? new Error('no result');
  const found = outcome.value;
  if (found.count > MAX_CANDIDATES) {
    throw new ToolError(
      `More than ${MAX_CANDIDATES.toLocaleString('en')} messages have arrived since the day before. Name a later time, or use search_mail_messages with SINCE.`,
    );
  }
  return { cursor: await cursorAt(imap, mailbox, selected), candidates: found.newest(0, found.count) };
}

interface Candidates {
  /** UIDs, newest first. */
  candidates: readonly number[];
  since: Date;
  /** Those that are on the page unless an older message has a higher UID. */
  likely: readonly number[];
}

/** Compares the time of each arrival, and reads the likely messages of the page meanwhile. */
async function readCandidates(
  imap: ImapConnection,
  { candidates, since, likely }: Candidates,
): Promise<{ arrived: number[]; fetched: ReadonlyMap<number, FetchedItems> }> {
  if (candidates.length === 0) return { arrived: [], fetched: new Map() };
  const [times, messages] = await imap.readAll([
    uidFetchCommand(candidates, ...UID_ITEMS),
    ...(likely.length === 0 ? [] : [uidFetchCommand(likely, ...ALL_ITEMS)]),
  ]);
  if (times?.status !== 'fulfilled') throw times?.reason ?? new Error('no result');
  if (messages?.status === 'rejected' && !isCausedByMessage(messages.reason)) throw messages.reason;
  const arrived = candidates.filter((uid) => {
    const at = parseDate(textOf(times.value.get(uid)?.get('INTERNALDATE')) ?? '');
    return at !== null && Date.parse(at) >= since.getTime();
  });
  return { arrived, fetched: messages?.status === 'fulfilled' ? messages.value : new Map() };
}
