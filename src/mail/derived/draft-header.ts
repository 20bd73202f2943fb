/**
 * Reads the header of a draft that is to be sent as it stands, and makes the header of the message that leaves.
 *
 * Invariant: fields that stay keep their bytes.
 */
import { ToolError } from '../../errors.ts';
import { baseSubjectOf } from '../../text/base-subject.ts';
import { type AddressEntry, type AddressParameter, type Mailbox, parseAddressList } from '../mime/addresses.ts';
import { decodeHeader } from '../mime/charset.ts';

interface RawField {
  /** Lower case. */
  name: string;
  /** As written, with folding and its line end; each character is one byte. */
  raw: string;
}

export interface DraftHeader {
  fields: RawField[];
  from: Mailbox[];
  /** Address lists, which parseAddressList() takes. */
  recipients: Record<AddressParameter, string>;
  subject: string;
  /** Addresses of Reply-To. */
  replyTo: Mailbox[];
}

/** Fields that servers and mailing lists write: a message that has one was received. */
const RECEIVED_FIELDS =
  /^(?:received|return-path|delivered-to|x-original-to|envelope-to|dkim-signature|authentication-results|received-spf|arc-.*|x-received|list-id|x-google-dkim-signature|domainkey-signature)$/;
/** What only programs of the sender read, and what is written anew. */
const DROPPED_FIELDS =
  /^(?:date|message-id|bcc|fcc|gcc|mutt-.*|draft-info|status|content-length|lines|resent-.*|x-(?!priority$|msmail-priority$|mailer$|forwarded-message-id$).*)$/;
const MAX_FIELDS = 500;

/** @param header with its line ends, up to the empty line */
export function readDraftHeader(header: Buffer): DraftHeader {
  const fields = rawFields(header);
  const text = (name: string) =>
    fields
      .filter((field) => field.name === name)
      .map(bodyOf)
      .filter((body) => body !== '')
      .join(', ');
  const [subject] = fields.filter(({ name }) => name === 'subject');
  return {
    fields,
    from: mailboxesOf(text('from')),
    recipients: { to: text('to'), cc: text('cc'), bcc: text('bcc') },
    subject: subject === undefined ? '' : decodeHeader(Buffer.from(bodyOf(subject))),
    replyTo: mailboxesOf(text('reply-to')),
  };
}

/**
 * Why the message is no draft of the account owner's own; undefined if it is one.
 *
 * @param isOwn true for an address that messages may come from
 */
export function whyNoDraft({ fields, from }: DraftHeader, isOwn: (address: string) => boolean): string | undefined {
  const received = fields.find(({ name }) => RECEIVED_FIELDS.test(name));
  if (received !== undefined) return `it was received (it has the field ${received.raw.split(':')[0]})`;
  const [author] = from;
  if (fields.filter(({ name }) => name === 'from').length !== 1 || from.length !== 1 || author === undefined)
    return 'its From does not have one address';
  const senders = [
    author,
    ...mailboxesOf(
      fields
        .filter(({ name }) => name === 'sender')
        .map(bodyOf)
        .join(', '),
    ),
  ];
  if (!senders.every(({ address }) => isOwn(address))) return 'its From is no address of the account owner';
  return undefined;
}

/** The mailboxes of an address list with decoded names; none if it cannot be parsed. */
function mailboxesOf(list: string): Mailbox[] {
  try {
    return readableMailboxes(parseAddressList(list, 'to'));
  } catch (error) {
    if (error instanceof ToolError) return [];
    throw error;
  }
}

/** Members of groups, and names as people read them. */
export function readableMailboxes(entries: readonly AddressEntry[]): Mailbox[] {
  return entries
    .flatMap((entry) => ('group' in entry ? entry.group : [entry]))
    .map(({ name, address }) => ({ name: decodeHeader(Buffer.from(name)), address }));
}

