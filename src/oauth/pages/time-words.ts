/** Formats times for the pages, in UTC: the server does not know the time zone of the reader when it makes a page. */

const DAY_FORMAT = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeZone: 'UTC' });
const MINUTE_FORMAT = new Intl.DateTimeFormat('en-GB', { timeStyle: 'short', timeZone: 'UTC' });

const SHORT_FORMAT = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' });

/** `21 Nov 2026` */
export const dayWords = (time: Date): string => DAY_FORMAT.format(time);

/** `21 Nov 2026, 12:00 UTC` */
export const minuteWords = (time: Date): string => `${DAY_FORMAT.format(time)}, ${MINUTE_FORMAT.format(time)} UTC`;

/** `21 Nov, 12:00 UTC`, for times within a year. */
export const shortWords = (time: Date): string => `${SHORT_FORMAT.format(time)}, ${MINUTE_FORMAT.format(time)} UTC`;
