/**
 * Finds the time zone that a calendar names, and converts its local times.
 *
 * A name of the IANA database, or one of Windows, has the rules that are known here; any other has the rules that the calendar defines
 * (VTIMEZONE, RFC 5545 §3.6.5). Of those only what programs write is understood: fixed offsets and days that return each year.
 */
import { findIana } from 'windows-iana';
import { type CalendarComponent, textOfProperty } from './calendar-components.ts';

export interface TimeZone {
  /** Name of the IANA database; null for rules of the calendar itself. */
  name: string | null;
  /** Minutes east of UTC. @param wallMs local time, as if it were UTC */
  offsetAt(wallMs: number): number;
}

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** @param definitions VTIMEZONE components of the calendar @returns null if neither the name nor its rules are known */
export function findTimeZone(tzid: string, definitions: readonly CalendarComponent[]): TimeZone | null {
  const definition = findDefinition(tzid, definitions);
  const names = [
    ...namesIn(tzid),
    ...(definition === undefined ? [] : namesIn(textOfProperty(definition, 'x-lic-location'))),
  ];
  const name = names.find(isKnownZone);
  if (name !== undefined) return { name, offsetAt: (wallMs) => wallOffset(name, wallMs) };
  const changes = definition?.children.flatMap((rule) => toChange(rule) ?? []) ?? [];
  return changes.length === 0 ? null : { name: null, offsetAt: (wallMs) => offsetOfRules(changes, wallMs) };
}

/** The VTIMEZONE of a name, which some programs escape in one of the two places. */
export function findDefinition(tzid: string, definitions: readonly CalendarComponent[]): CalendarComponent | undefined {
  const plain = (name: string) => name.replaceAll('\\', '');
  return definitions.find((one) => plain(textOfProperty(one, 'tzid')) === plain(tzid));
}

/** The names that a TZID may mean: itself, what follows the prefix of a program (`/mozilla.org/20070129_1/Europe/Berlin`), that of Windows. */
function namesIn(tzid: string): string[] {
  if (tzid === '' || tzid.length > 100) return [];
  const segments = tzid.split('/').filter((segment) => segment !== '');
  return [tzid, segments.slice(-2).join('/'), segments.slice(-3).join('/'), ...findIana(tzid).slice(0, 1)];
}

/** Names of the IANA database. Offsets and other abbreviations are left to the rules of the calendar. */
const ZONE_NAME = /^(?:[A-Za-z_]{2,30}(?:\/[A-Za-z0-9_+-]{1,40}){1,2}|UTC|GMT|CET|MET|EET|WET|[ECMP]ST\d[ECMP]DT)$/;

