/**
 * Writes a calendar of jCal (RFC 7265). ical.js escapes and folds.
 *
 * Invariant: nothing in a value begins another line.
 */
import ICAL from 'ical.js';
import type { CalendarProperty } from './calendar-components.ts';

/** A component before it is written. */
export interface WrittenComponent {
  name: string;
  properties: readonly CalendarProperty[];
  children?: readonly WrittenComponent[];
}

type JCal = [name: string, properties: unknown[], components: JCal[]];

/** Readers in some languages take these for the end of a line. */
const OTHER_LINE_ENDS = /[^\P{Cc}\t]|[\u2028\u2029]/u;

/** @returns with CRLF line ends; null if a value cannot be written on its line */
export function writeCalendar(calendar: WrittenComponent): string | null {
  const text = ICAL.stringify(toJCal(calendar));
  return text.split('\r\n').some((line) => OTHER_LINE_ENDS.test(line)) ? null : text;
}

function toJCal({ name, properties, children = [] }: WrittenComponent): JCal {
  const written = properties.map(({ name: property, parameters, type, values }) => [
    property,
    { ...parameters },
    type,
    ...values,
  ]);
  return [name, written, children.map(toJCal)];
}
