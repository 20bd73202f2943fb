/** Formats times for the pages, in UTC: the server does not know the time zone of the reader when it makes a page. */
import type { Language } from './languages/en.ts';

type TimeWords = (time: Date, t: Pick<Language, 'code'>) => string;

/** As people write times: English with the day before the month, and 24 hours. */
const localeOf = (code: string): string => (code === 'en' ? 'en-GB' : code);

function format(time: Date, code: string, options: Intl.DateTimeFormatOptions): string {
  return new Intl.DateTimeFormat(localeOf(code), { ...options, timeZone: 'UTC' }).format(time);
}

/** `21 Nov 2026` */
export const dayWords: TimeWords = (time, { code }) => format(time, code, { dateStyle: 'medium' });

/** `21 Nov 2026, 12:00 UTC` */
export const minuteWords: TimeWords = (time, { code }) =>
  `${format(time, code, { dateStyle: 'medium' })}, ${format(time, code, { timeStyle: 'short' })} UTC`;

/** `21 Nov, 12:00 UTC`, for times within a year. */
export const shortWords: TimeWords = (time, { code }) =>
  `${format(time, code, { day: 'numeric', month: 'short' })}, ${format(time, code, { timeStyle: 'short' })} UTC`;
