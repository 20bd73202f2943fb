import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { writeTime } from '../../../src/mail/parts/event-time.ts';
import { type Invitation, readInvitation } from '../../../src/mail/parts/invitation.ts';
import { invitationText, saysWhenAndWhere, statusInWords } from '../../../src/mail/parts/invitation-words.ts';
import { cpuMs } from '../../support/app/cpu-time.ts';
import { zone } from '../../support/mail/invitations.ts';

const calendar = (event: string, { method = 'REQUEST', more = '' } = {}) =>
  `BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//x//EN\n${method === '' ? '' : `METHOD:${method}\n`}${more}BEGIN:VEVENT\nUID:1@example.test\n${event}END:VEVENT\nEND:VCALENDAR\n`;

const read = (event: string, options?: Parameters<typeof calendar>[1]): Invitation => {
  const invitation = readInvitation(calendar(event, options).replaceAll('\n', '\r\n'));
  if (invitation === null) throw new Error('no event');
  return invitation;
};

const times = ({ start, end }: Invitation) => [start, end].map((time) => (time === null ? null : writeTime(time).time));

const OUTLOOK_ZONE = (tzid: string) => `${zone(tzid)}\n`;

describe('an invitation (RFC 5545, RFC 5546)', () => {
  test('of Google has its times in UTC, its place, and a description in several lines', () => {
    const invitation = read(
      `DTSTART:20260317T133000Z
DTEND:20260317T141500Z
DTSTAMP:20260301T080000Z
ORGANIZER;CN=Mira Holt:mailto:mira@example.test
ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=
 TRUE;CN=ola@example.test;X-NUM-GUESTS=0:mailto:ola@example.test
X-GOOGLE-CONFERENCE:https://meet.example.test/abc
DESCRIPTION:Bring the figures\\, please.\\nJoin: https://meet.example.test/abc
LOCATION:Room Linden\\, 2nd floor
SEQUENCE:2
STATUS:CONFIRMED
SUMMARY:Budget round
BEGIN:VALARM
ACTION:DISPLAY
DESCRIPTION:This is an event reminder
TRIGGER:-P0DT0H30M0S
END:VALARM
`,
    );
    expect(invitation).toMatchObject({
      ...{ method: 'REQUEST', uid: '1@example.test', sequence: 2, summary: 'Budget round' },
      ...{
        where: 'Room Linden, 2nd floor',
        description: 'Bring the figures, please.\nJoin: https://meet.example.test/abc',
      },
      organizer: { name: 'Mira Holt', address: 'mira@example.test' },
      attendees: [{ address: 'ola@example.test', answer: 'NEEDS-ACTION' }],
      ...{ recurrence: '', isOneOfSeries: false, otherEvents: 0, isCancelled: false },
    });
    expect(times(invitation)).toEqual(['2026-03-17T13:30:00Z', '2026-03-17T14:15:00Z']);
  });

  test.each([
    ['W. Europe Standard Time', ''],
    ['W. Europe Standard Time', OUTLOOK_ZONE('W. Europe Standard Time')],
    ['Customized Time Zone', OUTLOOK_ZONE('Customized Time Zone')],
    ['(UTC+01:00) Amsterdam, Berlin', OUTLOOK_ZONE('(UTC+01:00) Amsterdam\\, Berlin')],
    ['Europe/Berlin', ''],
    ['CET', ''],
    ['tzone://Microsoft/Custom', OUTLOOK_ZONE('tzone://Microsoft/Custom')],
    ['/mozilla.org/20070129_1/Europe/Berlin', ''],
  ])('in the time zone %s has the offset of that day, in winter and in summer', (tzid, more) => {
    const at = (start: string) => times(read(`DTSTART;TZID="${tzid}":${start}\nDURATION:PT1H30M\n`, { more }));
    expect(at('20260317T143000')).toEqual(['2026-03-17T14:30:00+01:00', '2026-03-17T16:00:00+01:00']);
    expect(at('20260717T143000')).toEqual(['2026-07-17T14:30:00+02:00', '2026-07-17T16:00:00+02:00']);
    expect(at('20261025T120000')).toEqual(['2026-10-25T12:00:00+01:00', '2026-10-25T13:30:00+01:00']);
  });

  test.each([
    ['DTSTART;VALUE=DATE:20260317\nDTEND;VALUE=DATE:20260318\n', ['2026-03-17', null]],
    ['DTSTART;VALUE=DATE:20260317\nDTEND;VALUE=DATE:20260320\n', ['2026-03-17', '2026-03-19']],
    ['DTSTART;VALUE=DATE:20260317\nDURATION:P2D\n', ['2026-03-17', '2026-03-18']],
    ['DTSTART:20260317\n', ['2026-03-17', null]],
  ])('of whole days ends on its last day: %j', (event, expected) => {
    expect(times(read(event))).toEqual(expected);
  });

  test('without a time zone, or with one that is not known, has its times as they are written', () => {
    const floating = read('DTSTART:20260317T143000\nDTEND:20260317T151500\n');
    expect(times(floating)).toEqual(['2026-03-17T14:30:00', '2026-03-17T15:15:00']);
    expect(floating.start).toMatchObject({ kind: 'local', isZoneGiven: false });
    expect(read('DTSTART;TZID=Nowhere/Else:20260317T143000\n').start).toMatchObject({
      kind: 'local',
      isZoneGiven: true,
    });
  });

  test('a day that does not exist is no day', () => {
    expect(read('DTSTART;VALUE=DATE:20260230\n').start).toBeNull();
    expect(read('DTSTART:20260230T100000Z\n').start).toBeNull();
    expect(read('DTSTART:soon\n').start).toBeNull();
  });

  test.each([
    ['RRULE:FREQ=WEEKLY;BYDAY=TU,TH;UNTIL=20261231T000000Z\n', 'every week on Tue, Thu until 2026-12-31'],
    ['RRULE:FREQ=WEEKLY;INTERVAL=2\nEXDATE:20260331T120000Z,20260414T120000Z\n', 'every 2 weeks, except on 2 dates'],
    ['RRULE:FREQ=MONTHLY;BYDAY=2TU;COUNT=10\n', 'every month on the second Tue 10 times'],
    ['RRULE:FREQ=MONTHLY;BYDAY=FR;BYSETPOS=-1\n', 'every month on the last Fri'],
    ['RRULE:FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=17\n', 'every year on day 17 in March'],
    ['RRULE:FREQ=DAILY\n', 'every day'],
    ['RRULE:FREQ=SECONDLY;COUNT=999999999\n', 'by a rule that is not described here'],
    ['RDATE:20260401T120000Z\n', 'on 1 given date'],
    ['', ''],
  ])('that recurs says how: %j', (rule, words) => {
    expect(read(`DTSTART:20260317T120000Z\n${rule}`).recurrence).toBe(words);
  });

  test('with an exception to a series is about the series, and an exception alone about one event', () => {
    const exception =
      'BEGIN:VEVENT\nUID:1@example.test\nRECURRENCE-ID:20260324T120000Z\nDTSTART:20260325T120000Z\nEND:VEVENT\n';
    const series = readInvitation(calendar('DTSTART:20260317T120000Z\nRRULE:FREQ=WEEKLY\n', { more: exception }));
    expect(series).toMatchObject({ recurrence: 'every week', isOneOfSeries: false, otherEvents: 0 });
    expect(read('RECURRENCE-ID:20260324T120000Z\nDTSTART:20260325T120000Z\n').isOneOfSeries).toBe(true);
  });

  test('a line that is wrong costs only that line, and a text whose line breaks are not escaped is read on', () => {
    const invitation = read(
      'DTSTART:20260317T133000Z\nATTENDEE;CN="open:mailto:x@example.test\n;;;\nDESCRIPTION:First line\nsecond line\nSUMMARY:Round\nX-BROKEN;=:\n',
    );
    expect(invitation).toMatchObject({ summary: 'Round', description: 'First line\nsecond line' });
    expect(times(invitation)).toEqual(['2026-03-17T13:30:00Z', null]);
  });

  test('a calendar that ends too early is read as far as it goes', () => {
    expect(
      readInvitation('BEGIN:VCALENDAR\nMETHOD:CANCEL\nBEGIN:VEVENT\nUID:1\nDTSTART:20260317T133000Z\nSUMM'),
    ).toMatchObject({
      method: 'CANCEL',
      start: { kind: 'instant' },
    });
    expect(readInvitation('BEGIN:VCALENDAR\nEND:VCALENDAR\n')).toBeNull();
    expect(readInvitation('')).toBeNull();
  });

  test('a link of a conference is the place if there is no other', () => {
    expect(read('CONFERENCE;VALUE=URI:https://meet.example.test/abc\n').where).toBe('https://meet.example.test/abc');
    expect(read('X-MICROSOFT-SKYPETEAMSMEETINGURL:https://teams.example.test/1\nLOCATION:\n').where).toBe(
      'https://teams.example.test/1',
    );
  });
});

