import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseDate } from '../../../src/mail/mime/dates.ts';

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const two = (value: number) => `${value}`.padStart(2, '0');

describe('a date', () => {
  test.each([
    ['Tue, 03 Mar 26 09:15 EST', '2026-03-03T14:15:00Z'],
    ['Tue, 03 Mar 2026 09:15:00 +0530 (IST)', '2026-03-03T03:45:00Z'],
    ['3 Mar 2026 24:00:00 +0000', '2026-03-04T00:00:00Z'],
    ['Sat, 31 Dec 2016 23:59:60 +0000', '2017-01-01T00:00:00Z'],
    ['Tue Mar  3 09:15:00 2026', '2026-03-03T09:15:00Z'],
    ['Tue Mar  3 09:15:00 CET 2026', '2026-03-03T08:15:00Z'],
    ['Tue Mar 03 2026 09:15:00 GMT+0100 (Central European Standard Time)', '2026-03-03T08:15:00Z'],
    ['March 3, 2026 9:15:00 PM GMT-0500', '2026-03-04T02:15:00Z'],
    ['Tue, 3 Mar 2026 12:05 AM +0000', '2026-03-03T00:05:00Z'],
    ['2026-03-03T09:15:00+01:00', '2026-03-03T08:15:00Z'],
    ['2026-03-03 09:15:00.123Z', '2026-03-03T09:15:00Z'],
    ['Tue, 3 Mar 2026 09.15.00 +0100', '2026-03-03T08:15:00Z'],
    ['Tue, 29 Feb 2028 10:00:00 +0000', '2028-02-29T10:00:00Z'],
  ])('%j is %s', (text, expected) => expect(parseDate(text)).toBe(expected));

  test.each([
    'Fri, 30 Feb 2026 10:00:00 +0000',
    'Sun, 29 Feb 2026 10:00:00 +0000',
    'Tue, 31 Apr 2026 10:00:00 +0000',
    'Tue, 0 Mar 2026 10:00:00 +0000',
    '2026-02-30T10:00:00Z',
    '2026-13-01T10:00:00Z',
    'Feb 30, 2026 10:00:00',
    'Di, 3 März 2026 09:15:00 +0100',
    'mar., 3 févr. 2026 09:15:00 +0100',
    'Di, 3 Dez 2026 09:15:00 +0100',
    'Tue, 3 Mar 2026 24:30:00 +0000',
    'Tue, 3 Mar 2026 25:00:00 +0000',
    'Tue, 3 Mar 2026 13:15 PM +0000',
    'Tue, 3 Mar 2026 10:60:00 +0000',
    'Tue, 3 Mar 2026 10:00:00 +9959',
    'Tue, 3 Mar 2026 10:00:00 +0175',
    'Tue, 3 Mar 2026',
    '1772529300',
  ])('%j is none', (text) => expect(parseDate(text)).toBeNull());
});

describe('every instant', () => {
  const instants = fc
    .date({ min: new Date('1970-01-02T00:00:00Z'), max: new Date('2048-12-30T00:00:00Z'), noInvalidDate: true })
    .map((date) => Math.floor(date.getTime() / 1_000) * 1_000);
  const zones = fc.integer({ min: -12 * 4, max: 14 * 4 }).map((quarters) => quarters * 15);

  test('is found in each way to write it', () => {
    fc.assert(
      fc.property(instants, zones, fc.nat(6), (ms, zone, way) => {
        const local = new Date(ms + zone * 60_000);
        const [year, month, day] = [local.getUTCFullYear(), MONTHS[local.getUTCMonth()] ?? '', local.getUTCDate()];
        const time = `${two(local.getUTCHours())}:${two(local.getUTCMinutes())}:${two(local.getUTCSeconds())}`;
        const offset = `${zone < 0 ? '-' : '+'}${two(Math.floor(Math.abs(zone) / 60))}${two(Math.abs(zone) % 60)}`;
        const weekday = DAYS[local.getUTCDay()] ?? '';
        const written = [
          `${weekday}, ${day} ${month} ${year} ${time} ${offset}`,
          `${two(day)} ${month.toUpperCase()} ${year} ${time} ${offset} (comment)`,
          `${weekday}, ${day}-${month}-${year} ${time} ${offset}`,
          `${weekday},  ${day}   ${month}  ${year}   ${time}${offset}`,
          `${weekday} ${month} ${two(day)} ${year} ${time} GMT${offset}`,
          `${local.toISOString().slice(0, 19)}${offset.slice(0, 3)}:${offset.slice(3)}`,
          `${weekday} ${month} ${`${day}`.padStart(2)} ${time} ${offset} ${year}`,
        ][way];
        expect(parseDate(written ?? '')).toBe(new Date(ms).toISOString().replace('.000Z', 'Z'));
      }),
    );
  });

  test('has a day that its month has', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 40 }),
        fc.nat(11),
        fc.integer({ min: 1970, max: 2048 }),
        (day, month, year) => {
          const exists = day >= 1 && new Date(Date.UTC(year, month, day)).getUTCMonth() === month;
          expect(parseDate(`${day} ${MONTHS[month]} ${year} 10:00:00 +0000`) !== null).toBe(exists);
        },
      ),
    );
  });

  test('is written as ISO 8601, or the text is no date', () => {
    const token = fc.constantFrom(
      'Tue',
      ', ',
      ' ',
      '3',
      '30',
      '31',
      '2026',
      '99',
      'Mar',
      'Feb',
      '-',
      ':',
      '09',
      'T',
      'Z',
      '+',
      '0100',
      'GMT',
      'PM',
      '(',
      ')',
      '.',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(token, { maxLength: 20 }).map((all) => all.join('')),
        ),
        (text) => {
          const date = parseDate(text);
          if (date !== null) expect(new Date(date).toISOString().replace('.000Z', 'Z')).toBe(date);
        },
      ),
    );
  });
});
