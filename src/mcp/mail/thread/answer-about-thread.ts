/** Answers about the conversation that a caller names, by one of its messages or by a query. */
import { ToolError } from '../../../errors.ts';
import { readThread } from '../../../mail/thread/thread.ts';
import type { MailSession } from '../mail-session.ts';
import { resolveFolder } from '../resolve-folder.ts';
import { notSearchedText } from '../search-report.ts';
import { otherThreads, readQueriedThread } from './read-queried-thread.ts';
import { type ThreadAnswer, threadAnswer } from './thread-answer.ts';

export interface AskedThread {
  folder?: string | undefined;
  uid?: number | undefined;
  uidValidity?: string | undefined;
  query?: string | undefined;
  maxChars: number;
}

/** @throws {ToolError} if the message is not named, or is not there */
export async function answerAboutThread(asked: AskedThread, session: MailSession): Promise<ThreadAnswer> {
  const { maxChars } = asked;
  const { thread, hits } = await readAsked(asked, session);
  const missed = notSearchedText(thread.notSearched);
  const others = otherThreads(hits, thread);
  const extras = {
    searched: thread.inWords,
    ...(missed !== undefined && { not_searched: missed }),
    ...(others.length > 0 && { other_threads: others }),
    ...(thread.missing > 0 && {
      warning: `The mail server did not return ${thread.missing} messages that it has found.`,
    }),
  };
  return threadAnswer(thread, extras, { session, maxChars });
}

async function readAsked(
  { folder, uid, uidValidity, query, maxChars: chars }: AskedThread,
  session: MailSession,
): Promise<Awaited<ReturnType<typeof readQueriedThread>>> {
  const { ownAddresses, trustedServers, runJob, readImap } = session;
  const options = { ownAddresses, trustedServers, runJob, chars };
  if (uid === undefined) {
    if (query === undefined) throw new ToolError(NEITHER);
    return readQueriedThread({ folder, query }, options, session);
  }
  if (query !== undefined) throw new ToolError(EITHER);
  if (folder === undefined) throw new ToolError(WITHOUT_FOLDER);
  const mailbox = await resolveFolder(folder, session);
  return { thread: await readThread(readImap, { ...options, mailbox, uid, uidValidity }), hits: [] };
}

const NEITHER = 'Name a message of the conversation: folder and uid, or a query that finds it.';
const EITHER = 'Give either folder and uid, or query.';
const WITHOUT_FOLDER = 'folder is missing: a uid means nothing without it.';
