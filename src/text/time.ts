/** Writes instants as RFC 3339 §5.6 with the offset of a time zone, and reads them. */

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
  const minutes = timeZone === 'UTC' ? 0 : offsetMinutes(utc, timeZone);
  const local = new Date(utc.getTime() + minutes * MINUTE_MS);
  // RFC 3339 has years of four digits.
  const isWritable = local.getUTCFullYear() >= 0 && local.getUTCFullYear() <= 9999;
  const [shown, offset] = isWritable ? [local, minutes] : [utc, 0];
  return `${shown.toISOString().replace(/\.\d{3}Z$/, '')}${offsetText(offset)}`;
}

const TIME = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.\d{1,9})?)? ?(Z|[+-]\d\d:?\d\d)?)?$/i;

/**
 * @param text a day, or a day with a time, in the time zone unless it has an offset
 * @returns undefined if it is none
 */
export function parseTime(text: string, timeZone: string): Date | undefined {
  const match = TIME.exec(text.trim());
  if (match === null) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match
    .slice(1, 7)
    .map((part) => Number(part ?? 0));
  const written = new Date(Date.UTC(year, month - 1, day, hour, minute, second));
  // `Date.UTC` would take 30 February for 2 March.
  const isDay = new Date(Date.UTC(year, month - 1, day)).getUTCDate() === day && month >= 1 && month <= 12;
  if (!isDay || hour > 24 || minute > 59 || second > 60) return undefined;
  const minutes = match[7] === undefined ? localOffset(written, timeZone) : offsetOf(match[7]);
  return new Date(written.getTime() - minutes * MINUTE_MS);
}

function offsetOf(text: string): number {
  const [, sign, hour, minute] = /^([+-])(\d\d):?(\d\d)$/.exec(text) ?? [];
  return (sign === '-' ? -1 : 1) * (Number(hour ?? 0) * 60 + Number(minute ?? 0));
}

/** The offset at a local time: as it is at the instant that the time would be with the offset nearby. */
function localOffset(written: Date, timeZone: string): number {
  if (timeZone === 'UTC') return 0;
  const nearby = offsetMinutes(written, timeZone);
  return offsetMinutes(new Date(written.getTime() - nearby * MINUTE_MS), timeZone);
}

function offsetText(minutes: number): string {
  if (minutes === 0) return 'Z';
  const [hour, minute] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
  return `${minutes < 0 ? '-' : '+'}${`${hour}`.padStart(2, '0')}:${`${minute}`.padStart(2, '0')}`;
}

/** Seconds, which only offsets of the nineteenth century have, are left out. */
function offsetMinutes(instant: Date, timeZone: string): number {
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
