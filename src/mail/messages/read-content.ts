/** Reads what a message says: its text, and what its reports, invitations and containers say. */
import { bytesOf } from '../imap/data-formats.ts';
import { peek } from '../imap/fetch.ts';
import type { ImapConnection } from '../imap/imap-connection.ts';
import {
  assembleBody,
  type Body,
  type BodyFormat,
  type BodyPlan,
  planBody,
  readHtmlForm,
  structureWarnings,
} from '../mime/body.ts';
import type { ConversionOptions } from '../mime/body-conversion.ts';
import { leavesOf, type Part } from '../mime/body-structure.ts';
import type { Invitation } from '../parts/invitation.ts';
import { invitationText, saysWhenAndWhere } from '../parts/invitation-words.ts';
import { type CalendarSource, readSpecialContents, type SpecialContents } from '../parts/special-contents.ts';
import { encryptionWarnings, findSpecialParts, PGP_TEXT_WARNING } from '../parts/special-parts.ts';
import { type SplitMessage, splitMessage } from '../parts/split-message.ts';
import {
  EMPTY_BYTES,
  type FetchedMessage,
  fetchIfGiven,
  type PartBytes,
  type PartSource,
  partsInMemory,
  partsOnServer,
  withParts,
} from './part-source.ts';
import { readBodies } from './read-bodies.ts';

export interface Content extends Body {
  invitation: Invitation | null;
  /** Empty unless they were asked for. */
  calendars: CalendarSource[];
  /** True if the parts are not those of the server, so that none of them can be fetched from it. */
  isSplitHere: boolean;
}

export interface ContentOptions extends ConversionOptions {
  format: BodyFormat;
  /** Asks for the calendars of up to this size together. */
  calendarBytes?: number | undefined;
}

/** Containers within containers. */
const MAX_LEVELS = 3;
/** Bytes that are read of a message that the server has not split. */
const MAX_MESSAGE_BYTES = 1024 * 1024;

/** Splits the message here if the server shows nothing in it, or no text where a text should be. */
export async function readContent(message: FetchedMessage, options: ContentOptions): Promise<Content> {
  const { imap, uid, structure, items } = message;
  const source = partsOnServer(message);
  const read = await readParts(source, structure, { ...options, level: 0 });
  const { content, plan, body } = read;
  const isBlank = !content.text?.trim() && !content.html?.trim();
  if (structure !== null && isBlank) {
    const isAllEmpty = leavesOf(structure).every(isWithoutBytes);
    const split = isAllEmpty ? await fetchAndSplit(imap, uid) : null;
    if (split !== null) return readSplit(split, options);
    const texts = isAllEmpty ? EMPTY : await fetchFromHeaders(imap, uid, [...plan.wanted, ...plan.fallbackParts]);
    if (texts.size > 0) {
      const again = await readParts(withParts(source, texts), structure, { ...options, level: 0 });
      return { ...again.content, warnings: [SPLIT_WARNING, ...again.content.warnings] };
    }
  }
  const form = readHtmlForm(plan, body, { structure, items });
  const warnings = [
    ...structureWarnings(plan),
    ...content.warnings,
    ...form.warnings,
    ...(isOnlyAttachedMessages(plan, content) ? [ATTACHED_MESSAGES_WARNING] : []),
  ];
  return { ...content, hidden: [...content.hidden, ...form.hidden], warnings: [...new Set(warnings)] };
}

const EMPTY: PartBytes = new Map();

function isWithoutBytes({ sizeBytes }: Part): boolean {
  return sizeBytes <= EMPTY_BYTES;
}

/** The list of attachments, of a message whose body the server does not give. */
export function contentWithoutBody(structure: Part | null): Content {
  const { attachments } = assembleBody(planBody(structure, 'both'), new Map());
  const body = { text: null, html: null, textIsFromHtml: false, hidden: [], isComplete: true, attachments };
  return { ...body, invitation: null, calendars: [], isSplitHere: false, warnings: [WITHOUT_BODY_WARNING] };
}

/** True for digests and the like, whose text is in other messages. */
function isOnlyAttachedMessages({ parts }: BodyPlan, { text, attachments }: Body): boolean {
  const hasText = parts.text.length > 0 || text !== null;
  return !hasText && attachments.some(({ contentType }) => /^message\/(?:rfc822|global)$/.test(contentType));
}

/** @returns null if there is nothing behind the header */
async function fetchAndSplit(imap: ImapConnection, uid: number): Promise<SplitMessage | null> {
  const found = await fetchIfGiven(imap, uid, [peek('', [0, MAX_MESSAGE_BYTES])]);
  const bytes = bytesOf(found?.get('BODY[]'));
  const split = bytes === null ? null : splitMessage(bytes);
  return split !== null && [...split.bytes.values()].some(hasContent) ? split : null;
}

function hasContent(body: Buffer): boolean {
  return /\S/.test(body.toString('latin1', 0, 1_000));
}

/** Parts whose header is looked at, and bytes of each. */
const MAX_HEADERS = 4;
const MAX_HEADER_BYTES = 256 * 1024;

/** The texts of parts without a byte that the server has taken for the end of their headers, because the line between them holds a blank. */
async function fetchFromHeaders(imap: ImapConnection, uid: number, parts: readonly Part[]): Promise<PartBytes> {
  if (!parts.some(isWithoutBytes)) return new Map();
  const empty = parts.filter((part) => isWithoutBytes(part) && part.number !== 'TEXT').slice(0, MAX_HEADERS);
  const names = empty.map(({ number }) => `${number}.MIME`);
  const found = await fetchIfGiven(
    imap,
    uid,
    names.map((name) => peek(name, [0, MAX_HEADER_BYTES])),
  );
  return new Map(
    empty.flatMap((part, index) => {
      const header = bytesOf(found?.get(`BODY[${names[index]}]`));
      const [text] = header === null ? [] : splitMessage(header).bytes.values();
      return text !== undefined && hasContent(text) ? [[part, text] as const] : [];
    }),
  );
}

