import type { Readable } from 'node:stream';
import { ToolError, UpstreamError } from '../../errors.ts';
import type { Imap } from '../imap/connection.ts';
import { askByUid, type FetchedItems, fetchByUid, peek, peekHeader } from '../imap/fetch.ts';
import { quoteName } from '../imap/mailbox-name.ts';
import { atom, bytesOf } from '../imap/tokens.ts';
import { askMailbox } from '../mailbox/list-mailboxes.ts';
import { attachmentName } from '../mime/attachment-name.ts';
import { type BodyParts, findBodyParts, isHtml } from '../mime/body-parts.ts';
import { leavesOf, type Part, readBodyStructure } from '../mime/body-structure.ts';
import { asHtml, asText, bodyWarning, decodeBody, MAX_TEXT_BYTES } from '../mime/body-text.ts';
import { type Address, MOST_ADDRESSES, readMessageIds } from '../mime/envelope.ts';
import { partIn, START_BYTES } from '../mime/prefetched-part.ts';
import { BARE_ITEMS, type MessageSummary, PLAIN_ITEMS, SUMMARY_ITEMS, toSummary } from '../mime/summary.ts';
import { estimateDecodedSize } from '../mime/transfer-encoding.ts';
import { missingMessage } from './change.ts';
import { streamPart } from './part-stream.ts';

/** One message: its header fields, its text, and what is attached to it. Nothing here sets \Seen. */

export interface Attachment {
  /** Safe to save under. */
  filename: string;
  /** As the sender declared it, lower case, without parameters. */
  contentType: string;
  /** Decoded bytes, estimated from BODYSTRUCTURE. */
  sizeBytes: number;
  /** Part number for openPart(). */
  part: string;
  /** True: the HTML shows it in place. */
  inline: boolean;
  /** With its angle brackets. */
  contentId: string | null;
}

export interface Message extends MessageSummary {
  bcc: Address[];
  /** Message-IDs of the thread, oldest first. */
  references: string[];
  /** Null if there is none, or it was not asked for. */
  text: string | null;
  html: string | null;
  /** True if any of `text` was made from HTML. */
  textIsFromHtml: boolean;
  attachments: Attachment[];
  uidValidity: string;
  /** Sentences for the reader about what could not be read as it was meant. */
  warnings: string[];
}

export type BodyFormat = 'text' | 'html' | 'both';

export interface ReadOptions {
  format?: BodyFormat;
  /** As openMailbox(). */
  uidValidity?: string | undefined;
}

/**
 * Reads a message in one round trip if its text is short and comes first, as in a letter: the start of what is most likely the text is
 * asked for together with the structure. Otherwise the text parts that are wanted cost a second one.
 *
 * @throws {ToolError} if there is no such mailbox or message
 */
export async function readMessage(
  imap: Imap,
  mailbox: string,
  uid: number,
  { format = 'both', uidValidity: expected }: ReadOptions = {},
): Promise<Message> {
  const { structure, uidValidity, items, hasEnvelope, ...summary } = await fetchStructure(
    imap,
    mailbox,
    uid,
    format,
    expected,
  );
  const parts = structure === null ? UNKNOWN_STRUCTURE : findBodyParts(structure);
  const starts = structure === null ? [] : startsOf(structure, items);
  const { text, html, warnings } = await fetchBodies(imap, uid, parts, format, starts);
  const more = [
    ...(hasEnvelope ? [] : [ENVELOPE_WARNING]),
    ...(structure === null ? [STRUCTURE_WARNING] : []),
    ...(parts.attachments.length > MOST_ATTACHMENTS ? [ATTACHMENTS_WARNING] : []),
    ...(areAddressesCut(summary) ? [ADDRESSES_WARNING] : []),
  ];
  return {
    ...summary,
    text,
    html,
    textIsFromHtml: text !== null && parts.text.some(isHtml),
    attachments: parts.attachments.slice(0, MOST_ATTACHMENTS).map(toAttachment),
    uidValidity,
    warnings: [...more, ...warnings],
  };
}

