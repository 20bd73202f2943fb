import { z } from 'zod';
import type { ListedMessage } from '../../../mail/messages/list.ts';
import { type FoundMessages, searchMessages, searchPage } from '../../../mail/messages/search-messages.ts';
import { parseSearch } from '../../../mail/search/parse.ts';
import type { MailSession } from '../../mail/mail-session.ts';
import { ListedEnvelope, MailboxPath, Page, PerPage, toListedEnvelope, UidValidity } from '../../mail/parameters.ts';
import { Name } from '../../outgoing.ts';
import { defineTool } from '../../tool.ts';

export const searchMailMessages = defineTool({
  name: 'search_mail_messages',
  title: 'Search mail messages',
  description:
    'Finds messages of one folder by sender, text, date, flag or size, and returns their UIDs, newest first; with_envelopes adds who and what.',
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
        'IMAP SEARCH criteria, all of which must hold: `UNSEEN`, `FROM ann@example.com SINCE 31-Jan-2025`, `OR SUBJECT "annual report" TEXT budget`, `LARGER 1000000`, `NOT ANSWERED`. Quotes make a phrase.',
      ),
    page: Page,
    per_page: PerPage,
    with_envelopes: z.boolean().default(false).describe('True returns sender, subject and date too.'),
  }),
  output: z.object({
    folder: Name,
    uid_validity: UidValidity,
    count: z.number().describe('Messages that match, on all pages.'),
    page: z.number(),
    per_page: z.number(),
    uids: z.array(z.number()).describe('UIDs of this page, newest first.'),
    messages: z
      .array(ListedEnvelope)
      .optional()
      .describe('With with_envelopes: the envelopes of `uids` that still exist.'),
    warning: z.string().optional().describe('Present if the mail server seems to search wrongly.'),
  }),
  run: async ({ folder, query, page, per_page, with_envelopes }, { readImap }: MailSession) => {
    const keys = parseSearch(query);
    const wanted = { page, perPage: per_page };
    const found: FoundMessages & { messages?: ListedMessage[] } = with_envelopes
      ? await searchPage(readImap, folder, keys, wanted)
      : await readImap((imap) => searchMessages(imap, folder, keys, wanted), folder);
    return {
      folder,
      uid_validity: found.uidValidity,
      count: found.count,
      page,
      per_page,
      uids: found.uids,
      ...(found.messages && { messages: found.messages.map(toListedEnvelope) }),
      ...(found.isDoubtful && { warning: MAY_MISS_SOME }),
      ...(found.isTextIgnored && { warning: TEXT_IGNORED }),
    };
  },
});

const MAY_MISS_SOME =
  'The mail server found nothing at first and these messages when it was asked once more, so it may miss others. Look with list_mail_messages too.';

const TEXT_IGNORED =
  'The mail server ignores the text of a search: these messages match the other criteria only, and perhaps none has the text. Search by date, flag or size, and look for the text in the rows.';
