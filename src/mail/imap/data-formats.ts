/** Defines the data formats of IMAP (RFC 9051 §4 and §9): tokens of commands, items of responses, sequence sets. */

/** A token of a command. `value` of a NUMBER is decimal; a nested array is a parenthesized list. */
export type Token =
  | {
      /** TEXT is written as it is. */
      readonly type: 'ATOM' | 'STRING' | 'NUMBER' | 'SEQUENCE' | 'TEXT';
      readonly value: string;
      /** The section in brackets after the atom: `BODY.PEEK[1.2]`. */
      readonly section?: readonly Token[];
      /** First byte and number of bytes: `<0.1024>`. */
      readonly partial?: readonly [number, number];
      /** Kept out of imapflow's log lines. */
      readonly sensitive?: boolean;
    }
  | { readonly type: 'LITERAL'; readonly value: string | Buffer; readonly sensitive?: boolean }
  | readonly Token[];

/** An item of a response: `null` is NIL, an array a parenthesized list. A literal's value is its bytes. */
export type Item = ItemNode | readonly Item[] | null;

interface ItemNode {
  readonly type: string;
  readonly value?: string | Buffer | number | null | undefined;
  readonly section?: readonly Item[] | undefined;
}

/** `* 12 FETCH (…)` has the name `12` and `FETCH` as its first item. */
export interface UntaggedResponse {
  readonly name: string;
  readonly items: readonly Item[];
}

/** A line from the server, as it is parsed. */
export interface ParsedResponse {
  command?: string | undefined;
  attributes?: readonly Item[] | undefined;
}

export function atom(value: string): Token {
  return { type: 'ATOM', value };
}

/** Encodes text as a string: quoted if it is short and printable ASCII (RFC 9051 §4.3), otherwise as a literal. */
export function string(value: string): Token {
  return /^[\x20-\x7e]*$/.test(value) && value.length <= 1000
    ? { type: 'STRING', value }
    : { type: 'LITERAL', value: Buffer.from(value) };
}

/** The ascending sequence set of these numbers. @param numbers UIDs or sequence numbers, in any order; not empty */
export function sequenceSet(numbers: readonly number[]): Token {
  return { type: 'SEQUENCE', value: sequenceSetText(numbers) };
}

/** The same as text; empty if there are no numbers. */
export function sequenceSetText(numbers: readonly number[]): string {
  const sorted = [...new Set(numbers)].sort((a, b) => a - b);
  const ranges: [number, number][] = [];
  for (const number of sorted) {
    const last = ranges.at(-1);
    if (last !== undefined && last[1] === number - 1) last[1] = number;
    else ranges.push([number, number]);
  }
  return ranges.map(([first, last]) => (first === last ? `${first}` : `${first}:${last}`)).join(',');
}

/**
 * The numbers of a sequence set in a response, such as those of ESEARCH and COPYUID.
 *
 * @param limit how many numbers are returned at most
 * @returns null if there are more, or the text is not a sequence set
 */
export function expandSequenceSet(set: string, limit: number): number[] | null {
  const numbers: number[] = [];
  const ranges = rangesOf(set);
  if (ranges === null) return null;
  for (const [low, high] of ranges) {
    if (numbers.length + high - low + 1 > limit) return null;
    for (let number = low; number <= high; number += 1) numbers.push(number);
  }
  return numbers;
}

/** How many numbers a sequence set has; null if the text is not a sequence set. */
export function countOfSet(set: string): number | null {
  return rangesOf(set)?.reduce((sum, [low, high]) => sum + high - low + 1, 0) ?? null;
}

/** The ranges of a sequence set, in its order, the lower end first; null if the text is not a sequence set. */
export function rangesOf(set: string): [number, number][] | null {
  const ranges: [number, number][] = [];
  for (const range of set.split(',')) {
    const match = /^(\d{1,10})(?::(\d{1,10}))?$/.exec(range);
    if (match === null) return null;
    const [first, last] = [Number(match[1]), Number(match[2] ?? match[1])];
    // `5:3` means the same as `3:5` (RFC 9051 §9, seq-range), also in COPYUID, where the order of the ranges counts (RFC 4315 §3).
    ranges.push(first <= last ? [first, last] : [last, first]);
  }
  return ranges;
}

/** The bytes of a string or literal; null for NIL, lists and missing items. */
export function bytesOf(item: Item | undefined): Buffer | null {
  const value = rawValueOf(item);
  if (value === null) return null;
  return Buffer.isBuffer(value) ? value : Buffer.from(value);
}

/** An atom, number, string or literal as text; null for NIL, lists and missing items. */
export function textOf(item: Item | undefined): string | null {
  const value = rawValueOf(item);
  if (value === null) return null;
  return Buffer.isBuffer(value) ? value.toString() : value;
}

/** A whole number of at most 15 digits; null for anything else. */
export function numberOf(item: Item | undefined): number | null {
  const text = textOf(item);
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : null;
}

/** The items of a list; empty for anything else. */
export function listOf(item: Item | undefined): readonly Item[] {
  return isList(item) ? item : [];
}

export function isList(item: Item | undefined): item is readonly Item[] {
  return Array.isArray(item);
}

function rawValueOf(item: Item | undefined): string | Buffer | null {
  if (item === null || item === undefined || isList(item)) return null;
  const { value } = item;
  if (typeof value === 'number') return `${value}`;
  return value ?? null;
}
