/**
 * Reads what an invitation says (iTIP, RFC 5546; iCalendar, RFC 5545): what, when, where, by whom, and what its method asks for.
 *
 * Everything in it is what the sender wrote. Recurrences are described, never expanded.
 */
import {
  type CalendarComponent,
  type CalendarProperty,
  parameterOf,
  propertyOf,
  readCalendarComponents,
  textOfProperty,
} from './calendar-components.ts';
import { recurrenceInWords } from './recurrence.ts';
import { dayTime, findTimeZone, type TimeZone, wallTime } from './time-zones.ts';

/**
 * - `instant`: with the name of its time zone in the IANA database, if it has one
 * - `day`: all day, `2026-03-17`
 * - `local`: `2026-03-17T14:30:00` in a time zone that is not given, or not known here
 */
export type EventTime =
  | { kind: 'instant'; ms: number; offsetMinutes: number; zone: string | null }
  | { kind: 'day'; day: string }
  | { kind: 'local'; time: string; isZoneGiven: boolean };

export interface Attendee {
  name: string;
  address: string;
  /** PARTSTAT, upper case; empty if absent. */
  answer: string;
}

export interface Invitation {
  /** `REQUEST`, `CANCEL`, `REPLY` and the like, upper case; empty if the calendar has none. */
  method: string;
  uid: string;
  sequence: number;
  summary: string;
  where: string;
  description: string;
  start: EventTime | null;
  /** The end of an event of whole days is its last day. */
  end: EventTime | null;
  organizer: Attendee | null;
  /** The first of them. */
  attendees: Attendee[];
  isCancelled: boolean;
  /** In words; empty if the event does not recur. */
  recurrence: string;
  /** True if only one event of a series is meant. */
  isOneOfSeries: boolean;
  /** Events with other UIDs in the same calendar. */
  otherEvents: number;
}

const MAX_ATTENDEES = 1_000;
const MAX_TEXT_CHARS = 1_000;

/** @param text of the calendar @returns null if it has no event */
export function readInvitation(text: string): Invitation | null {
  const isLarge = text.length > MAX_CHARS_WITH_PEOPLE;
  const components = readCalendarComponents(text, isLarge ? { isWanted: isNoAttendee } : {});
  const events = eventsIn(components);
  const event = mainEventOf(events);
  return event === undefined ? null : toInvitation(event, components);
}

/** The attendees of larger calendars are left out: there are thousands. */
const MAX_CHARS_WITH_PEOPLE = 96 * 1024;
const isNoAttendee = (line: string): boolean => !/^attendee[;:]/i.test(line);

/** The series rather than its exceptions, which have the same UID. */
export function mainEventOf(events: readonly CalendarComponent[]): CalendarComponent | undefined {
  return events.find((one) => textOfProperty(one, 'recurrence-id') === '') ?? events[0];
}

/** Each event of a calendar, in the order of the calendar. */
export function readInvitations(text: string): Invitation[] {
  const components = readCalendarComponents(text);
  return eventsIn(components).map((event) => toInvitation(event, components));
}

function eventsIn(components: readonly CalendarComponent[]): CalendarComponent[] {
  return components.filter(({ name }) => name === 'vevent');
}

/** @param components of the calendar */
export function toInvitation(event: CalendarComponent, components: readonly CalendarComponent[]): Invitation {
  const events = eventsIn(components);
  const calendar = components.find(({ name }) => name === 'vcalendar');
  const zones = components.filter(({ name }) => name === 'vtimezone');
  const uid = textOfProperty(event, 'uid');
  const start = readTime(propertyOf(event, 'dtstart'), zones);
  const attendees = event.properties.filter(({ name }) => name === 'attendee').slice(0, MAX_ATTENDEES);
  const organizer = propertyOf(event, 'organizer');
  const sequence = propertyOf(event, 'sequence')?.values[0];
  return {
    method: calendar === undefined ? '' : textOfProperty(calendar, 'method').toUpperCase().slice(0, 40),
    uid,
    sequence: typeof sequence === 'number' ? sequence : 0,
    summary: textOfProperty(event, 'summary').slice(0, MAX_TEXT_CHARS),
    where: whereOf(event),
    description: textOfProperty(event, 'description'),
    start,
    end: readEnd(event, start, zones),
    organizer: organizer === undefined ? null : toAttendee(organizer),
    attendees: attendees.map(toAttendee),
    isCancelled: textOfProperty(event, 'status').toUpperCase() === 'CANCELLED',
    recurrence: recurrenceInWords(event),
    isOneOfSeries: textOfProperty(event, 'recurrence-id') !== '',
    otherEvents: new Set(events.map((one) => textOfProperty(one, 'uid')).filter((one) => one !== uid)).size,
  };
}

