/** Calls each of the nine mail tools once, each for a request of a user. */
import type { Client } from '@modelcontextprotocol/client';
import { z } from 'zod';
import type { PrintStep } from './scenario.ts';

const Found = z.object({ messages: z.array(z.object({ uid: z.number() })).min(1) });
const Listed = z.object({ messages: z.array(z.object({ uid: z.number(), subject: z.string() })).min(1) });
const Read = z.object({
  subject: z.string(),
  text_body: z.string(),
  attachments: z.array(z.object({ filename: z.string(), url: z.string() })).min(1),
});
const Sent = z.object({ message_id: z.string(), accepted: z.array(z.string()).min(1), folder: z.string() });
const Draft = z.object({ folder: z.string(), uid: z.number() });
const Flagged = z.object({ flags: z.array(z.string()) });
const Moved = z.object({ destination: z.string(), new_uid: z.number().nullable() });
const Deleted = z.object({ outcome: z.enum(['expunged', 'moved_to_trash']) });
const Mailboxes = z.object({ mailboxes: z.array(z.object({ path: z.string(), unseen: z.number().nullish() })).min(1) });

/** The parameters that all steps share. */
interface Tour {
  /** Calls a tool. @throws if it reports an error, or its result does not match the schema */
  call<T>(schema: z.ZodType<T>, name: string, args: Record<string, unknown>): Promise<T>;
  printStep: PrintStep;
}

/** @throws if a tool reports an error, or its result does not match its schema */
export async function showMailTools(client: Client, ownAddress: string, printStep: PrintStep): Promise<void> {
  const tour: Tour = {
    async call(schema, name, args) {
      const result = await client.callTool({ name, arguments: args });
      if (result.isError) throw new Error(`${name} failed: ${JSON.stringify(result.content)}`);
      return schema.parse(result.structuredContent);
    },
    printStep,
  };
  await listMail(tour);
  const invoice = await findInvoice(tour);
  const attachmentUrls = await readInvoice(tour, invoice);
  await writeMail(tour, ownAddress, attachmentUrls);
  await fileInvoice(tour, invoice);
  await deleteNewsletter(tour);
}

async function listMail({ call, printStep }: Tour): Promise<void> {
  const { mailboxes } = await call(Mailboxes, 'list_mailboxes', { with_counts: true });
  const folders = mailboxes.map(({ path, unseen }) => `${path} (${unseen ?? 0} unread)`);
  printStep('Which folders do I have?', folders.join(', '));

  const { messages } = await call(Listed, 'list_mail_messages', { folder: 'INBOX', per_page: 5 });
  printStep('What is in my inbox?', messages.map(({ uid, subject }) => `${uid}: ${subject}`).join('\n'));
}

/** @returns the UID of the invoice */
async function findInvoice({ call, printStep }: Tour): Promise<number | undefined> {
  const found = await call(Found, 'search_mail_messages', {
    folder: 'INBOX',
    query: 'SUBJECT "invoice" SINCE 1-Jan-2020',
  });
  const invoice = found.messages[0]?.uid;
  printStep('Find the electricity invoice.', `UID ${invoice}`);
  return invoice;
}

/** @returns the URLs of its attachments */
async function readInvoice({ call, printStep }: Tour, uid: number | undefined): Promise<string[]> {
  const letter = await call(Read, 'get_mail_message', { folder: 'INBOX', uid });
  const [attachment] = letter.attachments;
  const file = await fetch(attachment?.url ?? '');
  if (!file.ok) throw new Error(`The link of the attachment answered ${file.status}`);
  const bytes = await file.arrayBuffer();
  const fileLine = `[${attachment?.filename}: ${bytes.byteLength} bytes]`;
  printStep('What does it say?', `${letter.text_body.trim()}\n${fileLine}`);
  return attachment === undefined ? [] : [attachment.url];
}

async function writeMail({ call, printStep }: Tour, ownAddress: string, attachmentUrls: string[]): Promise<void> {
  const sent = await call(Sent, 'send_mail_message', {
    to: `Mia Chen <mia@demo.example>, ${ownAddress}`,
    subject: 'Re: Lunch on Thursday?',
    text_body: 'Hi Mia,\n\nThursday 12:30 is perfect.\n\nRobin',
    attachment_urls: attachmentUrls,
  });
  printStep(
    'Answer Mia that it suits me, with a copy to me and the invoice attached.',
    `Sent to ${sent.accepted.join(', ')}; copy in ${sent.folder}.`,
  );

  const draft = await call(Draft, 'create_draft_mail_message', {
    to: 'Jürgen Müller <juergen@demo.example>',
    subject: 'Seite 3',
    text_body: 'Lieber Jürgen,\n\nSeite 3 passt so.\n',
  });
  printStep('Draft an answer to Jürgen.', `Draft ${draft.uid} in ${draft.folder}.`);
}

async function fileInvoice({ call, printStep }: Tour, uid: number | undefined): Promise<void> {
  const { flags } = await call(Flagged, 'update_mail_message_flags', {
    folder: 'INBOX',
    uid,
    add: ['\\Answered'],
    remove: ['Flagged'],
  });
  printStep('The invoice is dealt with.', `Flags now: ${flags.join(' ')}`);

  const moved = await call(Moved, 'move_mail_message', { folder: 'INBOX', uid, destination: 'Archive' });
  printStep('Archive it.', `Now ${moved.new_uid} in ${moved.destination}.`);
}

async function deleteNewsletter({ call, printStep }: Tour): Promise<void> {
  const newsletter = await call(Found, 'search_mail_messages', { folder: 'INBOX', query: 'FROM garden.example' });
  const deleted = await call(Deleted, 'delete_mail_message', {
    folder: 'INBOX',
    uid: newsletter.messages[0]?.uid,
    permanent: false,
  });
  printStep('Throw the newsletter away.', deleted.outcome.replaceAll('_', ' '));
}
