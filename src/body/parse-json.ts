/**
 * Parses JSON with long strings in many short turns of the event loop. One JSON.parse() of twelve megabytes would delay every other request.
 *
 * The long strings are replaced by names, the rest is parsed at once, and the strings are decoded piece by piece.
 */
import { randomUUID } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { BodyError } from './body-error.ts';
import type { LongString } from './json-limits.ts';

/** Everything but the long strings: names, numbers, space and short strings. */
const MAX_REST_BYTES = 4 * 1024 * 1024;

/** What is decoded in one turn: less than a millisecond of work. */
const PIECE_BYTES = 256 * 1024;

const BACKSLASH = 0x5c;
const LETTER_U = 0x75;

/**
 * @param longStrings from JsonScanner, in order
 * @throws {BodyError} 400 if it is not JSON; 413 if there is too much beside the long strings
 */
export async function parseJson(bytes: Buffer, longStrings: readonly LongString[]): Promise<unknown> {
  const name = randomUUID();
  const pieces: string[] = [];
  let at = 0;
  for (const [index, { start, end }] of longStrings.entries()) {
    pieces.push(bytes.toString('utf8', at, start), name, String(index));
    at = end;
  }
  pieces.push(bytes.toString('utf8', at));
  const rest = pieces.join('');
  if (rest.length > MAX_REST_BYTES) {
    throw new BodyError(413, `The body has more than ${MAX_REST_BYTES / 1024 / 1024} MiB beside its long texts.`);
  }
  const value = parsed(rest.startsWith('\uFEFF') ? rest.slice(1) : rest);
  if (longStrings.length === 0) return value;
  const texts: string[] = [];
  for (const each of longStrings) texts.push(await decode(bytes, each));
  return withTexts(value, { name, texts });
}

async function decode(bytes: Buffer, { start, end }: LongString): Promise<string> {
  const pieces: string[] = [];
  for (let at = start; at < end; ) {
    const next = pieceEnd(bytes, at, end);
    pieces.push(decodePiece(bytes, at, next));
    at = next;
    await nextTurn();
  }
  return pieces.join('');
}

function decodePiece(bytes: Buffer, start: number, end: number): string {
  const text = bytes.toString('utf8', start, end);
  // A control character has to be escaped (RFC 8259 §7), which JSON.parse() checks.
  if (!/[\\\p{Cc}]/u.test(text)) return text;
  const value = parsed(`"${text}"`);
  return typeof value === 'string' ? value : '';
}

/** @returns a position between two characters and not within an escape sequence */
function pieceEnd(bytes: Buffer, start: number, end: number): number {
  const wanted = Math.min(start + PIECE_BYTES, end);
  let at = start;
  while (at < wanted) {
    if (bytes[at] !== BACKSLASH) at += 1;
    else at += bytes[at + 1] === LETTER_U ? 6 : 2;
  }
  // Bytes of the form 10xxxxxx continue a character.
  while (at < end && ((bytes[at] ?? 0) & 0xc0) === 0x80) at += 1;
  return Math.min(at, end);
}

/** Puts the texts in the places of their names. */
function withTexts(value: unknown, long: { name: string; texts: readonly string[] }): unknown {
  if (typeof value === 'string') return value.startsWith(long.name) ? long.texts[indexIn(value, long.name)] : value;
  if (Array.isArray(value)) return value.map((entry) => withTexts(entry, long));
  if (typeof value !== 'object' || value === null) return value;
  for (const [key, inner] of Object.entries(value)) {
    if (key.startsWith(long.name)) throw new BodyError(413, 'The body has a name that is longer than 16 KiB.');
    // Defined, not assigned: `__proto__` is a name like any other.
    Object.defineProperty(value, key, {
      value: withTexts(inner, long),
      configurable: true,
      enumerable: true,
      writable: true,
    });
  }
  return value;
}

const indexIn = (value: string, name: string): number => Number(value.slice(name.length));

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new BodyError(400, 'The body is not JSON', { cause });
  }
}
