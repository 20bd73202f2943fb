/**
 * Reads a message; list.ts lists and search-messages.ts finds messages, change.ts moves, flags, deletes and appends them.
 *
 * Invariant: messages are named by UID, and only the named messages are changed; reading does not set \Seen.
 */
import type { Readable } from 'node:stream';
import { ToolError, UpstreamError } from '../../errors.ts';
import type { RunJob } from '../../workers/workers.ts';
import { hiddenLetters } from '../html/hidden-letters.ts';
import { atom, bytesOf, type Token } from '../imap/data-formats.ts';
import { type FetchedItems, fetchByUid, peek, peekHeader, uidFetchCommand } from '../imap/fetch.ts';
import type { ImapConnection, SelectedMailbox } from '../imap/imap-connection.ts';
import { openAndRead } from '../mailbox/open-mailbox.ts';
import { quoteName } from '../mailbox-name.ts';
import { type BodyFormat, findPart, type PartRange, PREFETCHED_RANGES } from '../mime/body.ts';
import type { Part } from '../mime/body-structure.ts';
import {
  addressWarnings,
  type DetailedSummary,
  isNewsletter,
  readReferences,
  toSummary,
  withWrittenEncoding,
} from '../mime/summary.ts';
import { missingMessage } from './change.ts';
import { isCausedByMessage } from './fetch-in-pieces.ts';
import { ITEMS_WITHOUT_ENVELOPE, ITEMS_WITHOUT_STRUCTURE, SUMMARY_ITEMS } from './fetch-items.ts';
import type { WithConnection } from './list.ts';
import { streamPart } from './part-stream.ts';
import { type Content, contentWithoutBody, readContent } from './read-content.ts';

export interface Message extends DetailedSummary, Content {
  /** Message-IDs of the thread, oldest first. */
  references: string[];
  /** Letters of the HTML that its style hides, and that are worth a warning. */
  hiddenLetters: number;
  /** Path of the mailbox that it is in, as the server lists it. */
  mailbox: string;
  uidValidity: string;
  /** Null if it is unknown. */
  structure: Part | null;
  /** The requested header fields, as they were written and in their order. */
  header: Buffer;
}

export interface ReadOptions {
  format?: BodyFormat;
  /** As openMailbox(). */
  uidValidity?: string | undefined;
  /** Characters of the body that are needed; the result may have more. Absent: all. */
  chars?: number;
  /** Converts large bodies. Absent: they are converted in this thread. */
  runJob?: RunJob;
  /** True: nothing of the body is requested from the server. */
  isWithoutBody?: boolean;
  /** Further fields for `header`. */
  headerFields?: readonly string[];
  /** Calendars of up to this size together are returned as they are written. */
  calendarBytes?: number | undefined;
}

/** As readMessage(). If the server drops the connection, which the body may be the reason for, the message is read without it. */
export async function readWholeMessage(
  withConnection: WithConnection,
  mailbox: string,
  uid: number,
  options: ReadOptions = {},
): Promise<Message> {
  try {
    return await withConnection((imap) => readMessage(imap, mailbox, uid, options), mailbox);
  } catch (error) {
    if (!isCausedByMessage(error)) throw error;
    const rest = { ...options, isWithoutBody: true };
    return withConnection((imap) => readMessage(imap, mailbox, uid, rest), mailbox);
  }
}

/**
 * Reads a message in one round trip if its text is short and comes first: the start of parts 1 and 2, which most often are the text and the
 * HTML, is fetched together with the structure. Other text parts take a second round trip.
 *
 * @throws {ToolError} if there is no such mailbox or message
 */
export async function readMessage(
  imap: ImapConnection,
  name: string,
  uid: number,
  options: ReadOptions = {},
): Promise<Message> {
  const { format = 'both', uidValidity: expected, chars = Number.POSITIVE_INFINITY, runJob, isWithoutBody } = options;
  const prefetched = isWithoutBody ? [] : PREFETCHED_RANGES;
  const { headerFields = [], calendarBytes } = options;
  const { items, selected } = await fetchItems(imap, uid, { mailbox: name, expected, prefetched, headerFields });
  const { structure: reported, ...summary } = toSummary(uid, items);
  const structure = reported && withWrittenEncoding(reported, items.get(HEADER));
  const content = isWithoutBody
    ? contentWithoutBody(structure)
    : await readContent({ imap, uid, structure, items }, { format, chars, runJob, calendarBytes });
  return {
    ...summary,
    references: readReferences(items.get(HEADER)),
    hiddenLetters: hiddenLetters(content.hidden, content.text ?? '', isNewsletter(items.get(HEADER))),
    ...content,
    mailbox: selected.path,
    uidValidity: selected.uidValidity,
    structure,
    header: bytesOf(items.get(HEADER)) ?? Buffer.alloc(0),
    warnings: [...(items.has('ENVELOPE') ? [] : [ENVELOPE_WARNING]), ...addressWarnings(summary), ...content.warnings],
  };
}

/**
 * Opens one part of a message as a stream of decoded bytes. No charset is converted.
 *
 * @param part part number, as in Attachment; `TEXT` and the like are not part numbers
 * @returns `sizeBytes` is an estimate. The connection is busy until the stream has ended or is destroyed
 * @throws {ToolError} if there is no such mailbox, message or part
 */
