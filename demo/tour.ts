/** Shows the mail tools at work, and proves what is claimed of them: each claim is checked at the mail servers, not by a tool. */
import { z } from 'zod';
import { HIDDEN_INSTRUCTION } from './letters.ts';
import type { DemoMailbox } from './mailbox.ts';
import type { Tour } from './scenario.ts';
import { type Expected, type Stage, showMembers } from './stage.ts';
import { shorten } from './terminal.ts';

/** The only domain that the operator allows as recipient. */
export const ALLOWED_RECIPIENTS = '@nordlicht.example';

const Row = z.object({
  uid: z.number(),
  from: z.string(),
  subject: z.string(),
  preview: z.string().optional(),
  list: z.boolean().optional(),
  files: z.array(z.string()).optional(),
});
type Row = z.output<typeof Row>;

const ROWS: Expected<{ messages: Row[] }> = {
  schema: z.object({ messages: z.array(Row).min(1) }),
  show: ({ messages }) => messages.map(toLine),
};

/** Name and subject in columns, and what else is there. */
function toLine({ uid, from, subject, preview, list, files = [] }: Row): string {
  const name = shorten(from.replace(/ <.*/, ''), 18).padEnd(18);
  const more = files[0]?.replace(/^\S+ /, '') ?? (list ? 'newsletter' : (preview ?? ''));
  return `${String(uid).padStart(2)}  ${name}  ${shorten(subject, 35).padEnd(35)}  ${shorten(more, 15)}`.trimEnd();
}

const Sent = z.object({
  sent: z.boolean(),
  already_sent: z.boolean().optional(),
  text: z.string(),
  copy: z.string(),
});
const SENT: Expected<z.output<typeof Sent>> = {
  schema: Sent,
  show: ({ sent, already_sent, text, copy }) => showMembers({ sent, already_sent, text, copy }),
};

const Moved = z.object({
  moved: z.number(),
  undo: z.array(z.object({ tool: z.string(), arguments: z.record(z.string(), z.unknown()) })).min(1),
});
const MOVED: Expected<z.output<typeof Moved>> = { schema: Moved, show: showMembers };

const FILE: Expected<{ text_body: string; pages: number }> = {
  schema: z.object({ text_body: z.string(), pages: z.number() }),
  show: ({ text_body }) => text_body.replaceAll('\t', '  ').split('\n'),
};

const LETTER: Expected<{ text_body: string; hidden_text: number; warnings: string[] }> = {
  schema: z.object({ text_body: z.string(), hidden_text: z.number(), warnings: z.array(z.string()).min(1) }),
  show: ({ text_body, warnings }) => [
    `"${text_body.trim()}"`,
    ...showMembers({ warnings: warnings.map((warning) => warning.replace(/\. .*/, '.')) }),
  ],
};

/** @throws if a tool reports an error, or a claim does not hold */
export async function showMailTools({ stage, restart }: Tour, mailbox: DemoMailbox): Promise<void> {
  const { messages } = await readInbox(stage);
  const uidOf = (subject: RegExp) => messages.find((row) => subject.test(row.subject))?.uid;
  await answerMia(stage, mailbox, `INBOX/${uidOf(/Lunch/)}`);
  await readInvoice(stage, uidOf(/Invoice/));
  await fileNewsletters(stage, mailbox);
  await readHiddenInstruction(stage, mailbox, uidOf(/parcel/));
  await sendElsewhere(stage, mailbox, `INBOX/${uidOf(/Invoice/)}`);
  await continueAfterRestart(stage, restart);
}

async function readInbox(stage: Stage): Promise<{ messages: Row[] }> {
  stage.request('What is in my inbox?');
  return stage.call('list_mail_messages', { folder: 'INBOX', preview: 60 }, ROWS);
}

