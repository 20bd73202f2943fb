import fc from 'fast-check';
import ICAL from 'ical.js';
import { describe, expect, test } from 'vitest';
import { type InvitationAnswer, invitationReply } from '../../../src/mail/derived/invitation-reply.ts';
import { findInvitedEvents } from '../../../src/mail/derived/invited-events.ts';
import { readInvitation } from '../../../src/mail/parts/invitation.ts';
import { cpuMs } from '../../support/app/cpu-time.ts';
import {
  appleInvitation,
  exchangeInvitation,
  googleInvitation,
  type InvitationOptions,
  zone,
} from '../../support/mail/invitations.ts';

const IDA = { fullName: 'Ida Brandt', email: 'ida@example.test' };
const SHOP = { fullName: 'Ida at the shop', email: 'shop@example.test' };
const NOW = new Date('2026-11-28T20:00:00Z');

interface Asked {
  as?: InvitationAnswer;
  comment?: string;
  from?: typeof IDA;
  method?: string;
}

const calendarOf = (text: string, method?: string) => {
  const invitation = readInvitation(text);
  return { text, method: method ?? invitation?.method ?? '', uid: invitation?.uid ?? '' };
};

function answer(texts: string | string[], { as = 'accept', comment = '', from, method }: Asked = {}) {
  const calendars = [texts].flat().map((text) => calendarOf(text, method));
  const invited = findInvitedEvents(calendars, { senders: [IDA, SHOP], chosen: from });
  return { text: invitationReply(invited, { as, comment, now: NOW }), invited };
}

const parse = (text: string) => new ICAL.Component(ICAL.parse(text));
const eventsOf = (text: string) => parse(text).getAllSubcomponents('vevent');
const replyTo = (text: string, asked?: Asked) => eventsOf(answer(text, asked).text);
const lines = (text: string) => text.replaceAll('\r\n ', '').split('\r\n');

