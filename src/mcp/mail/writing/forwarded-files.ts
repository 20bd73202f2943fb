/** Attaches files of a message in the mailbox to a new one: small ones from memory, large ones read again piece by piece whenever they are needed. */
import type { Readable } from 'node:stream';
import { streamOf, toMessageBytes } from '../../../attachments/to-message-bytes.ts';
import { ToolError } from '../../../errors.ts';
import type { ImapConnection } from '../../../mail/imap/imap-connection.ts';
import type { MessageBytes } from '../../../mail/message-bytes.ts';
import { type Message, openPart, openWholeMessage } from '../../../mail/messages/read.ts';
import { leavesOf, type Part } from '../../../mail/mime/body-structure.ts';
import { MAX_MESSAGE_BYTES, type OutgoingAttachment } from '../../../mail/send/compose.ts';
import { cutFileName } from '../../../text/cut-text.ts';
import { visibleLine } from '../../../text/visible-text.ts';
import type { MailSession } from '../mail-session.ts';
import { resolveFolder } from '../resolve-folder.ts';
import { createLineCheck } from './line-check.ts';
import { type PartPlace, readPartPlace } from './message-place.ts';

type Place = Pick<Message, 'mailbox' | 'uid' | 'uidValidity'>;
type Open = (imap: ImapConnection) => Promise<Readable>;

const MAX_NAME_CHARS = 80;

/** All files of a message, in its order. @throws {ToolError} if they are too large together */
export async function forwardedFiles(message: Message, session: MailSession): Promise<OutgoingAttachment[]> {
  const parts = message.structure === null ? [] : leavesOf(message.structure);
  const files: OutgoingAttachment[] = [];
  let left = MAX_MESSAGE_BYTES;
  for (const { part: number, filename, contentType } of message.attachments) {
    const open: Open = async (imap) => (await openPart(imap, message.mailbox, message.uid, number)).stream;
    const charset = charsetOf(parts.find((part) => part.number === number));
    const file = { filename, contentType: `${contentType}${charset}` };
    const attached = await readFile(message, { ...file, open, left }, session);
    left -= 'length' in attached.content ? attached.content.length : 0;
    files.push(attached);
  }
  return files;
}

/** The message itself as a file. */
export async function wholeMessageFile(message: Message, session: MailSession): Promise<OutgoingAttachment> {
  const name = visibleLine(message.subject)
    .text.replace(/[\s\p{Cc}/\\:*?"<>|]+/gu, ' ')
    .trim();
  const filename = `${cutFileName(name, MAX_NAME_CHARS) || 'message'}.eml`;
  const open: Open = (imap) => openWholeMessage(imap, message.mailbox, message.uid);
  return readFile(message, { filename, contentType: 'message/rfc822', open, left: MAX_MESSAGE_BYTES }, session);
}

/** The files of `attachment_urls`, one after the other, which limits memory and connections. */
export async function attachedFiles(urls: readonly string[], session: MailSession): Promise<OutgoingAttachment[]> {
  const files: OutgoingAttachment[] = [];
  let left = MAX_MESSAGE_BYTES;
  for (const url of urls) {
    const place = readPartPlace(url);
    const file =
      place === undefined ? await session.attachments.fetchOwn(url, left) : await partFile(place, left, session);
    left -= 'length' in file.content ? file.content.length : 0;
    files.push(file);
  }
  return files;
}

/** A part that a call names. @throws {ToolError} if there is none, or this connection may not read it */
async function partFile(place: PartPlace, left: number, session: MailSession): Promise<OutgoingAttachment> {
  const { uid, part } = place;
  const mailbox = await resolveFolder(place.folder, session);
  const found = await session.readImap(async (imap) => {
    const { stream, filename, contentType } = await openPart(imap, mailbox, uid, part);
    stream.destroy();
    return { filename, contentType, uidValidity: place.uidValidity ?? imap.selected?.uidValidity ?? '' };
  }, mailbox);
  const open: Open = async (imap) => (await openPart(imap, mailbox, uid, part)).stream;
  return readFile({ mailbox, uid, uidValidity: found.uidValidity }, { ...found, open, left }, session);
}

interface FileRequest {
  filename: string;
  contentType: string;
  open: Open;
  left: number;
}

/** Reads the file once, to learn its length and whether its lines can be sent as they are. */
async function readFile(place: Place, request: FileRequest, session: MailSession): Promise<OutgoingAttachment> {
  const { filename, contentType, open, left } = request;
  const isChecked = contentType === 'message/rfc822';
  const { content, form } = await readBytes(place, { open, left, isChecked }, session);
  return { filename, contentType, content, ...(form !== null && { identity: form }) };
}

interface BytesRequest {
  open: Open;
  /** Bytes that they may have. */
  left: number;
  /** True: it is found out whether the bytes can be sent as they are. */
  isChecked: boolean;
}

/** Reads bytes of a message once. They stay in memory if they are few. @returns `form` is null if they have to be encoded, or were not checked */
export async function readBytes(
  place: Place,
  { open, left, isChecked }: BytesRequest,
  session: MailSession,
): Promise<{ content: MessageBytes; form: '7bit' | '8bit' | null }> {
  const { finishReading, withinPolicy } = session.wholeMailbox;
  const check = createLineCheck();
  const use = async (imap: ImapConnection) => {
    const stream = await open(imap);
    if (imap.selected?.uidValidity !== place.uidValidity) {
      stream.destroy();
      throw new ToolError(`Nothing was done: the mailbox was made anew. Find the message again.`);
    }
    return stream;
  };
  const reopen = () =>
    streamOf((read) => finishReading(async (imap) => read(await use(withinPolicy(imap))), place.mailbox));
  const content = await session.readImap(async (imap) => {
    const stream = await use(imap);
    return toMessageBytes(isChecked ? check.through(stream) : stream, left, reopen);
  }, place.mailbox);
  return { content, form: isChecked ? check.result() : null };
}

/** A text without its charset is read as another one. */
function charsetOf(part: Part | undefined): string {
  const charset = part?.parameters.get('charset') ?? '';
  return part?.type.startsWith('text/') === true && /^[\w.:-]{1,40}$/.test(charset) ? `; charset=${charset}` : '';
}
