/** Composes a message (RFC 5322, RFC 2045): the same bytes for submission and for the copy in Sent or Drafts. */
import { randomBytes, randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import MailComposer from 'nodemailer/lib/mail-composer';
import { ToolError } from '../../errors.ts';
import { type MessageBytes, toLazyStream } from '../message-bytes.ts';
import {
  type AddressEntry,
  envelopeAddresses,
  type Mailbox,
  normaliseAddress,
  parseAddressList,
} from '../mime/addresses.ts';

interface OutgoingAttachment {
  filename: string;
  /** Media type, with or without parameters. Types that base64 may not carry become application/octet-stream. */
  contentType: string;
  /** A stream is read once, to its end, and destroyed if the message cannot be composed. MessageBytes are opened each time the message is. */
  content: Readable | MessageBytes;
}

export interface OutgoingMessage {
  from: { fullName: string; email: string };
  /** Address list; may be empty for a draft. */
  to: string;
  cc?: string;
  bcc?: string;
  subject: string;
  text: string;
  html?: string;
  attachments: OutgoingAttachment[];
  date: Date;
  /** With angle brackets. Default: a new one. */
  messageId?: string;
}

export interface ComposedMessage {
  /** The message for submission, without Bcc. CRLF line ends. */
  raw: MessageBytes;
  /** The message for Drafts or Sent: the same bytes, with Bcc if there is one. */
  rawWithBcc: MessageBytes;
  /** With angle brackets. */
  messageId: string;
  /** addr-specs with ASCII domains, each recipient once. */
  envelope: { from: string; to: string[] };
}

const MAX_RECIPIENTS = 200;
/** As submitted: 25 MiB of attachments in base64, which the large providers accept. */
export const MAX_MESSAGE_BYTES = 35 * 1024 * 1024;

/**
 * Composes the message. Attachments that are streams are read into memory, one after the other. If an attachment can be opened again, the
 * message is not held in memory but generated each time it is read, because it may be large.
 *
 * @throws {ToolError} for bad addresses, naming parameter and position; for more than 200 recipients; for more than 35 MiB
 */
export async function composeMessage(message: OutgoingMessage): Promise<ComposedMessage> {
  try {
    return await compose(message);
  } finally {
    for (const { content } of message.attachments) if (content instanceof Readable) content.destroy();
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

  const options = {
    from,
    ...headerOf('to', to),
    ...headerOf('cc', cc),
    ...headerOf('bcc', bcc),
    subject: message.subject,
    date: message.date,
    messageId,
    text: withCrlf(message.text),
    ...(message.html === undefined ? {} : { html: withCrlf(message.html) }),
    newline: '\r\n',
    // Otherwise nodemailer would read the file or URL that a `{ path }` or `{ href }` names.
    disableFileAccess: true,
    disableUrlAccess: true,
    // Fixed, so that each generation of the message has the same bytes.
    baseBoundary: randomBytes(12).toString('hex'),
  };
  const bytes = await generate(options, attachments);
  if (bytes.rawWithBcc.length > MAX_MESSAGE_BYTES) throw tooLarge();
  return { ...bytes, messageId, envelope: { from: from.address, to: recipients } };
}

/** Generates the message in memory if its attachments are. Otherwise its length is computed, and its bytes are generated when they are read. */
async function generate(
  options: object,
  attachments: ReadAttachment[],
): Promise<Pick<ComposedMessage, 'raw' | 'rawWithBcc'>> {
  // The whole message, but with one byte in place of each attachment that is not in memory.
  const shortened = attachments.map((each) =>
    Buffer.isBuffer(each.content) ? each : { ...each, content: Buffer.alloc(1) },
  );
  const frame = await toMimeNode(options, shortened, 'with Bcc').build();
  const rest = attachments.filter(({ content }) => !Buffer.isBuffer(content));
  if (rest.length === 0) return { raw: withoutBcc(frame), rawWithBcc: frame };
  const more = rest.reduce((sum, { content }) => sum + encodedLength(content.length) - encodedLength(1), 0);
  const reopenable = (length: number, kind: 'with Bcc' | 'without Bcc'): MessageBytes => ({
    length: length + more,
    open: () => toMimeNode(options, attachments, kind).createReadStream(),
  });
  return { raw: reopenable(withoutBcc(frame).length, 'without Bcc'), rawWithBcc: reopenable(frame.length, 'with Bcc') };
}

function toMimeNode(options: object, attachments: ReadAttachment[], kind: 'with Bcc' | 'without Bcc') {
  const opened = attachments.map((each) => ({
    ...each,
    content: Buffer.isBuffer(each.content) ? each.content : toLazyStream(each.content),
  }));
  const node = new MailComposer({ ...options, attachments: opened }).compile();
  node.keepBcc = kind === 'with Bcc';
  return node;
}

/** Length in base64, in lines of 76 characters with CRLF between them (RFC 2045 §6.8). */
function encodedLength(bytes: number): number {
  const characters = Math.ceil(bytes / 3) * 4;
  return characters + 2 * Math.max(0, Math.ceil(characters / 76) - 1);
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

/** A header field without entries is left out. */
function headerOf(name: 'to' | 'cc' | 'bcc', entries: AddressEntry[]) {
  // Copies, because nodemailer modifies its arguments; it takes groups only as text.
  const copies = entries.map((entry) => ('group' in entry ? groupText(entry) : { ...entry }));
  return entries.length === 0 ? {} : { [name]: copies };
}

function groupText({ name, group }: { name: string; group: Mailbox[] }): string {
  const quoted = (text: string) => `"${text.replace(/["\\]/g, '\\$&')}"`;
  const members = group.map((member) => `${member.name === '' ? '' : quoted(member.name)} <${member.address}>`);
  return `${quoted(name)}: ${members.join(', ')};`;
}

interface ReadAttachment {
  filename: string;
  contentType: string;
  contentDisposition: 'attachment';
  content: MessageBytes;
}

async function readAttachments(attachments: readonly OutgoingAttachment[], budgetBytes: number) {
  const read: ReadAttachment[] = [];
  let left = budgetBytes;
  for (const { filename, contentType, content } of attachments) {
    const bytes = content instanceof Readable ? await readUpTo(content, left) : content;
    if (bytes.length > left) throw tooLarge();
    left -= bytes.length;
    read.push({
      filename: filename.replace(/\p{Cc}+/gu, ' ').trim() || 'attachment',
      contentType: toBase64Type(contentType),
      contentDisposition: 'attachment',
      content: bytes,
    });
  }
  return read;
}

async function readUpTo(content: Readable, limitBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of content) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > limitBytes) throw tooLarge();
    chunks.push(bytes);
  }
  return Buffer.concat(chunks, size);
}

