/** Lists a mailbox a page at a time. The cost depends on the size of the page, not of the mailbox. */
import { mapInSlices } from '../../workers/event-loop.ts';
import { lacksLists } from '../imap/bounded-item.ts';
import { type FetchedItems, fetchByUid, sequenceFetchCommand, uidFetchCommand } from '../imap/fetch.ts';
import type { ImapConnection } from '../imap/imap-connection.ts';
import { openAndRead } from '../mailbox/open-mailbox.ts';
import { areAtLimit, type MessageSummary, type Structure, toSummary } from '../mime/summary.ts';
import { fetchInPieces, isCausedByMessage } from './fetch-in-pieces.ts';
import { ALL_ITEMS, ITEM_SETS, type ItemSet, isFromList, REDUCED_SETS, UID_ITEMS } from './fetch-items.ts';

/**
 * Runs `use` with a connection of the account, as ImapPool.withConnection() does.
 *
 * @param mailbox a connection that has it open is preferred
 */
export type WithConnection = <T>(use: (imap: ImapConnection) => Promise<T>, mailbox?: string) => Promise<T>;

export interface Page {
  /** From 1. A page after the last one is empty. */
  page: number;
  perPage: number;
}

/** A message of a page. */
export interface ListedMessage extends MessageSummary {
  /** True if the server did not return the envelope. The fields of the envelope are then empty. */
  isUnreadable: boolean;
  /** True if a field may have more addresses than are listed. */
  areAddressesCut: boolean;
  /** True for newsletters and mailing lists: the message has List-Id or List-Unsubscribe. */
  isFromList: boolean;
  /** Null if the server did not return it, or it cannot be parsed. */
  structure: Structure;
}

export interface ListedPage {
  uidValidity: string;
  /** Messages of the mailbox. */
  total: number;
  messages: ListedMessage[];
}

/** As listMessages(). Messages on which the server fails are listed with their UID only, and do not affect the others. */
export async function listPage(withConnection: WithConnection, mailbox: string, page: Page): Promise<ListedPage> {
  let wasOpen = false;
  const list = (imap: ImapConnection) =>
    listMessages(imap, mailbox, page).catch((error: unknown) => {
      wasOpen = imap.selected !== null;
      throw error;
    });
  try {
    return await withConnection(list, mailbox);
  } catch (error) {
    if (!wasOpen || !isCausedByMessage(error)) throw error;
    const { uids, ...rest } = await withConnection((imap) => listUids(imap, mailbox, page), mailbox);
    return {
      ...rest,
      messages: await fetchPageInPieces(withConnection, mailbox, { uids, uidValidity: rest.uidValidity }),
    };
  }
}

/** @returns messages in the order of `uids`. Those on which the server fails are marked as unreadable; those that no longer exist are left out */
export async function fetchPageInPieces(
  withConnection: WithConnection,
  mailbox: string,
  { uids, uidValidity }: { uids: readonly number[]; uidValidity: string },
): Promise<ListedMessage[]> {
  const fetch = (piece: readonly number[], itemSets: readonly ItemSet[]) =>
    withConnection(
      (imap) => fetchSummaries(imap, mailbox, piece, { uidValidity, itemSets }).catch(nullIfCausedByMessage),
      mailbox,
    );
  const { fetched, unfetched } = await fetchInPieces(uids, ITEM_SETS, fetch);
  const byUid = new Map(fetched.map((message) => [message.uid, message]));
  return uids.flatMap((uid) => (unfetched.has(uid) ? [toListed(uid, new Map())] : (byUid.get(uid) ?? [])));
}

/** Catches the error within withConnection(), which would otherwise repeat the call on another connection. */
export function nullIfCausedByMessage(error: unknown): null {
  if (isCausedByMessage(error)) return null;
  throw error;
}

/**
 * One page of a mailbox, the message with the highest sequence number first.
 *
 * The sequence numbers are computed from the last known number of messages. openAndRead() repeats the request if that number has changed.
 *
 * @throws {ToolError} if there is no such mailbox
 */
export async function listMessages(
  imap: ImapConnection,
  mailbox: string,
  { page, perPage }: Page,
): Promise<ListedPage> {
  const makeCommand = (exists: number | null) => {
    const range = pageOf(exists ?? 0, page, perPage);
    return range && sequenceFetchCommand(range.first, range.last, ...ALL_ITEMS);
  };
  const { selected, exists: total, result } = await openAndRead(imap, mailbox, { fresh: true }, makeCommand);
  const fetched = result();
  const range = pageOf(total, page, perPage);
  const messages = range === null || fetched === null ? [] : await fetchMissing(imap, range, fetched);
  return { uidValidity: selected.uidValidity, total, messages };
}

