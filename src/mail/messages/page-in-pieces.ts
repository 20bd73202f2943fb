import { UpstreamError } from '../../errors.ts';
import type { Imap } from '../imap/connection.ts';
import type { SearchKey } from '../search/parse.ts';
import {
  type FoundMessages,
  fetchSummaries,
  type ListedMessage,
  listMessages,
  listUids,
  type Page,
  searchMessages,
  summaryOf,
  WAYS,
} from './list.ts';

/**
 * Pages with messages at which a mail server breaks off: it drops the connection, refuses, or says what cannot be understood as soon as
 * one of them is asked about. The others are fetched around them, in ever smaller pieces on fresh connections.
 */

/** Lends a connection that works, a fresh one if need be. As ImapPool.withConnection(). */
export type Lend = <T>(use: (imap: Imap) => Promise<T>, mailbox?: string) => Promise<T>;

/** Most failures on one page, each of which may cost a connection. What was not reached by then is told as unreadable. */
const MOST_FAILURES = 24;
/** After this time nothing more is tried. */
const LONGEST_MS = 20_000;

/** As listMessages(); messages that the server does not tell about are listed by their UID. */
export async function listPage(
  lend: Lend,
  mailbox: string,
  page: Page,
): Promise<{ uidValidity: string; total: number; messages: ListedMessage[] }> {
  let wasOpen = false;
  const list = (imap: Imap) =>
    listMessages(imap, mailbox, page).catch((error: unknown) => {
      wasOpen = imap.selected !== null;
      throw error;
    });
  try {
    return await lend(list, mailbox);
  } catch (error) {
    if (!wasOpen || !isAboutMessages(error)) throw error;
    const { uids, ...rest } = await lend((imap) => listUids(imap, mailbox, page), mailbox);
    return { ...rest, messages: await fetchInPieces(lend, mailbox, { uids, uidValidity: rest.uidValidity }) };
  }
}

/** As searchMessages(), with the messages of the page as listPage() lists them. */
export async function searchPage(
  lend: Lend,
  mailbox: string,
  keys: SearchKey[],
  page: Page,
): Promise<FoundMessages & { messages: ListedMessage[] }> {
  const { found, messages } = await lend(async (imap) => {
    const found = await searchMessages(imap, mailbox, keys, page);
    return { found, messages: await fetchSummaries(imap, mailbox, found.uids).catch(nullIfAboutMessages) };
  }, mailbox);
  return { ...found, messages: messages ?? (await fetchInPieces(lend, mailbox, found)) };
}

/**
 * Fetches summaries by halves, down to single messages, and of those that cannot be had less and less.
 *
 * @returns in the order of `uids`; messages that are gone are left out
 * @throws {UpstreamError} if no connection can be had, or not one of several messages can be read: then it is hardly their fault
 */
async function fetchInPieces(
  lend: Lend,
  mailbox: string,
  { uids, uidValidity }: Pick<FoundMessages, 'uids' | 'uidValidity'>,
): Promise<ListedMessage[]> {
  const endsAt = performance.now() + LONGEST_MS;
  const read = new Map<number, ListedMessage>();
  const unread = new Set(uids);
  let failures = 0;

  async function fetchPiece(piece: readonly number[], ways = WAYS): Promise<void> {
    if (failures >= MOST_FAILURES || performance.now() > endsAt) return;
    const fetchAll = (imap: Imap) =>
      fetchSummaries(imap, mailbox, piece, { uidValidity, ways }).catch(nullIfAboutMessages);
    const messages = await lend(fetchAll, mailbox);
    if (messages !== null) {
      for (const message of messages) read.set(message.uid, message);
      for (const uid of piece) unread.delete(uid);
      return;
    }
    failures += 1;
    const half = Math.ceil(piece.length / 2);
    if (piece.length > 1) {
      await fetchPiece(piece.slice(0, half));
      await fetchPiece(piece.slice(half));
    } else if (ways.length > 1) {
      await fetchPiece(piece, ways.slice(1));
    }
  }

  await fetchPiece(uids);
  if (uids.length > 1 && unread.size === uids.length) throw new UpstreamError('IMAP', 'refused', ALL_UNREADABLE);
  return uids.flatMap((uid) => (unread.has(uid) ? [summaryOf(uid, new Map())] : (read.get(uid) ?? [])));
}

const ALL_UNREADABLE =
  'The mail server breaks off, refuses or makes no sense whenever it is asked what these messages are. Try again in a minute, or read one by its uid.';

/** For within lend(), which would try the same again on another connection. */
function nullIfAboutMessages(error: unknown): null {
  if (isAboutMessages(error)) return null;
  throw error;
}

/** Codes of failures that one message can be the reason of, besides `PROTOCOL_…`. */
const CODES = new Set(['CONNECTION_LOST', 'TOO_LARGE', 'NO', 'BAD', 'SERVERBUG', 'EXPUNGEISSUED']);

/** Silence is not among them: nobody shall wait for it twice. */
function isAboutMessages(error: unknown): boolean {
  if (!(error instanceof UpstreamError) || error.service !== 'IMAP' || error.code === undefined) return false;
  return CODES.has(error.code) || error.code.startsWith('PROTOCOL_');
}