function tooLarge(): ToolError {
  return new ToolError(
    `The message with its attachments is larger than ${MAX_MESSAGE_BYTES / 1024 / 1024} MiB as sent; attachments may add up to about 25 MiB. Send fewer or smaller ones.`,
  );
}

/** Attachments are sent in base64, which is not allowed for multipart and message types (RFC 2046 §5.1, §5.2). */
function toBase64Type(contentType: string): string {
  const token = '[\\w!#$&^.+-]{1,127}';
  const known = new RegExp(`^(?!multipart/|message/)${token}/${token}(?:; ?charset="?[\\w.:-]{1,40}"?)?$`, 'i');
  return known.test(contentType) ? contentType : 'application/octet-stream';
}

/** nodemailer converts line ends, but not a lone CR. */
function withCrlf(text: string): string {
  return text.replace(/\r\n?|\n/g, '\r\n');
}

/** Removes the one Bcc field, with its folded lines, from the header. */
function withoutBcc(raw: Buffer): Buffer {
  const headerEnd = raw.indexOf('\r\n\r\n') + 2;
  // latin1 preserves every byte.
  const header = raw.subarray(0, headerEnd).toString('latin1');
  const field = /^Bcc:[^\r\n]*\r\n(?:[ \t][^\r\n]*\r\n)*/m.exec(header);
  if (!field) return raw;
  return Buffer.concat([raw.subarray(0, field.index), raw.subarray(field.index + field[0].length)]);
}
