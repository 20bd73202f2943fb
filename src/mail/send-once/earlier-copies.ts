/** Finds the messages that earlier calls with an idempotency key have stored in a mailbox, by their Message-ID. */

import { atom, bytesOf, listOf, string, type Token, textOf } from '../imap/data-formats.ts';
import { type FetchedItems, fetchByUid, peekHeader } from '../imap/fetch.ts';
import type { ImapConnection } from '../imap/imap-connection.ts';
import { openMailbox } from '../mailbox/open-mailbox.ts';
import { searchDate } from '../search/search-date.ts';
import { searchUids } from '../search/uid-search.ts';
import type { KeyedMessageId } from './keyed-message-id.ts';

export interface EarlierCopy {
  uid: number;
  uidValidity: string;
  /** False if a call with the same key and other contents made it. */
  isSameMessage: boolean;
  /** True if it has the flag \Draft, so it is not known to be sent. */
  isDraft: boolean;
}

export interface CopySearch {
  id: KeyedMessageId;
  /** Header fields that may hold the Message-ID. */
  fields: readonly string[];
  now: Date;
}

/** Older messages are not searched: a server reads the header of every message in the period, and Sent may hold 100,000. */
const MAX_AGE_DAYS = 30;
const DAY_MS = 86_400_000;

/**
 * Finds the copies of a message in one mailbox.
 *
 * @returns in the order in which they were stored
 * @throws {ToolError} if there is no such mailbox
 */
export async function findEarlierCopies(
  imap: ImapConnection,
  mailbox: string,
  { id: { messageId, place, localPart }, fields, now }: CopySearch,
): Promise<EarlierCopy[]> {
  const { uidValidity } = await openMailbox(imap, mailbox, { fresh: true });
  // Gmail finds whole Message-IDs only. Other servers also find a part of them (RFC 9051 §6.4.4), and so messages with other contents.
  const wanted = [headerKey('Message-ID', messageId), ...fields.map((field) => headerKey(field, place))];
  const either = [...wanted.slice(1).map(() => atom('OR')), ...wanted.flat()];
  const uids = await searchUids(imap, [atom('SINCE'), atom(earliestDate(now)), ...either]);
  const items = [atom('FLAGS'), peekHeader(...fields)];
  const found = await fetchByUid(imap, uids, items, ['FLAGS', 'BODY[HEADER.FIELDS]']);
  return uids.flatMap((uid) => {
    const ids = unfoldedHeader(found.get(uid));
    // Some servers return messages that do not match.
    if (!ids.includes(place)) return [];
    const flags = listOf(found.get(uid)?.get('FLAGS')).map((flag) => textOf(flag)?.toLowerCase());
    return [{ uid, uidValidity, isSameMessage: ids.includes(localPart), isDraft: flags.includes('\\draft') }];
  });
}

function headerKey(field: string, value: string): Token[] {
  return [atom('HEADER'), atom(field), string(value)];
}

/** The fetched header fields without line folding (RFC 5322 §2.2.3). */
function unfoldedHeader(items: FetchedItems | undefined): string {
  return (bytesOf(items?.get('BODY[HEADER.FIELDS]'))?.toString('latin1') ?? '').replace(/\r\n[ \t]+/g, '');
}

/** The first day that is searched. */
function earliestDate(now: Date): string {
  return searchDate(now.getTime() - MAX_AGE_DAYS * DAY_MS);
}
