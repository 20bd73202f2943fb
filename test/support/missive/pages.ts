/** The two ways in which Missive cuts a list into pages. */
import { Refusal } from './call.ts';
import type { Row } from './data.ts';

interface Limits {
  standard: number;
  most: number;
  least?: number;
}

function limitOf(query: URLSearchParams, { standard, most, least = 1 }: Limits): number {
  const text = query.get('limit');
  const limit = text === null ? standard : Number(text);
  if (!Number.isInteger(limit) || limit < least) throw new Refusal(400, `min 'limit' value is ${least}`);
  if (limit > most) throw new Refusal(400, `max 'limit' value is ${most}`);
  return limit;
}

export function offsetPage<R extends Row>(rows: readonly R[], query: URLSearchParams): R[] {
  const limit = limitOf(query, { standard: 50, most: 200 });
  const offset = Number(query.get('offset') ?? 0);
  return rows.slice(offset, offset + limit);
}

/**
 * Newest first, from `until` on, inclusively. Rows that share the timestamp of the last one are not left out, so a page may be longer
 * than its limit. Rows without a timestamp come first and are not found by `until`.
 */
export function untilPage<R extends Row>(
  rows: readonly R[],
  field: string,
  query: URLSearchParams,
  limits: Limits = { standard: 10, most: 10 },
): R[] {
  const limit = limitOf(query, { least: 2, ...limits });
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
