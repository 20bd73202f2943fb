/** Our OutgoingMessage → raw message (RFC 5322, RFC 2045); the same bytes for sending and for the copy we keep. */
import { randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';
import MailComposer from 'nodemailer/lib/mail-composer';
import { ToolError } from '../errors.ts';
import { type AddressEntry, envelopeAddresses, type Mailbox, normaliseAddress, parseAddressList } from './addresses.ts';

export interface OutgoingAttachment {
  filename: string;
  /** Media type, with parameters or without. Types that cannot be carried as they are become application/octet-stream. */
  contentType: string;
  /** Read once, to its end; destroyed if the message cannot be composed. */
  content: Readable | Buffer;
}

export interface OutgoingMessage {
  from: { fullName: string; email: string };
  /** Address list as people write it; may be empty for a draft. */
  to: string;
  cc?: string;
  bcc?: string;
  subject: string;
  text: string;
  html?: string;
  attachments: OutgoingAttachment[];
  date: Date;
  /** With angle brackets. A new one is made where it is missing. */
  messageId?: string;
}

export interface ComposedMessage {
  /** For the wire: without Bcc. CRLF line ends. */
  raw: Buffer;
  /** For the copy in Drafts or Sent: the same bytes, with Bcc if there is one. */
  rawWithBcc: Buffer;
  /** With angle brackets. */
  messageId: string;
  /** addr-specs with ASCII domains, each recipient once. */
  envelope: { from: string; to: string[] };
}

const MAX_RECIPIENTS = 200;
/** Largest message as sent, with attachments in base64: what the large providers take. */
export const MAX_MESSAGE_BYTES = 25 * 1024 * 1024;

/**
 * Composes a message. Reads the attachments one after the other into memory, as the copy that is kept needs the same bytes again.
 *
 * @throws {ToolError} for bad addresses, naming parameter and position; for more than 200 recipients; for more than 25 MiB
 */
export async function composeMessage(message: OutgoingMessage): Promise<ComposedMessage> {
  try {
    return await compose(message);
  } finally {
    for (const { content } of message.attachments) if (!Buffer.isBuffer(content)) content.destroy();
  }
}

async function compose(message: OutgoingMessage): Promise<ComposedMessage> {
  const to = parseAddressList(message.to, 'to');
  const cc = parseAddressList(message.cc ?? '', 'cc');
  const bcc = parseAddressList(message.bcc ?? '', 'bcc');
  const recipients = envelopeAddresses([...to, ...cc, ...bcc]);
  if (recipients.length > MAX_RECIPIENTS) {
    throw new ToolError(
      `to, cc and bcc have ${recipients.length} addresses; at most ${MAX_RECIPIENTS} are allowed in one message.`,
    );
  }
  if (/[\p{Cc}\p{Surrogate}]/u.test(message.subject)) {
    throw new ToolError('subject: line breaks and control characters are not allowed.');
  }
  const from = senderAddress(message.from);
  const messageId = message.messageId ?? `<${randomUUID()}@${from.address.slice(from.address.lastIndexOf('@') + 1)}>`;
  const textSize = Buffer.byteLength(message.text) + Buffer.byteLength(message.html ?? '');
  const attachments = await readAttachments(message.attachments, MAX_MESSAGE_BYTES - textSize);

  const node = new MailComposer({
    from,
    ...headerOf('to', to),
    ...headerOf('cc', cc),
    ...headerOf('bcc', bcc),
    subject: message.subject,
    date: message.date,
    messageId,
    text: withCrlf(message.text),
    ...(message.html === undefined ? {} : { html: withCrlf(message.html) }),
    attachments,
    newline: '\r\n',
    // Nothing but what is handed over may end up in a message: nodemailer would otherwise read `{ path }` and `{ href }`.
    disableFileAccess: true,
    disableUrlAccess: true,
  }).compile();
  node.keepBcc = true;
  const rawWithBcc = await node.build();
  if (rawWithBcc.length > MAX_MESSAGE_BYTES) throw tooLarge();
  return { raw: withoutBcc(rawWithBcc), rawWithBcc, messageId, envelope: { from: from.address, to: recipients } };
}

function senderAddress({ fullName, email }: OutgoingMessage['from']): { name: string; address: string } {
  const address = normaliseAddress(email);
  if (address === undefined) {
    throw new ToolError(
      'The From address of this mailbox is not a valid email address. The owner has to sign in again and correct it.',
    );
  }
  return { name: fullName.replace(/\p{Cc}+/gu, ' ').trim(), address };
}

/** A header that has no entries is left out. */
function headerOf(name: 'to' | 'cc' | 'bcc', entries: AddressEntry[]) {
  // nodemailer writes into the objects it is given, and knows groups only as text.
  const copies = entries.map((entry) => ('group' in entry ? groupText(entry) : { ...entry }));
  return entries.length === 0 ? {} : { [name]: copies };
}

function groupText({ name, group }: { name: string; group: Mailbox[] }): string {
  const quoted = (text: string) => `"${text.replace(/["\\]/g, '\\$&')}"`;
  const members = group.map((member) => `${member.name === '' ? '' : quoted(member.name)} <${member.address}>`);
  return `${quoted(name)}: ${members.join(', ')};`;
}

async function readAttachments(attachments: readonly OutgoingAttachment[], budgetBytes: number) {
  const read: { filename: string; contentType: string; contentDisposition: 'attachment'; content: Buffer }[] = [];
  let left = budgetBytes;
  for (const { filename, contentType, content } of attachments) {
    const bytes = await readUpTo(content, left);
    left -= bytes.length;
    read.push({
      filename: filename.replace(/\p{Cc}+/gu, ' ').trim() || 'attachment',
      contentType: carriedAs(contentType),
      contentDisposition: 'attachment',
      content: bytes,
    });
  }
  return read;
}

async function readUpTo(content: Readable | Buffer, limitBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of Buffer.isBuffer(content) ? [content] : content) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > limitBytes) throw tooLarge();
    chunks.push(bytes);
  }
  return Buffer.concat(chunks, size);
}

function tooLarge(): ToolError {
  return new ToolError(
    `The message with its attachments is larger than ${MAX_MESSAGE_BYTES / 1024 / 1024} MiB as sent; attachments may add up to about 18 MiB. Send fewer or smaller ones.`,
  );
}

/** multipart and message parts may not be in base64 (RFC 2046 §5.1, §5.2), which any content can be carried in. */
function carriedAs(contentType: string): string {
  const token = '[\\w!#$&^.+-]{1,127}';
  const known = new RegExp(`^(?!multipart/|message/)${token}/${token}(?:; ?charset="?[\\w.:-]{1,40}"?)?$`, 'i');
  return known.test(contentType) ? contentType : 'application/octet-stream';
}

/** nodemailer encodes line ends, but leaves a lone CR in the text as it is. */
function withCrlf(text: string): string {
  return text.replace(/\r\n?|\n/g, '\r\n');
}

/** Removes the one Bcc field, with its folded lines, from the header. */
function withoutBcc(raw: Buffer): Buffer {
  const headerEnd = raw.indexOf('\r\n\r\n') + 2;
  // latin1 keeps every byte as it is.
  const header = raw.subarray(0, headerEnd).toString('latin1');
  const field = /^Bcc:[^\r\n]*\r\n(?:[ \t][^\r\n]*\r\n)*/m.exec(header);
  if (!field) return raw;
  return Buffer.concat([raw.subarray(0, field.index), raw.subarray(field.index + field[0].length)]);
}
