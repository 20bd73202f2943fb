/** Cuts search criteria into words, quoted strings and parentheses (RFC 9051 §9). */
import { ToolError } from '../../errors.ts';
import { unescapeName } from '../../text/name-escapes.ts';
import { type CriteriaError, criteriaErrorsOf } from './criteria-error.ts';

/** One piece of the criteria. `at` is its index in UTF-16 code units; `text` of a quoted string has its escapes undone. */
export interface Piece {
  kind: 'word' | 'quoted' | 'open' | 'close';
  text: string;
  at: number;
}

const MAX_CHARACTERS = 8_000;

/**
 * Accepts more than RFC 9051 where that is safe, because all pieces are encoded again: tabs and several spaces separate pieces, no space is
 * needed beside a parenthesis, and an unquoted word may hold any Unicode text.
 *
 * @throws {ToolError} for an unclosed quote, a literal, a control character, or more than 8,000 characters
 */
export function cutIntoPieces(criteria: string): Piece[] {
  const errorAt = criteriaErrorsOf(criteria);
  if (criteria.length > MAX_CHARACTERS) {
    throw new ToolError(
      `Search criteria have more than ${MAX_CHARACTERS} characters. Search in several smaller steps.`,
    );
  }
  if (/\p{Surrogate}/u.test(criteria))
    throw new ToolError('Search criteria are not valid Unicode: half of a surrogate pair.');
  const lineBreak = criteria.search(/[\r\n\0]/);
  if (lineBreak >= 0)
    throw errorAt(lineBreak, '', 'line breaks and NUL are not allowed. Write everything on one line.');

  const pieces: Piece[] = [];
  let at = 0;
  while (at < criteria.length) {
    const character = criteria.charAt(at);
    if (character === ' ' || character === '\t') {
      at += 1;
    } else if (character === '(' || character === ')') {
      pieces.push({ kind: character === '(' ? 'open' : 'close', text: character, at });
      at += 1;
    } else if (character === '"') {
      const { text, end } = readQuoted(criteria, at, errorAt);
      pieces.push({ kind: 'quoted', text, at });
      at = end;
    } else {
      const text = readWord(criteria, at, errorAt);
      pieces.push({ kind: 'word', text: unescapeName(text).replaceAll('\0', ''), at });
      at += text.length;
    }
  }
  return pieces;
}

/** A character without a glyph as tools write it in names and ids: `\u{200B}`. No text has a NUL. */
function characterEscapedAt(criteria: string, at: number): { text: string; end: number } | undefined {
  const [written] = /^\\u\{[0-9A-Fa-f]{1,6}\}/.exec(criteria.slice(at, at + 10)) ?? [];
  if (written === undefined) return undefined;
  return { text: unescapeName(written).replaceAll('\0', ''), end: at + written.length };
}

/** A quoted string (RFC 9051 §4.3): `\"` and `\\` are escapes, and those of names. */
function readQuoted(criteria: string, start: number, errorAt: CriteriaError): { text: string; end: number } {
  let text = '';
  for (let at = start + 1; at < criteria.length; at += 1) {
    const character = criteria.charAt(at);
    if (character === '"') {
      const next = criteria.charAt(at + 1);
      if (next !== '' && !/[ \t()]/.test(next)) {
        throw errorAt(at + 1, '', 'a space must follow a closing quote. Inside a quoted string write a quote as \\".');
      }
      return { text, end: at + 1 };
    }
    if (character === '\\') {
      at += 1;
      const character = characterEscapedAt(criteria, at - 1);
      if (character !== undefined) {
        text += character.text;
        at = character.end - 1;
        continue;
      }
      const escaped = criteria.charAt(at);
      if (escaped !== '"' && escaped !== '\\') {
        throw errorAt(at - 1, `\\${escaped}`, 'a backslash in a quoted string must be followed by \\ or ".');
      }
      text += escaped;
    } else {
      text += character;
    }
  }
  throw errorAt(start, criteria.slice(start), 'this quoted string has no closing quote.');
}

function readWord(criteria: string, start: number, errorAt: CriteriaError): string {
  const word = /^[^ \t()"]+/.exec(criteria.slice(start))?.[0] ?? '';
  if (/^~?\{\d+[+-]?\}/.test(word)) {
    throw errorAt(start, word, 'literals are not supported. Write the text as a quoted string: "…".');
  }
  const control = [...word].findIndex((character) => character < ' ' || character === '\x7f');
  if (control >= 0) throw errorAt(start, '', 'this word has a control character in it. Leave it out.');
  if (criteria.charAt(start + word.length) === '"') {
    throw errorAt(
      start,
      word,
      'a quote may only begin a value. Put the whole value in quotes, and write a quote in it as \\".',
    );
  }
  return word;
}
