/**
 * Parses IMAP SEARCH criteria, as text, into checked search keys (RFC 9051 §6.4.4, RFC 3501 §6.4.4, RFC 5032).
 *
 * Invariant: each error names the word that is wrong.
 */
import { ToolError } from '../../errors.ts';
import { type CriteriaError, criteriaErrorsOf } from './criteria-error.ts';
import { hintFor } from './hints.ts';
import {
  DATE_KEYS,
  type DateKey,
  PLAIN_KEYS,
  type PlainKey,
  SECONDS_KEYS,
  type SearchKey,
  type SecondsKey,
  SIZE_KEYS,
  type SizeKey,
  TEXT_KEYS,
  type TextKey,
} from './keys.ts';
import { cutIntoPieces, type Piece } from './pieces.ts';
import { parseDate, parseFieldName, parseKeyword, parseNumber, parseSet } from './values.ts';

export type { SearchKey } from './keys.ts';

const MAX_DEPTH = 50;
const MAX_KEYS = 200;

/**
 * Keys may be in any case; keys side by side mean AND. Parentheses that change nothing are dropped, so criteria of equal meaning have equal
 * results: an `AND` has at least two operands, none of which is an `AND`.
 *
 * Accepted beyond RFC 9051: OLD, NEW and RECENT (RFC 3501), YOUNGER and OLDER (RFC 5032), ISO dates, unquoted Unicode text, and a leading
 * `CHARSET UTF-8`, which is dropped. Refused: RETURN, saved results (`$`), MODSEQ, literals.
 *
 * @param criteria up to 8,000 characters, 200 keys, 50 levels of OR, NOT and parentheses
 * @returns at least one key
 * @throws {ToolError} that names the word and its position
 */
export function parseSearch(criteria: string): SearchKey[] {
  const errorAt = criteriaErrorsOf(criteria);
  const pieces = cutIntoPieces(criteria);
  if (pieces.length === 0) throw new ToolError('Search criteria are empty. Use ALL for every message.');
  const reader = new Reader(pieces, criteria.length, errorAt);
  reader.skipCharset();
  const keys = reader.readKeys(0);
  const extra = reader.peek();
  if (extra) throw errorAt(extra.at, extra.text, 'this parenthesis closes nothing. Remove it.');
  if (keys.length === 0) throw errorAt(criteria.length, '', 'a search key is missing. Use ALL for every message.');
  return keys;
}

/** Walks over the pieces once, from left to right. */
class Reader {
  readonly #pieces: Piece[];
  readonly #end: number;
  readonly #errorAt: CriteriaError;
  #next = 0;
  #keys = 0;
  /** The key and unquoted value read last, for the error when more words of an unquoted phrase follow. */
  #phrase: { key: string; text: string } | undefined;

  constructor(pieces: Piece[], end: number, errorAt: CriteriaError) {
    this.#pieces = pieces;
    this.#end = end;
    this.#errorAt = errorAt;
  }

  peek(): Piece | undefined {
    return this.#pieces[this.#next];
  }

