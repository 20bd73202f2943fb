/** Lists the messages that have arrived in a mailbox since a time. */
import { ToolError } from '../../errors.ts';
import { textOf } from '../imap/data-formats.ts';
import { fetchByUid } from '../imap/fetch.ts';
import type { ImapConnection } from '../imap/imap-connection.ts';
import { parseDate } from '../mime/dates.ts';
import { parseSearch } from '../search/parse.ts';
import { UID_ITEMS } from './fetch-items.ts';
import { fetchPageInPieces, type ListedMessage, type Page, type WithConnection } from './list.ts';
import { searchMessages } from './search-messages.ts';

export interface Arrivals {
  uidValidity: string;
  /** Messages that have arrived, on all pages. */
  total: number;
  /** Newest first. */
  messages: ListedMessage[];
}

/** Messages of which the time of arrival is read. */
const MAX_CANDIDATES = 2_000;
const DAY_MS = 86_400_000;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** @throws {ToolError} if more than 2,000 messages have arrived since the day before */
export async function listArrivals(
  withConnection: WithConnection,
  mailbox: string,
  since: Date,
  { page, perPage }: Page,
): Promise<Arrivals> {
  const { uidValidity, arrived } = await withConnection((imap) => findArrivals(imap, mailbox, since), mailbox);
  const uids = arrived.slice((page - 1) * perPage, page * perPage);
  const messages = uids.length === 0 ? [] : await fetchPageInPieces(withConnection, mailbox, { uids, uidValidity });
  return { uidValidity, total: arrived.length, messages };
}

/** SINCE compares days, of whatever zone the server counts in: one day more is searched, and each time of arrival is compared. */
async function findArrivals(
  imap: ImapConnection,
  mailbox: string,
  since: Date,
): Promise<{ uidValidity: string; arrived: number[] }> {
  const keys = parseSearch(`SINCE ${dayOf(new Date(since.getTime() - DAY_MS))}`);
  const { uidValidity, count, uids } = await searchMessages(imap, mailbox, keys, { page: 1, perPage: MAX_CANDIDATES });
  if (count > MAX_CANDIDATES) {
    throw new ToolError(
      `More than ${MAX_CANDIDATES.toLocaleString('en')} messages have arrived since the day before. Name a later time, or use search_mail_messages with SINCE.`,
    );
  }
  const items = await fetchByUid(imap, uids, ...UID_ITEMS);
  const arrived = uids.filter((uid) => {
    const at = parseDate(textOf(items.get(uid)?.get('INTERNALDATE')) ?? '');
    return at !== null && Date.parse(at) >= since.getTime();
  });
  return { uidValidity, arrived };
}

function dayOf(date: Date): string {
  return `${date.getUTCDate()}-${MONTHS[date.getUTCMonth()]}-${date.getUTCFullYear()}`;
}
