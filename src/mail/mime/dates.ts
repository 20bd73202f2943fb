/** Converts dates of mail to ISO 8601 in UTC. */

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

/** Obsolete zones of RFC 5322 §4.3, in hours; all others mean UTC there. */
const ZONE_HOURS: Readonly<Record<string, number>> = {
  EST: -5,
  EDT: -4,
  CST: -6,
  CDT: -5,
  MST: -7,
  MDT: -6,
  PST: -8,
  PDT: -7,
};

const DATE =
  /(\d{1,2})[\s-]+([a-z]{3})[a-z]*\.?[\s-]+(\d{2,4})[\s,]+(\d{1,2})[:.](\d{2})(?:[:.](\d{2})(?:\.\d{1,9})?)?\s*(?:([+-]\d{2}):?(\d{2})|([a-z]{1,5}))?/i;

/**
 * Parses a Date header (RFC 5322 §3.3, with its obsolete forms) or an INTERNALDATE (RFC 9051 §2.3.3). `new Date()` is not used, as it
 * takes a date without a zone as local time.
 *
 * @returns ISO 8601, UTC, to the second; null if it is not a date
 */
export function parseDate(text: string): string | null {
  const match = DATE.exec(text.slice(0, 200).replace(/\([^()]*\)/g, ' '));
  if (match === null) return null;
  const [
    ,
    day = '',
    month = '',
    year = '',
    hour = '',
    minute = '',
    second = '0',
    zoneHour,
    zoneMinute = '0',
    zoneName = '',
  ] = match;
  const time = Date.UTC(
    fullYear(year),
    MONTHS.indexOf(month.toLowerCase()),
    Number(day),
    Number(hour),
    Number(minute),
    Number(second),
  );
  const isPossible =
    MONTHS.includes(month.toLowerCase()) && Number(day) <= 31 && Number(hour) <= 24 && Number(minute) <= 59;
  // `Date.UTC` would take 30 February for 2 March.
  const daysOfMonth = new Date(Date.UTC(fullYear(year), MONTHS.indexOf(month.toLowerCase()) + 1, 0)).getUTCDate();
  if (!isPossible || Number(second) > 60 || Number(day) < 1 || Number(day) > daysOfMonth) return null;
  const minutes =
    zoneHour === undefined
      ? (ZONE_HOURS[zoneName.toUpperCase()] ?? 0) * 60
      : (zoneHour.startsWith('-') ? -1 : 1) * (Math.abs(Number(zoneHour)) * 60 + Number(zoneMinute));
  const date = new Date(time - minutes * 60_000);
  // RFC 5322 §3.3 has no year before 1900, and ISO 8601 none of five digits.
  const isValidYear = date.getUTCFullYear() >= 1900 && date.getUTCFullYear() <= 9999;
  return isValidYear ? date.toISOString().replace('.000Z', 'Z') : null;
}

/** Two and three digits: RFC 5322 §4.3. */
function fullYear(digits: string): number {
  const year = Number(digits);
  // `Date.UTC` reads a year below 100 as 19xx.
  if (digits.length === 4) return year < 100 ? -1 : year;
  return digits.length === 2 && year < 50 ? 2000 + year : 1900 + year;
}
