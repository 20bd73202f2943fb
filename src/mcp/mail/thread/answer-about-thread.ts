/** Answers about the conversation that a caller names, by one of its messages or by a query. */
import { ToolError } from '../../../errors.ts';
import { readThread, type ThreadRequest } from '../../../mail/thread/thread.ts';
import type { MailSession } from '../mail-session.ts';
import { resolveFolder } from '../resolve-folder.ts';
import { notSearchedText } from '../search-report.ts';
import { findSeeds, otherThreads } from './find-seeds.ts';
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
  const { ownAddresses, trustedServers, runJob, readImap } = session;
  const { seed, others } = await seedOf(asked, session);
  const { maxChars } = asked;
  const thread = await readThread(readImap, { ...seed, ownAddresses, trustedServers, runJob, chars: maxChars });
  const missed = notSearchedText(thread.notSearched);
  const otherOnes = otherThreads(others, thread);
  const extras = {
    searched: thread.inWords,
    ...(missed !== undefined && { not_searched: missed }),
    ...(otherOnes && otherOnes.length > 0 && { other_threads: otherOnes }),
    ...(thread.missing > 0 && {
      warning: `The mail server did not return ${thread.missing} messages that it has found.`,
    }),
  };
  return threadAnswer(thread, extras, { session, maxChars });
}

type Seed = Pick<ThreadRequest, 'mailbox' | 'uid' | 'uidValidity'>;

async function seedOf(
  { folder, uid, uidValidity, query }: AskedThread,
  session: MailSession,
): Promise<{ seed: Seed; others: Awaited<ReturnType<typeof findSeeds>> }> {
  if (uid !== undefined) {
    if (query !== undefined) throw new ToolError(EITHER);
    if (folder === undefined) throw new ToolError(WITHOUT_FOLDER);
    return { seed: { mailbox: await resolveFolder(folder, session), uid, uidValidity }, others: [] };
  }
  if (query === undefined) throw new ToolError(NEITHER);
  const [newest, ...others] = await findSeeds({ folder, query }, session);
  if (newest === undefined) throw new ToolError(NEITHER);
  const { mailbox, message } = newest;
  return { seed: { mailbox, uid: message.uid, uidValidity: newest.uidValidity }, others };
}

const NEITHER = 'Name a message of the conversation: folder and uid, or a query that finds it.';
const EITHER = 'Give either folder and uid, or query.';
const WITHOUT_FOLDER = 'folder is missing: a uid means nothing without it.';