describe('the status of an invitation', () => {
  const ATTENDEES = (answer: string) =>
    `ORGANIZER:mailto:mira@example.test\nATTENDEE;CN=Ola Berg;PARTSTAT=${answer}:mailto:Ola@Example.test\nATTENDEE;PARTSTAT=ACCEPTED:mailto:ann@example.test\n`;
  const own = ['ola@example.test'];

  test.each([
    ['REQUEST', 'NEEDS-ACTION', own, 'needs answer'],
    ['REQUEST', 'ACCEPTED', own, 'accepted'],
    ['REQUEST', 'DECLINED', own, 'declined'],
    ['REQUEST', 'TENTATIVE', own, 'tentatively accepted'],
    ['REQUEST', 'NEEDS-ACTION', ['mira@example.test'], 'you are the organizer'],
    ['REQUEST', 'ACCEPTED', ['alias@example.test'], 'no own address is invited'],
    ['REQUEST', 'DECLINED', ['alias@example.test', 'OLA@example.TEST'], 'declined'],
    ['REQUEST', 'NEEDS-ACTION', ['', 'alias@example.test', 'ann@example.test'], 'accepted'],
    ['CANCEL', 'ACCEPTED', own, 'cancelled'],
    ['REPLY', 'DECLINED', ['mira@example.test'], 'Ola Berg <Ola@Example.test> declined'],
    ['COUNTER', 'TENTATIVE', ['mira@example.test'], 'Ola Berg <Ola@Example.test> proposes another time'],
    ['DECLINECOUNTER', 'ACCEPTED', own, 'the proposed time was refused'],
    ['REFRESH', 'ACCEPTED', ['mira@example.test'], 'an attendee asks for the current version'],
    ['PUBLISH', 'ACCEPTED', own, 'no answer expected'],
    ['', 'ACCEPTED', own, 'no answer expected'],
    ['CONSTRUCTOR', 'CONSTRUCTOR', own, 'no answer expected'],
  ])('with method %j and answer %s, for %j, is %j', (method, answer, addresses, status) => {
    expect(statusInWords(read(ATTENDEES(answer), { method }), addresses)).toBe(status);
  });
});

