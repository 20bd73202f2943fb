/**
 * Turns the structure of a message and the bytes of its parts into text, HTML and a list of attachments.
 *
 * Invariant: nothing in this folder uses a connection.
 */
import { deceitsIn, deceitWarnings } from '../../text/links.ts';
import type { HiddenElement } from '../html/html-text.ts';
import { bytesOf, type Item } from '../imap/data-formats.ts';
import { compareForms } from './alternatives.ts';
import { attachmentName, shownAttachmentName } from './attachment-name.ts';
import { type BodyParts, findBodyParts, isHtml } from './body-parts.ts';
import { leavesOf, type Part, readBodyStructure } from './body-structure.ts';
import { decodeBody } from './body-text.ts';
import type { ConvertedPart } from './convert-parts.ts';
import { PREFETCHED_BYTES, partFromPrefetched } from './prefetched-part.ts';
import { createTransferDecoder, estimateDecodedSize } from './transfer-encoding.ts';

export type BodyFormat = 'text' | 'html' | 'both';

export interface Attachment {
  /** Safe to save under. */
  filename: string;
  /** With the characters that people cannot see, if the sender wrote any. */
  shownName: string;
  /** As the sender declared it, lower case, without parameters. */
  contentType: string;
  /** Decoded bytes, estimated from BODYSTRUCTURE. */
  sizeBytes: number;
  /** Part number (RFC 9051 §6.4.5.1). */
  part: string;
  /** True if the HTML shows it in place. */
  inline: boolean;
  /** With its angle brackets. */
  contentId: string | null;
}

export interface Body {
  /** Null if the message has no text, or it was not requested. */
  text: string | null;
  html: string | null;
  /** True if any of `text` was made from HTML. */
  textIsFromHtml: boolean;
  attachments: Attachment[];
  /** What its style hides of the HTML that `text` was made from. */
  hidden: HiddenElement[];
  /** False if text or HTML go on after what was read. */
  isComplete: boolean;
  /** Sentences for the reader about text parts that could not be decoded as they were meant. */
  warnings: string[];
}

/** The first bytes of one part: as many as `sizeBytes`, or all of it. */
export interface PartRange {
  number: string;
  sizeBytes: number;
}

const MAX_TEXT_PARTS = 50;
/** Characters of HTML whose links are compared with their texts: as many as are prefetched. */
const MAX_COMPARED_CHARS = PREFETCHED_BYTES;
const MAX_ATTACHMENTS = 200;

/**
 * Parts to prefetch, before the structure is known: the text comes first, HTML often second (RFC 2046 §5.1.4), with which the text is compared. A
 * response has such a part as `BODY[number]`.
 */
export const PREFETCHED_RANGES: readonly PartRange[] = ['1', '2'].map((number) => ({
  number,
  sizeBytes: PREFETCHED_BYTES,
}));

/** The parts of a message that a body in some format is made of. */
export interface BodyPlan {
  parts: BodyParts;
  isStructureKnown: boolean;
  textParts: Part[];
  htmlParts: Part[];
  /** The HTML that the text is made of if the plain text is empty or a stub; empty if there is none. */
  fallbackParts: Part[];
  /** The parts in `textParts` and `htmlParts`, each once, in the order of the message, at most MAX_TEXT_PARTS. */
  wanted: Part[];
  /** Number of parts in `textParts` and `htmlParts` together, each counted once. */
  total: number;
}

/** @param structure null if it could not be parsed: then the body is everything after the header */
export function planBody(structure: Part | null, format: BodyFormat): BodyPlan {
  const parts = structure === null ? UNKNOWN_STRUCTURE : findBodyParts(structure);
  const textParts = format === 'html' ? [] : parts.text;
  const htmlParts = format === 'text' || !parts.html.some(isHtml) ? [] : parts.html;
  const isPlain = textParts.length > 0 && !textParts.some(isHtml);
  const fallbackParts = isPlain ? parts.html.filter(isHtml).slice(0, MAX_TEXT_PARTS) : [];
  const both = new Set([...textParts, ...htmlParts]);
  // Without a structure there is one part.
  const all = structure === null ? [...both] : leavesOf(structure).filter((part) => both.has(part));
  const wanted = all.slice(0, MAX_TEXT_PARTS);
  return {
    parts,
    isStructureKnown: structure !== null,
    textParts,
    htmlParts,
    fallbackParts,
    wanted,
    total: all.length,
  };
}

/**
 * Wanted parts that are among the bytes of the prefetched ones.
 *
 * @param items response to a FETCH of PREFETCHED_RANGES; parts that the server did not return may be absent
 */
export function findPrefetched(
  structure: Part | null,
  wanted: readonly Part[],
  items: ReadonlyMap<string, Item>,
): ReadonlyMap<Part, Buffer> {
  const top = structure === null ? [] : structure.children.length > 0 ? structure.children : [structure];
  const starts = top.flatMap((part) => {
    const bytes = bytesOf(items.get(`BODY[${part.number}]`));
    return bytes === null ? [] : [{ part, bytes }];
  });
  return new Map(
    wanted.flatMap((part) => {
      const [bytes] = starts.flatMap((start) => partFromPrefetched(start.part, start.bytes, part) ?? []);
      return bytes === undefined ? [] : [[part, bytes] as const];
    }),
  );
}

/** What is found in the HTML, which people see. */
export interface HtmlForm {
  /** Sentences for the reader. */
  warnings: string[];
  /** What it hides, if the plain text is read. */
  hidden: HiddenElement[];
}

