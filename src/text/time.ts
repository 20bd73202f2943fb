/** Writes instants as RFC 3339 §5.6 with the offset of a time zone. */

/** Formatters kept, by time zone: to make one takes longer than to format a page of dates. */
const MAX_FORMATTERS = 64;
const formatters = new Map<string, Intl.DateTimeFormat | null>();

const MINUTE_MS = 60_000;

/**
 * @param instant a string is ISO 8601 with an offset
 * @param timeZone of the IANA database; an unknown one counts as UTC
 * @returns with seconds and the offset, which is `Z` where it is zero
 */
export function toLocalTime(instant: Date | string, timeZone: string): string {
  const utc = new Date(instant);
  const minutes = offsetMinutes(utc, timeZone);
  const local = new Date(utc.getTime() + minutes * MINUTE_MS);
  // RFC 3339 has years of four digits.
  const isWritable = local.getUTCFullYear() >= 0 && local.getUTCFullYear() <= 9999;
  const [shown, offset] = isWritable ? [local, minutes] : [utc, 0];
  return `${shown.toISOString().replace(/\.\d{3}Z$/, '')}${offsetText(offset)}`;
}

function offsetText(minutes: number): string {
  if (minutes === 0) return 'Z';
  const [hour, minute] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
  return `${minutes < 0 ? '-' : '+'}${`${hour}`.padStart(2, '0')}:${`${minute}`.padStart(2, '0')}`;
}

/** The offset of a time zone from UTC. Seconds, which only offsets of the nineteenth century have, are left out. */
export function offsetMinutes(instant: Date, timeZone: string): number {
  if (timeZone === 'UTC') return 0;
  const match = /GMT([+-])(\d{2}):(\d{2})/.exec(formatterOf(timeZone)?.format(instant) ?? '');
  if (match === null) return 0;
  const minutes = Number(match[2]) * 60 + Number(match[3]);
  return match[1] === '-' ? -minutes : minutes;
}

function formatterOf(timeZone: string): Intl.DateTimeFormat | null {
  const known = formatters.get(timeZone);
  if (known !== undefined) return known;
  const formatter = createFormatter(timeZone);
  const [oldest] = formatters.keys();
  if (formatters.size >= MAX_FORMATTERS && oldest !== undefined) formatters.delete(oldest);
  formatters.set(timeZone, formatter);
  return formatter;
}

function createFormatter(timeZone: string): Intl.DateTimeFormat | null {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' });
  } catch {
    return null;
  }
}
