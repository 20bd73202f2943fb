import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ListedMessage } from '../../../../src/mail/messages/list.ts';
import { MessageRow, toRow } from '../../../../src/mcp/mail/rows/message-rows.ts';

const IN_BERLIN = { ownAddresses: ['ada@example.test'], timeZone: 'Europe/Berlin' };

const EMPTY: ListedMessage = {
  uid: 7,
  subject: '',
  from: [],
  sender: [],
  replyTo: [],
  to: [],
  cc: [],
  messageId: null,
  inReplyTo: null,
  arrivedAt: null,
  sentAt: null,
  isSentAtUnreadable: false,
  sizeBytes: 0,
  flags: ['\\Seen'],
  isUnreadable: false,
  areAddressesCut: false,
  isFromList: false,
  structure: null,
};

const leaf = (type: string, number: string, filename: string | null): NonNullable<ListedMessage['structure']> => ({
  ...{ number, type, filename, parameters: new Map(), contentId: null, encoding: '7bit', sizeBytes: 10 },
  ...{ disposition: filename === null ? null : 'attachment', children: [], subject: null },
});
const TEXT = leaf('text/plain', '1', null);

describe('a row', () => {
  test('has only the UID if there is nothing else to say', () => {
    expect(toRow({ ...EMPTY, structure: TEXT }, IN_BERLIN)).toEqual({ uid: 7 });
  });

  test('has the arrival in the zone of the account owner, and another time of sending too', () => {
    const message = { ...EMPTY, structure: TEXT, arrivedAt: '2026-07-01T10:00:00Z' };
    expect(toRow(message, IN_BERLIN)).toEqual({ uid: 7, date: '2026-07-01T12:00:00+02:00' });
    expect(toRow({ ...message, sentAt: '2026-01-01T10:00:00Z' }, IN_BERLIN)).toMatchObject({
      date: '2026-07-01T12:00:00+02:00',
      sent: '2026-01-01T11:00:00+01:00',
    });
    expect(toRow({ ...EMPTY, structure: TEXT, sentAt: '2026-01-01T10:00:00Z' }, IN_BERLIN)).toEqual({
      uid: 7,
      sent: '2026-01-01T11:00:00+01:00',
    });
  });

  test('says what the server did not return', () => {
    expect(toRow(EMPTY, IN_BERLIN)).toEqual({ uid: 7, unreadable: expect.stringContaining('which files') });
    expect(toRow({ ...EMPTY, flags: [], isUnreadable: true }, IN_BERLIN)).toEqual({
      uid: 7,
      unreadable: expect.stringContaining('get_mail_message may'),
    });
  });

  test('is bounded, whatever the sender wrote, and has no empty field', () => {
    const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 2_000 }), fc.constant('x'.repeat(2_000)));
    const people = fc.array(fc.record({ name: text, address: fc.string({ maxLength: 60 }) }), { maxLength: 30 });
    const message = fc.record({
      subject: text,
      from: people,
      to: people,
      cc: people,
      files: fc.array(text, { maxLength: 30 }),
    });
    fc.assert(
      fc.property(message, fc.boolean(), ({ files, ...fields }, areAddressesCut) => {
        const children = [TEXT, ...files.map((name, index) => leaf('image/png', `${index + 2}`, name))];
        const structure = { ...leaf('multipart/mixed', '', null), children };
        const row = toRow({ ...EMPTY, ...fields, areAddressesCut, structure }, IN_BERLIN);
        expect(MessageRow.parse(row)).toEqual(row);
        for (const list of [row.to, row.cc]) expect(list?.length ?? 0).toBeLessThanOrEqual(4);
        expect(row.files?.length ?? 0).toBeLessThanOrEqual(11);
        const values = Object.values(row).flat();
        expect(values.filter((value) => value === '' || value === false || value === null)).toEqual([]);
      }),
      { numRuns: 50 },
    );
    const long = { name: 'n'.repeat(2_000), address: 'a@example.test' };
    const fields = { subject: 's'.repeat(2_000), from: Array(30).fill(long), to: Array(30).fill(long), cc: [long] };
    expect(JSON.stringify(toRow({ ...EMPTY, ...fields, structure: TEXT }, IN_BERLIN)).length).toBeLessThan(1_200);
  });
});
