/** Rules for In-Reply-To and References of an answer (RFC 5322 §3.6.4). */
import { expect, test } from 'vitest';
import { threadFields } from '../../../src/mail/derived/references.ts';

const ids = (count: number) => Array.from({ length: count }, (_, index) => `<${index}@example.test>`);

test('the original comes last, behind the messages that it refers to', () => {
  const original = { messageId: '<b@x.test>', inReplyTo: '<a@x.test>', references: ['<root@x.test>', '<a@x.test>'] };
  expect(threadFields(original)).toEqual({
    inReplyTo: '<b@x.test>',
    references: ['<root@x.test>', '<a@x.test>', '<b@x.test>'],
  });
});

test('without References, In-Reply-To of the original comes first', () => {
  const original = { messageId: '<b@x.test>', inReplyTo: '<a@x.test>', references: [] };
  expect(threadFields(original).references).toEqual(['<a@x.test>', '<b@x.test>']);
});

test('an original that refers to itself is named once', () => {
  const original = { messageId: '<b@x.test>', inReplyTo: '<b@x.test>', references: ['<b@x.test>', '<a@x.test>'] };
  expect(threadFields(original).references).toEqual(['<a@x.test>', '<b@x.test>']);
});

test('of a long conversation the first and the last are kept', () => {
  const { references } = threadFields({ messageId: '<new@x.test>', inReplyTo: null, references: ids(100) });
  expect(references).toHaveLength(30);
  expect(references[0]).toBe('<0@example.test>');
  expect(references.slice(-2)).toEqual(['<99@example.test>', '<new@x.test>']);
});

test('long ids are kept only as far as the field stays short', () => {
  const long = ids(30).map((id) => id.replace('@', `${'x'.repeat(800)}@`));
  const { references } = threadFields({ messageId: '<new@x.test>', inReplyTo: null, references: long });
  expect(references.join(' ').length).toBeLessThan(8_000);
  expect(references[0]).toBe(long[0]);
  expect(references.at(-1)).toBe('<new@x.test>');
});

test.each(['no brackets', '<with blank @x.test>', '<a@x.test>\r\nBcc: eve@x.test', '<ä@x.test>'])(
  'an id that no field can hold is left out: %j',
  (messageId) => {
    expect(threadFields({ messageId, inReplyTo: null, references: ['<a@x.test>', messageId] })).toEqual({
      references: ['<a@x.test>'],
    });
  },
);
