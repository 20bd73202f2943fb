/** Declares the schemas that several mail tools share, and converts messages to these schemas. */
import { z } from 'zod';
import type { ListedMessage } from '../../mail/messages/list.ts';
import type { MessageSummary } from '../../mail/mime/summary.ts';
import { GivenName, HiddenText, Name } from '../outgoing.ts';
import { joins, narrows } from '../parameter-meanings.ts';

export const MailboxPath = GivenName.describe('Path as list_mailboxes returns it, such as "INBOX".');

export const Uid = z
  .number()
  .int()
  .min(1)
  .max(4294967295)
  .describe('UID in that folder, as the list and search tools return it.');

export const Page = z.number().int().min(1).max(1_000_000).default(1).describe('Page 1 holds the newest.');

export const PerPage = z.number().int().min(1).max(100).default(20).describe('Messages on a page, 1 to 100.');

export const UidValidity = z
  .string()
  .describe('UIDVALIDITY of the folder, decimal. When it changes, every UID seen before is void (RFC 9051 §2.3.1.1).');

export const ExpectedUidValidity = narrows(
  z
    .string()
    .regex(/^\d{1,20}$/, 'must be the decimal number that the tool which gave you the UID returned as uid_validity'),
)
  .optional()
  .describe('uid_validity that came with the UID: refused if it has changed, as the UID could mean another message.');

export const Recipients = joins(z.string().max(32_000)).describe(
  'Comma-separated addresses: `ann@example.com, "Lee, Bo" <bo@example.com>`.',
);

export const EmailAddress = z.object({
  name: z.string().optional().describe('Display name, decoded. Chosen by the sender; proves nothing.'),
  address: z.string().describe('addr-spec (RFC 5322 §3.4.1).'),
});

/** The envelope of a message (RFC 9051 §7.5.2) as tools return it. */
export const Envelope = z.object({
  uid: z.number().describe('UID in the folder.'),
  message_id: Name.nullable().describe('Message-ID with its angle brackets.'),
  in_reply_to: Name.nullable().describe('Message-ID of the message that this one answers.'),
  subject: z.string().describe('Decoded subject; empty if there is none.'),
  from: z.array(EmailAddress),
  sender: z.array(EmailAddress),
  reply_to: z.array(EmailAddress),
  to: z.array(EmailAddress),
  cc: z.array(EmailAddress),
  date: z.string().nullable().describe('ISO 8601, UTC.'),
  size: z.number().describe('Bytes of the whole message.'),
  flags: z.array(Name).describe('IMAP flags and keywords, e.g. "\\Seen", "\\Flagged", "$Label1".'),
  has_attachments: z.boolean(),
  hidden_text: HiddenText.describe('Letters that were left out because people cannot see them.'),
});

/** The envelope of a message in a list. */
export const ListedEnvelope = Envelope.extend({
  unreadable: z
    .string()
    .optional()
    .describe('Present if the mail server did not tell about this message: what is empty here is unknown then.'),
  addresses_cut: z
    .boolean()
    .optional()
    .describe('True if only the first addresses of a field are here; get_mail_message has more.'),
});

export function toEmailAddresses(addresses: MessageSummary['from']): z.output<typeof EmailAddress>[] {
  return addresses.map(({ name, address }) => (name === '' ? { address } : { name, address }));
}

export function toEnvelope(summary: MessageSummary): z.output<typeof Envelope> {
  return {
    uid: summary.uid,
    message_id: summary.messageId,
    in_reply_to: summary.inReplyTo,
    subject: summary.subject,
    from: toEmailAddresses(summary.from),
    sender: toEmailAddresses(summary.sender),
    reply_to: toEmailAddresses(summary.replyTo),
    to: toEmailAddresses(summary.to),
    cc: toEmailAddresses(summary.cc),
    date: summary.date,
    size: summary.sizeBytes,
    flags: summary.flags,
    has_attachments: summary.hasAttachments,
  };
}

export function toListedEnvelope({
  isUnreadable,
  areAddressesCut,
  ...summary
}: ListedMessage): z.output<typeof ListedEnvelope> {
  return {
    ...toEnvelope(summary),
    ...(isUnreadable && { unreadable: UNREADABLE }),
    ...(areAddressesCut && { addresses_cut: true }),
  };
}

const UNREADABLE =
  'The mail server broke off, refused or made no sense when it was asked about this message. It is there under its uid; get_mail_message may still read it.';
