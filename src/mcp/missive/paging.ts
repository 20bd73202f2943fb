/** Fetches one page of a list, in either of the API's two paging styles; successive pages hold each row exactly once. */
import type { Position } from './cursor.ts';
import type { Paging } from './operation.ts';

export type Row = Record<string, unknown>;

export interface Page {
  rows: Row[];
  /** Null at the end. */
  next: Position | null;
}

/** Requests rows from the API; `query` is added to the filters. */
type FetchRows = (query: Record<string, string>) => Promise<Row[]>;

export function fetchPage(paging: Paging, limit: number, at: Position | null, fetchRows: FetchRows): Promise<Page> {
  return paging.style === 'offset'
    ? pageByOffset(limit, at, fetchRows)
    : pageByTime(paging.field, limit, at, fetchRows);
}

/**
 * The position after the first rows of a page, of which the others did not fit into an answer.
 *
 * @returns null if the rows have no timestamp to go on from
 */
export function positionAfter(paging: Paging, shown: readonly Row[], at: Position | null): Position | null {
  if (paging.style === 'offset') return { offset: (at !== null && 'offset' in at ? at.offset : 0) + shown.length };
  const until = shown.at(-1)?.[paging.field];
  if (typeof until !== 'number') return null;
  const before = at !== null && 'until' in at && at.until === until ? at.seen : [];
  const seen = shown.filter((row) => row[paging.field] === until).map(({ id }) => String(id));
  return { until, seen: [...before, ...seen] };
}

async function pageByOffset(limit: number, at: Position | null, fetchRows: FetchRows): Promise<Page> {
  const offset = at !== null && 'offset' in at ? at.offset : 0;
  const rows = await fetchRows({ limit: String(limit), ...(offset > 0 && { offset: String(offset) }) });
  return { rows, next: rows.length < limit ? null : { offset: offset + rows.length } };
}

/**
 * The API repeats the rows that have the cursor's timestamp; they are dropped by id. If a page holds nothing else, a second request continues
 * one second earlier.
 */
async function pageByTime(field: string, limit: number, at: Position | null, fetchRows: FetchRows): Promise<Page> {
  const from = at !== null && 'until' in at ? at : null;
  const fetchUntil = (until: number | undefined) =>
    fetchRows({ limit: String(limit), ...(until !== undefined && { until: String(until) }) });
  const seen = new Set(from?.seen);
  let answer = await fetchUntil(from?.until);
  let rows = answer.filter(({ id }) => !seen.has(String(id)));
  if (rows.length === 0 && answer.length >= limit && from !== null) {
    seen.clear();
    answer = await fetchUntil(from.until - 1);
    rows = answer;
  }
  const times = answer.map((row) => row[field]).filter((time) => typeof time === 'number');
  // Rows without a timestamp (drafts that were never delivered) give no position for a next page.
  if (answer.length < limit || times.length === 0) return { rows, next: null };
  const until = Math.min(...times);
  return { rows, next: { until, seen: answer.filter((row) => row[field] === until).map(({ id }) => String(id)) } };
}
