import { z } from 'zod';
import type { ListedMessage } from '../../../mail/messages/list.ts';
import { type FoundMessages, searchMessages, searchPage } from '../../../mail/messages/search-messages.ts';
import { parseSearch } from '../../../mail/search/parse.ts';
import type { MailSession } from '../../mail/mail-session.ts';
import { Links, MailboxPath, Page, PerPage, Preview, UidValidity } from '../../mail/parameters.ts';
import { resolveFolder } from '../../mail/resolve-folder.ts';
import { MessageRow } from '../../mail/rows/message-rows.ts';
import { nextPage, toRows } from '../../mail/rows/row-page.ts';
import { Name } from '../../outgoing.ts';
import { defineTool } from '../../tool.ts';

export const searchMailMessages = defineTool({
  name: 'search_mail_messages',
  title: 'Search mail messages',
  description:
    'Finds messages of one folder, as rows of list_mail_messages. Words match literally: try the language of the mail, and synonyms with OR.',
  effect: 'reads',
  method: 'search',
  tags: ['messages'],
  input: z.object({
    folder: MailboxPath.prefault('INBOX'),
    query: z
      .string()
      .min(1)
      .max(8000)
      .describe(
        'IMAP SEARCH criteria, all of which must hold: `UNSEEN`, `FROM ann@example.com SINCE 31-Jan-2025`, `OR SUBJECT "annual report" TEXT budget`, `LARGER 1000000`, `NOT ANSWERED`. Quotes make a phrase; days are those of the mail server.',
      ),
    page: Page,
    per_page: PerPage,
    with_envelopes: z.boolean().default(true).describe('False returns only uids.'),
    preview: Preview.describe('As in list_mail_messages.'),
    links: Links.describe('As in list_mail_messages.'),
  }),
  output: z.object({
    folder: Name,
    uid_validity: UidValidity,
    count: z.number().describe('Messages that match, on all pages.'),
    page: z.number(),
    per_page: z.number(),
    next_page: z.number().optional().describe('Present if there are more messages.'),
    uids: z.array(z.number()).optional().describe('Without envelopes: UIDs of this page, newest first.'),
    messages: z.array(MessageRow).optional().describe('Newest first, as far as they still exist.'),
    warning: z
      .string()
      .optional()
      .describe('Says if the mail server seems to search wrongly, and what could not be read.'),
  }),
  run: async ({ folder, query, page, per_page: perPage, with_envelopes, ...wanted }, session: MailSession, rights) => {
    const keys = parseSearch(query);
    const mailbox = await resolveFolder(folder, session);
    const pageWanted = { page, perPage };
    const found: FoundMessages & { messages?: ListedMessage[] } = with_envelopes
      ? await searchPage(session.readImap, mailbox, keys, pageWanted)
      : await session.readImap((imap) => searchMessages(imap, mailbox, keys, pageWanted), mailbox);
    const { uidValidity, count, uids, messages } = found;
    const listed = messages && (await toRows({ mailbox, uidValidity, messages }, wanted, session, rights));
    const warnings = [
      ...(found.isDoubtful ? [MAY_MISS_SOME] : []),
      ...(found.isTextIgnored ? [TEXT_IGNORED] : []),
      ...(listed?.warnings ?? []),
    ];
    return {
      folder: mailbox,
      uid_validity: uidValidity,
      count,
      page,
      per_page: perPage,
      ...nextPage(count, pageWanted),
      ...(listed === undefined ? { uids } : { messages: listed.rows }),
      ...(warnings.length > 0 && { warning: warnings.join(' ') }),
    };
  },
});

const MAY_MISS_SOME =
  'The mail server found nothing at first and these messages when it was asked once more, so it may miss others. Look with list_mail_messages too.';

const TEXT_IGNORED =
  'The mail server ignores the text of a search: these messages match the other criteria only, and perhaps none has the text. Search by date, flag or size, and look for the text in the rows.';
