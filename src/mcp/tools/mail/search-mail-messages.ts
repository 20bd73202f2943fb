import { z } from 'zod';
import type { MailSession } from '../../mail/mail-session.ts';
import { Links, MailboxPath, Page, Preview, UidValidity } from '../../mail/parameters.ts';
import { MessageRow } from '../../mail/rows/message-rows.ts';
import { NoHitFields, ScopeFields, searchByQuery } from '../../mail/search-by-query.ts';
import { Name } from '../../outgoing.ts';
import { defineTool } from '../../tool.ts';

export const searchMailMessages = defineTool({
  name: 'search_mail_messages',
  title: 'Search mail messages',
  description:
    "Finds messages by one query, as rows of list_mail_messages. Words match literally, also within longer words: use the mail's language, synonyms with OR.",
  effect: 'reads',
  method: 'search',
  tags: ['messages'],
  input: z.object({
    folder: MailboxPath.optional().describe(
      'Path or role, default inbox. "*": all but Trash and Junk, which `in:anywhere` in the query adds.',
    ),
    query: z
      .string()
      .min(1)
      .max(8000)
      .describe(
        'Terms side by side must all match; `a OR b c` is (a OR b) and c; `-term` negates; ( ) group. Bare words and "phrases" match people, subject and text, quotes too. `from: to: (also cc) cc: subject: body: filename: label: in:`, `from:me`, `to:me`; `after: before: on:` 2026-03-01 or 2026-03-01T20:00 (your user\'s zone); `newer_than: older_than:` 12h 3d 2w 1m 1y; `is:` unread, read, flagged, answered, newsletter (list headers), received or sent; `is:waiting`: conversations of 30 days (`after:` looks further back) whose last word asks, invites or answers your user; `has:` attachment, pdf or invite; `larger:5M`. IMAP SEARCH criteria work too.',
      ),
    page: Page,
    per_page: z.int().min(1).max(100).optional().describe('Default 20, for is:waiting 9.'),
    with_envelopes: z.boolean().default(true).describe('False returns only uids.'),
    preview: Preview.describe('As in list_mail_messages.'),
    links: Links.describe('As in list_mail_messages.'),
  }),
  output: z.object({
    folder: Name.optional(),
    uid_validity: UidValidity.optional(),
    ...ScopeFields,
    count: z.number().describe('Messages that match, on all pages.'),
    page: z.number().optional(),
    per_page: z.number().optional(),
    next_page: z.number().optional().describe('Present if there are more messages.'),
    uids: z.array(z.number()).optional().describe('Without envelopes: UIDs of this page, newest first.'),
    messages: z.array(MessageRow).optional().describe('Newest first, as far as they still exist.'),
    more: z.string().optional().describe('With `is:waiting`: what is on further pages.'),
    ...NoHitFields,
    warning: z
      .string()
      .optional()
      .describe('Says if the mail server seems to search wrongly, and what could not be read.'),
  }),
  run: ({ per_page: perPage, with_envelopes: withEnvelopes, ...wanted }, session: MailSession, rights) =>
    searchByQuery({ ...wanted, perPage, withEnvelopes }, session, rights),
});
