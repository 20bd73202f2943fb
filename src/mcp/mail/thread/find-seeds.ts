/** Finds the conversations that a query hits: one is shown, the others are named. */
import { ToolError } from '../../../errors.ts';
import { type FoundMessage, findMessages } from '../../../mail/find/find-messages.ts';
import type { ImapConnection } from '../../../mail/imap/imap-connection.ts';
import { compileQuery } from '../../../mail/query/compile-query.ts';
import type { Thread } from '../../../mail/thread/thread.ts';
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
 * @param folder absent: every folder
 * @returns the newest first
 * @throws {ToolError} if there is none, or the query is wrong
 */
export async function findSeeds(
  { folder = '*', query }: { folder: string | undefined; query: string },
  session: MailSession,
): Promise<FoundMessage[]> {
  const { split, criteria } = readQuery(query, session);
  if (split.isWaiting) throw new ToolError(`${WAITING} search_mail_messages`);
  const { mailboxes } = await searchScope({ ...split.folders, folder }, session);
  const compile = (imap: ImapConnection) =>
    criteria === null
      ? compileQuery(split.rest, { own: session.ownAddresses, isGmail: imap.has('X-GM-EXT-1') })
      : { wide: criteria, check: null };
  const page = { page: 1, perPage: MAX_HITS };
  const endsAt = performance.now() + SEARCH_MS;
  const { messages } = await findMessages(session.readImap, { mailboxes, compile, page, endsAt, withMessages: true });
  if (messages.length === 0) throw new ToolError(NOTHING);
  return messages;
}

const NOTHING =
  'No message matches this query. Call search_mail_messages with it: it says how many messages each term finds alone.';
const WAITING = 'is:waiting finds many conversations. Pass the folder and uid of one of them, from';

/** The conversations of the hits that are not part of the one that is shown: the newest message of each. */
export function otherThreads(seeds: readonly FoundMessage[], { messages }: Thread): ThreadAnswer['other_threads'] {
  const shown = messages.flatMap(({ message, copies }) => [message, ...copies]);
  const isShown = new Set(shown.map(placeText));
  const ids = new Set(shown.map(({ messageId }) => messageId));
  const subjects = new Set<string>();
  const others = seeds.filter(({ mailbox, message }) => {
    if (isShown.has(placeText({ mailbox, uid: message.uid })) || (message.messageId && ids.has(message.messageId))) {
      return false;
    }
    const { base } = baseSubjectOf(message.subject);
    const isNew = !subjects.has(base);
    subjects.add(base);
    return isNew;
  });
  return others.slice(0, MAX_OTHERS).map(({ mailbox, message }) => ({
    subject: cutText(message.subject, MAX_SUBJECT_CHARS),
    at: placeText({ mailbox, uid: message.uid }),
  }));
}
