import type { Imap } from '../imap/connection.ts';
import { type FetchedItems, fetchByUid, peekHeader } from '../imap/fetch.ts';
import { atom, bytesOf, listOf, string, type Token, textOf } from '../imap/tokens.ts';
import { openMailbox } from '../mailbox/list-mailboxes.ts';
import { searchUids } from '../search/ask.ts';
import type { KeyedMessageId } from './keyed-message-id.ts';

/** Finding the messages in a mailbox that calls with an idempotency key have left there. */

export interface KeyedCopy {
  uid: number;
  uidValidity: string;
  /** False: made by a call with the same key and other contents. */
  isSameMessage: boolean;
  /** Carries \Draft: not known to be sent. */
  isDraft: boolean;
}

/** How far back is looked. A header search reads every message that nothing else rules out, and Sent may hold 100,000. */
export const REMEMBERED_DAYS = 30;
const DAY_MS = 86_400_000;

/**
 * Copies of the message of a call, the first to be stored first.
 *
 * @param fields header fields that may hold the Message-ID
 * @throws {ToolError} if there is no such mailbox
 */
export async function findKeyedCopies(
  imap: Imap,
  mailbox: string,
  { messageId, place, localPart }: KeyedMessageId,
  { fields, now }: { fields: readonly string[]; now: Date },
): Promise<KeyedCopy[]> {
  const { uidValidity } = await openMailbox(imap, mailbox, { fresh: true });
  // Gmail finds whole Message-IDs only; elsewhere a part finds those with other contents too (RFC 9051 §6.4.4).
  const wanted = [header('Message-ID', messageId), ...fields.map((field) => header(field, place))];
  const either = [...wanted.slice(1).map(() => atom('OR')), ...wanted.flat()];
  const uids = await searchUids(imap, [atom('SINCE'), atom(searchDate(now)), ...either]);
  const items = [atom('FLAGS'), peekHeader(...fields)];
  const found = await fetchByUid(imap, uids, items, ['FLAGS', 'BODY[HEADER.FIELDS]']);
  return uids.flatMap((uid) => {
    const ids = headerText(found.get(uid));
    // Some servers find more than was asked for.
    if (!ids.includes(place)) return [];
    const flags = listOf(found.get(uid)?.get('FLAGS')).map((flag) => textOf(flag)?.toLowerCase());
    return [{ uid, uidValidity, isSameMessage: ids.includes(localPart), isDraft: flags.includes('\\draft') }];
  });
}

function header(field: string, value: string): Token[] {
  return [atom('HEADER'), atom(field), string(value)];
}

/** Folded header lines in one. */
function headerText(items: FetchedItems | undefined): string {
  return (bytesOf(items?.get('BODY[HEADER.FIELDS]'))?.toString('latin1') ?? '').replace(/\r\n[ \t]+/g, '');
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `date` of RFC 9051 §9. */
function searchDate(now: Date): string {
  const since = new Date(now.getTime() - REMEMBERED_DAYS * DAY_MS);
  return `${since.getUTCDate()}-${MONTHS[since.getUTCMonth()]}-${since.getUTCFullYear()}`;
}
