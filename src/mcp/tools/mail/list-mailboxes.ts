import { z } from 'zod';
import { listMailboxes as readMailboxes } from '../../../mail/mailbox/list-mailboxes.ts';
import type { MailSession } from '../../mail/mail-session.ts';
import { defineTool } from '../../tool.ts';

export const listMailboxes = defineTool({
  name: 'list_mailboxes',
  title: 'List mailboxes',
  description:
    'Lists the mailboxes (folders) of the account with their roles, such as sent or trash. The other tools take their paths as `folder`.',
  effect: 'reads',
  method: 'list',
  tags: ['mailboxes'],
  input: z.object({
    with_counts: z
      .boolean()
      .default(false)
      .describe('True adds the numbers of messages and of unread messages, which costs time.'),
  }),
  output: z.object({
    mailboxes: z.array(
      z.object({
        path: z.string().describe('Pass this as `folder`.'),
        delimiter: z.string().nullable().describe('Separates the levels of a path. Null: no levels.'),
        role: z
          .enum(['inbox', 'sent', 'drafts', 'trash', 'archive', 'junk', 'all', 'flagged'])
          .nullable()
          .describe('Special use (RFC 6154).'),
        subscribed: z.boolean(),
        selectable: z.boolean().describe('False: holds other mailboxes, but no messages.'),
        messages: z.number().nullable().optional().describe('Messages in it. Null: the server does not tell.'),
        unseen: z.number().nullable().optional().describe('Messages without \\Seen. Null: the server does not tell.'),
      }),
    ),
  }),
  run: ({ with_counts: counts }, { readImap }: MailSession) =>
    readImap(async (imap) => {
      const mailboxes = await readMailboxes(imap, { counts });
      return {
        mailboxes: mailboxes.map(({ messages, unseen, ...mailbox }) =>
          counts ? { ...mailbox, messages, unseen } : mailbox,
        ),
      };
    }),
});
