/** Reads the times that callers write: days and times in a time zone, words such as `today`, and ages. */
import { offsetMinutes } from './time.ts';

/** From `start` on and before `end`, in milliseconds since 1970. */
export interface TimeSpan {
  start: number;
  end: number;
}

/** When and where a time was written. */
export interface TimeContext {
  now: Date;
  /** IANA name; an unknown one counts as UTC. */
  timeZone: string;
}

interface WallTime {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
}

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const RELATIVE_DAYS: ReadonlyMap<string, number> = new Map([
  ['today', 0],
  ['yesterday', -1],
  ['tomorrow', 1],
]);
const TIME = /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:\.\d{1,9})?)? ?(Z|[+-]\d\d:?\d\d)?$/i;

/**
 * Reads a day (`2026-03-01`, `2026/3/1`, `1-Mar-2026`, `today`, `yesterday`), a minute (`2026-03-01T20:00`) or a second in the zone, unless it has an
 * offset (RFC 3339 §5.6).
 *
 * @returns undefined if the text is none
 */
export function parseTime(text: string, { now, timeZone }: TimeContext): TimeSpan | undefined {
  const value = text.trim();
  const relative = RELATIVE_DAYS.get(value.toLowerCase());
  if (relative !== undefined) return daySpan(addDays(wallTimeAt(now.getTime(), timeZone), relative), timeZone);
  const day = parseDay(value);
  if (day !== undefined) return daySpan(day, timeZone);
  const match = TIME.exec(value);
  if (match === null) return undefined;
  const [, year, month, date, hour, minute, second, offset] = match;
  const wall = wallTime([year, month, date].map(Number), [hour, minute, second ?? 0].map(Number));
  if (wall === undefined) return undefined;
  const start = offset === undefined ? instantOf(wall, timeZone) : utcOf(wall) - offsetMs(offset);
  return { start, end: start + (second === undefined ? MINUTE_MS : 1_000) };
}

/** Reads `12h`, `3d`, `2w`, `1m`, `1y`: the instant that long before now. Months and years are those of the calendar. */
export function parseAge(text: string, { now, timeZone }: TimeContext): number | undefined {
  const [, digits = '', unit = ''] = /^(\d{1,4})(h|d|w|m|mo|y)$/i.exec(text) ?? [];
  const count = Number(digits);
  switch (unit.toLowerCase()) {
    case 'h':
      return now.getTime() - count * 60 * MINUTE_MS;
    case 'd':
      return now.getTime() - count * DAY_MS;
    case 'w':
      return now.getTime() - count * 7 * DAY_MS;
    case 'm':
    case 'mo':
      return monthsBefore(now, count, timeZone);
    case 'y':
      return monthsBefore(now, 12 * count, timeZone);
    default:
      return undefined;
  }
}

function parseDay(value: string): WallTime | undefined {
  const [, year, month, day] = /^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})$/.exec(value) ?? [];
  if (year !== undefined) return wallTime([year, month, day].map(Number), []);
  const [, date, name = '', full] = /^(\d{1,2})-([a-z]{3})-(\d{4})$/i.exec(value) ?? [];
  const number = MONTHS.indexOf(name.toLowerCase()) + 1;
  return full === undefined ? undefined : wallTime([Number(full), number, Number(date)], []);
}

/** @returns undefined for a day or a time that does not exist */
function wallTime(
  [year = 0, month = 0, day = 0]: number[],
  [hour = 0, minute = 0, second = 0]: number[],
): WallTime | undefined {
  const isDay = month >= 1 && month <= 12 && day >= 1 && day <= new Date(Date.UTC(year, month, 0)).getUTCDate();
  const isTime = hour <= 24 && minute <= 59 && second <= 60;
  return isDay && isTime && year >= 1900 ? { year, month, day, hour, minute, second } : undefined;
}

function daySpan(day: WallTime, timeZone: string): TimeSpan {
  const midnight = { ...day, hour: 0, minute: 0, second: 0 };
  return { start: instantOf(midnight, timeZone), end: instantOf(addDays(midnight, 1), timeZone) };
}

function addDays(wall: WallTime, days: number): WallTime {
  return fromUtc(utcOf({ ...wall, day: wall.day + days }));
}

function monthsBefore(now: Date, months: number, timeZone: string): number {
  const wall = wallTimeAt(now.getTime(), timeZone);
  const month = wall.month - months;
  // The last day of a shorter month.
  const lastDay = new Date(Date.UTC(wall.year, month, 0)).getUTCDate();
  return instantOf(fromUtc(utcOf({ ...wall, month, day: Math.min(wall.day, lastDay) })), timeZone);
}

function offsetMs(offset: string): number {
  if (/^z$/i.test(offset)) return 0;
  const minutes = Number(offset.slice(1, 3)) * 60 + Number(offset.slice(-2));
  return (offset.startsWith('-') ? -1 : 1) * minutes * MINUTE_MS;
}

function utcOf({ year, month, day, hour, minute, second }: WallTime): number {
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

function fromUtc(instant: number): WallTime {
  const date = new Date(instant);
  return {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
    second: date.getUTCSeconds(),
  };
}

/** Of a time that clocks skip, the instant after the gap; of one that they show twice, the first. */
function instantOf(wall: WallTime, timeZone: string): number {
  const utc = utcOf(wall);
  const offsets = [utc - DAY_MS, utc + DAY_MS].map((instant) => offsetMinutes(new Date(instant), timeZone) * MINUTE_MS);
  const candidates = offsets.map((offset) => utc - offset);
  const exact = candidates.filter((instant) => localOf(instant, timeZone) === utc);
  return exact.length > 0 ? Math.min(...exact) : Math.max(...candidates);
}

function localOf(instant: number, timeZone: string): number {
  return instant + offsetMinutes(new Date(instant), timeZone) * MINUTE_MS;
}

function wallTimeAt(instant: number, timeZone: string): WallTime {
  return fromUtc(localOf(instant, timeZone));
}