function isKnownZone(name: string): boolean {
  if (!ZONE_NAME.test(name)) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** Minutes east of UTC at an instant. */
export function offsetMinutes(zone: string, ms: number): number {
  const format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' });
  const name = format.formatToParts(ms).find(({ type }) => type === 'timeZoneName')?.value ?? '';
  const [, sign, hours = '0', minutes = '0'] = /^GMT([+-])(\d{2}):(\d{2})/.exec(name) ?? [];
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
}

/** The offset at a local time. Of a time that occurs twice, or never, the one before the change. */
function wallOffset(zone: string, wallMs: number): number {
  const before = offsetMinutes(zone, wallMs - DAY_MS);
  const guess = offsetMinutes(zone, wallMs - before * MINUTE_MS);
  return guess === before ? before : offsetMinutes(zone, wallMs - guess * MINUTE_MS) === guess ? guess : before;
}

/** A rule of a VTIMEZONE: from when an offset holds. */
interface Change {
  /** Local time, as if it were UTC. */
  firstMs: number;
  from: number;
  to: number;
  /** The day of each year on which it returns; absent: once. */
  yearly?: { month: number; weekday: number; nth: number; untilYear: number } | undefined;
}

function toChange(rule: CalendarComponent): Change | null {
  const firstMs = wallTime(textOfProperty(rule, 'dtstart'));
  const [from, to] = ['tzoffsetfrom', 'tzoffsetto'].map((name) => offsetOf(textOfProperty(rule, name)));
  if (firstMs === null || from === null || from === undefined || to === null || to === undefined) return null;
  const recurrence = rule.properties.find(({ name }) => name === 'rrule')?.values[0];
  return { firstMs, from, to, yearly: toYearly(recurrence) };
}

const WEEKDAYS = ['SU', 'MO', 'TU', 'WE', 'TH', 'FR', 'SA'];

/** `FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU`, as jCal has it. */
function toYearly(recurrence: unknown): Change['yearly'] {
  if (typeof recurrence !== 'object' || recurrence === null) return undefined;
  const fields = new Map(Object.entries(recurrence).map(([name, value]) => [name.toLowerCase(), String(value)]));
  const [, nth = '', weekday = ''] = /^([+-]?[1-5])?(SU|MO|TU|WE|TH|FR|SA)$/i.exec(fields.get('byday') ?? '') ?? [];
  const month = Number(fields.get('bymonth'));
  if (fields.get('freq')?.toUpperCase() !== 'YEARLY' || !(month >= 1 && month <= 12) || nth === '') return undefined;
  const until = /^\d{4}/.exec(fields.get('until') ?? '')?.[0];
  return {
    month,
    weekday: WEEKDAYS.indexOf(weekday.toUpperCase()),
    nth: Number(nth),
    untilYear: Number(until ?? 9999),
  };
}

/** The offset of the last change before a local time, or that before the first change. */
function offsetOfRules(changes: readonly Change[], wallMs: number): number {
  const year = new Date(wallMs).getUTCFullYear();
  const onsets = changes.flatMap((change) => {
    const times =
      change.yearly === undefined ? [change.firstMs] : [year - 1, year].flatMap((one) => onsetIn(change, one) ?? []);
    return times.map((at) => ({ at, to: change.to, from: change.from }));
  });
  const last = onsets.filter(({ at }) => at <= wallMs).sort((a, b) => b.at - a.at)[0];
  const first = onsets.sort((a, b) => a.at - b.at)[0];
  return last?.to ?? first?.from ?? changes[0]?.to ?? 0;
}

function onsetIn({ firstMs, yearly }: Change, year: number): number | null {
  if (yearly === undefined || year > yearly.untilYear || year < new Date(firstMs).getUTCFullYear()) return null;
  const { month, weekday, nth } = yearly;
  const days = new Date(Date.UTC(year, month, 0)).getUTCDate();
  const start = new Date(Date.UTC(year, month - 1, nth > 0 ? 1 : days)).getUTCDay();
  const day =
    nth > 0 ? 1 + ((weekday - start + 7) % 7) + 7 * (nth - 1) : days - ((start - weekday + 7) % 7) + 7 * (nth + 1);
  // Outlook writes rules that begin in 1601.
  return Date.UTC(year, month - 1, day) + (((firstMs % DAY_MS) + DAY_MS) % DAY_MS);
}

/** `2026-03-17T14:30:00` as if it were UTC; null for anything else, and for a day that does not exist. */
export function wallTime(text: string): number | null {
  const [, day, hour, minute, second] = /^(\d{4}-\d{2}-\d{2})T(\d{2}):(\d{2}):(\d{2})/.exec(text) ?? [];
  const midnight = day === undefined ? null : dayTime(day);
  if (midnight === null || Number(hour) > 24 || Number(minute) > 59 || Number(second) > 60) return null;
  return midnight + ((Number(hour) * 60 + Number(minute)) * 60 + Number(second)) * 1_000;
}

/** `2026-03-17` as midnight UTC; null for a day that does not exist. */
export function dayTime(day: string): number | null {
  const ms = Date.parse(`${day}T00:00:00Z`);
  return Number.isNaN(ms) || new Date(ms).toISOString().slice(0, 10) !== day ? null : ms;
}

/** `+01:00`, as jCal has it, or `+0100`. */
function offsetOf(text: string): number | null {
  const [, sign, hours, minutes] = /^([+-])(\d{2}):?(\d{2})/.exec(text) ?? [];
  return hours === undefined ? null : (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
}