  skipCharset(): void {
    const first = this.peek();
    if (first?.kind !== 'word' || first.text.toUpperCase() !== 'CHARSET') return;
    this.#next += 1;
    const charset = this.#take('CHARSET', 'the name UTF-8');
    if (!['UTF-8', 'US-ASCII'].includes(charset.text.toUpperCase())) {
      throw this.#errorAt(
        charset.at,
        charset.text,
        'the only charset is UTF-8. Leave CHARSET out and write plain Unicode.',
      );
    }
  }

  /** Reads keys up to a closing parenthesis or the end. */
  readKeys(depth: number): SearchKey[] {
    const keys: SearchKey[] = [];
    for (let piece = this.peek(); piece && piece.kind !== 'close'; piece = this.peek()) {
      const key = this.#readKey(depth);
      if (key.key === 'AND') keys.push(...key.operands);
      else keys.push(key);
    }
    return keys;
  }

  #readKey(depth: number): SearchKey {
    const piece = this.#take('', 'a search key');
    if (depth > MAX_DEPTH) {
      throw this.#errorAt(
        piece.at,
        piece.text,
        `OR, NOT and parentheses are nested more than ${MAX_DEPTH} deep. Split the search.`,
      );
    }
    if (piece.kind === 'open') return this.#readGroup(piece, depth);
    if (piece.kind !== 'word') {
      throw this.#errorAt(
        piece.at,
        piece.text,
        'expected a search key, not a quoted text. Say where to look: SUBJECT "…" or TEXT "…".',
      );
    }
    this.#keys += 1;
    if (this.#keys > MAX_KEYS) {
      throw this.#errorAt(piece.at, piece.text, `more than ${MAX_KEYS} search keys. Search in several smaller steps.`);
    }
    const phrase = this.#phrase;
    this.#phrase = undefined;
    if (/^[\d*]/.test(piece.text)) return { key: 'SEQUENCE', set: parseSet(piece, this.#errorAt) };
    const name = piece.text.toUpperCase();
    if (name === 'NOT') return { key: 'NOT', operand: this.#readOperand('NOT', depth) };
    if (name === 'OR') {
      const left = this.#readOperand('OR', depth);
      return { key: 'OR', left, right: this.#readOperand('OR', depth) };
    }
    return this.#readSimple(name) ?? this.#unknown(piece, phrase);
  }

  #readGroup(open: Piece, depth: number): SearchKey {
    const [first, ...others] = this.readKeys(depth + 1);
    if (!this.peek()) throw this.#errorAt(open.at, '(', 'this parenthesis is never closed.');
    this.#next += 1;
    if (!first) throw this.#errorAt(open.at, '()', 'nothing is inside these parentheses.');
    return others.length === 0 ? first : { key: 'AND', operands: [first, ...others] };
  }

  #readOperand(operator: 'NOT' | 'OR', depth: number): SearchKey {
    const next = this.peek();
    if (!next || next.kind === 'close') {
      const expected =
        operator === 'NOT'
          ? 'NOT needs a search key after it, as in NOT SEEN.'
          : 'OR comes before its two keys, as in OR FROM ann FROM bob; several keys make one in parentheses.';
      throw this.#errorAt(next?.at ?? this.#end, next?.text ?? '', expected);
    }
    return this.#readKey(depth + 1);
  }

  /** Keys without operands. Undefined if there is none of that name. */
  #readSimple(name: string): SearchKey | undefined {
    if (isOneOf(PLAIN_KEYS, name)) return { key: name } satisfies { key: PlainKey };
    if (isOneOf(TEXT_KEYS, name)) return { key: name, text: this.#text(name) } satisfies { key: TextKey; text: string };
    if (isOneOf(DATE_KEYS, name)) {
      const date = parseDate(this.#take(name, 'a date such as 1-Feb-2025'), this.#errorAt);
      return { key: name, date } satisfies { key: DateKey; date: string };
    }
    if (isOneOf(SIZE_KEYS, name)) {
      const sizeBytes = parseNumber(
        this.#take(name, 'a size in bytes'),
        0,
        'a size in bytes, digits only',
        this.#errorAt,
      );
      return { key: name, sizeBytes } satisfies { key: SizeKey; sizeBytes: number };
    }
    if (isOneOf(SECONDS_KEYS, name)) {
      const seconds = parseNumber(this.#take(name, 'a number of seconds'), 1, 'seconds, digits only', this.#errorAt);
      return { key: name, seconds } satisfies { key: SecondsKey; seconds: number };
    }
    switch (name) {
      case 'KEYWORD':
      case 'UNKEYWORD':
        return { key: name, flag: parseKeyword(this.#take(name, 'a keyword such as $Forwarded'), this.#errorAt) };
      case 'UID':
        return { key: name, set: parseSet(this.#take(name, 'a set of UIDs such as 7,12:20'), this.#errorAt) };
      case 'HEADER': {
        const field = parseFieldName(this.#take(name, 'a header field name and a text'), this.#errorAt);
        return { key: name, field, text: this.#text(`HEADER ${field}`) };
      }
      default:
        return undefined;
    }
  }

  #text(key: string): string {
    const value = this.#take(key, 'a text, in quotes if it has spaces');
    if (value.kind === 'word') {
      const special = /[*%{\\]/.exec(value.text)?.[0];
      if (special) {
        const expected = `put the text in quotes to search for ${special} itself. There are no wildcards: any part of a text matches.`;
        throw this.#errorAt(value.at, value.text, expected);
      }
      this.#phrase = { key, text: value.text };
    }
    return value.text;
  }

  /** The next piece: for a `key`, its value, which is a word or a quoted string. */
  #take(key: string, expected: string): Piece {
    const piece = this.#pieces[this.#next];
    const isValue = piece?.kind === 'word' || piece?.kind === 'quoted';
    if (!piece || (key !== '' && !isValue)) {
      throw this.#errorAt(
        piece?.at ?? this.#end,
        piece?.text ?? '',
        `${key === '' ? 'expected' : `${key} needs`} ${expected}.`,
      );
    }
    this.#next += 1;
    return piece;
  }

  #unknown(piece: Piece, phrase: { key: string; text: string } | undefined): never {
    throw this.#errorAt(piece.at, piece.text, hintFor(piece.text, phrase));
  }
}

function isOneOf<T extends string>(names: readonly T[], name: string): name is T {
  return names.some((one) => one === name);
}
