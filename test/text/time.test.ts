import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { toLocalTime } from '../../src/text/time.ts';
import { parseTime } from '../../src/text/time-span.ts';

const now = new Date('2026-11-28T20:00:00Z');
const startOf = (text: string, timeZone: string) => {
  const span = parseTime(text, { now, timeZone });
  return span && new Date(span.start);
};

describe('an instant in a time zone', () => {
  test.each([
    ['2026-11-28T14:00:00Z', 'UTC', '2026-11-28T14:00:00Z'],
    ['2026-11-28T14:00:00Z', 'Europe/Berlin', '2026-11-28T15:00:00+01:00'],
    ['2026-07-28T14:00:00Z', 'Europe/Berlin', '2026-07-28T16:00:00+02:00'],
    ['2026-11-28T23:30:00Z', 'Asia/Kolkata', '2026-11-29T05:00:00+05:30'],
    ['2026-11-28T03:00:00Z', 'America/St_Johns', '2026-11-27T23:30:00-03:30'],
    ['2026-11-28T14:00:00Z', 'Asia/Kathmandu', '2026-11-28T19:45:00+05:45'],
    ['2026-12-31T20:00:00Z', 'Pacific/Kiritimati', '2027-01-01T10:00:00+14:00'],
    ['2026-01-28T14:00:00Z', 'Europe/London', '2026-01-28T14:00:00Z'],
    // The hour that occurs twice.
    ['2026-10-25T00:30:00Z', 'Europe/Berlin', '2026-10-25T02:30:00+02:00'],
    ['2026-10-25T01:30:00Z', 'Europe/Berlin', '2026-10-25T02:30:00+01:00'],
    // Within the zone the year has five digits.
    ['9999-12-31T23:30:00Z', 'Asia/Tokyo', '9999-12-31T23:30:00Z'],
    ['2026-11-28T14:00:00Z', 'Nowhere/At_All', '2026-11-28T14:00:00Z'],
  ])('%s in %s is written %s', (instant, timeZone, expected) => {
    expect(toLocalTime(instant, timeZone)).toBe(expected);
    expect(toLocalTime(new Date(instant), timeZone)).toBe(expected);
  });

  test('is the same instant, in RFC 3339 with seconds, in every zone', () => {
    const instants = fc.date({
      min: new Date('1900-01-01T00:00:00Z'),
      max: new Date('9999-12-31T23:59:59Z'),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(instants, fc.constantFrom(...Intl.supportedValuesOf('timeZone')), (instant, timeZone) => {
        const written = toLocalTime(instant, timeZone);
        expect(written).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:Z|[+-]\d\d:\d\d)$/);
        expect(new Date(written).getTime()).toBe(Math.floor(instant.getTime() / 1000) * 1000);
      }),
    );
  });
});

describe('a time that a caller wrote', () => {
  test.each([
    ['2026-03-01T20:00:00Z', 'Europe/Berlin', '2026-03-01T20:00:00.000Z'],
    ['2026-03-01T20:00:00+01:00', 'UTC', '2026-03-01T19:00:00.000Z'],
    ['2026-03-01T20:00:00-0330', 'UTC', '2026-03-01T23:30:00.000Z'],
    ['2026-03-01', 'UTC', '2026-03-01T00:00:00.000Z'],
    ['2026-03-01', 'Europe/Berlin', '2026-02-28T23:00:00.000Z'],
    ['2026-07-01 09:30', 'Europe/Berlin', '2026-07-01T07:30:00.000Z'],
    ['2026-07-01T09:30', 'America/St_Johns', '2026-07-01T12:00:00.000Z'],
    ['2026-03-29T12:00', 'Europe/Berlin', '2026-03-29T10:00:00.000Z'],
    ['2026-03-28T12:00', 'Europe/Berlin', '2026-03-28T11:00:00.000Z'],
    ['2026-03-01T24:00', 'UTC', '2026-03-02T00:00:00.000Z'],
    ['2026-03-01t20:00:00.123z', 'UTC', '2026-03-01T20:00:00.000Z'],
  ])('%s in %s is %s', (text, timeZone, expected) => {
    expect(startOf(text, timeZone)?.toISOString()).toBe(expected);
  });

  test.each([
    '2026-02-30',
    '2026-13-01',
    '2026-00-10',
    '2026-03-01T25:00',
    '2026-03-01T10:60',
    '1 March 2026',
    '20:00',
    '',
  ])('%s is none', (text) => {
    expect(startOf(text, 'UTC')).toBeUndefined();
  });

  test('is read as it is written, in every zone', () => {
    const instants = fc.date({
      min: new Date('1970-01-01T00:00:00Z'),
      max: new Date('2099-12-31T23:59:59Z'),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(instants, fc.constantFrom(...Intl.supportedValuesOf('timeZone')), (instant, timeZone) => {
        const written = toLocalTime(instant, timeZone);
        expect(startOf(written, 'UTC')?.getTime()).toBe(Math.floor(instant.getTime() / 1000) * 1000);
      }),
    );
  });
});
