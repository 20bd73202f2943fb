/** Times as people read them. Nobody tells a page without scripts where its reader is, so they are in UTC. */

const dayFormat = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeZone: 'UTC' });
const minuteFormat = new Intl.DateTimeFormat('en-GB', { timeStyle: 'short', timeZone: 'UTC' });

const shortFormat = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' });

/** `21 Nov 2026` */
export const dayWords = (time: Date): string => dayFormat.format(time);

/** `21 Nov 2026, 12:00 UTC` */
export const minuteWords = (time: Date): string => `${dayFormat.format(time)}, ${minuteFormat.format(time)} UTC`;

/** `21 Nov, 12:00 UTC`, for times within a year. */
export const shortWords = (time: Date): string => `${shortFormat.format(time)}, ${minuteFormat.format(time)} UTC`;
