/** Describes the messages of a conversation to the model, each in one short row. */
import { z } from 'zod';
import { listFiles } from '../../../mail/mime/listed-files.ts';
import { isForged } from '../../../mail/sender/verdict.ts';
import { isDraft } from '../../../mail/thread/found-message.ts';
import type { ThreadMessage } from '../../../mail/thread/thread.ts';
import { baseSubjectOf } from '../../../text/base-subject.ts';
import { cutFileName, cutText } from '../../../text/cut-text.ts';
import { toLocalTime } from '../../../text/time.ts';
import { HiddenText, Name, TextBody } from '../../outgoing.ts';
import { withoutEmpty } from '../../without-empty.ts';
import type { PeopleKeys } from './people-keys.ts';

export const ThreadRow = z.object({
  at: Name.describe('Folder, slash, uid.'),
  date: z.string().optional(),
  sent: z.string().optional().describe('Date header, if it differs from `date` by more than a day.'),
  from: z.string().optional().describe('Key of `people`; an address if nothing proves that it is the account owner.'),
  to: z.array(z.string()).optional(),
  cc: z.array(z.string()).optional(),
  subject: z.string().optional().describe('If it differs from that of the thread.'),
  text: TextBody.optional().describe('New text. Lines with `> ` quote what no message of the thread has.'),
  cut: z.boolean().optional().describe('True: get_mail_message has more.'),
  files: z.array(z.string()).optional().describe('Part number, blank, name.'),
  invite: z.boolean().optional(),
  draft: z.boolean().optional().describe('True: not sent, and not counted in `turn`.'),
  automatic: z.boolean().optional().describe('True: written by a program, and not counted in `turn`.'),
  joined: z.boolean().optional().describe('True: first message of a person to whom no earlier one was addressed.'),
  claims_me: z.boolean().optional().describe('True: has the address of the account, and nothing proves it.'),
  dmarc: z.string().optional().describe('"fail": the sender is forged; not counted in `turn`.'),
  reply_to: z.string().optional().describe('Where answers go, if that is another domain than the sender.'),
  by: z.string().optional().describe('"subject": nothing else connects it with the thread.'),
  also: z.array(Name).optional().describe('Other places of the same message.'),
  hidden_text: HiddenText,
  warnings: z.array(z.string()).optional().describe('What is deceiving in the text.'),
});
export type ThreadRow = z.output<typeof ThreadRow>;

const MAX_SUBJECT_CHARS = 200;
const MAX_FILE_NAME_CHARS = 80;
const MAX_FILES = 5;
const MAX_COPIES = 3;

export interface RowOptions {
  keys: PeopleKeys;
  timeZone: string;
  /** Of the thread. */
  subject: string;
  /** Recipients shown of each field. */
  maxRecipients: number;
}

/** @returns without text */
export function toThreadRow(each: ThreadMessage, { keys, timeZone, subject, maxRecipients }: RowOptions): ThreadRow {
  const { message, copies } = each;
  const { files, isInvite } = message.structure === null ? NO_FILES : listFiles(message.structure);
  const shown = files
    .slice(0, MAX_FILES)
    .map((file) => `${file.part} ${cutFileName(file.shownName, MAX_FILE_NAME_CHARS)}`);
  const isSame = baseSubjectOf(message.subject).base === baseSubjectOf(subject).base;
  const places = copies.filter(({ roles }) => !roles.has('all'));
  return {
    ...toBareRow(each, { keys, timeZone }),
    ...withoutEmpty({
      to: recipients(each.to, keys, maxRecipients),
      cc: recipients(each.cc, keys, maxRecipients),
      sent: farFrom(message.sentAt, each.time) ? toLocalTime(message.sentAt ?? '', timeZone) : '',
      subject: isSame ? '' : cutText(message.subject, MAX_SUBJECT_CHARS),
      files: files.length > MAX_FILES ? [...shown, `${files.length - MAX_FILES} more`] : shown,
      invite: isInvite,
      reply_to: otherReplyTo(each),
      by: each.isBySubject ? 'subject' : '',
      also: places.slice(0, MAX_COPIES).map(placeText),
    }),
    ...(each.hiddenLetters > 0 && { hidden_text: each.hiddenLetters }),
  };
}

/** Only what identifies a message, and what is never left out. */
export function toBareRow(each: ThreadMessage, { keys, timeZone }: Pick<RowOptions, 'keys' | 'timeZone'>): ThreadRow {
  return {
    at: placeText(each.message),
    ...withoutEmpty({
      date: each.time === 0 ? '' : toLocalTime(new Date(each.time), timeZone),
      from: senderText(each, keys),
      draft: isDraft(each.message),
      automatic: each.message.isAutomatic && !each.message.isFromList,
      joined: each.hasJoined,
      claims_me: each.claimsMe,
      dmarc: isForged(each.message.verdict) ? 'fail' : '',
    }),
  };
}

const DAY_MS = 86_400_000;
const NO_FILES = { files: [], isInvite: false };

/** `INBOX/10396`. */
export function placeText({ mailbox, uid }: { mailbox: string; uid: number }): string {
  return `${mailbox}/${uid}`;
}

function senderText({ sender, claimsMe, message }: ThreadMessage, keys: PeopleKeys): string {
  if (claimsMe) return sender;
  return sender === '' ? cutText(message.from[0]?.name ?? '', MAX_FILE_NAME_CHARS) : keys.keyOf(sender);
}

function farFrom(sentAt: string | null, time: number): boolean {
  return sentAt !== null && time !== 0 && Math.abs(Date.parse(sentAt) - time) > DAY_MS;
}

function recipients(people: readonly string[], keys: PeopleKeys, max: number): string[] {
  const shown = people.slice(0, max).map((person) => keys.keyOf(person));
  return people.length > max ? [...shown, `${people.length - max} more`] : shown;
}

function otherReplyTo({ message: { from, replyTo } }: ThreadMessage): string {
  const domains = new Set(from.map(({ address }) => domainOf(address)));
  return replyTo.find(({ address }) => address !== '' && !domains.has(domainOf(address)))?.address ?? '';
}

function domainOf(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1).toLowerCase();
}
