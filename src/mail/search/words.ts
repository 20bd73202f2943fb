/** Cuts search criteria into words, quoted strings and parentheses (RFC 9051 §9), and words the errors that point into them. */
import { ToolError } from '../../errors.ts';

/** One piece of the criteria. `at` is its index in UTF-16 code units; `text` of a quoted string has its escapes undone. */
export interface Piece {
  kind: 'word' | 'quoted' | 'open' | 'close';
  text: string;
  at: number;
}

const maxLength = 8_000;

/** Makes the error that points at a place in the criteria. `expected` is the rest of the sentence, with its full stop. */
export type Complain = (at: number, word: string, expected: string) => ToolError;

/** Quotes what the caller wrote, cut to 40 characters. */
export function short(text: string): string {
  const characters = [...text];
  return `"${characters.length > 40 ? `${characters.slice(0, 39).join('')}…` : text}"`;
}

/** Position for people: characters (code points) from 1. */
export function complainAbout(criteria: string): Complain {
  return (at, word, expected) => {
    const where = at >= criteria.length ? 'at the end' : `at character ${[...criteria.slice(0, at)].length + 1}`;
    return new ToolError(`Search criteria, ${where}${word === '' ? '' : `, ${short(word)}`}: ${expected}`);
  };
}

/**
 * Cuts criteria into pieces. Wider than RFC 9051 where that is safe, as everything is encoded anew: spaces may be many or tabs, none is
 * needed beside a parenthesis, and an unquoted word may hold any Unicode text.
 *
 * @throws {ToolError} for an unclosed quote, a literal, a control character, or more than 8,000 characters
 */
export function cutIntoPieces(criteria: string): Piece[] {
  const complain = complainAbout(criteria);
  if (criteria.length > maxLength) {
    throw new ToolError(`Search criteria have more than ${maxLength} characters. Search in several smaller steps.`);
  }
  if (/\p{Surrogate}/u.test(criteria))
    throw new ToolError('Search criteria are not valid Unicode: half of a surrogate pair.');
  const lineBreak = criteria.search(/[\r\n\0]/);
  if (lineBreak >= 0)
    throw complain(lineBreak, '', 'line breaks and NUL are not allowed. Write everything on one line.');

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
      const { text, end } = readQuoted(criteria, at, complain);
      pieces.push({ kind: 'quoted', text, at });
      at = end;
    } else {
      const text = readWord(criteria, at, complain);
      pieces.push({ kind: 'word', text, at });
      at += text.length;
    }
  }
  return pieces;
}

/** A quoted string (RFC 9051 §4.3): only `\"` and `\\` are escapes. */
function readQuoted(criteria: string, start: number, complain: Complain): { text: string; end: number } {
  let text = '';
  for (let at = start + 1; at < criteria.length; at += 1) {
    const character = criteria.charAt(at);
    if (character === '"') {
      const next = criteria.charAt(at + 1);
      if (next !== '' && !/[ \t()]/.test(next)) {
        throw complain(at + 1, '', 'a space must follow a closing quote. Inside a quoted string write a quote as \\".');
      }
      return { text, end: at + 1 };
    }
    if (character === '\\') {
      at += 1;
      const escaped = criteria.charAt(at);
      if (escaped !== '"' && escaped !== '\\') {
        throw complain(at - 1, `\\${escaped}`, 'a backslash in a quoted string must be followed by \\ or ".');
      }
      text += escaped;
    } else {
      text += character;
    }
  }
  throw complain(start, criteria.slice(start), 'this quoted string has no closing quote.');
}

function readWord(criteria: string, start: number, complain: Complain): string {
  const word = /^[^ \t()"]+/.exec(criteria.slice(start))?.[0] ?? '';
  if (/^~?\{\d+[+-]?\}/.test(word)) {
    throw complain(start, word, 'literals are not supported. Write the text as a quoted string: "…".');
  }
  const control = [...word].findIndex((character) => character < ' ' || character === '\x7f');
  if (control >= 0) throw complain(start, '', 'this word has a control character in it. Leave it out.');
  if (criteria.charAt(start + word.length) === '"') {
    throw complain(
      start,
      word,
      'a quote may only begin a value. Put the whole value in quotes, and write a quote in it as \\".',
    );
  }
  return word;
}
