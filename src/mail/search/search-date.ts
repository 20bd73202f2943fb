/** Writes dates as SEARCH takes them (RFC 9051 §9, `date`). */

export const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** The day of an instant in UTC, not before 1970. @param instant milliseconds since 1970 */
export function searchDate(instant: number): string {
  const date = new Date(Math.max(0, instant));
  return `${date.getUTCDate()}-${MONTHS[date.getUTCMonth()]}-${date.getUTCFullYear()}`;
}
