import { ToolError, UpstreamError } from '../../errors.ts';
import type { Imap } from '../imap/connection.ts';
import { askBySequence, askByUid, type FetchedItems, fetchByUid } from '../imap/fetch.ts';
import { atom, type Token } from '../imap/tokens.ts';
import { askMailbox } from '../mailbox/list-mailboxes.ts';
import { BARE_ITEMS, type MessageSummary, PLAIN_ITEMS, SUMMARY_ITEMS, toSummary } from '../mime/summary.ts';
import { askSearch, explainSearch, type FoundUids } from '../search/ask.ts';
import { encodeSearch, type SearchKey } from '../search/parse.ts';

/**
 * Messages of a mailbox, a page at a time: listing and finding them on one connection. Costs as much as the page, however large the mailbox.
 * page-in-pieces.ts sees to it that a message at which the server breaks off does not cost the others.
 */

export interface Page {
  /** From 1. A page after the last one is empty. */
  page: number;
  perPage: number;
}

/** A message of a page. */
export interface ListedMessage extends MessageSummary {
  /** True if the server did not tell who wrote to whom about what: those fields are empty, and mean nothing. */
  isUnreadable: boolean;
}

/**
 * One page of a mailbox, the message with the highest sequence number first.
 *
 * The page is asked for by the number of messages that the mailbox had when it was open last; Imap.ask() asks again if it is another.
 *
 * @throws {ToolError} if there is no such mailbox
 */
export async function listMessages(
  imap: Imap,
  mailbox: string,
  { page, perPage }: Page,
): Promise<{ uidValidity: string; total: number; messages: ListedMessage[] }> {
  const askPage = (exists: number | null) => {
    const range = pageOf(exists ?? 0, page, perPage);
    return range && askBySequence(range.first, range.last, ...ALL);
  };
  const { selected, exists: total, reply } = await askMailbox(imap, mailbox, { fresh: true }, askPage);
  const fetched = reply();
  const range = pageOf(total, page, perPage);
  const messages = range === null || fetched === null ? [] : await complete(imap, range, fetched);
  return { uidValidity: selected.uidValidity, total, messages };
}

/** The UIDs of one page, as listMessages() would list it. What the messages are is not looked at. */
export async function listUids(
  imap: Imap,
  mailbox: string,
  { page, perPage }: Page,
): Promise<{ uidValidity: string; total: number; uids: number[] }> {
  const askPage = (exists: number | null) => {
    const range = pageOf(exists ?? 0, page, perPage);
    return range && askBySequence(range.first, range.last, ...UNCHANGING);
  };
  const { selected, exists: total, reply } = await askMailbox(imap, mailbox, { fresh: true }, askPage);
  const uids = [...(reply()?.keys() ?? [])].sort((a, b) => b - a);
  return { uidValidity: selected.uidValidity, total, uids };
}

export interface SummaryOptions {
  uidValidity?: string;
  /** In place of WAYS: how to ask. */
  ways?: readonly Way[];
}

/** Summaries in the order of `uids`; messages that are gone are left out. */
export async function fetchSummaries(
  imap: Imap,
  mailbox: string,
  uids: readonly number[],
  { uidValidity, ways: [first = ALL, ...less] = WAYS }: SummaryOptions = {},
): Promise<ListedMessage[]> {
  if (uids.length === 0) return [];
  const { reply } = await askMailbox(imap, mailbox, { uidValidity }, () => askByUid(uids, ...first));
  const all = new Map(reply());
  for (const way of less) {
    const missing = uids.filter((uid) => !all.has(uid));
    for (const [uid, found] of await fetchByUid(imap, missing, ...way)) all.set(uid, found);
  }
  return uids.flatMap((uid) => {
    const items = all.get(uid);
    return items === undefined ? [] : [summaryOf(uid, items)];
  });
}

/** What searching a mailbox came to. */
export interface FoundMessages {
  uidValidity: string;
  /** All that were found. */
  count: number;
  /** Of one page of them, newest (highest) first. */
  uids: number[];
  /** True if the server found nothing at first, and these when asked in the plainest way. */
  isDoubtful: boolean;
}

/**
 * Finds messages. All of them are found by number, without a search: a large mailbox makes a long answer of it.
 *
 * @throws {ToolError} if there is no such mailbox, or the server cannot search for text outside ASCII
 */
export async function searchMessages(
  imap: Imap,
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
  const ask = () => askSearch(imap, tokens, { charset });
  const { selected, reply } = await askMailbox(imap, mailbox, { fresh: true }, ask);
  try {
    const first = reply();
    const isSuspicious = charset !== undefined && first?.count === 0 && selected.exists > 0;
    const again = isSuspicious ? await searchAgain(imap, tokens) : null;
    const found = again ?? first;
    const uids = found?.newest((page - 1) * perPage, perPage) ?? [];
    return { uidValidity: selected.uidValidity, count: found?.count ?? 0, uids, isDoubtful: again !== null };
  } catch (error) {
    return explainSearch(error, charset);
  }
}

/**
 * Some servers find nothing when they are asked with CHARSET, or with RETURN too, and do not say why: they are asked once more without both.
 *
 * @returns null if that finds nothing either
 */
async function searchAgain(imap: Imap, tokens: readonly Token[]): Promise<FoundUids | null> {
  const found = await imap
    .find(askSearch(imap, tokens, { charset: undefined, isPlain: true }))
    .catch((error: unknown) => {
      if (error instanceof UpstreamError && error.fault === 'refused' && imap.isUsable) return null;
      throw error;
    });
  return found?.count === 0 ? null : found;
}

/** What to ask for, and what has to be in the answer. */
export type Way = readonly [items: readonly Token[], required: readonly string[]];

const ALL: Way = [SUMMARY_ITEMS, ['ENVELOPE', 'BODYSTRUCTURE']];

/** An answer without it is news of another connection, of which there can be any number. */
const UNCHANGING: Way = [[atom('INTERNALDATE')], ['INTERNALDATE']];

/** For messages that the server or imapflow's parser stumbles over, in this order. */
const LESS: readonly Way[] = [
  [PLAIN_ITEMS, ['ENVELOPE']],
  [BARE_ITEMS, ['RFC822.SIZE']],
];
export const WAYS: readonly Way[] = [ALL, ...LESS];

interface Range {
  first: number;
  last: number;
}

/** Sequence numbers of a page; null if it is empty. */
function pageOf(exists: number, page: number, perPage: number): Range | null {
  const last = exists - (page - 1) * perPage;
  return last < 1 ? null : { first: Math.max(1, last - perPage + 1), last };
}

/** Asks again, without structure, then without envelope, for messages that are missing because theirs cannot be parsed. */
async function complete(
  imap: Imap,
  { first, last }: Range,
  fetched: ReadonlyMap<number, FetchedItems>,
): Promise<ListedMessage[]> {
  let all = fetched;
  for (const way of LESS) {
    if (all.size > last - first) break;
    all = new Map([...(await imap.find(askBySequence(first, last, ...way))), ...all]);
  }
  const messages = [...all].map(([uid, items]) => summaryOf(uid, items));
  // Within a mailbox UIDs ascend with sequence numbers (RFC 9051 §2.3.1.1).
  return messages.sort((a, b) => b.uid - a.uid);
}

/** @param items empty if nothing is known */
export function summaryOf(uid: number, items: FetchedItems): ListedMessage {
  const { bcc: _, structure: __, ...summary } = toSummary(uid, items);
  return { ...summary, isUnreadable: !items.has('ENVELOPE') };
}
