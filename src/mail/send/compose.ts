/** Composes a message (RFC 5322, RFC 2045): the same bytes for submission and for the copy in Sent or Drafts. */
import { randomBytes, randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import MailComposer, { type MailComposerOptions } from 'nodemailer/lib/mail-composer';
import { encodeWord } from 'nodemailer/lib/mime-funcs';
import { ToolError } from '../../errors.ts';
import { type MessageBytes, toLazyStream } from '../message-bytes.ts';
import {
  type AddressEntry,
  envelopeAddresses,
  type Mailbox,
  normaliseAddress,
  parseAddressList,
} from '../mime/addresses.ts';

export interface OutgoingAttachment {
  filename: string;
  /** Media type, with or without parameters. Types that base64 may not carry become application/octet-stream. */
  contentType: string;
  /** A stream is read once, to its end, and destroyed if the message cannot be composed. MessageBytes are opened each time the message is. */
  content: Readable | MessageBytes;
  /** For `message/rfc822`, which base64 may not carry (RFC 2046 §5.2.1): CRLF line ends of lines that SMTP takes. Otherwise absent. */
  identity?: '7bit' | '8bit';
  /** With or without angle brackets; of a file that the HTML shows in place. */
  contentId?: string;
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
  /** Message-IDs with angle brackets (RFC 5322 §3.6.4). */
  inReplyTo?: string;
  references?: readonly string[];
  /** The answer to an invitation, as a form of the text (RFC 6047 §2.4). CRLF line ends. */
  calendarReply?: string;
  /** Further fields, of which the values are encoded already. */
  fields?: readonly { name: string; value: string }[];
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
  /** True if the message has lines outside ASCII (RFC 6152). */
  is8bit?: boolean;
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
  requireFewRecipients(recipients);
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
    subject: subjectText(message.subject),
    date: message.date,
    messageId,
    ...(message.inReplyTo !== undefined && { inReplyTo: message.inReplyTo }),
    ...(message.references && message.references.length > 0 && { references: [...message.references] }),
    headers: (message.fields ?? []).map(({ name: key, value }) => ({ key, value: { prepared: true, value } })),
    bodies: { text: message.text, html: message.html, calendarReply: message.calendarReply },
    newline: '\r\n',
    // Otherwise nodemailer would read the file or URL that a `{ path }` or `{ href }` names.
    disableFileAccess: true,
    disableUrlAccess: true,
    // Fixed, so that each generation of the message has the same bytes.
    baseBoundary: randomBytes(12).toString('hex'),
  };
  const bytes = await generate(options, attachments);
  if (bytes.rawWithBcc.length > MAX_MESSAGE_BYTES) throw tooLarge();
  const is8bit = attachments.some(({ contentTransferEncoding }) => contentTransferEncoding === '8bit');
  return { ...bytes, messageId, envelope: { from: from.address, to: recipients }, ...(is8bit && { is8bit }) };
}

/** @throws {ToolError} */
export function requireFewRecipients(recipients: readonly string[]): void {
  if (recipients.length <= MAX_RECIPIENTS) return;
  throw new ToolError(
    `to, cc and bcc have ${recipients.length} addresses; at most ${MAX_RECIPIENTS} are allowed in one message.`,
  );
}

/** Generates the message in memory if its attachments are. Otherwise its length is computed, and its bytes are generated when they are read. */
async function generate(
  options: { bodies: Bodies },
  attachments: ReadAttachment[],
): Promise<Pick<ComposedMessage, 'raw' | 'rawWithBcc'>> {
  // The whole message, but with one byte in place of each attachment that is not in memory.
  const shortened = attachments.map((each) =>
    Buffer.isBuffer(each.content) ? each : { ...each, content: Buffer.alloc(1) },
  );
  const frame = await toMimeNode(options, shortened, 'with Bcc').build();
  const rest = attachments.filter(({ content }) => !Buffer.isBuffer(content));
  if (rest.length === 0) return { raw: withoutBcc(frame), rawWithBcc: frame };
  const more = rest.reduce((sum, each) => sum + sentLength(each, each.content.length) - sentLength(each, 1), 0);
  const reopenable = (length: number, kind: 'with Bcc' | 'without Bcc'): MessageBytes => ({
    length: length + more,
    open: () => toMimeNode(options, attachments, kind).createReadStream(),
  });
  return { raw: reopenable(withoutBcc(frame).length, 'without Bcc'), rawWithBcc: reopenable(frame.length, 'with Bcc') };
}

function toMimeNode(
  { bodies, ...options }: { bodies: Bodies },
  attachments: ReadAttachment[],
  kind: 'with Bcc' | 'without Bcc',
) {
  const opened = attachments.map((each) => ({
    ...each,
    content: Buffer.isBuffer(each.content) ? each.content : toLazyStream(each.content),
  }));
  const node = new MailComposer({ ...options, ...contentsOf(bodies), attachments: opened }).compile();
  node.keepBcc = kind === 'with Bcc';
  return node;
}