describe('the text of an invitation', () => {
  const invitation = read(
    'DTSTART;TZID=Europe/Berlin:20260317T143000\nDTEND;TZID=Europe/Berlin:20260317T151500\nSUMMARY:Budget round\nLOCATION:Room Linden\nORGANIZER;CN=Mira Holt:mailto:mira@example.test\nDESCRIPTION:Bring the figures.\n',
  );

  test('says what, when with the weekday, where and by whom', () => {
    expect(invitationText(invitation, true)).toBe(
      'Invitation: Budget round\nWhen: Tue 2026-03-17T14:30:00+01:00 to Tue 2026-03-17T15:15:00+01:00 (Europe/Berlin)\nWhere: Room Linden\nOrganizer: Mira Holt <mira@example.test>\n\nBring the figures.',
    );
  });

  test.each([
    ['Budget round, Tue 17 March, 14:30 to 15:15, Room Linden', true],
    ['17.3.2026, 14.30 Uhr, room  linden', true],
    ['March 17, 2:30 pm in Room Linden', true],
    ['17 March, 14:30', false],
    ['17 March in Room Linden', false],
    ['Room Linden at 14:30 on 7 March', false],
    ['', false],
  ])('is needed unless %j says when and where', (text, isSaid) => {
    expect(saysWhenAndWhere(text, invitation)).toBe(isSaid);
  });
});