async function readSplit(split: SplitMessage, options: ContentOptions): Promise<Content> {
  const { content } = await readParts(partsInMemory(split), split.structure, { ...options, level: 0 });
  const warnings = [SPLIT_WARNING, ...(content.attachments.length > 0 ? [NO_LINKS_WARNING] : []), ...content.warnings];
  return { ...content, isSplitHere: true, warnings };
}

interface PartOptions extends ContentOptions {
  level: number;
}

async function readParts(
  source: PartSource,
  structure: Part | null,
  options: PartOptions,
): Promise<{ content: Content; plan: BodyPlan; body: Body }> {
  const plan = planBody(structure, options.format);
  const special = findSpecialParts(structure, options.calendarBytes);
  const { body, bytes } = await readBodies(source, { plan, special }, options);
  const found = readSpecialContents(special, bytes);
  const own = { ...body, warnings: [...encryptionWarnings(structure), ...found.warnings, ...body.warnings] };
  const isBlank = !body.text?.trim() && !body.html?.trim();
  const container = found.signed ?? (isBlank ? found.winmail : null);
  const inner =
    container === null || options.level >= MAX_LEVELS
      ? null
      : await readParts(partsInMemory(container), container.structure, { ...options, level: options.level + 1 });
  const whole = inner === null ? own : join(inner.content, own, options.format);
  return { content: withContents(whole, found, { options, inner: inner?.content ?? null }), plan, body };
}

/** The text of a container, and behind it the text around the container. Its files are named, since they have no links. */
function join(inner: Content, outer: Body, format: BodyFormat): Body {
  const joined = (form: 'text' | 'html') => {
    const texts = [inner[form], inner.isComplete ? outer[form] : null].filter(
      (text) => text !== null && text.trim() !== '',
    );
    return texts.length === 0 ? (inner[form] ?? outer[form]) : texts.join('\n\n');
  };
  const names = inner.attachments
    .filter(({ inline, contentType }) => !inline && !SIGNATURE_TYPE.test(contentType))
    .map(({ shownName }) => shownName.replace(/\s+/g, ' '));
  const text = joined('text');
  const files = names.length === 0 ? '' : `Files in the container: ${names.join(', ')}`;
  return {
    ...outer,
    text: format === 'html' || files === '' || !inner.isComplete ? text : [text, files].filter(Boolean).join('\n\n'),
    html: joined('html'),
    textIsFromHtml: inner.textIsFromHtml || outer.textIsFromHtml,
    hidden: [...inner.hidden, ...outer.hidden],
    isComplete: inner.isComplete && outer.isComplete,
    warnings: [...inner.warnings, ...outer.warnings],
  };
}

/** Signatures and containers, which are no files for people. */
const SIGNATURE_TYPE = /^application\/(?:x-)?pkcs7-(?:mime|signature)$/;

interface Context {
  options: ContentOptions;
  inner: Content | null;
}

/** Adds what was found to the text; to the warnings if the text is not requested, or goes on. */
function withContents(body: Body, found: SpecialContents, { options, inner }: Context): Content {
  const { format, calendarBytes } = options;
  const invitation = found.invitation ?? inner?.invitation ?? null;
  const blocks = [
    ...(found.invitation === null ? [] : invitationBlock(found.invitation, body.text ?? '')),
    ...(found.lines.length === 0 ? [] : [found.lines.join('\n')]),
  ];
  const isTextWhole = format !== 'html' && body.isComplete;
  const parts = [body.text?.trimEnd() ?? '', ...blocks].filter((part) => part !== '');
  const text = isTextWhole && blocks.length > 0 ? parts.join('\n\n') : body.text;
  const isPgp = /^-----BEGIN PGP MESSAGE-----[ \t]*$/m.test(body.text ?? '');
  const repeated = new Set(found.repeated.map(({ number }) => number));
  return {
    ...body,
    text,
    attachments: body.attachments.filter(({ part }) => !repeated.has(part)),
    invitation,
    calendars: calendarBytes === undefined ? [] : [...found.calendars, ...(inner?.calendars ?? [])],
    isSplitHere: false,
    warnings: [
      ...new Set([...body.warnings, ...(isPgp ? [PGP_TEXT_WARNING] : []), ...(isTextWhole ? [] : found.lines)]),
    ],
  };
}

/** The invitation, if the text does not say when and where it is; with its description if there is no text. */
function invitationBlock(invitation: Invitation, text: string): string[] {
  const hasText = /[\p{L}\p{N}]/u.test(text);
  if (hasText && (invitation.method === '' || saysWhenAndWhere(text, invitation))) return [];
  return [invitationText(invitation, !hasText)];
}

const SPLIT_WARNING = 'The mail server could not split this message into its parts, so it was split here.';
const NO_LINKS_WARNING = 'Its attachments have no links, because the mail server does not know them.';
const ATTACHED_MESSAGES_WARNING =
  'This message has no text of its own: what it says is in the messages that are attached to it. Read them with `attachment`; their links are in `attachments`.';
const WITHOUT_BODY_WARNING =
  'The mail server fails when it is asked for the body of this message, so only its header and the list of its parts are here. Try again later.';
