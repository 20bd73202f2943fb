/** Fetches what of messages decides whether they belong to a conversation, and what a list shows of them. */
import { atom, bytesOf, type Item, listOf, type Token, textOf } from '../imap/data-formats.ts';
import { type FetchedItems, peekHeaderStart } from '../imap/fetch.ts';
import type { ImapConnection } from '../imap/imap-connection.ts';
import { ITEMS_WITHOUT_STRUCTURE, type ItemSet, SUMMARY_ITEMS } from '../messages/fetch-items.ts';
import { toListed } from '../messages/list.ts';
import { parseDate } from '../mime/dates.ts';
import { readReferences, withWrittenEncoding } from '../mime/summary.ts';
import { readVerdict, type TrustedServers, VERDICT_FIELDS } from '../sender/verdict.ts';
import type { FoundMessage, Role } from './found-message.ts';

const FIELDS = [
  ...VERDICT_FIELDS,
  ...['REFERENCES', 'LIST-ID', 'LIST-UNSUBSCRIBE', 'CONTENT-TRANSFER-ENCODING'],
  ...['AUTO-SUBMITTED', 'PRECEDENCE', 'RETURN-PATH'],
];
const HEADER = 'BODY[HEADER.FIELDS]';
/** Of these fields of all messages together. */
const MAX_ALL_BYTES = 8 * 1024 * 1024;
const MAX_HEADER_BYTES = 32 * 1024;
const MIN_HEADER_BYTES = 4 * 1024;

/** @param count messages that are fetched @returns items that suffice for toFound(), the largest set first */
export function headerItems(imap: Pick<ImapConnection, 'has'>, count: number): ItemSet[] {
  const bytes = Math.max(MIN_HEADER_BYTES, Math.min(MAX_HEADER_BYTES, Math.floor(MAX_ALL_BYTES / Math.max(count, 1))));
  const further = [peekHeaderStart(bytes, ...FIELDS), ...threadItems(imap)];
  return [
    [
      [...SUMMARY_ITEMS, ...further],
      ['ENVELOPE', 'BODYSTRUCTURE', HEADER],
    ],
    [
      [...ITEMS_WITHOUT_STRUCTURE, ...further],
      ['ENVELOPE', HEADER],
    ],
  ];
}

/** The conversation and the labels as Gmail has them, or the conversation of RFC 8474 §5.2. */
function threadItems(imap: Pick<ImapConnection, 'has'>): Token[] {
  if (imap.has('X-GM-EXT-1')) return [atom('X-GM-THRID'), atom('X-GM-LABELS')];
  return imap.has('OBJECTID') ? [atom('THREADID')] : [];
}

/** The mailbox in which a message is. */
export interface Place {
  mailbox: string;
  uidValidity: string;
  role: Role | null;
}

export function toFound(
  uid: number,
  items: FetchedItems,
  { mailbox, uidValidity, role }: Place,
  trust: TrustedServers,
): FoundMessage {
  const listed = toListed(uid, items);
  const header = bytesOf(items.get(HEADER)) ?? Buffer.alloc(0);
  return {
    ...listed,
    structure: listed.structure && withWrittenEncoding(listed.structure, items.get(HEADER)),
    ...{ mailbox, uidValidity },
    roles: new Set([...(role === null ? [] : [role]), ...rolesOfLabels(items.get('X-GM-LABELS'))]),
    references: readReferences(items.get(HEADER)),
    receivedAt: receivedAt(header),
    isAutomatic: isAutomatic(header),
    verdict: readVerdict(header, trust),
    threadId: threadIdOf(items),
  };
}

/** RFC 3834 §5, and what senders of many messages write. An empty return path is that of a report (RFC 5321 §4.5.5). */
function isAutomatic(header: Buffer): boolean {
  const fields = header.toString('latin1').replace(/\r?\n(?=[ \t])/g, ' ');
  return AUTOMATIC.test(fields);
}

const AUTOMATIC =
  /^(?:auto-submitted[ \t]*:[ \t]*(?!no\b)\S|precedence[ \t]*:[ \t]*(?:bulk|junk|list|auto_reply)\b|return-path[ \t]*:[ \t]*<>)/im;

function threadIdOf(items: FetchedItems): string | null {
  const given = items.get('X-GM-THRID') ?? items.get('THREADID');
  return textOf(given) ?? textOf(listOf(given)[0]);
}

const ROLE_OF_LABEL: ReadonlyMap<string, Role> = new Map([
  ['\\sent', 'sent'],
  ['\\draft', 'drafts'],
  ['\\drafts', 'drafts'],
  ['\\inbox', 'inbox'],
]);

function rolesOfLabels(item: Item | undefined): Role[] {
  return listOf(item).flatMap((label) => ROLE_OF_LABEL.get((textOf(label) ?? '').toLowerCase()) ?? []);
}

const MAX_RECEIVED_BYTES = 8 * 1024;

/** The date of the topmost Received field, which is behind its last semicolon (RFC 5321 §4.4). */
function receivedAt(header: Buffer): string | null {
  const unfolded = header.toString('latin1', 0, MAX_RECEIVED_BYTES).replace(/\r?\n(?=[ \t])/g, ' ');
  const field = unfolded.split(/\r?\n/).find((line) => /^received[ \t]*:/i.test(line));
  return field === undefined ? null : parseDate(field.slice(field.lastIndexOf(';') + 1));
}