export async function openPart(
  imap: ImapConnection,
  mailbox: string,
  uid: number,
  part: string,
): Promise<{ stream: Readable; contentType: string; filename: string; sizeBytes: number }> {
  const makeCommand = () => uidFetchCommand([uid], STRUCTURE, ['BODYSTRUCTURE']);
  const { selected, result } = await openAndRead(imap, mailbox, { fresh: true }, makeCommand);
  const items = result()?.get(uid);
  if (items === undefined) throw missingMessage(selected.path, [uid]);
  const found = findPart(items.get('BODYSTRUCTURE'), part);
  if (found === undefined) {
    throw new ToolError(
      `The message with UID ${uid} has no part ${quoteName(part)}. Call get_mail_message for its parts.`,
    );
  }
  const { contentType, filename, sizeBytes } = found.attachment;
  return { stream: streamPart(imap, uid, found.part), contentType, filename, sizeBytes };
}

/** Opens a whole message as a stream, or without its header, likewise. @throws {ToolError} if there is no such mailbox or message */
export async function openWholeMessage(
  imap: ImapConnection,
  mailbox: string,
  uid: number,
  section: '' | 'TEXT' = '',
): Promise<Readable> {
  const makeCommand = () => uidFetchCommand([uid], [atom('RFC822.SIZE')], ['RFC822.SIZE']);
  const { selected, result } = await openAndRead(imap, mailbox, { fresh: true }, makeCommand);
  if (result()?.get(uid) === undefined) throw missingMessage(selected.path, [uid]);
  return streamPart(imap, uid, { number: section, encoding: '8bit' });
}

const MAX_HEADER_BYTES = 256 * 1024;

/** The header as it is written, up to the empty line. @throws {ToolError} if there is no such mailbox or message, or it is longer than 256 KiB */
export async function readHeader(imap: ImapConnection, mailbox: string, uid: number): Promise<Buffer> {
  const header = peek('HEADER', [0, MAX_HEADER_BYTES]);
  const makeCommand = () => uidFetchCommand([uid], [header], ['BODY[HEADER]']);
  const { selected, result } = await openAndRead(imap, mailbox, { fresh: true }, makeCommand);
  const bytes = bytesOf(result()?.get(uid)?.get('BODY[HEADER]'));
  if (bytes === null) throw missingMessage(selected.path, [uid]);
  if (bytes.length >= MAX_HEADER_BYTES) throw new ToolError('The header of the message is too long.');
  return bytes;
}

interface ItemsRequest {
  mailbox: string;
  /** The UIDVALIDITY that openMailbox() requires. */
  expected: string | undefined;
  prefetched: readonly PartRange[];
  headerFields: readonly string[];
}

/** Fetches the summary of a message together with the prefetched parts, which are absent if the server does not return them. */
async function fetchItems(
  imap: ImapConnection,
  uid: number,
  { mailbox, expected, prefetched, headerFields }: ItemsRequest,
): Promise<{ items: FetchedItems; selected: SelectedMailbox }> {
  const references = peekHeader('REFERENCES', 'LIST-UNSUBSCRIBE', 'CONTENT-TRANSFER-ENCODING', ...headerFields);
  const needed = ['ENVELOPE', HEADER];
  const wanted = [...SUMMARY_ITEMS, references, ...prefetched.map(peekRange)];
  const makeCommand = () => uidFetchCommand([uid], wanted, [...needed, 'BODYSTRUCTURE']);
  const { selected, result } = await openAndRead(imap, mailbox, { fresh: true, uidValidity: expected }, makeCommand);
  // Some servers refuse the command if a part does not exist, and a response that cannot be parsed is missing: fetch less.
  const items =
    undefinedIfRefused(result)?.get(uid) ??
    (await fetchByUid(imap, [uid], [...ITEMS_WITHOUT_STRUCTURE, references], needed)).get(uid) ??
    (await fetchByUid(imap, [uid], ITEMS_WITHOUT_ENVELOPE, ['RFC822.SIZE'])).get(uid);
  if (items === undefined) throw missingMessage(selected.path, [uid]);
  // The first command may have found no message because it arrived afterwards, so its BODYSTRUCTURE is fetched once more.
  const late = items.has('BODYSTRUCTURE') ? undefined : await fetchByUid(imap, [uid], STRUCTURE, ['BODYSTRUCTURE']);
  return { items: new Map([...items, ...(late?.get(uid) ?? [])]), selected };
}

function undefinedIfRefused<T>(result: () => T): T | undefined {
  try {
    return result();
  } catch (error) {
    if (error instanceof UpstreamError && error.fault === 'refused') return undefined;
    throw error;
  }
}

function peekRange({ number, sizeBytes }: PartRange): Token {
  return peek(number, [0, sizeBytes]);
}

const STRUCTURE: readonly Token[] = [atom('BODYSTRUCTURE')];
const HEADER = 'BODY[HEADER.FIELDS]';

const ENVELOPE_WARNING =
  'The mail server gives the header of this message in a way that could not be understood, so subject, sender and recipients are missing here.';
