import { z } from 'zod';
import { listPage } from '../../../mail/messages/list.ts';
import { ChangeFields, listSince } from '../../mail/list-since.ts';
import type { MailSession } from '../../mail/mail-session.ts';
import { Links, MailboxPath, Page, PerPage, Preview, UidValidity } from '../../mail/parameters.ts';
import { resolveFolder } from '../../mail/resolve-folder.ts';
import { MessageRow } from '../../mail/rows/message-rows.ts';
import { nextPage, toRows } from '../../mail/rows/row-page.ts';
import { Name } from '../../outgoing.ts';
import { defineTool } from '../../tool.ts';

export const listMailMessages = defineTool({
  name: 'list_mail_messages',
  title: 'List mail messages',
  description:
    'Lists a folder, newest first. Rows: date (arrival), from, subject; only where true: unread, flags, files (part, name), to/cc beside you, list, invite, sent.',
  effect: 'reads',
  method: 'list',
  tags: ['messages'],
  input: z.object({
    folder: MailboxPath.prefault('INBOX'),
    page: Page,
    per_page: PerPage,
    since: z
      .string()
      .max(100)
      .optional()
      .describe(
        'A time, a cursor of an earlier answer, or "now" (gives a cursor): lists what is new, with a cursor also changed and gone, in this folder. All folders: search `after:…` with "*".',
      ),
    preview: Preview.describe(
      'Adds so many characters of new text, without quotes. Like names and subjects: words of the sender.',
    ),
    links: Links.describe('Adds a link to each file.'),
  }),
  output: z.object({
    folder: Name,
    uid_validity: UidValidity,
    total: z.number().optional().describe('Messages in the folder, or since the time.'),
    page: z.number().optional(),
    per_page: z.number().optional(),
    next_page: z.number().optional().describe('Present if there are more messages.'),
    messages: z.array(MessageRow).optional().describe('Newest first. Empty beyond the last page.'),
    ...ChangeFields,
    warning: z.string().optional().describe('Says what could not be read.'),
  }),
  run: async ({ folder, page, per_page: perPage, since, preview, links }, session: MailSession, rights) => {
    const mailbox = await resolveFolder(folder, session);
    if (since !== undefined) return listSince({ mailbox, since, page, perPage, preview, links }, session, rights);
    const { uidValidity, total, messages } = await listPage(session.readImap, mailbox, { page, perPage });
    const { rows, warnings } = await toRows([{ mailbox, uidValidity, messages }], { preview, links }, session, rights);
    return {
      folder: mailbox,
      uid_validity: uidValidity,
      total,
      page,
      per_page: perPage,
      ...nextPage(total, { page, perPage }),
      messages: rows,
      ...(warnings.length > 0 && { warning: warnings.join(' ') }),
    };
  },
});