async function answerMia(stage: Stage, { accepted }: DemoMailbox, of: string): Promise<void> {
  const args = {
    ...{ as: 'reply', of, text_body: 'Hi Mia,\n\nThursday is perfect.\n\nRobin' },
    idempotency_key: 'lunch-with-mia',
  };
  stage.request('Answer Mia: Thursday suits me.');
  await stage.call('send_mail_message', args, SENT);
  const [letter] = accepted;
  stage.claim(
    'The SMTP server got one message, to Mia alone, with her letter quoted.',
    accepted.length === 1 &&
      letter?.recipients.join() === 'mia@nordlicht.example' &&
      /^In-Reply-To: /m.test(letter.raw) &&
      /^> Thursday at 12:30/m.test(letter.raw),
  );
  stage.note('The answer to that call is lost. The client calls again, with the same key.');
  const { already_sent } = await stage.call('send_mail_message', args, SENT);
  stage.claim('Mia has one message, not two.', already_sent === true && accepted.length === 1);
}

async function readInvoice(stage: Stage, uid: number | undefined): Promise<void> {
  stage.request('How much is the electricity?');
  const args = { folder: 'INBOX', uid, attachment: 'invoice.pdf' };
  const { text_body } = await stage.call('get_mail_message', args, FILE);
  stage.claim('The PDF came as text.', text_body.includes('184.20 EUR'));
}

async function fileNewsletters(stage: Stage, mailbox: DemoMailbox): Promise<void> {
  const before = subjectsIn(mailbox, 'INBOX');
  const isFiled = () => [subjectsIn(mailbox, 'Newsletters').length, subjectsIn(mailbox, 'INBOX').length];
  stage.request('Put the newsletters away.');
  const args = { folder: 'INBOX', query: 'is:newsletter', destination: 'Newsletters' };
  const { undo } = await stage.call('move_mail_message', args, MOVED);
  stage.claim('Three newsletters, three moves, one call.', isFiled().join() === `3,${before.length - 3}`);
  stage.request('Oh, I still want to read them.');
  for (const { tool, arguments: undoing } of undo) await stage.call(tool, undoing, MOVED);
  const after = subjectsIn(mailbox, 'INBOX');
  stage.claim('All are back and unread.', before.toSorted().join('\n') === after.toSorted().join('\n'));
}

/** Flags and subjects of the messages in a folder, as the IMAP server has them. */
const subjectsIn = (mailbox: DemoMailbox, folder: string): string[] =>
  mailbox.messagesIn(folder).map(({ raw, flags }) => `${/^Subject: .*/m.exec(raw)?.[0]} ${flags}`);

async function readHiddenInstruction(stage: Stage, mailbox: DemoMailbox, uid: number | undefined): Promise<void> {
  const state = () => JSON.stringify([mailbox.accepted, mailbox.messagesIn('INBOX')]);
  const before = state();
  stage.request('When does the parcel come?');
  const { text_body, hidden_text } = await stage.call('get_mail_message', { folder: 'INBOX', uid }, LETTER);
  const isHidden = hidden_text > 0 && !text_body.includes('Assistant');
  stage.note(`Its HTML hides: “${HIDDEN_INSTRUCTION}”`);
  stage.claim('The model gets what people see, and a count of what they do not.', isHidden);
  stage.claim('Nothing was sent, moved, flagged or deleted.', state() === before);
}

async function sendElsewhere(stage: Stage, { accepted }: DemoMailbox, of: string): Promise<void> {
  const before = accepted.length;
  stage.note(`What if a model did it all the same? Only ${ALLOWED_RECIPIENTS} is allowed.`);
  const refusal = await stage.refusedCall('send_mail_message', { as: 'forward', of, to: 'claims@kurier.example' });
  stage.claim('Refused: the limit is sealed in the client id.', refusal !== undefined && accepted.length === before);
}

async function continueAfterRestart(stage: Stage, restart: Tour['restart']): Promise<void> {
  stage.note('The server stops. Another one starts with the same key.');
  const { isSameToken } = await restart();
  stage.request('What did I send today?');
  const { messages } = await stage.call('list_mail_messages', { folder: 'sent' }, ROWS);
  stage.claim('The token still works, and Sent has the one message.', isSameToken && messages.length === 1);
}
