/**
 * Reads the components of a calendar that describe events and time zones (RFC 5545 §3.4). ical.js parses the single lines.
 *
 * Its own parser refuses a whole calendar for one wrong line, and nothing here expands a recurrence or a time zone: a rule that repeats every
 * second would take minutes.
 */
import ICAL from 'ical.js';
import { z } from 'zod';

export interface CalendarProperty {
  /** Lower case. */
  name: string;
  /** By lower-case name. */
  parameters: Readonly<Record<string, unknown>>;
  /** Of the values, as jCal has it: `date-time`. */
  type: string;
  /** As jCal has them (RFC 7265 §3.6): `2026-03-17T14:30:00` for a date and time. */
  values: readonly unknown[];
}

export interface CalendarComponent {
  /** Lower case. */
  name: string;
  properties: CalendarProperty[];
  /** Rules of a time zone; empty for other components. */
  children: CalendarComponent[];
}

const MAX_LINES = 4_000;
/** A description may be long. */
const MAX_LINE_CHARS = 32 * 1024;
const MAX_COMPONENTS = 200;
/** Properties of all components together. */
const MAX_PROPERTIES = 1_000;

/** Of the lines of these properties together. */
const MAX_PARSED_CHARS = 256 * 1024;

/** The properties that are read; all others, and components that are not here, are skipped. */
const READ: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  Object.entries({
    vcalendar: ['method'],
    vevent: [
      ...['uid', 'sequence', 'recurrence-id', 'dtstart', 'dtend', 'duration', 'rrule', 'rdate', 'exdate', 'status'],
      ...['summary', 'location', 'description', 'organizer', 'attendee', 'url', 'conference'],
      ...['x-google-conference', 'x-microsoft-skypeteamsmeetingurl', 'x-microsoft-onlinemeetingexternallink'],
    ],
    vtimezone: ['tzid', 'x-lic-location'],
    standard: ['dtstart', 'tzoffsetfrom', 'tzoffsetto', 'rrule', 'rdate', 'tzname'],
    daylight: ['dtstart', 'tzoffsetfrom', 'tzoffsetto', 'rrule', 'rdate', 'tzname'],
  }).map(([name, properties]) => [name, new Set(properties)]),
);

export interface CalendarReading {
  maxLines?: number;
  /** False for the line of a property that is skipped. */
  isWanted?(line: string): boolean;
}

/** @param text of a calendar @returns the first components, in order, time zones with their rules */
export function readCalendarComponents(
  text: string,
  { maxLines = MAX_LINES, isWanted = () => true }: CalendarReading = {},
): CalendarComponent[] {
  const components: CalendarComponent[] = [];
  const open: (CalendarComponent | null)[] = [];
  let count = 0;
  let properties = 0;
  let charsLeft = MAX_PARSED_CHARS;
  for (const line of contentLines(text, maxLines)) {
    const boundary = /^(begin|end):\s*([\w-]{1,40})\s*$/i.exec(line);
    if (boundary === null) {
      const component = open.at(-1);
      const isRead = properties < MAX_PROPERTIES && line.length <= charsLeft;
      if (component && isRead && isWanted(line) && addProperty(component, line)) {
        properties += 1;
        charsLeft -= line.length;
      }
    } else if (boundary[1]?.toLowerCase() === 'end') {
      open.pop();
    } else {
      const name = boundary[2]?.toLowerCase() ?? '';
      count += 1;
      const component = count <= MAX_COMPONENTS && READ.has(name) ? { name, properties: [], children: [] } : null;
      if (component !== null) (isRule(name) ? open.at(-1)?.children : components)?.push(component);
      open.push(component);
    }
  }
  return components;
}

function isRule(name: string): boolean {
  return name === 'standard' || name === 'daylight';
}

/** Unfolds lines (RFC 5545 §3.1). What begins no property is the rest of a text whose line breaks were not escaped. */
function contentLines(text: string, maxLines: number): string[] {
  const lines: string[] = [];
  const unfolded = text.replace(/\r\n?/g, '\n').replace(/\n[ \t]/g, '');
  for (const line of unfolded.split('\n', maxLines)) {
    const last = lines.length - 1;
    const before = lines[last];
    if (/^[\w-]{1,80}[;:]/.test(line)) lines.push(line);
    else if (before !== undefined && before.length < MAX_LINE_CHARS && line.trim() !== '')
      lines[last] = `${before}\\n${line}`;
  }
  return lines;
}

/** @returns false if the line has no property that is read */
function addProperty(component: CalendarComponent, line: string): boolean {
  const name = /^[\w-]+/.exec(line)?.[0].toLowerCase() ?? '';
  if (READ.get(component.name)?.has(name) !== true || line.length > MAX_LINE_CHARS || hasTooMany(line)) return false;
  const property = parseProperty(line);
  if (property !== null) component.properties.push(property);
  return true;
}

/** Programs write a dozen. */
const MAX_PARAMETERS = 100;

/** Thousands of parameters on each line would take longer to parse than all the rest. */
function hasTooMany(line: string): boolean {
  const head = line.replace(/"[^"]*"/g, '');
  return head.slice(0, head.indexOf(':') + 1).split(';', MAX_PARAMETERS + 2).length > MAX_PARAMETERS + 1;
}

const JCal = z.tuple([z.string(), z.record(z.string(), z.unknown()), z.string()], z.unknown());

/** @returns null for a line that is not valid */
function parseProperty(line: string): CalendarProperty | null {
  try {
    const [name, parameters, type, ...values] = JCal.parse(ICAL.parse.property(line));
    return { name, parameters, type, values };
  } catch {
    return null;
  }
}

/** The first property with this name. */
export function propertyOf({ properties }: CalendarComponent, name: string): CalendarProperty | undefined {
  return properties.find((property) => property.name === name);
}

/** The first value of the first property with this name, if it is text and not empty. */
export function textOfProperty(component: CalendarComponent, name: string): string {
  const value = propertyOf(component, name)?.values[0];
  return typeof value === 'string' ? value.trim() : '';
}

/** The value of a parameter, if it is text. */
export function parameterOf({ parameters }: CalendarProperty, name: string): string {
  const value = parameters[name];
  return typeof value === 'string' ? value.trim() : '';
}