/**
 * Looks at the HTML of a message, as far as it is known: whether it has links that lead elsewhere than they show and, if the plain text is read, whether
 * that says something else, and what the HTML hides.
 */
export function readHtmlForm(
  { parts, wanted }: BodyPlan,
  body: Pick<Body, 'text' | 'html' | 'textIsFromHtml'>,
  { structure, items }: { structure: Part | null; items: ReadonlyMap<string, Item> },
): HtmlForm {
  const { text } = body;
  const htmlPart = parts.html.find(isHtml);
  if (text === null || wanted.length === 0) return NOTHING_FOUND;
  if (body.textIsFromHtml) {
    return { warnings: deceitWarnings(deceitsIn({ text: text.slice(0, MAX_COMPARED_CHARS) })), hidden: [] };
  }
  if (htmlPart === undefined) return NOTHING_FOUND;
  const known =
    bytesOf(items.get(`BODY[${htmlPart.number}]`)) ?? findPrefetched(structure, [htmlPart], items).get(htmlPart);
  const isCut = known === undefined || (known.length < htmlPart.sizeBytes && known.length >= PREFETCHED_BYTES);
  const html = body.html ?? (known && decodeBody(htmlPart, { bytes: known, isCut }));
  if (!html) return NOTHING_FOUND;
  const form = compareForms(text, { html, isCut: body.html === null && isCut });
  const deceits = deceitsIn({ text: form.shown, html: html.slice(0, MAX_COMPARED_CHARS) });
  const warnings = [...(form.saysSomethingElse ? [ALTERNATIVES_WARNING] : []), ...deceitWarnings(deceits)];
  return { warnings, hidden: form.hidden };
}

const NOTHING_FOUND: HtmlForm = { warnings: [], hidden: [] };

/** Warnings for the reader about parts of the structure that are missing. */
export function structureWarnings({ parts, isStructureKnown, wanted, total }: BodyPlan): string[] {
  return [
    ...(isStructureKnown ? [] : [STRUCTURE_WARNING]),
    ...(parts.attachments.length > MAX_ATTACHMENTS ? [ATTACHMENTS_WARNING] : []),
    ...(total > wanted.length ? [`Only the first ${MAX_TEXT_PARTS} of ${total} text parts were read.`] : []),
  ];
}

/** The text of the fallback parts; null if they were not converted. */
export function fallbackText(
  { fallbackParts }: BodyPlan,
  converted: ReadonlyMap<Part, ConvertedPart>,
): Pick<Body, 'text' | 'hidden'> {
  const texts = fallbackParts.flatMap((part) => converted.get(part)?.text ?? []);
  return { text: texts.length === 0 ? null : texts.join('\n\n'), hidden: hiddenIn(fallbackParts, converted) };
}

function hiddenIn(parts: readonly Part[], converted: ReadonlyMap<Part, ConvertedPart>): HiddenElement[] {
  return parts.flatMap((part) => converted.get(part)?.hidden ?? []);
}

/**
 * @param converted wanted parts; those that are absent are left out of text and HTML
 * @returns without `isComplete`, which depends on what was converted
 */
export function assembleBody(
  { parts, textParts, htmlParts }: BodyPlan,
  converted: ReadonlyMap<Part, ConvertedPart>,
): Omit<Body, 'isComplete' | 'warnings'> {
  const join = (some: Part[], form: 'text' | 'html') =>
    some.length === 0 ? null : some.flatMap((part) => converted.get(part)?.[form] ?? []).join('\n\n');
  const text = join(textParts, 'text');
  return {
    text,
    html: join(htmlParts, 'html'),
    hidden: hiddenIn(textParts, converted),
    textIsFromHtml: text !== null && parts.text.some(isHtml),
    attachments: parts.attachments.slice(0, MAX_ATTACHMENTS).map(toAttachment),
  };
}

/** Content-Transfer-Encoding of a part. */
export interface EncodedPart {
  number: string;
  /** Lower case. */
  encoding: string;
}

/** @param item BODYSTRUCTURE @returns undefined if there is no such part, or it is a multipart */
export function findPart(
  item: Item | undefined,
  partNumber: string,
): { part: EncodedPart; attachment: Attachment } | undefined {
  const part = leavesOf(readBodyStructure(item)).find(({ number }) => number === partNumber);
  return part && { part, attachment: toAttachment({ part, inline: false }) };
}

/** Undoes the Content-Transfer-Encoding of a part that comes in pieces. No charset is converted. */
export async function* decodePieces({ encoding }: EncodedPart, pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const decoder = createTransferDecoder(encoding);
  for await (const piece of pieces) {
    const decoded = decoder.push(piece);
    if (decoded.length > 0) yield decoded;
  }
  const rest = decoder.end();
  if (rest.length > 0) yield rest;
}

export function toAttachment({ part, inline }: { part: Part; inline: boolean }): Attachment {
  return {
    filename: attachmentName(part),
    shownName: shownAttachmentName(part),
    contentType: part.type,
    sizeBytes: estimateDecodedSize(part.sizeBytes, part.encoding),
    part: part.number,
    inline,
    contentId: part.contentId,
  };
}

const ALTERNATIVES_WARNING =
  'The plain text says something else than the HTML, which is what people see. Compare both with body_format "both" before you rely on either.';
const STRUCTURE_WARNING =
  'The structure of this message could not be understood, so its body is given as it is on the server and attachments are not listed.';
const ATTACHMENTS_WARNING = `The message has more than ${MAX_ATTACHMENTS} attachments; only the first ones are listed.`;

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