/** The header of the message that leaves, up to the empty line: with a new Date and Message-ID. */
export function sentHeader(
  { fields }: DraftHeader,
  { date, messageId, keepsBcc }: { date: Date; messageId: string; keepsBcc: boolean },
): Buffer {
  const kept = fields.filter(({ name }) => !DROPPED_FIELDS.test(name) || (keepsBcc && name === 'bcc'));
  const own = [`Date: ${date.toUTCString().replace('GMT', '+0000')}\r\n`, `Message-ID: ${messageId}\r\n`];
  return Buffer.from([...kept.map(({ raw }) => raw), ...own, '\r\n'].join(''), 'latin1');
}

/** The field by which a draft names the message that it forwards, as Thunderbird does it. It stays: a repeated call reads it in the copy in Sent. */
export const FORWARDED_ID = 'X-Forwarded-Message-Id';

/** The message that a draft answers or forwards. */
export interface NamedOriginal {
  /** Message-ID with its angle brackets. */
  id: string;
  isForward: boolean;
}

/** @returns undefined if the header names none. A forwarded message is named by References, without In-Reply-To, or as Thunderbird does it */
export function namedOriginal({ fields, subject }: DraftHeader): NamedOriginal | undefined {
  const [answered] = idsIn(fields, 'in-reply-to');
  if (answered !== undefined) return { id: answered, isForward: false };
  const references = baseSubjectOf(subject).isForward ? idsIn(fields, 'references') : [];
  const forwarded = idsIn(fields, FORWARDED_ID.toLowerCase())[0] ?? references.at(-1);
  return forwarded === undefined ? undefined : { id: forwarded, isForward: true };
}

/** The fields by which the message belongs to a conversation. */
export function threadFieldsOf({ fields }: DraftHeader): { inReplyTo?: string; references: string[] } {
  const [inReplyTo] = idsIn(fields, 'in-reply-to');
  const references = idsIn(fields, 'references').slice(0, MAX_REFERENCES);
  return { ...(inReplyTo !== undefined && { inReplyTo }), references };
}

const MAX_REFERENCES = 100;

/** What a new version keeps besides what it has of its own. */
const KEPT_FIELDS =
  /^(?:reply-to|importance|priority|sensitivity|x-priority|x-msmail-priority|x-forwarded-message-id|disposition-notification-to|keywords|organization)$/;

/** @returns names and values as they are written, unfolded */
export function keptFields({ fields }: DraftHeader): { name: string; value: string }[] {
  return fields
    .filter(({ name }) => KEPT_FIELDS.test(name))
    .map((field) => ({ name: field.raw.slice(0, field.raw.indexOf(':')).trim(), value: bodyOf(field) }));
}

function idsIn(fields: readonly RawField[], name: string): string[] {
  return fields.find((field) => field.name === name)?.raw.match(/<[!-;=?-~]{1,900}>/g) ?? [];
}

function rawFields(header: Buffer): RawField[] {
  const fields: RawField[] = [];
  for (const line of header.toString('latin1').split(/(?<=\n)/)) {
    const text = line.replace(/\r?\n$/, '');
    const last = fields.at(-1);
    if (text === '') break;
    if (/^[ \t]/.test(text) && last !== undefined) {
      last.raw += `${text}\r\n`;
      continue;
    }
    const name = /^([!-9;-~]+)[ \t]*:/.exec(text)?.[1];
    if (name === undefined || fields.length >= MAX_FIELDS) throw new ToolError(UNREADABLE);
    fields.push({ name: name.toLowerCase(), raw: `${text}\r\n` });
  }
  return fields;
}

/** Unfolded, as text. */
function bodyOf({ raw }: RawField): string {
  const bytes = Buffer.from(raw.slice(raw.indexOf(':') + 1), 'latin1');
  return bytes
    .toString()
    .replace(/\r\n(?=[ \t])/g, '')
    .replace(/\t/g, ' ')
    .trim();
}

const UNREADABLE = 'Nothing was sent: the header of the draft cannot be read. Write it anew in a mail program.';