function sentLength({ contentTransferEncoding }: ReadAttachment, bytes: number): number {
  return contentTransferEncoding === 'base64' ? encodedLength(bytes) : bytes;
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

/** Longest encoded word in a Subject field, in characters. RFC 2047 §2 allows 75. */
const MAX_WORD_CHARS = 52;
/** Longer words without a blank could not be folded, and lines have at most 998 characters (RFC 5322 §2.1.1). */
const LONG_WORD = /\S{900}/;

/**
 * The subject, encoded where readers would otherwise see another text: nodemailer leaves words alone that look like encoded ones (RFC 2047 §2), and
 * the mail programs of recipients would decode them.
 */
function subjectText(subject: string): string {
  return subject.includes('=?') || LONG_WORD.test(subject) ? encodeWord(subject, 'B', MAX_WORD_CHARS) : subject;
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
  contentDisposition: 'attachment' | 'inline';
  cid?: string;
  contentTransferEncoding: 'base64' | '7bit' | '8bit';
  content: MessageBytes;
}

async function readAttachments(attachments: readonly OutgoingAttachment[], budgetBytes: number) {
  const read: ReadAttachment[] = [];
  let left = budgetBytes;
  for (const { filename, contentType, content, identity, contentId } of attachments) {
    const bytes = content instanceof Readable ? await readUpTo(content, left) : content;
    if (bytes.length > left) throw tooLarge();
    left -= bytes.length;
    read.push({
      filename: filename.replace(/\p{Cc}+/gu, ' ').trim() || 'attachment',
      contentType: identity === undefined ? toBase64Type(contentType) : 'message/rfc822',
      ...(contentId === undefined
        ? { contentDisposition: 'attachment' as const }
        : { contentDisposition: 'inline' as const, cid: contentId }),
      contentTransferEncoding: identity ?? 'base64',
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

interface Bodies {
  text: string;
  html: string | undefined;
  calendarReply: string | undefined;
}

/**
 * Bodies beyond this size are encoded in base64. Quoted-printable of nodemailer takes up to two seconds for five million characters, during
 * which no other call is served; base64 takes some milliseconds.
 */
const MAX_QUOTED_BYTES = 64 * 1024;

const REPLY_TYPE = 'text/calendar; charset=utf-8; method=REPLY; component=VEVENT';

/** The bodies as nodemailer takes them, for one generation of the message. It converts line ends, but not a lone CR. */
function contentsOf({ calendarReply, ...bodies }: Bodies): Partial<MailComposerOptions> {
  if (calendarReply === undefined) return textsOf(bodies);
  return { ...textsOf(bodies), alternatives: [{ contentType: REPLY_TYPE, content: calendarReply }] };
}

function textsOf({ text, html }: Omit<Bodies, 'calendarReply'>): Partial<MailComposerOptions> {
  if (Buffer.byteLength(text) + Buffer.byteLength(html ?? '') <= MAX_QUOTED_BYTES) {
    return { text: withCrlf(text), ...(html !== undefined && { html: withCrlf(html) }) };
  }
  const content = (body: string, type: string) => ({
    content: Readable.from(crlfPieces(body), { objectMode: false }),
    contentType: `${type}; charset=utf-8`,
  });
  return {
    textEncoding: 'base64',
    text: content(text, 'text/plain'),
    ...(html !== undefined && { html: content(html, 'text/html') }),
  };
}

function withCrlf(text: string): string {
  return text.replace(/\r\n?|\n/g, '\r\n');
}

const PIECE_CHARS = 64 * 1024;
const CR = 0x0d;
const LF = 0x0a;

/** Encodes as withCrlf() and UTF-8 do, but a piece in each turn of the event loop, so that other calls are served in between. */
async function* crlfPieces(text: string): AsyncGenerator<Buffer> {
  let wasCr = false;
  for (let at = 0; at < text.length; ) {
    let end = Math.min(at + PIECE_CHARS, text.length);
    // The two halves of a character are encoded together.
    if (/[\ud800-\udbff]/.test(text.charAt(end - 1))) end += 1;
    const bytes = Buffer.from(text.slice(at, end));
    yield withCrlfBytes(bytes, wasCr);
    wasCr = bytes.at(-1) === CR;
    at = end;
    await nextTurn();
  }
}

/** @param wasCr whether the byte before these is a CR, after which an LF was added */
function withCrlfBytes(bytes: Buffer, wasCr: boolean): Buffer {
  if (!bytes.includes(CR) && !bytes.includes(LF)) return bytes;
  const converted = Buffer.allocUnsafe(bytes.length * 2);
  let to = 0;
  let before = wasCr ? CR : 0;
  for (const byte of bytes) {
    if (byte === CR || (byte === LF && before !== CR)) {
      converted[to] = CR;
      converted[to + 1] = LF;
      to += 2;
    } else if (byte !== LF) {
      converted[to] = byte;
      to += 1;
    }
    before = byte;
  }
  return converted.subarray(0, to);
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