describe('the answer to an invitation (RFC 5546 §3.2.3)', () => {
  test.each([
    ['Google', googleInvitation, 'ida@example.test'],
    ['Exchange', exchangeInvitation, 'Brandt, Ida'],
    ['Apple', appleInvitation, 'Ida Brandt'],
  ])(
    'of %s has what identifies the event, one attendee and nothing else of the invitation',
    (_program, build, name) => {
      const { text } = answer(build(), { as: 'accept' });
      expect(parse(text).getFirstPropertyValue('method')).toBe('REPLY');
      const asked = eventsOf(build());
      const given = eventsOf(text);
      const identity = (event: ICAL.Component) =>
        ['uid', 'sequence', 'recurrence-id', 'dtstart', 'dtend', 'summary'].map((property) =>
          event.getFirstProperty(property)?.toJSON().slice(2),
        );
      expect(given.map(identity)).toEqual(asked.map(identity));
      for (const event of given) {
        expect(event.getAllProperties('attendee').map((each) => each.toJSON())).toEqual([
          ['attendee', { cn: name, partstat: 'ACCEPTED' }, 'cal-address', 'mailto:ida@example.test'],
        ]);
        expect(event.getFirstPropertyValue('organizer')).toBe('mailto:mira@example.test');
        expect(event.getFirstProperty('dtstamp')?.toJSON()[3]).toBe('2026-11-28T20:00:00Z');
        expect(event.getAllSubcomponents()).toEqual([]);
      }
      expect(text).not.toMatch(/VALARM|DESCRIPTION|X-|RRULE:FREQ=WEEKLY|bo@|cy@/);
      for (const line of text.split('\r\n')) expect(Buffer.byteLength(line)).toBeLessThanOrEqual(75);
      expect(text.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
    },
  );

  test('answers the series and each changed date that invites the account owner', () => {
    const [series, changed, ...others] = replyTo(appleInvitation(), { as: 'decline' });
    expect(series?.hasProperty('recurrence-id')).toBe(false);
    expect(changed?.getFirstProperty('recurrence-id')?.toICALString()).toBe(
      'RECURRENCE-ID;TZID=Europe/Berlin:20261211T103000',
    );
    expect(others).toEqual([]);
    const onlyThere = appleInvitation().replace(/ATTENDEE;CN="Ida[^\n]*\r\n/, '');
    expect(replyTo(onlyThere).map((event) => event.hasProperty('recurrence-id'))).toEqual([true]);
  });

  test('defines the time zones that it names, which Exchange requires, and no others', () => {
    const { text } = answer(exchangeInvitation({ components: zone('Unused/Zone') }));
    expect(
      parse(text)
        .getAllSubcomponents('vtimezone')
        .map((each) => each.getFirstPropertyValue('tzid')),
    ).toEqual(['W. Europe Standard Time']);
    expect(text).toContain('RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10\r\n');
    expect(lines(text)).toContain('DTSTART;TZID=W. Europe Standard Time:20261204T103000');
  });

  test('has times in UTC where the invitation does not define its time zone, but RECURRENCE-ID as it is', () => {
    const text = appleInvitation().replace(/BEGIN:VTIMEZONE[\s\S]*END:VTIMEZONE\r\n/, '');
    expect(lines(answer(text).text)).toEqual(
      expect.arrayContaining(['DTSTART:20261204T093000Z', 'RECURRENCE-ID;TZID=Europe/Berlin:20261211T103000']),
    );
  });

  test.each([
    ['DTSTART;VALUE=DATE:20261204', 'RECURRENCE-ID;VALUE=DATE:20261204'],
    ['DTSTART:20261204', 'RECURRENCE-ID;VALUE=DATE:20261204'],
    ['DTSTART:20261204T103000', 'RECURRENCE-ID:20261204T103000'],
    ['DTSTART;TZID="A, \\\\B":20261204T103000', 'RECURRENCE-ID;TZID="A, B":20261204T103000'],
  ])('keeps RECURRENCE-ID like %s', (start, expected) => {
    const more = start.replace('DTSTART', 'RECURRENCE-ID').replace('\\\\', '\\');
    const text = googleInvitation({ more, components: zone('A\\, B') });
    expect(lines(answer(text).text)).toContain(expected);
  });

  test('has the comment, and no line of its own from it', () => {
    const comment = 'Thursday would be better;\nshall we, say,\nEND:VEVENT';
    const [event, ...others] = replyTo(googleInvitation(), { as: 'decline', comment });
    expect(event?.getFirstPropertyValue('comment')).toBe(comment);
    expect(event?.getFirstProperty('attendee')?.getFirstParameter('partstat')).toBe('DECLINED');
    expect(others).toEqual([]);
    expect(
      replyTo(googleInvitation(), { as: 'tentative' })[0]?.getFirstProperty('attendee')?.getFirstParameter('partstat'),
    ).toBe('TENTATIVE');
  });

  test('of a delegate names the delegator, by whom the organizer knows it (RFC 5546 §4.2.5)', () => {
    const attendees = 'ATTENDEE;DELEGATED-FROM="mailto:bo@example.test";RSVP=TRUE:mailto:ida@example.test';
    expect(lines(answer(googleInvitation({ attendees })).text)).toContain(
      'ATTENDEE;PARTSTAT=ACCEPTED;DELEGATED-FROM="mailto:bo@example.test":mailto:ida@example.test',
    );
  });

  test('comes from the address that was invited, once, whatever case it has', () => {
    const line = (address: string) => `ATTENDEE:mailto:${address}`;
    const twice = googleInvitation({ attendees: [line('SHOP@Example.test'), line('shop@example.test')].join('\n') });
    const { invited, text } = answer(twice);
    expect(invited.sender).toEqual(SHOP);
    expect(lines(text).filter((each) => each.startsWith('ATTENDEE'))).toEqual([
      'ATTENDEE;PARTSTAT=ACCEPTED:mailto:SHOP@Example.test',
    ]);
    const both = googleInvitation({ attendees: [line('ida@example.test'), line('shop@example.test')].join('\n') });
    expect(answer(both, { from: SHOP }).invited.sender).toEqual(SHOP);
  });

  test('is that of the request where a message has other calendars', () => {
    const other = googleInvitation({ method: 'PUBLISH', uid: 'other' });
    expect(answer([other, googleInvitation(), googleInvitation()]).text).toContain('UID:7pq2s0c9@google.example');
  });

  test('keeps UID, SEQUENCE and RECURRENCE-ID, whatever they are, and has no other attendee', () => {
    const word = fc.string({ unit: fc.constantFrom(...'aZ09 @.-_;:,="\\^\'<>éß𐍈'), minLength: 1, maxLength: 90 });
    const address = fc.stringMatching(/^[a-z]{1,8}@[a-z]{1,8}\.test$/).filter((each) => each !== IDA.email);
    const escaped = (text: string) => text.replace(/[\\;,]/g, '\\$&');
    fc.assert(
      fc.property(
        word,
        fc.nat(),
        fc.array(fc.tuple(word, address), { maxLength: 5 }),
        word,
        (uid, sequence, others, summary) => {
          const attendees = [
            ...others.map(([cn, mail]) => `ATTENDEE;CN="${cn.replaceAll('"', '')}":mailto:${mail}`),
            'ATTENDEE:mailto:ida@example.test',
          ];
          const text = googleInvitation({
            uid: escaped(`u${uid}`),
            attendees: attendees.join('\n'),
            more: 'RECURRENCE-ID:20261211T093000Z',
          })
            .replace('SEQUENCE:2', `SEQUENCE:${sequence}`)
            .replace('SUMMARY:Budget round', () => `SUMMARY:${escaped(summary)}`);
          const asked = eventsOf(text)[0];
          const [event, ...more] = replyTo(text, { comment: summary });
          for (const name of ['uid', 'sequence', 'recurrence-id'])
            expect(event?.getFirstProperty(name)?.toJSON()).toEqual(asked?.getFirstProperty(name)?.toJSON());
          expect(event?.getAllProperties('attendee').map((each) => each.getFirstValue())).toEqual([
            'mailto:ida@example.test',
          ]);
          expect(more).toEqual([]);
        },
      ),
    );
  });
});

describe('an invitation that cannot be answered is refused with a reason and the next step', () => {
  const published: InvitationOptions = { method: 'PUBLISH' };
  test.each<[string, string | string[], Asked, RegExp]>([
    ['no calendar', [], {}, /no invitation that can be read.*as: "reply"/],
    ['a cancellation', googleInvitation({ method: 'CANCEL' }), {}, /cancelled/],
    ['a cancelled event', googleInvitation().replace('CONFIRMED', 'CANCELLED'), {}, /cancelled/],
    ['an answer', googleInvitation({ method: 'REPLY' }), {}, /answer to an invitation.*as: "reply"/],
    ['another time', googleInvitation({ method: 'COUNTER' }), {}, /proposes another time/],
    ['a refusal of another time', googleInvitation({ method: 'DECLINECOUNTER' }), {}, /refused another time/],
    ['an announcement', googleInvitation(published), {}, /asks for no answer/],
    ['a calendar without a method', googleInvitation({ method: '' }), {}, /asks for no answer/],
    ['an unknown method', googleInvitation({ method: 'CONSTRUCTOR' }), {}, /asks for no answer/],
    ['a further event', googleInvitation({ method: 'ADD' }), {}, /adds an event/],
    ['two invitations', [googleInvitation(), exchangeInvitation()], {}, /several different events/],
    ['two events', googleInvitation({ components: 'BEGIN:VEVENT\nUID:2\nEND:VEVENT' }), {}, /several different events/],
    ['no UID', googleInvitation().replace(/UID:[^\r]*/, 'X-A:b'), {}, /damaged/],
    ['a RECURRENCE-ID that is none', googleInvitation({ more: 'RECURRENCE-ID:soon' }), {}, /damaged/],
    ['a UID over two lines', googleInvitation({ uid: 'a\\nb\u2028c' }), {}, /damaged/],
    ['no organizer', googleInvitation().replace(/ORGANIZER[^\r]*/, 'X-A:b'), {}, /no organizer/],
    [
      'an organizer without mail',
      googleInvitation().replace(/ORGANIZER.*:mailto:mira@example.test/, 'ORGANIZER:https://example.test/@mira'),
      {},
      /no organizer/,
    ],
    [
      'an organizer with header fields',
      googleInvitation({ organizer: 'mira@example.test?bcc=eve@example.test' }),
      {},
      /no organizer/,
    ],
    [
      'two organizers in one',
      googleInvitation({ organizer: 'mira@example.test,eve@example.test' }),
      {},
      /no organizer/,
    ],
    ['an own event', googleInvitation({ organizer: 'SHOP@example.test' }), {}, /is the organizer/],
    [
      'an invitation of others',
      googleInvitation({ attendee: 'dan@example.test' }),
      {},
      /invites dan@example.test, Bo Dahl <bo@example.test>, Cy <cy@example.test>, and no address.*\(ida@example.test, shop@example.test\).*forwarded.*Mira Holt <mira@example.test>/,
    ],
    [
      'several own addresses',
      googleInvitation({ attendees: 'ATTENDEE:mailto:ida@example.test\nATTENDEE:mailto:shop@example.test' }),
      {},
      /several addresses.*\(ida@example.test, shop@example.test\).*`from`/,
    ],
    [
      'an address that is not invited',
      googleInvitation(),
      { from: SHOP },
      /shop@example.test is not invited, only ida@example.test/,
    ],
    [
      'a delegated one',
      googleInvitation({
        attendees: 'ATTENDEE;PARTSTAT=DELEGATED;DELEGATED-TO="mailto:bo@example.test":mailto:ida@example.test',
      }),
      {},
      /delegated it to bo@example.test/,
    ],
  ])('%s', (_what, texts, asked, sentence) => {
    expect(() => answer(texts, asked)).toThrow(sentence);
  });

  test('a method of the part counts where the calendar has none', () => {
    expect(replyTo(googleInvitation({ method: '' }), { method: 'REQUEST' })).toHaveLength(1);
  });
});

describe('a hostile invitation', () => {
  test('with lines in its texts adds no property and no component', () => {
    const injected = '\\nATTENDEE:mailto:eve@example.test\\nEND:VEVENT\\nBEGIN:VEVENT';
    const text = googleInvitation({
      uid: `7${injected}`,
      attendees: `ATTENDEE;CN="Ida^nATTENDEE:mailto:eve@example.test^n^'x":mailto:ida@example.test`,
    }).replace('SUMMARY:Budget round', () => `SUMMARY:Round${injected}\u2028ATTENDEE:mailto:eve@example.test`);
    const reply = answer(text).text;
    const [event, ...others] = eventsOf(reply);
    expect(others).toEqual([]);
    expect(lines(reply).filter((line) => /^(?:attendee|begin:vevent)/i.test(line))).toHaveLength(2);
    expect(event?.getAllProperties('attendee').map((each) => each.getFirstValue())).toEqual([
      'mailto:ida@example.test',
    ]);
    expect(event?.getFirstProperty('attendee')?.getFirstParameter('cn')).not.toMatch(/\n/);
    expect(event?.getFirstPropertyValue('uid')).toBe(eventsOf(text)[0]?.getFirstPropertyValue('uid'));
  });

  const fill = (unit: string) => unit.repeat(Math.floor((512 * 1024) / unit.length));
  const last = 'ATTENDEE:mailto:ida@example.test';

  test('with thousands of attendees whose addresses resemble that of the account owner is answered', () => {
    const attendees = `${fill('ATTENDEE;CN="Frida, the other one":mailto:frida@example.test\n')}${last}`;
    expect(replyTo(googleInvitation({ attendees }))).toHaveLength(1);
  });

  test.each([
    [
      'thousands of attendees',
      googleInvitation({ attendees: `${fill('ATTENDEE;CN=A;PARTSTAT=ACCEPTED:mailto:a@example.test\n')}${last}` }),
    ],
    ['a long description', googleInvitation({ more: `DESCRIPTION:${fill('x\\n')}` })],
    ['a description on many lines', googleInvitation({ more: `DESCRIPTION:x\n${fill('y z\n')}` })],
    ['a rule for every second', googleInvitation({ more: 'RRULE:FREQ=SECONDLY;COUNT=999999999' })],
    ['many dates', googleInvitation({ more: fill('RDATE:20261211T093000Z,20261212T093000Z\n') })],
    [
      'thousands of parameters',
      googleInvitation({ more: fill(`ATTENDEE;${'A=b;'.repeat(1_000)}:mailto:ida@example.test\n`) }),
    ],
  ])('of 512 KiB with %s is answered in less than 200 ms', async (_what, text) => {
    answer(text);
    expect(Math.min(await cpuMs(() => answer(text)), await cpuMs(() => answer(text)))).toBeLessThan(200);
    expect(answer(text).text.length).toBeLessThan(4_000);
  });

  test('is answered or refused with a sentence, whatever it holds', () => {
    const token = fc.constantFrom(
      ...[
        'BEGIN:',
        'END:',
        'VEVENT',
        'VTIMEZONE',
        'STANDARD',
        '\n',
        '\r\n ',
        'UID:',
        'RECURRENCE-ID',
        'SEQUENCE:',
        'ATTENDEE',
      ],
      ...[
        ';CN=',
        ';TZID=',
        ';PARTSTAT=',
        ';RANGE=THISANDFUTURE',
        ';DELEGATED-FROM=',
        ':',
        ';',
        '"',
        '^n',
        '\\n',
        'mailto:',
      ],
      ...[
        'ida@example.test',
        'ORGANIZER:mailto:mira@example.test',
        'x',
        '20261211T093000Z',
        'P1D',
        '\u2028',
        '\u0000',
        '-1',
      ],
    );
    const text = fc.array(token, { maxLength: 60 }).map((all) => all.join(''));
    fc.assert(
      fc.property(text, (more) => {
        let reply: string;
        try {
          reply = answer(googleInvitation({ more })).text;
        } catch (error) {
          expect(String(error)).toMatch(/Nothing was sent: /);
          return;
        }
        for (const event of eventsOf(reply)) expect(event.getAllProperties('attendee')).toHaveLength(1);
      }),
    );
  });
});
