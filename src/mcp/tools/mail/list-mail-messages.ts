import { z } from 'zod';
import { listPage } from '../../../mail/messages/list.ts';
import type { MailSession } from '../../mail/mail-session.ts';
import { ListedEnvelope, MailboxPath, Page, PerPage, toListedEnvelope, UidValidity } from '../../mail/parameters.ts';
import { Name } from '../../outgoing.ts';
import { defineTool } from '../../tool.ts';

export const listMailMessages = defineTool({
  name: 'list_mail_messages',
  title: 'List mail messages',
  description:
    'Lists the messages of a folder, newest first, without bodies. search_mail_messages finds particular ones, get_mail_message reads one.',
  effect: 'reads',
  method: 'list',
  tags: ['messages'],
  input: z.object({ folder: MailboxPath.prefault('INBOX'), page: Page, per_page: PerPage }),
  output: z.object({
    folder: Name,
    uid_validity: UidValidity,
    total: z.number().describe('Messages in the folder.'),
    page: z.number(),
    per_page: z.number(),
    messages: z.array(ListedEnvelope).describe('Newest first. Empty beyond the last page.'),
  }),
  run: async ({ folder: mailbox, page, per_page: perPage }, { readImap }: MailSession) => {
    const listed = await listPage(readImap, mailbox, { page, perPage });
    return {
      folder: mailbox,
      uid_validity: listed.uidValidity,
      total: listed.total,
      page,
      per_page: perPage,
      messages: listed.messages.map(toListedEnvelope),
    };
  },
});
