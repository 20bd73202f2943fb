/** Returns a page of rows as Missive does, in its two paging styles. */
import { Refusal } from './call.ts';
import type { Row } from './data.ts';

interface Limits {
  defaultLimit: number;
  maxLimit: number;
  minLimit?: number;
}

function limitOf(query: URLSearchParams, { defaultLimit, maxLimit, minLimit = 1 }: Limits): number {
  const text = query.get('limit');
  const limit = text === null ? defaultLimit : Number(text);
  if (!Number.isInteger(limit) || limit < minLimit) throw new Refusal(400, `min 'limit' value is ${minLimit}`);
  if (limit > maxLimit) throw new Refusal(400, `max 'limit' value is ${maxLimit}`);
  return limit;
}

export function offsetPage<R extends Row>(rows: readonly R[], query: URLSearchParams): R[] {
  const limit = limitOf(query, { defaultLimit: 50, maxLimit: 200 });
  const offset = Number(query.get('offset') ?? 0);
  return rows.slice(offset, offset + limit);
}

/**
 * Newest first, from `until` backwards, inclusively. All rows with the timestamp of the last one are included, so a page may be longer
 * than its limit. Rows without a timestamp come first and are not found by `until`.
 */
export function untilPage<R extends Row>(
  rows: readonly R[],
  field: string,
  query: URLSearchParams,
  limits: Limits = { defaultLimit: 10, maxLimit: 10 },
): R[] {
  const limit = limitOf(query, { minLimit: 2, ...limits });
  const timeOf = (row: R) => (typeof row[field] === 'number' ? row[field] : null);
  const until = query.get('until');
  const sorted = rows
    .filter((row) => until === null || (timeOf(row) ?? Number.POSITIVE_INFINITY) <= Number(until))
    .toSorted((a, b) => (timeOf(b) ?? Number.MAX_SAFE_INTEGER) - (timeOf(a) ?? Number.MAX_SAFE_INTEGER));
  const page = sorted.slice(0, limit);
  const last = page.at(-1);
  const boundary = last && timeOf(last);
  if (typeof boundary !== 'number') return page;
  return [...page, ...sorted.slice(limit).filter((row) => timeOf(row) === boundary)];
}
