/** Lists and searches a mailbox a page at a time. The cost depends on the size of the page, not of the mailbox. */
import { ToolError, UpstreamError } from '../../errors.ts';
import { atom, type Token } from '../imap/data-formats.ts';
import { type FetchedItems, fetchByUid, sequenceFetchCommand, uidFetchCommand } from '../imap/fetch.ts';
import type { ImapConnection } from '../imap/imap-connection.ts';
import { openAndRead } from '../mailbox/open-mailbox.ts';
import { BARE_ITEMS, type MessageSummary, PLAIN_ITEMS, SUMMARY_ITEMS, toSummary } from '../mime/summary.ts';
import { encodeSearch } from '../search/encode-search.ts';
import type { SearchKey } from '../search/parse.ts';
import { explainSearch, type FoundUids, uidSearchCommand } from '../search/uid-search.ts';
import { fetchInPieces, isCausedByMessage } from './fetch-in-pieces.ts';

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

/** As searchMessages(), with the messages of the page as listPage() lists them. */
export async function searchPage(
  withConnection: WithConnection,
  mailbox: string,
  keys: SearchKey[],
  page: Page,
): Promise<FoundMessages & { messages: ListedMessage[] }> {
  const { found, messages } = await withConnection(async (imap) => {
    const found = await searchMessages(imap, mailbox, keys, page);
    return { found, messages: await fetchSummaries(imap, mailbox, found.uids).catch(nullIfCausedByMessage) };
  }, mailbox);
  return { ...found, messages: messages ?? (await fetchPageInPieces(withConnection, mailbox, found)) };
}

/** @returns messages in the order of `uids`. Those on which the server fails are marked as unreadable; those that no longer exist are left out */
async function fetchPageInPieces(
  withConnection: WithConnection,
  mailbox: string,
  { uids, uidValidity }: Pick<FoundMessages, 'uids' | 'uidValidity'>,
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
function nullIfCausedByMessage(error: unknown): null {
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
async function listUids(
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
  return uids.flatMap((uid) => {
    const items = all.get(uid);
    return items === undefined ? [] : [toListed(uid, items)];
  });
}

/** Result of a search. */
export interface FoundMessages {
  uidValidity: string;
  /** Messages found, on all pages. */
  count: number;
  /** UIDs of one page, newest (highest) first. */
  uids: number[];
  /** True if only the second search, without CHARSET and RETURN, found messages. */
  isDoubtful: boolean;
}

/**
 * Finds messages. `ALL` takes a page by sequence numbers instead of SEARCH, whose response would be long in a large mailbox.
 *
 * @throws {ToolError} if there is no such mailbox, or the server cannot search for text outside ASCII
 */
export async function searchMessages(
  imap: ImapConnection,
  mailbox: string,
  keys: SearchKey[],
  { page, perPage }: Page,
): Promise<FoundMessages> {
  if (keys.every(({ key }) => key === 'ALL')) {
    const { uidValidity, total: count, uids } = await listUids(imap, mailbox, { page, perPage });
    return { uidValidity, count, uids, isDoubtful: false };
  }
  const { tokens, needsUtf8, needsWithin } = encodeSearch(keys);
  if (needsWithin && !imap.has('WITHIN')) {
    throw new ToolError('This mail server does not know OLDER and YOUNGER. Use BEFORE and SINCE with a date.');
  }
  const charset = needsUtf8 ? 'UTF-8' : undefined;
  const makeCommand = () => uidSearchCommand(imap, tokens, { charset });
  const { selected, result } = await openAndRead(imap, mailbox, { fresh: true }, makeCommand);
  try {
    const first = result();
    const isSuspicious = charset !== undefined && first?.count === 0 && selected.exists > 0;
    const again = isSuspicious ? await searchPlainly(imap, tokens) : null;
    const found = again ?? first;
    const uids = found?.newest((page - 1) * perPage, perPage) ?? [];
    return { uidValidity: selected.uidValidity, count: found?.count ?? 0, uids, isDoubtful: again !== null };
  } catch (error) {
    return explainSearch(error, charset);
  }
}

/**
 * Searches again without CHARSET and RETURN: some servers find nothing when either is given, and report no error.
 *
 * @returns null if that finds nothing either
 */
async function searchPlainly(imap: ImapConnection, tokens: readonly Token[]): Promise<FoundUids | null> {
  const found = await imap
    .read(uidSearchCommand(imap, tokens, { charset: undefined, isPlain: true }))
    .catch((error: unknown) => {
      if (error instanceof UpstreamError && error.fault === 'refused' && imap.isUsable) return null;
      throw error;
    });
  return found?.count === 0 ? null : found;
}

/** Items to fetch, and those that a response must have. */
type ItemSet = readonly [items: readonly Token[], required: readonly string[]];

const ALL_ITEMS: ItemSet = [SUMMARY_ITEMS, ['ENVELOPE', 'BODYSTRUCTURE']];

/** INTERNALDATE distinguishes the requested responses from the FETCH responses that announce changes by other connections. */
const UID_ITEMS: ItemSet = [[atom('INTERNALDATE')], ['INTERNALDATE']];

/** Smaller sets, tried in this order for messages whose items the server cannot return or imapflow cannot parse. */
const REDUCED_SETS: readonly ItemSet[] = [
  [PLAIN_ITEMS, ['ENVELOPE']],
  [BARE_ITEMS, ['RFC822.SIZE']],
];
const ITEM_SETS: readonly ItemSet[] = [ALL_ITEMS, ...REDUCED_SETS];

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
  const messages = [...all].map(([uid, items]) => toListed(uid, items));
  // Within a mailbox UIDs ascend with sequence numbers (RFC 9051 §2.3.1.1).
  return messages.sort((a, b) => b.uid - a.uid);
}

/** @param items empty if nothing was fetched */
function toListed(uid: number, items: FetchedItems): ListedMessage {
  const { bcc: _, structure: __, ...summary } = toSummary(uid, items);
  return { ...summary, isUnreadable: !items.has('ENVELOPE') };
}
