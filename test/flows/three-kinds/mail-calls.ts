/** What a person of a mailbox asks of each mail tool, in this order, and what must be in the answers. */
import { expect } from 'vitest';

/** Calls of one tool: the arguments, and the part of the answer that is compared. */
export type Calls = readonly { args: Record<string, unknown>; has: Record<string, unknown> }[];

const GRACE = 'u-grace@example.test';
const LIST = 'u-letter@example.test';

const crlf = (...lines: string[]): string => `${lines.join('\r\n')}\r\n`;

/** The INBOX before the first call, by UID from 1: a question with a file, a newsletter, and two messages that are done with. */
export const inboxOf = (address: string): string[] => [
  crlf(
    `From: Grace Hopper <${GRACE}>`,
    ...[`To: ${address}`, 'Subject: Budget of the harbour', 'Date: Mon, 2 Nov 2026 09:00:00 +0000'],
    ...['Message-ID: <budget@example.test>', 'MIME-Version: 1.0', 'Content-Type: multipart/mixed; boundary=b', ''],
    ...['--b', 'Content-Type: text/plain; charset=utf-8', '', 'Could you check the cranes?', ''],
    ...['--b', 'Content-Type: text/csv; name=cranes.csv', 'Content-Disposition: attachment; filename=cranes.csv', ''],
    ...['crane,price', 'north,1200', '--b--'],
  ),
  crlf(
    ...['From: The Letter <letter@news.example>', `To: ${address}`, 'Subject: News', 'Message-ID: <news@news.example>'],
    ...['Date: Mon, 2 Nov 2026 10:00:00 +0000', `List-Unsubscribe: <mailto:${LIST}?subject=leave>`, '', 'News.'],
  ),
  ...['Old invoice', 'Older invoice'].map((subject, index) =>
    crlf(
      ...[`From: Grace Hopper <${GRACE}>`, `To: ${address}`, `Subject: ${subject}`],
      ...[`Message-ID: <invoice-${index}@example.test>`, 'Date: Mon, 2 Nov 2026 11:00:00 +0000', '', 'Paid.'],
    ),
  ),
];

export const mailCalls: Record<string, Calls> = {
  list_mailboxes: [
    {
      args: { with_counts: true },
      has: {
        mailboxes: expect.arrayContaining([
          expect.objectContaining({ path: 'INBOX', role: 'inbox', messages: 4, unseen: 4 }),
          expect.objectContaining({ path: 'Sent', role: 'sent', messages: 0 }),
        ]),
      },
    },
  ],
  list_mail_messages: [
    {
      args: { folder: 'inbox', per_page: 2, page: 2, preview: 40 },
      has: {
        total: 4,
        messages: [
          { uid: 2, from: 'The Letter <letter@news.example>', list: expect.anything() },
          { uid: 1, subject: 'Budget of the harbour', unread: true, preview: 'Could you check the cranes?' },
        ],
      },
    },
  ],
  search_mail_messages: [
    { args: { query: 'from:grace invoice', folder: '*' }, has: { count: 2, messages: [{ uid: 4 }, { uid: 3 }] } },
  ],
  get_mail_message: [
    {
      args: { folder: 'INBOX', uid: 1 },
      has: { subject: 'Budget of the harbour', text_body: expect.stringContaining('check the cranes?') },
    },
    {
      args: { folder: 'INBOX', uid: 1, attachment: 'cranes.csv' },
      has: { text_body: expect.stringContaining('1200') },
    },
  ],
  send_mail_message: [
    {
      args: { as: 'reply', of: 'INBOX/1', text_body: 'The cranes are right.' },
      has: { to: [`Grace Hopper <${GRACE}>`], subject: 'Re: Budget of the harbour', accepted: [GRACE], folder: 'Sent' },
    },
  ],
  get_mail_thread: [
    {
      args: { folder: 'INBOX', uid: 1 },
      has: {
        messages: [
          { at: 'INBOX/1', text: expect.stringContaining('check the cranes?') },
          { at: expect.stringMatching(/^Sent\//), from: 'me', text: expect.stringContaining('The cranes are right.') },
        ],
      },
    },
  ],
  create_draft_mail_message: [
    {
      args: { to: GRACE, subject: 'Ships', text_body: 'They need\na berth.' },
      has: { saved: true, folder: 'Drafts', subject: 'Ships' },
    },
  ],
  update_mail_message_flags: [
    {
      args: { folder: 'INBOX', uid: 1, add: ['\\Flagged'] },
      has: { uid: 1, flags: expect.arrayContaining(['\\Flagged', '\\Answered']) },
    },
  ],
  move_mail_message: [
    {
      args: { folder: 'INBOX', query: 'subject:"old invoice"', destination: 'Invoices', create: true },
      has: { moved: 1, created: ['Invoices'], destination: 'Invoices' },
    },
  ],
  unsubscribe_mail: [
    { args: { folder: 'INBOX', uid: 2 }, has: { requested: [{ uid: 2, how: 'mail', to: LIST }], not_done: [] } },
  ],
  delete_mail_message: [
    { args: { folder: 'INBOX', uid: 4 }, has: { uid: 4, outcome: 'expunged' } },
    {
      args: { folder: 'INBOX', uids: '2' },
      has: { deleted: 1, undo: [{ tool: 'move_mail_message' }] },
    },
  ],
};
