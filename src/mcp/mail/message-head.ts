/** Describes the header of a message to the model. What is empty or repeats is left out. */
import { z } from 'zod';
import type { Message } from '../../mail/messages/read.ts';
import { HiddenText, Name } from '../outgoing.ts';
import { withoutEmpty } from '../without-empty.ts';
import type { MailSession } from './mail-session.ts';
import { UidValidity } from './parameters.ts';
import { headTimes } from './rows/message-times.ts';
import { peopleTexts } from './rows/people.ts';

/** The header of a message. Addresses as in `Ann Lee <ann@example.com>`. */
export const MessageHead = z.object({
  folder: Name,
  uid: z.number(),
  uid_validity: UidValidity,
  message_id: Name.optional().describe('Message-ID with its angle brackets.'),
  in_reply_to: Name.optional().describe('Message-ID of the message that this one answers.'),
  references: z.array(Name).optional().describe('Message-IDs of the thread, oldest first.'),
  subject: z.string().optional(),
  date: z.string().optional().describe('Date header, RFC 3339. Absent if it is not a date.'),
  arrived: z.string().optional().describe('Present if it differs from `date` by more than a day.'),
  from: z.string().optional().describe('Chosen by the sender; proves nothing.'),
  sender: z.string().optional().describe('Present if it is not the author.'),
  reply_to: z.array(z.string()).optional().describe('Present if it is not the author.'),
  to: z.array(z.string()).optional(),
  cc: z.array(z.string()).optional(),
  bcc: z.array(z.string()).optional(),
  unread: z.boolean().optional(),
  flags: z.array(Name).optional().describe('Flags and keywords other than \\Seen.'),
  hidden_text: HiddenText.describe('Letters that were left out because people cannot see them.'),
});

export function toHead(message: Message, { timeZone }: Pick<MailSession, 'timeZone'>): z.output<typeof MessageHead> {
  const { mailbox, uid, uidValidity, from, sender, replyTo, flags } = message;
  const fields = {
    message_id: message.messageId ?? '',
    in_reply_to: message.inReplyTo ?? '',
    references: message.references,
    subject: message.subject,
    ...headTimes(message, timeZone),
    from: peopleTexts(from).join(', '),
    sender: areSame(sender, from) ? '' : peopleTexts(sender).join(', '),
    reply_to: areSame(replyTo, from) ? [] : peopleTexts(replyTo),
    to: peopleTexts(message.to),
    cc: peopleTexts(message.cc),
    bcc: peopleTexts(message.bcc),
    unread: !flags.includes('\\Seen'),
    flags: flags.filter((flag) => flag !== '\\Seen'),
  };
  return { folder: mailbox, uid, uid_validity: uidValidity, ...withoutEmpty(fields) };
}

function areSame(some: Message['from'], others: Message['from']): boolean {
  const addresses = (people: Message['from']) => people.map(({ address }) => address.toLowerCase()).join(' ');
  return addresses(some) === addresses(others);
}
