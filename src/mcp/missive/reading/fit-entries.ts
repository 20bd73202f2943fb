/** Fits the rows of a conversation into a number of characters: the newest get whole texts, older ones the start of theirs, and the oldest none. */
import { cutText } from '../../../text/cut-text.ts';
import type { EntryRow, EntryText } from './entry-rows.ts';

export interface FittingEntry extends EntryText {
  /** Without text. */
  row: EntryRow;
}

/** The start of a text that there is no room for. */
const SHORT_CHARS = 120;
/** Of the room, for whole texts of the newest, if there is none for the start of each. */
const WHOLE_SHARE = 0.5;

/**
 * @param all oldest first
 * @param room characters of JSON
 * @returns the newest of them, oldest first; at least one if there is one
 */
export function fitEntries(all: readonly FittingEntry[], room: number): EntryRow[] {
  const newestFirst = [...all].reverse();
  const short = newestFirst.map((each) => sizeOf(withText(each, SHORT_CHARS)));
  const needed = short.reduce((sum, size) => sum + size, 0);
  // What whole texts may take beyond the start of each.
  let extra = needed <= room ? room - needed : WHOLE_SHARE * room;
  let left = needed <= room ? Number.POSITIVE_INFINITY : room - extra;
  const rows: EntryRow[] = [];
  for (const [index, each] of newestFirst.entries()) {
    const size = short[index] ?? 0;
    if (size > left && rows.length > 0) break;
    left -= size;
    const row = longest(each, size + extra);
    extra = Math.max(0, extra - (sizeOf(row) - size));
    rows.push(row);
  }
  return rows.reverse();
}

/** With as much of its text as there is room for, if that is more than the start. */
function longest(each: FittingEntry, room: number): EntryRow {
  const whole = withText(each, Number.POSITIVE_INFINITY);
  if (sizeOf(whole) <= room) return whole;
  // Line breaks and quotes take two characters each.
  for (let chars = Math.floor(room - sizeOf(each.row)); chars > SHORT_CHARS; ) {
    const row = withText(each, chars);
    const over = sizeOf(row) - room;
    if (over <= 0) return row;
    chars -= Math.ceil(over);
  }
  return withText(each, SHORT_CHARS);
}

function withText({ row, text, isCut, hidden }: FittingEntry, chars: number): EntryRow {
  const shown = cutText(text, chars);
  return {
    ...row,
    ...(shown !== '' && { text: shown }),
    ...((isCut || shown !== text) && { cut: true }),
    ...(hidden > 0 && { hidden_text: hidden }),
  };
}

/** With the comma behind it. */
const sizeOf = (row: EntryRow): number => JSON.stringify(row).length + 1;