describe('a hostile calendar of 64 KiB', () => {
  const fill = (unit: string) => unit.repeat(Math.ceil((64 * 1024) / unit.length)).slice(0, 64 * 1024);
  test.each([
    ['nested events', fill('BEGIN:VEVENT\n')],
    ['attendees', calendar(fill('ATTENDEE;CN=A;PARTSTAT=ACCEPTED:mailto:a@b\n'))],
    ['one attendee with many parameters', calendar(`ATTENDEE;${fill('A=b;')}:mailto:a@b\n`)],
    ['quotes', calendar(`ATTENDEE;CN=${fill('"')}:mailto:a@b\n`)],
    ['equal signs', calendar(`ATTENDEE;${fill('=')}:mailto:a@b\n`)],
    ['a rule for every second', calendar('DTSTART:20260317T133000Z\nRRULE:FREQ=SECONDLY;COUNT=999999999\n')],
    ['a rule with many days', calendar(`DTSTART:20260317T133000Z\nRRULE:FREQ=YEARLY;BYDAY=${fill('MO,')}MO\n`)],
    ['dates of exception', calendar(`DTSTART:20260317T133000Z\nEXDATE:${fill('20260317T133000Z,')}\n`)],
    [
      'a zone that changes every second',
      calendar('DTSTART;TZID=x:20260317T133000\n', { more: OUTLOOK_ZONE('x').replaceAll('YEARLY', 'SECONDLY') }),
    ],
    [
      'a zone of many rules',
      calendar('DTSTART;TZID=x:20260317T133000\n', {
        more: `BEGIN:VTIMEZONE\nTZID:x\n${fill('BEGIN:STANDARD\nDTSTART:19700101T000000\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0200\nRRULE:FREQ=YEARLY;BYDAY=1MO;BYMONTH=1\nEND:STANDARD\n')}END:VTIMEZONE\n`,
      }),
    ],
    ['folded lines', calendar(`DESCRIPTION:${fill('\n a')}\n`)],
    ['lines that are none', calendar(`DESCRIPTION:x\n${fill('x\n')}`)],
    ['escapes', calendar(`DESCRIPTION:${fill('\\n\\,')}\nLOCATION:${fill('\\')}\n`)],
    ['carets', calendar(`ATTENDEE;CN=${fill('^')}:mailto:a@b\n`)],
  ])('of %s is read in less than 20 ms', async (_what, text) => {
    readInvitation(text);
    // Of two measurements one may include the work of the garbage collector.
    expect(Math.min(await cpuMs(() => readInvitation(text)), await cpuMs(() => readInvitation(text)))).toBeLessThan(20);
  });

  test('is read without an error, whatever it holds', () => {
    const token = fc.constantFrom(
      ...[
        'BEGIN:',
        'END:',
        'VEVENT',
        'VTIMEZONE',
        'STANDARD',
        'constructor',
        '__proto__',
        '\n',
        '\r\n ',
        'DTSTART',
        'DTEND',
        'DURATION:',
        'RRULE:',
      ],
      ...[
        ';TZID=',
        ';VALUE=DATE',
        ':',
        ';',
        '=',
        ',',
        '"',
        '\\',
        'FREQ=',
        'YEARLY',
        'UNTIL=',
        'BYDAY=',
        '20260317T143000Z',
        '20260317',
        '99999999T999999',
        'P1D',
        '-PT',
        'ATTENDEE',
        'x',
        'é',
      ],
    );
    const lines = fc.array(
      fc.array(token, { maxLength: 8 }).map((all) => all.join('')),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(lines, (all) => {
        const invitation = readInvitation(`BEGIN:VCALENDAR\nBEGIN:VEVENT\n${all.join('\n')}`);
        if (invitation !== null) {
          invitationText(invitation, true);
          saysWhenAndWhere('x', invitation);
          statusInWords(invitation, ['x']);
        }
      }),
    );
  });

  test('the instant of a local time is the one whose local time it is', () => {
    const zones = fc.constantFrom(
      'Europe/Berlin',
      'America/New_York',
      'Asia/Kolkata',
      'Australia/Lord_Howe',
      'Pacific/Chatham',
      'America/Sao_Paulo',
    );
    const instants = fc.date({
      min: new Date('1990-01-01T00:00:00Z'),
      max: new Date('2037-12-31T00:00:00Z'),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(zones, instants, (timeZone, date) => {
        const ms = Math.floor(date.getTime() / 1_000) * 1_000;
        const { time } = writeTime({ kind: 'instant', ms, offsetMinutes: 0, zone: null }, timeZone);
        const { start } = read(`DTSTART;TZID=${timeZone}:${time.slice(0, 19).replace(/[-:]/g, '')}\n`);
        expect(start).toMatchObject({ kind: 'instant', zone: timeZone });
        // An hour that occurs twice a year has two instants.
        const difference = start?.kind === 'instant' ? Math.abs(start.ms - ms) : Number.NaN;
        expect([0, 30 * 60_000, 60 * 60_000]).toContain(difference);
        if (start !== null) expect(writeTime(start).time.slice(0, 19)).toBe(time.slice(0, 19));
      }),
    );
  });
});

test.each([
  ['thousands of parameters are', ';A=B'.repeat(5_000), ''],
  ['a parameter with a long text is not', `;ALTREP="data:text/html,${'a;'.repeat(5_000)}"`, 'The plan'],
])('%s skipped with their line', (_what, parameters, summary) => {
  const text = `BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nSUMMARY${parameters}:The plan\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n`;
  expect(readInvitation(text)?.summary).toBe(summary);
});