/**
 * Opens one part of a message as a stream of decoded bytes. No charset is converted.
 *
 * @param part part number, as in Attachment; `TEXT` and the like are no part numbers
 * @returns the size is an estimate; the connection is busy until the stream has ended or was destroyed
 * @throws {ToolError} if there is no such mailbox, message or part
 */
export async function openPart(
  imap: Imap,
  mailbox: string,
  uid: number,
  part: string,
): Promise<{ stream: Readable; contentType: string; filename: string; sizeBytes: number }> {
  const ask = () => askByUid([uid], [atom('BODYSTRUCTURE')], ['BODYSTRUCTURE']);
  const { selected, reply } = await askMailbox(imap, mailbox, { fresh: true }, ask);
  const items = reply()?.get(uid);
  if (items === undefined) throw missingMessage(selected.path, [uid]);
  const found = leavesOf(readBodyStructure(items.get('BODYSTRUCTURE'))).find(({ number }) => number === part);
  if (found === undefined) {
    throw new ToolError(
      `The message with UID ${uid} has no part ${quoteName(part)}. Call get_mail_message for its parts.`,
    );
  }
  const { contentType, filename, sizeBytes } = toAttachment({ part: found, inline: false });
  return { stream: streamPart(imap, uid, found), contentType, filename, sizeBytes };
}

/** Parts of which the start is fetched with the structure: text comes first, HTML often second (RFC 2046 §5.1.4). */
function startNumbers(format: BodyFormat): string[] {
  return format === 'text' ? ['1'] : ['1', '2'];
}

/** @returns `items` with the starts of the parts of startNumbers(), unless the server does not give them */
async function fetchStructure(
  imap: Imap,
  mailbox: string,
  uid: number,
  format: BodyFormat,
  expected: string | undefined,
) {
  const references = peekHeader('REFERENCES');
  const needed = ['ENVELOPE', HEADER];
  const starts = startNumbers(format).map((number) => peek(number, [0, START_BYTES]));
  const ask = () => askByUid([uid], [...SUMMARY_ITEMS, references, ...starts], [...needed, 'BODYSTRUCTURE']);
  const { selected, reply } = await askMailbox(imap, mailbox, { fresh: true, uidValidity: expected }, ask);
  // A server may refuse parts that a message does not have, and an answer that cannot be parsed is left out.
  const items =
    repliedTo(reply)?.get(uid) ??
    (await fetchByUid(imap, [uid], [...PLAIN_ITEMS, references], needed)).get(uid) ??
    (await fetchByUid(imap, [uid], BARE_ITEMS, ['RFC822.SIZE'])).get(uid);
  if (items === undefined) throw missingMessage(selected.path, [uid]);
  // The one fetched without BODYSTRUCTURE may only have arrived in between: then it is asked for once more, in vain at worst.
  const late = items.has('BODYSTRUCTURE')
    ? undefined
    : await fetchByUid(imap, [uid], [atom('BODYSTRUCTURE')], ['BODYSTRUCTURE']);
  const all: FetchedItems = new Map([...items, ...(late?.get(uid) ?? [])]);
  const header = bytesOf(all.get(HEADER))?.toString('latin1') ?? '';
  const threads = inShort(readMessageIds(header.replace(/^references\s*:/i, '')));
  return {
    ...toSummary(uid, all),
    hasEnvelope: all.has('ENVELOPE'),
    references: threads,
    uidValidity: selected.uidValidity,
    items: all,
  };
}

function repliedTo<T>(reply: () => T): T | undefined {
  try {
    return reply();
  } catch (error) {
    if (error instanceof UpstreamError && error.fault === 'refused') return undefined;
    throw error;
  }
}

/** What came of the parts of which the start was asked for. */
function startsOf(structure: Part, items: FetchedItems): { part: Part; bytes: Buffer }[] {
  const top = structure.children.length > 0 ? structure.children : [structure];
  return top.flatMap((part) => {
    const bytes = bytesOf(items.get(`BODY[${part.number}]`));
    return bytes === null ? [] : [{ part, bytes }];
  });
}

