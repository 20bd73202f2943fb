/** Reads times as models and other programs write them, as Unix time in seconds. */
import { z } from 'zod';
import { ToolError } from '../../../errors.ts';

/** Later than any time in seconds: these are milliseconds. */
const MILLISECONDS_FROM = 100_000_000_000;

/** Date, time and zone of ISO 8601; the zone also as RFC 5322 has it. */
const ISO =
  /^((?:19|20)\d\d)-?(\d\d)-?(\d\d)(?:[T ]*(\d\d):?(\d\d)(?::?(\d\d)(?:[.,]\d{1,9})?)?\s*(Z|UTC|GMT|[+-]\d\d(?::?\d\d)?)?)?$/i;

/** `Sun, 01 Mar 2026 09:00:00 +0100` */
const RFC_5322 =
  /^(?:[a-z]{3}, ?)?(\d{1,2}) ([a-z]{3}) (\d{4}) (\d\d:\d\d(?::\d\d)?) (GMT|UTC|UT|Z|[+-]\d{4})(?: \([^()]*\))?$/i;

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

/**
 * @param value as received; without a zone it is in UTC
 * @returns other values than numbers and texts as they are
 * @throws {ToolError} for a text that is no time
 */
export function toSeconds(parameter: string, value: unknown): unknown {
  if (typeof value === 'number')
    return dayIn(String(value)) ?? Math.floor(value >= MILLISECONDS_FROM ? value / 1000 : value);
  if (typeof value !== 'string' || value.trim() === '' || value === 'null') return value;
  const text = value.trim().replace(/^"(.*)"$/, '$1');
  const seconds =
    secondsIn(text) ?? (/^\d{1,15}(\.\d{1,9})?$/.test(text) ? toSeconds(parameter, Number(text)) : undefined);
  if (seconds !== undefined) return seconds;
  throw new ToolError(
    `${parameter} must be a time: seconds since 1970, or such as 2026-03-01T09:00:00Z (without a zone: UTC).`,
  );
}

/** `20260301`: as seconds it would be a day of 1970. */
const dayIn = (text: string): number | undefined => (/^(?:19|20)\d{6}$/.test(text) ? secondsIn(text) : undefined);

function secondsIn(text: string): number | undefined {
  const mail = RFC_5322.exec(text);
  if (mail !== null) {
    const [, day = '', month = '', year = '', time = '', zone = ''] = mail;
    const number = MONTHS.indexOf(month.toLowerCase()) + 1;
    return secondsIn(
      `${year}-${String(number).padStart(2, '0')}-${day.padStart(2, '0')} ${time} ${zone === 'UT' ? 'Z' : zone}`,
    );
  }
  const found = ISO.exec(text);
  if (found === null) return undefined;
  const [, year = '', month = '', day = '', hour = '00', minute = '00', second = '00', zone = 'Z'] = found;
  const date = `${year}-${month}-${day}`;
  const millis = Date.parse(`${date}T${hour}:${minute}:${second}${zoneOf(zone)}`);
  return z.iso.date().safeParse(date).success && millis >= 0 ? millis / 1000 : undefined;
}

function zoneOf(zone: string): string {
  if (!/^[+-]/.test(zone)) return 'Z';
  const digits = zone.slice(1).replace(':', '');
  return `${zone[0]}${digits.slice(0, 2)}:${digits.slice(2) || '00'}`;
}
