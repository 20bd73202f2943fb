import type { Client } from '@modelcontextprotocol/client';
import { z } from 'zod';
import type { Say } from './scenario.ts';

const Uids = z.object({ uids: z.array(z.number()).min(1) });
const Listed = z.object({ messages: z.array(z.object({ uid: z.number(), subject: z.string() })).min(1) });
const Read = z.object({
  subject: z.string(),
  text_body: z.string(),
  attachments: z.array(z.object({ filename: z.string(), url: z.string() })),
});
const Sent = z.object({ message_id: z.string(), accepted: z.array(z.string()).min(1), folder: z.string() });
const Draft = z.object({ folder: z.string(), uid: z.number() });
const Flagged = z.object({ flags: z.array(z.string()) });
const Moved = z.object({ destination: z.string(), new_uid: z.number().nullable() });
const Deleted = z.object({ outcome: z.enum(['expunged', 'moved_to_trash']) });
const Mailboxes = z.object({ mailboxes: z.array(z.object({ path: z.string(), unseen: z.number().nullish() })).min(1) });

/**
 * Uses all nine tools, each for something that a person would want.
 *
 * @throws if a tool reports an error or returns something else than it promises
 */
export async function showMailTools(client: Client, owner: string, say: Say): Promise<void> {
  async function call<T>(schema: z.ZodType<T>, name: string, args: Record<string, unknown>): Promise<T> {
    const result = await client.callTool({ name, arguments: args });
    if (result.isError) throw new Error(`${name} failed: ${JSON.stringify(result.content)}`);
    return schema.parse(result.structuredContent);
  }

  const { mailboxes } = await call(Mailboxes, 'list_mailboxes', { with_counts: true });
  say('Which folders do I have?', mailboxes.map(({ path, unseen }) => `${path} (${unseen ?? 0} unread)`).join(', '));

  const { messages } = await call(Listed, 'list_mail_messages', { folder: 'INBOX', per_page: 5 });
  say('What is in my inbox?', messages.map(({ uid, subject }) => `${uid}: ${subject}`).join('\n'));

  const found = await call(Uids, 'search_mail_messages', {
    folder: 'INBOX',
    query: 'SUBJECT "invoice" SINCE 1-Jan-2020',
  });
  const invoice = found.uids[0];
  say('Find the electricity invoice.', `UID ${invoice}`);

  const letter = await call(Read, 'get_mail_message', { folder: 'INBOX', uid: invoice });
  const [attachment] = letter.attachments;
  const file = await fetch(attachment?.url ?? '');
  if (!file.ok) throw new Error(`The link of the attachment answered ${file.status}`);
  const bytes = await file.arrayBuffer();
  say('What does it say?', `${letter.text_body.trim()}\n[${attachment?.filename}: ${bytes.byteLength} bytes]`);

  const sent = await call(Sent, 'send_mail_message', {
    to: `Mia Chen <mia@demo.example>, ${owner}`,
    subject: 'Re: Lunch on Thursday?',
    text_body: 'Hi Mia,\n\nThursday 12:30 is perfect.\n\nRobin',
    attachment_urls: attachment === undefined ? [] : [attachment.url],
  });
  say(
    'Tell Mia yes, with a copy to me and the invoice attached.',
    `Sent to ${sent.accepted.join(', ')}; copy in ${sent.folder}.`,
  );

  const draft = await call(Draft, 'create_draft_mail_message', {
    to: 'Jürgen Müller <juergen@demo.example>',
    subject: 'Seite 3',
    text_body: 'Lieber Jürgen,\n\nSeite 3 passt so.\n',
  });
  say('Draft an answer to Jürgen.', `Draft ${draft.uid} in ${draft.folder}.`);

  const { flags } = await call(Flagged, 'update_mail_message_flags', {
    folder: 'INBOX',
    uid: invoice,
    add: ['\\Answered'],
    remove: ['Flagged'],
  });
  say('The invoice is dealt with.', `Flags now: ${flags.join(' ')}`);

  const moved = await call(Moved, 'move_mail_message', { folder: 'INBOX', uid: invoice, destination: 'Archive' });
  say('Archive it.', `Now ${moved.new_uid} in ${moved.destination}.`);

  const newsletter = await call(Uids, 'search_mail_messages', { folder: 'INBOX', query: 'FROM garden.example' });
  const deleted = await call(Deleted, 'delete_mail_message', {
    folder: 'INBOX',
    uid: newsletter.uids[0],
    permanent: false,
  });
  say('Throw the newsletter away.', deleted.outcome.replaceAll('_', ' '));
}