/** Fetches the wanted text parts in one command, unless they are there already, and puts the bodies together. */
async function fetchBodies(
  imap: Imap,
  uid: number,
  parts: BodyParts,
  format: BodyFormat,
  starts: { part: Part; bytes: Buffer }[],
) {
  const hasHtml = parts.html.some(isHtml);
  const textParts = format === 'html' ? [] : parts.text;
  const htmlParts = format === 'text' || !hasHtml ? [] : parts.html;
  const all = [...new Set([...textParts, ...htmlParts])];
  const wanted = all.slice(0, MOST_TEXT_PARTS);
  const here = new Map(
    wanted.flatMap((part) => {
      const [bytes] = starts.flatMap((start) => partIn(start.part, start.bytes, part) ?? []);
      return bytes === undefined ? [] : [[part, bytes] as const];
    }),
  );
  const others = wanted.filter((part) => !here.has(part));
  const items = others.map(({ number }) => peek(number, [0, MAX_TEXT_BYTES]));
  const names = others.map(({ number }) => `BODY[${number}]`);
  const fetched = (items.length === 0 ? undefined : await fetchByUid(imap, [uid], items, names))?.get(uid);
  const bodies = new Map<Part, string>();
  const warnings = new Set<string>();
  for (const part of wanted) {
    const bytes = here.get(part) ?? bytesOf(fetched?.get(`BODY[${part.number}]`)) ?? Buffer.alloc(0);
    bodies.set(part, decodeBody(part, bytes));
    const warning = bodyWarning(part, bytes);
    if (warning !== null) warnings.add(warning);
  }
  if (all.length > wanted.length)
    warnings.add(`Only the first ${MOST_TEXT_PARTS} of ${all.length} text parts were read.`);
  if (others.length > 0 && fetched === undefined) warnings.add('The mail server did not give the body.');
  const join = (some: Part[], form: (part: Part, body: string) => string) =>
    some.length === 0
      ? null
      : some.flatMap((part) => (bodies.has(part) ? form(part, bodies.get(part) ?? '') : [])).join('\n\n');
  return { text: join(textParts, asText), html: join(htmlParts, asHtml), warnings: [...warnings] };
}

function toAttachment({ part, inline }: { part: Part; inline: boolean }): Attachment {
  return {
    filename: attachmentName(part),
    contentType: part.type,
    sizeBytes: estimateDecodedSize(part.sizeBytes, part.encoding),
    part: part.number,
    inline,
    contentId: part.contentId,
  };
}

const HEADER = 'BODY[HEADER.FIELDS]';

/** More text parts than this are no letter. */
const MOST_TEXT_PARTS = 50;
const MOST_ATTACHMENTS = 200;
const MOST_REFERENCES = 100;

const ATTACHMENTS_WARNING = `The message has more than ${MOST_ATTACHMENTS} attachments; only the first ones are listed.`;
const ADDRESSES_WARNING = `An address list of this message is very long; only its first ${MOST_ADDRESSES} addresses are given.`;

function areAddressesCut({ to, cc, bcc, from, replyTo }: MessageSummary & { bcc: Address[] }): boolean {
  return [to, cc, bcc, from, replyTo].some(({ length }) => length >= MOST_ADDRESSES);
}

/** The root of the thread and what was answered last; the middle may go (RFC 5322 §3.6.4 speaks of all, RFC 5537 §3.4.4 of trimming). */
function inShort(references: string[]): string[] {
  if (references.length <= MOST_REFERENCES) return references;
  return [...references.slice(0, 1), ...references.slice(1 - MOST_REFERENCES)];
}

const STRUCTURE_WARNING =
  'The structure of this message could not be understood, so its body is given as it is on the server and attachments are not listed.';

const ENVELOPE_WARNING =
  'The mail server gives the header of this message in a way that could not be understood, so subject, sender and recipients are missing here.';

/** BODY[TEXT] of a message whose BODYSTRUCTURE cannot be parsed: everything after the header. */
const UNKNOWN_STRUCTURE: BodyParts = (() => {
  const whole: Part = {
    number: 'TEXT',
    type: 'text/plain',
    parameters: new Map(),
    contentId: null,
    encoding: '8bit',
    sizeBytes: 0,
    disposition: null,
    filename: null,
    children: [],
    subject: null,
  };
  return { text: [whole], html: [], attachments: [] };
})();
