/** Searches a mailbox and lists the messages found, a page at a time. */
import { ToolError, UpstreamError } from '../../errors.ts';
import type { Token } from '../imap/data-formats.ts';
import type { ImapConnection } from '../imap/imap-connection.ts';
import { openAndRead } from '../mailbox/open-mailbox.ts';
import { encodeSearch } from '../search/encode-search.ts';
import type { SearchKey } from '../search/parse.ts';
import { ignoresText, textualKeysOf } from '../search/text-probe.ts';
import { explainSearch, type FoundUids, uidSearchCommand } from '../search/uid-search.ts';
import {
  fetchPageInPieces,
  fetchSummaries,
  type ListedMessage,
  listUids,
  nullIfCausedByMessage,
  type Page,
  type WithConnection,
} from './list.ts';

/** Result of a search. */
export interface FoundMessages {
  uidValidity: string;
  /** Messages found, on all pages. */
  count: number;
  /** UIDs of one page, newest (highest) first. */
  uids: number[];
  /** True if only the second search, without CHARSET and RETURN, found messages. */
  isDoubtful: boolean;
  /** True if the server has ignored the text of the search, so that the messages match the other keys only. */
  isTextIgnored: boolean;
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
    return { uidValidity, count, uids, isDoubtful: false, isTextIgnored: false };
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
    const [newest] = found?.newest(0, 1) ?? [];
    const isTextIgnored =
      newest !== undefined &&
      mayIgnoreText(imap, keys, { count: found?.count ?? 0, exists: selected.exists }) &&
      (await ignoresText(imap, keys, newest));
    const count = found?.count ?? 0;
    return { uidValidity: selected.uidValidity, count, uids, isDoubtful: again !== null, isTextIgnored };
  } catch (error) {
    return explainSearch(error, charset);
  }
}

/**
 * True if the text of the search may have been ignored: it has found every message, or the server is a plain one and other keys could have narrowed
 * the result. Only then is another round trip spent on finding out.
 */
function mayIgnoreText(
  imap: ImapConnection,
  keys: readonly SearchKey[],
  { count, exists }: { count: number; exists: number },
): boolean {
  const textual = textualKeysOf(keys);
  if (textual.length === 0) return false;
  return count >= exists || (!imap.has('ESEARCH') && keys.some((key) => !textual.some((other) => other === key)));
}

/** True if the newest message that was found lacks the text that one of its header fields should have. Some servers match other forms of a word. */
function lacksText({ subject, from, to, cc }: ListedMessage, keys: readonly SearchKey[]): boolean {
  const people = (addresses: ListedMessage['from']) =>
    addresses.map(({ name, address }) => `${name} ${address}`).join(' ');
  const fields = { SUBJECT: subject, FROM: people(from), TO: people(to), CC: people(cc) };
  return keys.some((key) => {
    if (key.key !== 'SUBJECT' && key.key !== 'FROM' && key.key !== 'TO' && key.key !== 'CC') return false;
    return !comparable(fields[key.key]).includes(comparable(key.text));
  });
}

const comparable = (text: string): string => text.normalize('NFKC').toLowerCase();

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

/** As searchMessages(), with the messages of the page as listPage() lists them. */
export async function searchPage(
  withConnection: WithConnection,
  mailbox: string,
  keys: SearchKey[],
  page: Page,
): Promise<FoundMessages & { messages: ListedMessage[] }> {
  const { found, messages } = await withConnection(async (imap) => {
    const found = await searchMessages(imap, mailbox, keys, page);
    const messages = await fetchSummaries(imap, mailbox, found.uids).catch(nullIfCausedByMessage);
    const [newest] = messages ?? [];
    const isSuspicious = newest !== undefined && !newest.isUnreadable && lacksText(newest, keys);
    const isTextIgnored = found.isTextIgnored || (isSuspicious && (await ignoresText(imap, keys, newest.uid)));
    return { found: { ...found, isTextIgnored }, messages };
  }, mailbox);
  return { ...found, messages: messages ?? (await fetchPageInPieces(withConnection, mailbox, found)) };
}
