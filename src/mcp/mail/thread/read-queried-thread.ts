/** Reads the conversation that a query hits, and names the others that it hits. */
import { ToolError } from '../../../errors.ts';
import { findMessages } from '../../../mail/find/find-messages.ts';
import type { ImapConnection } from '../../../mail/imap/imap-connection.ts';
import { compileQuery } from '../../../mail/query/compile-query.ts';
import type { FoundMessage } from '../../../mail/thread/found-message.ts';
import { readThread, readThreadOfQuery, type Thread, type ThreadOptions } from '../../../mail/thread/thread.ts';
import { baseSubjectOf } from '../../../text/base-subject.ts';
import { cutText } from '../../../text/cut-text.ts';
import type { MailSession } from '../mail-session.ts';
import { readQuery } from '../search-by-query.ts';
import { searchScope } from '../search-mailboxes.ts';
import type { ThreadAnswer } from './thread-answer.ts';
import { placeText } from './thread-rows.ts';

const SEARCH_MS = 8_000;
/** Hits that are looked at, the newest ones. */
const MAX_HITS = 50;
const MAX_OTHERS = 5;
const MAX_SUBJECT_CHARS = 100;

/**
 * Reads the conversation of the newest message that a query finds.
 *
 * @param folder absent: every folder
 * @returns `hits`: the newest messages that were found, newest first
 * @throws {ToolError} if there is none, or the query is wrong
 */
export async function readQueriedThread(
  { folder = '*', query }: { folder: string | undefined; query: string },
  options: ThreadOptions,
  session: MailSession,
): Promise<{ thread: Thread; hits: readonly Hit[] }> {
  const { split, criteria } = readQuery(query, session);
  if (split.isWaiting) throw new ToolError(WAITING);
  const compile = (imap: ImapConnection) =>
    criteria === null
      ? compileQuery(split.rest, { own: session.ownAddresses, isGmail: imap.has('X-GM-EXT-1') })
      : { wide: criteria, check: null };
  const isOne = folder.trim() !== '*' && split.folders.named.length === 0 && !split.folders.isAnywhere;
  const folders = isOne ? { ...split.folders, named: [folder] } : split.folders;
  const read = await readThreadOfQuery(session.readImap, { compile, folders }, options);
  if (read !== null) return read;
  const { mailboxes } = await searchScope({ ...split.folders, folder }, session);
  const page = { page: 1, perPage: MAX_HITS };
  const endsAt = performance.now() + SEARCH_MS;
  const found = await findMessages(session.readImap, { mailboxes, compile, page, endsAt, withMessages: true });
  const hits = found.messages.map(({ mailbox, uidValidity, message }) => ({ ...message, mailbox, uidValidity }));
  const [newest] = hits;
  if (newest === undefined) throw new ToolError(NOTHING);
  return { thread: await readThread(session.readImap, { ...options, ...newest }), hits };
}

type Hit = Pick<FoundMessage, 'mailbox' | 'uid' | 'messageId' | 'subject'>;

const NOTHING =
  'No message matches this query. Call search_mail_messages with it: it says how many messages each term finds alone.';
const WAITING =
  'is:waiting finds many conversations. Call search_mail_messages with it, then this tool with the folder and uid of one of them.';

/** The conversations of the hits that are not part of the one that is shown: the newest message of each. */
export function otherThreads(hits: readonly Hit[], { messages }: Thread): NonNullable<ThreadAnswer['other_threads']> {
  const shown = messages.flatMap(({ message, copies }) => [message, ...copies]);
  const places = new Set(shown.map(placeText));
  const ids = new Set(shown.map(({ messageId }) => messageId));
  const subjects = new Set<string>();
  const others = hits.filter((hit) => {
    if (places.has(placeText(hit)) || (hit.messageId !== null && ids.has(hit.messageId))) return false;
    const { base } = baseSubjectOf(hit.subject);
    const isNew = !subjects.has(base);
    subjects.add(base);
    return isNew;
  });
  return others.slice(0, MAX_OTHERS).map((hit) => ({
    subject: cutText(hit.subject, MAX_SUBJECT_CHARS),
    at: placeText(hit),
  }));
}
