/**
 * Fits the rows of a conversation into a number of characters: the newest messages get whole texts, those before them the start of theirs, then
 * rows without text, and what is left is only counted.
 */
import { cutText } from '../../../text/cut-text.ts';
import type { ThreadRow } from './thread-rows.ts';

export interface FittingRow {
  /** Without text. */
  row: ThreadRow;
  /** What is left of the row if there is no room for more. */
  bare: ThreadRow;
  /** Null if it was not read. */
  text: string | null;
  /** True if the message says more than `text`. */
  isCut: boolean;
  /** Characters that the row takes elsewhere in the answer, by what takes them. They are taken once for all rows. */
  extras: ReadonlyMap<string, number>;
}

export interface FittedRows {
  /** In the order given. */
  rows: ThreadRow[];
  /** How many at the start are left out. */
  omitted: number;
}

/** The start of a text that there is no room for. */
const SHORT_CHARS = 120;
/** Of the room, for whole texts of the newest messages, if it suffices for the start of each text but not for more. */
const NEWEST_SHARE = 0.1;
/** The same if it does not suffice for the start of each text, and with those for starts. */
const WHOLE_SHARE = 0.4;
const SHORT_SHARE = 0.7;

/**
 * @param all oldest first
 * @param room characters of JSON, for the rows and what they take elsewhere
 * @param reserve of the room, if rows are left out
 */
export function fitRows(all: readonly FittingRow[], room: number, reserve: number): FittedRows {
  const newestFirst = [...all].reverse();
  const extras = ownExtras(newestFirst);
  const costs = newestFirst.map((each, index) => {
    const extra = extras[index] ?? 0;
    return { extra, short: sizeOf(shortRow(each)) + extra, bare: sizeOf(each.bare) + extra };
  });
  const rest = { short: sum(costs.map(({ short }) => short)), bare: sum(costs.map(({ bare }) => bare)) };
  const wholeShare = rest.short <= room ? NEWEST_SHARE : WHOLE_SHARE;
  let spent = 0;
  const rows: ThreadRow[] = [];
  for (const [index, each] of newestFirst.entries()) {
    const { extra, short, bare } = costs[index] ?? { extra: 0, short: 0, bare: 0 };
    rest.short -= short;
    rest.bare -= bare;
    // A row may take what leaves room for all others, or what its kind has a share of.
    const forText = Math.max(room - spent - rest.short, wholeShare * room - spent) - extra;
    const forStart = Math.max(room - spent - rest.short, SHORT_SHARE * room - spent) - extra;
    const forRow = Math.max(room - spent - rest.bare, room - reserve - spent) - extra;
    const row =
      textRow(each, forText) ??
      fitting(withText(each, SHORT_CHARS), forText) ??
      fitting(shortRow(each), forStart) ??
      fitting(each.bare, forRow);
    if (row === null) break;
    spent += sizeOf(row) + extra;
    rows.push(row);
  }
  return { rows: rows.reverse(), omitted: all.length - rows.length };
}

/** The start of the text, and who wrote it when. */
function shortRow(each: FittingRow): ThreadRow {
  return withText({ ...each, row: each.bare }, SHORT_CHARS);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

/** What each row takes elsewhere that none before it has taken. */
function ownExtras(rows: readonly FittingRow[]): number[] {
  const taken = new Set<string>();
  return rows.map(({ extras }) => {
    let chars = 0;
    for (const [name, own] of extras) if (!taken.has(name)) chars += own;
    for (const name of extras.keys()) taken.add(name);
    return chars;
  });
}

/** The row with as much of its text as there is room for, if that is more than the start. */
function textRow(each: FittingRow, room: number): ThreadRow | null {
  const whole = withText(each, Number.POSITIVE_INFINITY);
  if (sizeOf(whole) <= room) return whole;
  // Line breaks and quotes take two characters each.
  for (let chars = Math.floor(room - sizeOf(each.row)); chars > SHORT_CHARS; ) {
    const row = withText(each, chars);
    const over = sizeOf(row) - room;
    if (over <= 0) return row;
    chars -= Math.ceil(over);
  }
  return null;
}

function fitting(row: ThreadRow, room: number): ThreadRow | null {
  return sizeOf(row) <= room ? row : null;
}

function withText({ row, text, isCut }: FittingRow, chars: number): ThreadRow {
  const { at, date, from, to, cc, subject, ...rest } = row;
  const head = { at, ...(date && { date }), ...(from && { from }), ...(to && { to }), ...(cc && { cc }) };
  const shown = text === null ? '' : cutText(text, chars);
  const isShort = text === null || isCut || shown !== text;
  return {
    ...head,
    ...(subject && { subject }),
    ...(shown !== '' && { text: shown }),
    ...(isShort && { cut: true }),
    ...rest,
  };
}

/** With the comma behind it. */
function sizeOf(row: ThreadRow): number {
  return JSON.stringify(row).length + 1;
}
