/** Converts dates of mail to ISO 8601 in UTC. */

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

/** Zones by name, in hours: the obsolete ones of RFC 5322 §4.3, and others with one meaning. All others mean UTC there. */
const ZONE_HOURS: Readonly<Record<string, number>> = {
  ...{ EST: -5, EDT: -4, CST: -6, CDT: -5, MST: -7, MDT: -6, PST: -8, PDT: -7 },
  ...{ WEST: 1, BST: 1, CET: 1, MET: 1, MEZ: 1, CEST: 2, MEST: 2, MESZ: 2, EET: 2, EEST: 3, MSK: 3 },
  ...{ HKT: 8, SGT: 8, JST: 9, KST: 9, AEST: 10, AEDT: 11, NZST: 12, NZDT: 13 },
};
/** No zone is farther from UTC. */
const MAX_ZONE_HOURS = 15;

const TIME = String.raw`(?<hour>\d{1,2})[:.](?<minute>\d{2})(?:[:.](?<second>\d{2})(?:[.,]\d{1,9})?)?(?:\s*(?<half>[ap])\.?m\b\.?)?`;
const ZONE = String.raw`\s*(?:(?:GMT|UTC?)?(?<zoneHour>[+-]\d{2}):?(?<zoneMinute>\d{2})|(?<zoneName>[a-z]{1,5}))?`;
const MONTH = String.raw`(?<month>[a-z]{3})[a-z]*\.?`;

/** The order of RFC 5322, that of programs in C and JavaScript, and that of ISO 8601. */
const FORMATS = [
  String.raw`(?<day>\d{1,2})[\s-]+${MONTH}[\s-]+(?<year>\d{2,4})[\s,]+${TIME}${ZONE}`,
  String.raw`\b${MONTH}\s+(?<day>\d{1,2}),?\s+(?<year>\d{4})[\s,]+${TIME}${ZONE}`,
  String.raw`\b${MONTH}\s+(?<day>\d{1,2})\s+${TIME}${ZONE}\s+(?<year>\d{4})\b`,
  String.raw`\b(?<year>\d{4})-(?<month>\d{2})-(?<day>\d{2})[t\s]+${TIME}${ZONE}`,
].map((format) => new RegExp(format, 'i'));

/**
 * Parses a Date header (RFC 5322 §3.3, with its obsolete forms and those of common programs) or an INTERNALDATE (RFC 9051 §2.3.3).
 * `new Date()` is not used, as it takes a date without a zone as local time, and 30 February as 2 March.
 *
 * @returns ISO 8601, UTC, to the second; null if it is not a date
 */
export function parseDate(text: string): string | null {
  const written = text.slice(0, 200).replace(/\([^()]*\)/g, ' ');
  const fields = FORMATS.map((format) => format.exec(written)?.groups).find((groups) => groups !== undefined);
  if (fields === undefined) return null;
  const day = dayOf(fields);
  const minutes = minutesOf(fields);
  const zone = zoneMinutes(fields);
  if (day === null || minutes === null || zone === null) return null;
  const date = new Date(day + (minutes - zone) * 60_000 + Number(fields.second ?? '0') * 1_000);
  // RFC 5322 §3.3 has no year before 1900, and ISO 8601 none of five digits.
  const isValidYear = date.getUTCFullYear() >= 1900 && date.getUTCFullYear() <= 9999;
  return isValidYear ? date.toISOString().replace('.000Z', 'Z') : null;
}

type Fields = Readonly<Record<string, string | undefined>>;

/** @returns milliseconds of midnight; null if the month has no such day */
function dayOf({ year = '', month = '', day = '' }: Fields): number | null {
  const index = /^\d/.test(month) ? Number(month) - 1 : MONTHS.indexOf(month.toLowerCase());
  if (index < 0 || index > 11) return null;
  const daysOfMonth = new Date(Date.UTC(fullYear(year), index + 1, 0)).getUTCDate();
  return Number(day) < 1 || Number(day) > daysOfMonth ? null : Date.UTC(fullYear(year), index, Number(day));
}

/** @returns minutes since midnight; null if a day has no such time */
function minutesOf({ hour = '', minute = '', second = '0', half }: Fields): number | null {
  const [hours, minutes] = [Number(hour), Number(minute)];
  if (minutes > 59 || Number(second) > 60) return null;
  if (half !== undefined) {
    return hours < 1 || hours > 12 ? null : ((hours % 12) + (half.toLowerCase() === 'p' ? 12 : 0)) * 60 + minutes;
  }
  const isEndOfDay = hours === 24 && minutes === 0 && Number(second) === 0;
  return hours > 23 && !isEndOfDay ? null : hours * 60 + minutes;
}

/** @returns minutes east of UTC; null if there is no such zone */
function zoneMinutes({ zoneHour, zoneMinute = '0', zoneName = '' }: Fields): number | null {
  if (zoneHour === undefined) return (ZONE_HOURS[zoneName.toUpperCase()] ?? 0) * 60;
  const hours = Math.abs(Number(zoneHour));
  if (hours > MAX_ZONE_HOURS || Number(zoneMinute) > 59) return null;
  return (zoneHour.startsWith('-') ? -1 : 1) * (hours * 60 + Number(zoneMinute));
}

/** Two and three digits: RFC 5322 §4.3. */
function fullYear(digits: string): number {
  const year = Number(digits);
  // `Date.UTC` reads a year below 100 as 19xx.
  if (digits.length === 4) return year < 100 ? -1 : year;
  return digits.length === 2 && year < 50 ? 2000 + year : 1900 + year;
}
