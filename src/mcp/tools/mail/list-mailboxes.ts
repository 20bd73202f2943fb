import { z } from 'zod';
import { listMailboxRange } from '../../../mail/mailbox/list-mailboxes.ts';
import { showNames } from '../../../mail/mailbox-name.ts';
import type { MailSession } from '../../mail/mail-session.ts';
import { EscapedName } from '../../outgoing.ts';
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
    page: z.int().min(1).max(1_000_000).default(1).describe('Page number.'),
    per_page: z.int().min(1).max(1000).default(500).describe('Mailboxes on a page, 1 to 1000.'),
  }),
  output: z.object({
    mailboxes: z.array(
      z.object({
        path: EscapedName.describe('Pass this as `folder`.'),
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
    more: z.number().optional().describe('Mailboxes on further pages.'),
    next_page: z.number().optional().describe('Pass it as `page`.'),
  }),
  run: ({ with_counts: counts, page, per_page: perPage }, { readImap }: MailSession) =>
    readImap(async (imap) => {
      const range = { start: (page - 1) * perPage, count: perPage };
      const { mailboxes, paths } = await listMailboxRange(imap, { counts, range });
      const more = paths.length - range.start - mailboxes.length;
      const shown = showNames(paths, range);
      return {
        mailboxes: mailboxes.map(({ messages, unseen, ...mailbox }, index) => ({
          ...mailbox,
          path: shown[index] ?? mailbox.path,
          ...(counts && { messages, unseen }),
        })),
        ...(more > 0 && mailboxes.length > 0 && { more, next_page: page + 1 }),
      };
    }),
});
