/** Suggests a correction for an unknown search key. */

import { quoteStart } from './criteria-error.ts';
import { DATE_KEYS, PLAIN_KEYS, SECONDS_KEYS, SIZE_KEYS, TEXT_KEYS } from './keys.ts';

const KEY_NAMES: readonly string[] = [
  ...PLAIN_KEYS,
  ...TEXT_KEYS,
  ...DATE_KEYS,
  ...SIZE_KEYS,
  ...SECONDS_KEYS,
  ...['KEYWORD', 'UNKEYWORD', 'HEADER', 'UID', 'NOT', 'OR'],
];

/** Words of other query languages, and parts of IMAP that are not supported. */
const HINTS = new Map([
  ['AND', 'leave AND out; keys side by side all have to match.'],
  ['UNREAD', 'use UNSEEN.'],
  ['READ', 'use SEEN.'],
  ['STARRED', 'use FLAGGED.'],
  ['AFTER', 'use SINCE with a date such as 1-Feb-2025.'],
  ['DATE', 'use SINCE, BEFORE or ON with a date such as 1-Feb-2025.'],
  ['LABEL', 'use KEYWORD, or search in the mailbox of that name.'],
  ['HAS', 'IMAP cannot search for attachments. Look at `files` in the results.'],
  ['ATTACHMENT', 'IMAP cannot search for attachments. Look at `files` in the results.'],
  ['SEARCH', 'leave out the command; give only what to search for.'],
  ['RETURN', 'RETURN is not supported. UIDs and their number are always returned.'],
  ['CHARSET', 'CHARSET may only come first. Leave it out and write plain Unicode.'],
  ['MODSEQ', 'MODSEQ is not supported.'],
  ['$', 'results are not saved between searches. Give the numbers themselves.'],
]);

/**
 * @param word the unknown key, as written
 * @param phrase key and unquoted value just before it: `SUBJECT foo bar` lacks quotes
 * @returns the end of a sentence that began with the word
 */
export function hintFor(word: string, phrase: { key: string; text: string } | undefined): string {
  const upper = word.toUpperCase();
  const hint = HINTS.get(upper);
  if (hint) return `unknown search key; ${hint}`;
  const colon = word.indexOf(':');
  const before = upper.slice(0, Math.max(colon, 0));
  if (KEY_NAMES.includes(before)) {
    return `unknown search key; write a space instead of the colon: ${before} ${quoteStart(word.slice(colon + 1))}.`;
  }
  if (phrase) {
    const text = `${phrase.text} ${word}`.replace(/^['‘’“”„«]|['‘’“”»]$/g, '');
    return `unknown search key. If it belongs to the text before, put all of it in double quotes: ${phrase.key} ${quoteStart(text)}.`;
  }
  return `unknown search key. There are ${KEY_NAMES.join(', ')}; to find a text anywhere: TEXT ${quoteStart(word)}.`;
}
