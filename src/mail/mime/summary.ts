import type { FetchedItems } from '../imap/fetch.ts';
import { atom, listOf, numberOf, type Token, textOf } from '../imap/tokens.ts';
import { findBodyParts } from './body-parts.ts';
import { leavesOf, type Part, readBodyStructure } from './body-structure.ts';
import { parseDate } from './dates.ts';
import { type Address, type Envelope, readEnvelope } from './envelope.ts';

/** What a list shows of a message, from the items of a FETCH answer. */

export interface MessageSummary extends Omit<Envelope, 'bcc' | 'date'> {
  uid: number;
  /** ISO 8601, UTC: the Date header, or when the server received the message if there is none that can be read. */
  date: string | null;
  sizeBytes: number;
  flags: string[];
  /** Parts that are not shown in place. True also if the structure cannot be understood. */
  hasAttachments: boolean;
}

export const SUMMARY_ITEMS: readonly Token[] = [
  'FLAGS',
  'INTERNALDATE',
  'RFC822.SIZE',
  'ENVELOPE',
  'BODYSTRUCTURE',
].map(atom);

/** Without BODYSTRUCTURE: imapflow's parser gives up on answers nested more than 25 deep. */
export const PLAIN_ITEMS: readonly Token[] = SUMMARY_ITEMS.slice(0, -1);

/** Without ENVELOPE: what a server can tell of a message whose header it cannot quote properly. */
export const BARE_ITEMS: readonly Token[] = SUMMARY_ITEMS.slice(0, -2);

/** @param items answer to SUMMARY_ITEMS, PLAIN_ITEMS or BARE_ITEMS */
export function toSummary(
  uid: number,
  items: FetchedItems,
): MessageSummary & { bcc: Address[]; structure: Part | null } {
  const body = items.get('BODYSTRUCTURE');
  const structure = listOf(body).length === 0 ? null : readBodyStructure(body);
  const charset = structure === null ? null : charsetOf(structure);
  const { date, ...envelope } = readEnvelope(items.get('ENVELOPE'), charset);
  return {
    uid,
    ...envelope,
    date: parseDate(date) ?? parseDate(textOf(items.get('INTERNALDATE')) ?? ''),
    sizeBytes: numberOf(items.get('RFC822.SIZE')) ?? 0,
    flags: listOf(items.get('FLAGS'))
      .map((flag) => textOf(flag) ?? '')
      .filter((flag) => flag !== '' && flag !== '\\Recent'),
    hasAttachments: structure === null || findBodyParts(structure).attachments.some(({ inline }) => !inline),
    structure,
  };
}

function charsetOf(structure: Part): string | null {
  return (
    leavesOf(structure)
      .map(({ parameters }) => parameters.get('charset'))
      .find((charset) => charset !== undefined) ?? null
  );
}