/** The UIDs of the page that listMessages() would list. No envelope or structure is fetched. */
export async function listUids(
  imap: ImapConnection,
  mailbox: string,
  { page, perPage }: Page,
): Promise<{ uidValidity: string; total: number; uids: number[] }> {
  const makeCommand = (exists: number | null) => {
    const range = pageOf(exists ?? 0, page, perPage);
    return range && sequenceFetchCommand(range.first, range.last, ...UID_ITEMS);
  };
  const { selected, exists: total, result } = await openAndRead(imap, mailbox, { fresh: true }, makeCommand);
  const uids = [...(result()?.keys() ?? [])].sort((a, b) => b - a);
  return { uidValidity: selected.uidValidity, total, uids };
}

interface SummaryOptions {
  uidValidity?: string;
  /** Each further set is fetched for the messages that the sets before it did not return. */
  itemSets?: readonly ItemSet[];
}

/** Summaries in the order of `uids`. Messages that no longer exist are left out. */
export async function fetchSummaries(
  imap: ImapConnection,
  mailbox: string,
  uids: readonly number[],
  { uidValidity, itemSets: [first = ALL_ITEMS, ...reduced] = ITEM_SETS }: SummaryOptions = {},
): Promise<ListedMessage[]> {
  if (uids.length === 0) return [];
  const { result } = await openAndRead(imap, mailbox, { uidValidity }, () => uidFetchCommand(uids, ...first));
  const all = new Map(result());
  for (const itemSet of reduced) {
    const missing = uids.filter((uid) => !all.has(uid));
    for (const [uid, found] of await fetchByUid(imap, missing, ...itemSet)) all.set(uid, found);
  }
  return listFetched(uids, all);
}

/** Messages in the order of `uids`, without those that were not fetched. */
export function listFetched(
  uids: readonly number[],
  fetched: ReadonlyMap<number, FetchedItems>,
): Promise<ListedMessage[]> {
  const found = uids.filter((uid) => fetched.has(uid));
  const addresses = createAddressBudget();
  return mapInSlices(found, (uid) => addresses.limit(toListed(uid, fetched.get(uid) ?? new Map())));
}

interface Range {
  first: number;
  last: number;
}

/** Sequence numbers of a page; null if it is empty. */
function pageOf(exists: number, page: number, perPage: number): Range | null {
  const last = exists - (page - 1) * perPage;
  return last < 1 ? null : { first: Math.max(1, last - perPage + 1), last };
}

/** Completes the page with messages whose structure or envelope cannot be parsed: fetched without structure, then without envelope. */
async function fetchMissing(
  imap: ImapConnection,
  { first, last }: Range,
  fetched: ReadonlyMap<number, FetchedItems>,
): Promise<ListedMessage[]> {
  let all = fetched;
  for (const itemSet of REDUCED_SETS) {
    if (all.size > last - first) break;
    all = new Map([...(await imap.read(sequenceFetchCommand(first, last, ...itemSet))), ...all]);
  }
  // Within a mailbox UIDs ascend with sequence numbers (RFC 9051 §2.3.1.1).
  const descending = [...all].sort(([a], [b]) => b - a);
  const addresses = createAddressBudget();
  return mapInSlices(descending, ([uid, items]) => addresses.limit(toListed(uid, items)));
}

/** @param items empty if nothing was fetched */
export function toListed(uid: number, items: FetchedItems): ListedMessage {
  const { bcc: _, ...summary } = toSummary(uid, items);
  return {
    ...summary,
    isUnreadable: !items.has('ENVELOPE'),
    areAddressesCut: lacksLists(items.get('ENVELOPE')) || areAtLimit(summary),
    isFromList: isFromList(items),
  };
}

/** Addresses of a whole page, and those of one header field when that many are given. */
const MAX_PAGE_ADDRESSES = 4_000;
const MIN_FIELD_ADDRESSES = 10;
const ADDRESS_FIELDS = ['from', 'sender', 'replyTo', 'to', 'cc'] as const;

/** A hundred messages with a thousand recipients each would take megabytes, of which a list shows the first ones. */
function createAddressBudget(): { limit(message: ListedMessage): ListedMessage } {
  let left = MAX_PAGE_ADDRESSES;
  return {
    limit(message) {
      const listed = { ...message };
      for (const field of ADDRESS_FIELDS) {
        listed[field] = message[field].slice(0, Math.max(MIN_FIELD_ADDRESSES, left));
        left -= listed[field].length;
        if (listed[field].length < message[field].length) listed.areAddressesCut = true;
      }
      return listed;
    },
  };
}
