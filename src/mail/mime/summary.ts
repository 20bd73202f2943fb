/** Turns the items of a FETCH response into what a list shows of a message. */

import { bytesOf, type Item, listOf, numberOf, textOf } from '../imap/data-formats.ts';
import type { FetchedItems } from '../imap/fetch.ts';
import { leavesOf, type Part, readBodyStructure } from './body-structure.ts';
import { parseDate } from './dates.ts';
import { type Address, type Envelope, MAX_ADDRESSES, readEnvelope, readMessageIds } from './envelope.ts';

export interface MessageSummary extends Omit<Envelope, 'bcc' | 'date'> {
  uid: number;
  /** INTERNALDATE, ISO 8601, UTC; null if the server did not return it. */
  arrivedAt: string | null;
  /** The Date header, likewise; null if there is none, or it is not a date. */
  sentAt: string | null;
  /** True if there is a Date header that is not a date. */
  isSentAtUnreadable: boolean;
  sizeBytes: number;
  flags: string[];
}

/** The structure of a message; null if it is unknown. */
export type Structure = Part | null;

export interface DetailedSummary extends MessageSummary {
  bcc: Address[];
}

/**
 * @param items response to a FETCH of FLAGS, INTERNALDATE and RFC822.SIZE, and of ENVELOPE and BODYSTRUCTURE as far as the server returned them
 * @returns `structure` is null if it cannot be parsed
 */
export function toSummary(uid: number, items: FetchedItems): DetailedSummary & { structure: Structure } {
  const body = items.get('BODYSTRUCTURE');
  const structure = listOf(body).length === 0 ? null : readBodyStructure(body);
  const charset = structure === null ? null : charsetOf(structure);
  const { date, ...envelope } = readEnvelope(items.get('ENVELOPE'), charset);
  const sentAt = parseDate(date);
  return {
    uid,
    ...envelope,
    arrivedAt: parseDate(textOf(items.get('INTERNALDATE')) ?? ''),
    sentAt,
    isSentAtUnreadable: sentAt === null && date.trim() !== '',
    sizeBytes: numberOf(items.get('RFC822.SIZE')) ?? 0,
    flags: listOf(items.get('FLAGS'))
      .map((flag) => textOf(flag) ?? '')
      .filter((flag) => flag !== '' && flag !== '\\Recent'),
    structure,
  };
}

const MAX_REFERENCES = 100;

/**
 * The Message-IDs of a References field, oldest first. Of many the first, which is the root of the thread, and the last ones (RFC 5537 §3.4.4).
 *
 * @param item response to a FETCH of that header field
 */
export function readReferences(item: Item | undefined): string[] {
  const references = readMessageIds(fieldOf(item, 'references') ?? '');
  if (references.length <= MAX_REFERENCES) return references;
  return [...references.slice(0, 1), ...references.slice(1 - MAX_REFERENCES)];
}

/** True for a message of a list that people can leave (RFC 2369 §3.2). @param item response to a FETCH of List-Unsubscribe */
export function isNewsletter(item: Item | undefined): boolean {
  return fieldOf(item, 'list-unsubscribe') !== undefined;
}

/**
 * Corrects the encoding of a message of one part: of a field with more than a token (`BASE64;`) servers report the default.
 *
 * @param item response to a FETCH of Content-Transfer-Encoding
 */
export function withWrittenEncoding(structure: Part, item: Item | undefined): Part {
  if (structure.children.length > 0 || !/^(?:|7bit|8bit)$/.test(structure.encoding)) return structure;
  const written = /^\s*["']?(base64|quoted-printable)\b/i.exec(fieldOf(item, 'content-transfer-encoding') ?? '')?.[1];
  return written === undefined ? structure : { ...structure, encoding: written.toLowerCase() };
}

/** The body of a header field, unfolded; undefined if it is not among the fetched ones. */
function fieldOf(item: Item | undefined, name: string): string | undefined {
  const header = (bytesOf(item)?.toString('latin1') ?? '').replace(/\r?\n(?=[ \t])/g, '');
  const line = header.split(/\r?\n/).find((each) => each.slice(0, each.indexOf(':')).trim().toLowerCase() === name);
  return line?.slice(line.indexOf(':') + 1);
}

/** Sentences for the reader about address lists that were cut. */
export function addressWarnings(summary: DetailedSummary): string[] {
  return areAtLimit(summary) || summary.bcc.length >= MAX_ADDRESSES ? [ADDRESSES_WARNING] : [];
}

/** True if a field has as many addresses as are returned at most, and may have more. */
export function areAtLimit({ to, cc, from, replyTo }: Pick<MessageSummary, 'to' | 'cc' | 'from' | 'replyTo'>): boolean {
  return [to, cc, from, replyTo].some(({ length }) => length >= MAX_ADDRESSES);
}

const ADDRESSES_WARNING = `An address list of this message is very long; only its first ${MAX_ADDRESSES} addresses are given.`;

/** The charset in which raw bytes of a header are read. UTF-8 is recognized by its bytes, and US-ASCII is what servers add. */
function charsetOf(structure: Part): string | null {
  const charsets = leavesOf(structure).flatMap(({ parameters }) => parameters.get('charset') ?? []);
  return charsets.find((charset) => !/^(?:us-ascii|utf-?8)$/i.test(charset.trim())) ?? charsets[0] ?? null;
}
