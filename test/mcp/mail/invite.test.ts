import { describe, expect, test } from 'vitest';
import { readInvitation } from '../../../src/mail/parts/invitation.ts';
import { Invite, inviteWarnings, toInvite } from '../../../src/mcp/mail/invite.ts';

const OWNER = { ownAddresses: ['ada@example.test'], timeZone: 'America/New_York' };

function inviteOf(event: string, method = 'REQUEST') {
  const invitation = readInvitation(
    `BEGIN:VCALENDAR\nMETHOD:${method}\nBEGIN:VEVENT\nUID:1\n${event}\nEND:VEVENT\nEND:VCALENDAR\n`,
  );
  if (invitation === null) throw new Error('no event');
  return { invite: toInvite(invitation, OWNER), warnings: inviteWarnings(invitation) };
}

describe('an invite', () => {
  test('has its times in the time zone of the account owner, with the weekday there', () => {
    const { invite, warnings } = inviteOf(
      'SUMMARY:Call\nDTSTART:20260317T020000Z\nDTEND;TZID=Europe/Berlin:20260317T040000\nLOCATION:Phone\nORGANIZER;CN="Holt, Mira":mailto:mira@example.test\nATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:ADA@example.test\nRRULE:FREQ=WEEKLY',
    );
    expect(invite).toEqual({
      ...{ method: 'request', summary: 'Call', start: '2026-03-16T22:00:00-04:00', weekday: 'Monday' },
      ...{ end: '2026-03-16T23:00:00-04:00', where: 'Phone', organizer: '"Holt, Mira" <mira@example.test>' },
      ...{ status: 'needs answer', recurring: 'every week' },
    });
    expect(Invite.parse(invite)).toEqual(invite);
    expect(warnings).toEqual([]);
  });

  test('of whole days has days', () => {
    expect(inviteOf('DTSTART;VALUE=DATE:20260317\nDTEND;VALUE=DATE:20260320').invite).toMatchObject({
      ...{ start: '2026-03-17', weekday: 'Tuesday', end: '2026-03-19' },
    });
  });

  test.each([
    ['DTSTART:20260317T143000', 'gives no time zone'],
    ['DTSTART;TZID=Nowhere:20260317T143000', 'a time zone that is not known here'],
  ])('whose time may mean another moment says so: %s', (event, sentence) => {
    const { invite, warnings } = inviteOf(event);
    expect(invite.start).toBe('2026-03-17T14:30:00');
    expect(warnings).toEqual([expect.stringContaining(sentence)]);
  });

  test('that is marked as answered needs no answer, unless its calendar says what the answer was', () => {
    const status = (answer: string) => {
      const text = `BEGIN:VCALENDAR\nMETHOD:REQUEST\nBEGIN:VEVENT\nUID:1\nATTENDEE;PARTSTAT=${answer}:mailto:ada@example.test\nEND:VEVENT\nEND:VCALENDAR\n`;
      const invitation = readInvitation(text);
      return invitation && toInvite(invitation, OWNER, { isAnswered: true }).status;
    };
    expect(status('NEEDS-ACTION')).toBe('marked as answered');
    expect(status('DECLINED')).toBe('declined');
  });

  test('without anything but a status is returned all the same', () => {
    expect(inviteOf('DTSTAMP:20260317T143000Z', 'CANCEL').invite).toEqual({ method: 'cancel', status: 'cancelled' });
  });
});
