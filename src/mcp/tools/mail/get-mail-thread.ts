import { z } from 'zod';
import { readThread } from '../../../mail/thread/thread.ts';
import type { MailSession } from '../../mail/mail-session.ts';
import { ExpectedUidValidity, MailboxPath, Uid } from '../../mail/parameters.ts';
import { resolveFolder } from '../../mail/resolve-folder.ts';
import { searchedText } from '../../mail/thread/searched-text.ts';
import { ThreadAnswer, threadAnswer } from '../../mail/thread/thread-answer.ts';
import { defineTool } from '../../tool.ts';

export const getMailThread = defineTool({
  name: 'get_mail_thread',
  title: 'Get mail thread',
  description:
    'Reads a whole conversation, sent mail too, in all folders: the new text of each message, and in `turn` who is to write next. `> ` marks quotes of other mail.',
  effect: 'reads',
  method: 'get',
  tags: ['messages'],
  input: z.object({
    folder: MailboxPath,
    uid: Uid.describe('UID of any message of the conversation.'),
    uid_validity: ExpectedUidValidity,
    max_chars: z
      .number()
      .int()
      .min(500)
      .max(60_000)
      .default(14_000)
      .describe('Size of the answer, up to 60,000; the oldest messages shrink first.'),
  }),
  output: ThreadAnswer,
  run: async ({ folder, uid, uid_validity: uidValidity, max_chars: maxChars }, session: MailSession) => {
    const { ownAddresses, trustedServers, runJob } = session;
    const mailbox = await resolveFolder(folder, session);
    const request = { mailbox, uid, uidValidity, ownAddresses, trustedServers, chars: maxChars, runJob };
    const thread = await readThread(session.readImap, request);
    return threadAnswer(thread, searchedText(thread), { session, maxChars });
  },
});
