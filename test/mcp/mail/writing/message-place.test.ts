/** Rules for naming a message by one text. */
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { MessagePlaceText, readMessagePlace, readPartPlace } from '../../../../src/mcp/mail/writing/message-place.ts';
import { tolerantArguments } from '../../../../src/mcp/tolerant-arguments.ts';
import { wantedObject } from '../../../../src/mcp/wanted-arguments.ts';

const schema = z.object({ of: MessagePlaceText.optional() });
const read = (of: unknown) =>
  schema.safeParse(tolerantArguments({ of }, wantedObject(schema), { isChange: true })).data?.of;

describe('a place', () => {
  test.each([
    ['INBOX/10396', { folder: 'INBOX', uid: 10396 }],
    ['inbox/1', { folder: 'INBOX', uid: 1 }],
    ['Work/2026/Harbour/7', { folder: 'Work/2026/Harbour', uid: 7 }],
    ['INBOX;UIDVALIDITY=1764/10396', { folder: 'INBOX', uid: 10396, uidValidity: '1764' }],
    ['inbox;uidvalidity=9/2', { folder: 'INBOX', uid: 2, uidValidity: '9' }],
    ['a;b/3', { folder: 'a;b', uid: 3 }],
    ['Zero\\u{200B}/4', { folder: 'Zero\u200b', uid: 4 }],
  ])('is the folder and the UID: %s', (text, place) => {
    expect(readMessagePlace(text)).toEqual(place);
    expect(read(text)).toEqual(place);
  });

  test.each([
    '',
    'INBOX',
    '10396',
    '/10396',
    'INBOX/0',
    'INBOX/4294967296',
    'INBOX/1,2',
    'INBOX/x',
    'INBOX/12345678901',
  ])('is nothing else: %j', (text) => {
    expect(readMessagePlace(text)).toBeUndefined();
  });

  test.each([
    [
      { folder: 'INBOX', uid: 5 },
      { folder: 'INBOX', uid: 5 },
    ],
    [
      { folder: 'A/B', uid: '5', uid_validity: '77' },
      { folder: 'A/B', uid: 5, uidValidity: '77' },
    ],
    ['{"folder":"INBOX","uid":5}', { folder: 'INBOX', uid: 5 }],
  ])('may be an object: %j', (given, place) => {
    expect(read(given)).toEqual(place);
  });

  test.each([[{ folder: 'INBOX' }], [{ folder: 'INBOX', uid: 5, part: 2 }], [['INBOX/5']], [5]])(
    'is no other value: %j',
    (given) => {
      expect(read(given)).toBeUndefined();
    },
  );
});

describe('a part', () => {
  test.each([
    ['INBOX/10396/2', { folder: 'INBOX', uid: 10396, part: '2' }],
    ['Work/2026/7/1.2.3', { folder: 'Work/2026', uid: 7, part: '1.2.3' }],
    ['inbox;UIDVALIDITY=9/7/2', { folder: 'INBOX', uid: 7, uidValidity: '9', part: '2' }],
  ])('is a message and its number: %s', (text, place) => {
    expect(readPartPlace(text)).toEqual(place);
  });

  test.each([
    'INBOX/7',
    'INBOX/7/TEXT',
    'INBOX/7/2.MIME',
    'INBOX/7/',
    'https://mail.example.test/7/2',
    'file:///INBOX/7/2',
  ])('is nothing else: %s', (text) => {
    expect(readPartPlace(text)).toBeUndefined();
  });
});
