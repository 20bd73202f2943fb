/** Recognizes names of time zones. */

/** Longer than every name of the IANA time zone database. */
const MAX_NAME_CHARS = 64;

/** True if the runtime knows the time zone; offsets such as `+02:00` are no names. */
export function isTimeZone(name: string): boolean {
  if (name.length > MAX_NAME_CHARS || !/^[A-Za-z][\w+/-]*$/.test(name)) return false;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
