/** Parses the values of search keys: dates, numbers, sets, keywords and field names (RFC 9051 §9). */
import type { CriteriaError } from './criteria-error.ts';
import { isKeyword } from './keys.ts';
import type { Piece } from './pieces.ts';
import { MONTHS } from './search-date.ts';

/** Largest number of IMAP4rev1 (RFC 3501 §9); larger sizes exist only in rev2. */
const MAX_NUMBER = 4_294_967_295;

/** Accepts ISO dates (`2025-01-31`) too. @returns the date as `d-Mon-yyyy` */
export function parseDate(piece: Piece, errorAt: CriteriaError): string {
  const rfc = /^(\d{1,2})-([a-z]{3})-(\d{4})$/i.exec(piece.text);
  const iso = /^(\d{4})-(\d\d)-(\d\d)$/.exec(piece.text);
  const month = rfc ? MONTHS.findIndex((name) => name.toLowerCase() === rfc[2]?.toLowerCase()) + 1 : Number(iso?.[2]);
  const day = Number(rfc ? rfc[1] : iso?.[3]);
  const year = rfc?.[3] ?? iso?.[1] ?? '';
  const name = MONTHS[month - 1];
  const isReal = day >= 1 && day <= new Date(Date.UTC(Number(year) || 0, month, 0)).getUTCDate();
  if (!name || !isReal)
    throw errorAt(piece.at, piece.text, 'expected a date of the calendar such as 1-Feb-2025, without a time.');
  return `${day}-${name}-${year}`;
}

/** @param what completes the sentence "expected …" */
export function parseNumber(piece: Piece, min: number, what: string, errorAt: CriteriaError): number {
  const number = /^\d{1,10}$/.test(piece.text) ? Number(piece.text) : Number.NaN;
  if (!(number >= min && number <= MAX_NUMBER)) {
    throw errorAt(piece.at, piece.text, `expected ${what}, ${min} to ${MAX_NUMBER}.`);
  }
  return number;
}

/** @returns the sequence set as written: numbers from 1, `*` for the last, ranges with `:`, joined by commas */
export function parseSet(piece: Piece, errorAt: CriteriaError): string {
  if (piece.text === '$')
    throw errorAt(piece.at, '$', 'results are not saved between searches. Give the numbers themselves.');
  const isNumber = (text: string) => text === '*' || (/^[1-9]\d{0,9}$/.test(text) && Number(text) <= MAX_NUMBER);
  const isSet = piece.text.split(',').every((range) => {
    const ends = range.split(':');
    return ends.length <= 2 && ends.every(isNumber);
  });
  if (piece.kind !== 'word' || !isSet) {
    throw errorAt(piece.at, piece.text, 'expected numbers and ranges such as 7,12:20,30:*, without spaces or quotes.');
  }
  return piece.text;
}

/** A keyword is an atom (RFC 9051 §9 flag-keyword), so it never starts with a backslash. */
export function parseKeyword(piece: Piece, errorAt: CriteriaError): string {
  if (piece.text.startsWith('\\')) {
    throw errorAt(
      piece.at,
      piece.text,
      'system flags have keys of their own: SEEN, ANSWERED, FLAGGED, DELETED, DRAFT and UNSEEN, ….',
    );
  }
  if (!isKeyword(piece.text)) {
    throw errorAt(piece.at, piece.text, 'expected a keyword such as $Forwarded, in plain ASCII without spaces.');
  }
  return piece.text;
}

/** A header field name: printable ASCII without colon (RFC 5322 §2.2). */
export function parseFieldName(piece: Piece, errorAt: CriteriaError): string {
  if (!/^[!-9;-~]{1,100}$/.test(piece.text)) {
    throw errorAt(
      piece.at,
      piece.text,
      'expected the name of a header field, without colon or spaces, as in HEADER List-Id news.',
    );
  }
  return piece.text;
}
