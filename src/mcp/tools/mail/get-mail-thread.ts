import { z } from 'zod';
import type { MailSession } from '../../mail/mail-session.ts';
import { ExpectedUidValidity, MailboxPath, Uid } from '../../mail/parameters.ts';
import { answerAboutThread } from '../../mail/thread/answer-about-thread.ts';
import { ThreadAnswer } from '../../mail/thread/thread-answer.ts';
import { defineTool } from '../../tool.ts';

export const getMailThread = defineTool({
  name: 'get_mail_thread',
  title: 'Get mail thread',
  description:
    'Reads a whole conversation, sent mail too, in all folders: new text of each message, addresses, and in `turn` who is to write next. `> ` marks quotes of other mail.',
  effect: 'reads',
  method: 'get',
  tags: ['messages'],
  input: z.object({
    folder: MailboxPath.optional().describe('With `uid`, a path or role.'),
    uid: Uid.optional().describe('Any message of the conversation.'),
    uid_validity: ExpectedUidValidity,
    query: z
      .string()
      .min(1)
      .max(8000)
      .optional()
      .describe(
        'Instead of folder and uid: the newest conversation that it hits (search_mail_messages has its words).',
      ),
    max_chars: z
      .number()
      .int()
      .min(500)
      .max(60_000)
      .default(14_000)
      .describe('Of the whole answer, up to 60,000; old messages shrink first.'),
  }),
  output: ThreadAnswer,
  run: ({ uid_validity: uidValidity, max_chars: maxChars, ...named }, session: MailSession) =>
    answerAboutThread({ ...named, uidValidity, maxChars }, session),
});
