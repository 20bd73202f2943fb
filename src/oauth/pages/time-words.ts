/**
 * Formats times for the pages, in UTC: the server does not know the time zone of the reader when it makes a page. The script `reader.js` writes
 * them anew in that zone.
 */
import { type Html, timeElement } from './html.ts';
import type { Language } from './languages/en.ts';

/** A time as the script needs it: `words` are replaced by the same parts in the time zone of the reader. */
export interface TimeView {
  /** RFC 3339. */
  time: string;
  words: string;
  /** Options of `Intl.DateTimeFormat` for each part, as JSON. */
  parts: string;
}

/** What the script joins in the same way. */
const PARTS = {
  day: [{ dateStyle: 'medium' }],
  minute: [{ dateStyle: 'medium' }, { timeStyle: 'short' }],
  short: [{ day: 'numeric', month: 'short' }, { timeStyle: 'short' }],
} as const satisfies Record<string, readonly Intl.DateTimeFormatOptions[]>;

/** As people write times: English with the day before the month, and 24 hours. */
const localeOf = (code: string): string => (code === 'en' ? 'en-GB' : code);

function timeView(
  time: Date,
  { code }: Pick<Language, 'code'>,
  parts: readonly Intl.DateTimeFormatOptions[],
): TimeView {
  const words = parts.map((options) =>
    new Intl.DateTimeFormat(localeOf(code), { ...options, timeZone: 'UTC' }).format(time),
  );
  return { time: time.toISOString(), words: `${words.join(', ')} UTC`, parts: JSON.stringify(parts) };
}

type TimeWords = (time: Date, t: Pick<Language, 'code'>) => Html;

/** `21 Nov 2026 UTC` */
export const dayWords: TimeWords = (time, t) => timeElement(timeView(time, t, PARTS.day));

/** `21 Nov 2026, 12:00 UTC` */
export const minuteWords: TimeWords = (time, t) => timeElement(timeView(time, t, PARTS.minute));

/** `21 Nov, 12:00 UTC`, for times within a year where no markup is possible. */
export const shortTime = (time: Date, t: Pick<Language, 'code'>): TimeView => timeView(time, t, PARTS.short);
