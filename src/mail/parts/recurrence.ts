/** Says in words how an event recurs (RFC 5545 §3.3.10). Nothing is expanded. */
import { z } from 'zod';
import type { CalendarComponent } from './calendar-components.ts';

const OneOrMore = z.union([z.string(), z.number()]).transform((value) => [`${value}`]);
const List = z.union([
  OneOrMore,
  z.array(z.union([z.string(), z.number()])).transform((all) => all.map((value) => `${value}`)),
]);

/** A rule as jCal has it (RFC 7265 §3.6.10). */
const Rule = z.object({
  freq: z.string(),
  interval: z.coerce.number().optional(),
  count: z.coerce.number().optional(),
  until: z.string().optional(),
  byday: List.optional(),
  bymonthday: List.optional(),
  bymonth: List.optional(),
  bysetpos: List.optional(),
});

const UNITS: Readonly<Record<string, string>> = { DAILY: 'day', WEEKLY: 'week', MONTHLY: 'month', YEARLY: 'year' };
const DAYS: Readonly<Record<string, string>> = {
  MO: 'Mon',
  TU: 'Tue',
  WE: 'Wed',
  TH: 'Thu',
  FR: 'Fri',
  SA: 'Sat',
  SU: 'Sun',
};
const NTH: Readonly<Record<string, string>> = {
  ...{ 1: 'first', 2: 'second', 3: 'third', 4: 'fourth', 5: 'fifth' },
  ...{ '-1': 'last', '-2': 'second to last' },
};
/** Days or months of a rule that are named. */
const MAX_NAMED = 7;

/** @returns empty if the event does not recur */
export function recurrenceInWords({ properties }: CalendarComponent): string {
  const valuesOf = (name: string) =>
    properties.filter((property) => property.name === name).flatMap(({ values }) => values);
  const rules = valuesOf('rrule');
  const dates = valuesOf('rdate').length;
  const exceptions = valuesOf('exdate').length;
  const words = [
    ...rules.slice(0, 1).map(ruleInWords),
    ...(dates > 0 ? [`${rules.length > 0 ? 'and ' : ''}on ${dates} given ${dates === 1 ? 'date' : 'dates'}`] : []),
  ];
  if (words.length > 0 && exceptions > 0) words.push(`except on ${exceptions} ${exceptions === 1 ? 'date' : 'dates'}`);
  return words.join(', ');
}

function ruleInWords(value: unknown): string {
  const { success, data: rule } = Rule.safeParse(value);
  const unit = success ? UNITS[rule.freq.toUpperCase()] : undefined;
  if (!success || unit === undefined) return 'by a rule that is not described here';
  const { interval = 1, count, until } = rule;
  const days = [
    ...(rule.byday ?? []).map((day) => dayInWords(day, rule.bysetpos)),
    ...(rule.bymonthday ?? []).map((day) => `day ${day}`),
  ];
  const months = (rule.bymonth ?? []).map((month) => MONTHS[Number(month) - 1] ?? month);
  return [
    interval > 1 ? `every ${interval} ${unit}s` : `every ${unit}`,
    ...(days.length > 0 ? [`on ${named(days)}`] : []),
    ...(months.length > 0 ? [`in ${named(months)}`] : []),
    ...(until === undefined ? [] : [`until ${until.slice(0, 10)}`]),
    ...(count === undefined ? [] : [`${count} times`]),
  ].join(' ');
}

const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];

/** `2TU` is the second Tuesday. */
function dayInWords(day: string, positions: readonly string[] = []): string {
  const [, nth = positions[0] ?? '', weekday = ''] = /^([+-]?\d{1,2})?([A-Z]{2})$/i.exec(day) ?? [];
  const name = DAYS[weekday.toUpperCase()] ?? day.slice(0, 10);
  const number = NTH[nth.replace('+', '')];
  return number === undefined ? name : `the ${number} ${name}`;
}

function named(all: readonly string[]): string {
  const more = all.length - MAX_NAMED;
  return `${all.slice(0, MAX_NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