const LINKS = [
  'conference',
  'x-google-conference',
  'x-microsoft-skypeteamsmeetingurl',
  'x-microsoft-onlinemeetingexternallink',
  'url',
];

/** The place, or the link of a conference. */
function whereOf(event: CalendarComponent): string {
  const place = textOfProperty(event, 'location').replace(/\s+/g, ' ');
  const link = LINKS.map((name) => textOfProperty(event, name)).find((value) => /^https?:/i.test(value)) ?? '';
  return (place === '' ? link : place).slice(0, MAX_TEXT_CHARS);
}

/** Of Outlook some dates are without `VALUE=DATE`. */
const DAY = /^(\d{4}-\d{2}-\d{2})(?:T:*)?$/;

export function readTime(
  property: CalendarProperty | undefined,
  zones: readonly CalendarComponent[],
): EventTime | null {
  const value = property?.values[0];
  if (property === undefined || typeof value !== 'string') return null;
  const day = DAY.exec(value)?.[1];
  if (day !== undefined) return dayTime(day) === null ? null : { kind: 'day', day };
  const wallMs = wallTime(value);
  if (wallMs === null) return null;
  if (value.endsWith('Z')) return { kind: 'instant', ms: wallMs, offsetMinutes: 0, zone: 'UTC' };
  const tzid = parameterOf(property, 'tzid');
  return inZone(wallMs, tzid === '' ? null : findTimeZone(tzid, zones), tzid !== '');
}

function inZone(wallMs: number, zone: TimeZone | null, isZoneGiven: boolean): EventTime {
  if (zone === null) return { kind: 'local', time: new Date(wallMs).toISOString().slice(0, 19), isZoneGiven };
  const offsetMinutes = zone.offsetAt(wallMs);
  return { kind: 'instant', ms: wallMs - offsetMinutes * 60_000, offsetMinutes, zone: zone.name };
}

/** DTEND, which is not part of the event (RFC 5545 §3.6.1), or DTSTART and DURATION. */
function readEnd(
  event: CalendarComponent,
  start: EventTime | null,
  zones: readonly CalendarComponent[],
): EventTime | null {
  const end =
    readTime(propertyOf(event, 'dtend'), zones) ?? endAfter(start, durationMs(textOfProperty(event, 'duration')));
  if (start === null || end === null) return null;
  if (end.kind !== 'day') return end;
  const firstMs = start.kind === 'day' ? (dayTime(start.day) ?? 0) : 0;
  const lastMs = (dayTime(end.day) ?? 0) - DAY_MS;
  return lastMs > firstMs ? { kind: 'day', day: new Date(lastMs).toISOString().slice(0, 10) } : null;
}

const DAY_MS = 24 * 60 * 60_000;

function endAfter(start: EventTime | null, ms: number | null): EventTime | null {
  if (start === null || ms === null) return null;
  switch (start.kind) {
    case 'instant':
      return { ...start, ms: start.ms + ms };
    case 'day':
      return { kind: 'day', day: new Date((dayTime(start.day) ?? 0) + ms).toISOString().slice(0, 10) };
    case 'local':
      return { ...start, time: new Date((wallTime(start.time) ?? 0) + ms).toISOString().slice(0, 19) };
  }
}

/** `PT1H30M`, `P2D` (RFC 5545 §3.3.6), a thousand years at most; null for anything else. */
function durationMs(text: string): number | null {
  const [, weeks = '0', days = '0', hours = '0', minutes = '0', seconds = '0'] =
    /^\+?P(?:(\d{1,4})W)?(?:(\d{1,5})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,6})S)?)?$/i.exec(text) ?? [];
  if (!/\d/.test(text)) return null;
  const ms =
    ((Number(weeks) * 7 + Number(days)) * 24 + Number(hours)) * 3_600_000 +
    Number(minutes) * 60_000 +
    Number(seconds) * 1_000;
  return ms > 0 ? ms : null;
}

export function toAttendee(property: CalendarProperty): Attendee {
  const value = property.values[0];
  const address = (typeof value === 'string' ? value : '').trim().replace(/^mailto:/i, '');
  return {
    name: parameterOf(property, 'cn').replace(/\s+/g, ' ').slice(0, 200),
    address: address.includes('@') ? address.slice(0, 320) : '',
    answer: parameterOf(property, 'partstat').toUpperCase(),
  };
}
