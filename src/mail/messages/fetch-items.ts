/** States which items of a message are fetched to list it (RFC 9051 §6.4.5). */
import { atom, bytesOf, type Item, type Token } from '../imap/data-formats.ts';
import { peekHeaderStart } from '../imap/fetch.ts';

export const SUMMARY_ITEMS: readonly Token[] = [
  'FLAGS',
  'INTERNALDATE',
  'RFC822.SIZE',
  'ENVELOPE',
  'BODYSTRUCTURE',
].map(atom);

/** SUMMARY_ITEMS without BODYSTRUCTURE: imapflow refuses to parse responses with more than 25 levels of nesting. */
export const ITEMS_WITHOUT_STRUCTURE: readonly Token[] = SUMMARY_ITEMS.slice(0, -1);

/** SUMMARY_ITEMS without BODYSTRUCTURE and ENVELOPE, for servers that do not quote header fields correctly. */
export const ITEMS_WITHOUT_ENVELOPE: readonly Token[] = SUMMARY_ITEMS.slice(0, -2);

/** Enough for the name of the first of the fields. */
const LIST_HEADER_BYTES = 64;
/** RFC 2369 and RFC 2919. ENVELOPE has all other fields that a list shows. */
const LIST_HEADER = peekHeaderStart(LIST_HEADER_BYTES, 'LIST-ID', 'LIST-UNSUBSCRIBE');

/** True for newsletters and mailing lists. @param items response to a FETCH of ALL_ITEMS */
export function isFromList(items: ReadonlyMap<string, Item>): boolean {
  return /^list-/im.test(bytesOf(items.get('BODY[HEADER.FIELDS]'))?.toString('latin1') ?? '');
}

/** Items to fetch, and those that a response must have. */
export type ItemSet = readonly [items: readonly Token[], required: readonly string[]];

export const ALL_ITEMS: ItemSet = [
  [...SUMMARY_ITEMS, LIST_HEADER],
  ['ENVELOPE', 'BODYSTRUCTURE'],
];

/** INTERNALDATE distinguishes the requested responses from the FETCH responses that announce changes by other connections. */
export const UID_ITEMS: ItemSet = [[atom('INTERNALDATE')], ['INTERNALDATE']];

/** Which files a message has, and when it arrived. */
export const STRUCTURE_ITEMS: ItemSet = [
  ['INTERNALDATE', 'BODYSTRUCTURE'].map(atom),
  ['INTERNALDATE', 'BODYSTRUCTURE'],
];

/** What the order and the comparison of messages need. */
export const KEY_ITEMS: ItemSet = [['INTERNALDATE', 'ENVELOPE'].map(atom), ['INTERNALDATE', 'ENVELOPE']];

/** Smaller sets, tried in this order for messages whose items the server cannot return or imapflow cannot parse. */
export const REDUCED_SETS: readonly ItemSet[] = [
  [[...ITEMS_WITHOUT_STRUCTURE, LIST_HEADER], ['ENVELOPE']],
  [ITEMS_WITHOUT_ENVELOPE, ['RFC822.SIZE']],
];
export const ITEM_SETS: readonly ItemSet[] = [ALL_ITEMS, ...REDUCED_SETS];
