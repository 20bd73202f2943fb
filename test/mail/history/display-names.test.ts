import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nameKey, searchWords } from '../../../src/mail/history/display-names.ts';

describe('two names are taken for one', () => {
  test.each([
    ['Mara Lindqvist', 'mara lindqvist'],
    ['Mara Lindqvist', 'Lindqvist, Mara'],
    ['Mara Lindqvist', '"Mara  Lindqvist"'],
    ['Mara Lindqvist', 'Маrа Lindqvist'],
    ['Mara Lindqvist', 'Mara Lindqvi5t'],
    ['Aïcha Benali', 'Aicha Benali'],
    ['PayFlow', 'PayFlow Service'],
    ['PayFlow Support Team', 'PayF1ow'],
    ['Ｐａｙ Flow', 'Pay Flow'],
    ['Мария Иванова', 'мария иванова'],
    ['王小明', '王小明'],
    ['Mara Lindqvist', 'Ma\u200bra Lind\u00adqv\u2060ist'],
    ['Mara Lindqvist', '\u202aMara\u202c L\u3164indqvist'],
    ['Mara Lindqvist', 'Prof. Dr. Mara Lindqvist'],
  ])('%s and %s', (one, other) => {
    expect(nameKey(one)).not.toBe('');
    expect(nameKey(other)).toBe(nameKey(one));
  });
});

test.each([
  ['Mara Lindqvist', 'Mara Lund'],
  ['Mara Lindqvist', 'Mara'],
  ['Мария Иванова', 'Мария Петрова'],
])('%s and %s are two names', (one, other) => {
  expect(nameKey(other)).not.toBe(nameKey(one));
});

test.each(['', 'Support', 'The Service Team', 'no-reply', 'Newsletter', 'Al', '  ', '!!!', 'Kundenservice'])(
  'the name %j says nothing, and is not searched for',
  (name) => {
    expect(nameKey(name)).toBe('');
    expect(searchWords(name)).toEqual([]);
  },
);

describe('the words to search for', () => {
  test.each([
    ['Mara Lindqvist', ['lindqvist', 'mara']],
    ['Lindqvist, Mara', ['lindqvist', 'mara']],
    ['PayFlow Service', ['payflow']],
    // In letters that every server finds.
    ['Aïcha Benali', ['benali']],
    ['Маrа Lindqvist', ['lindqvist']],
    // What is imitated.
    ['PayPa1', ['paypal']],
    ['Zoë', ['zoe']],
    // Nothing else is there.
    ['Мария Иванова', ['иванова', 'мария']],
    ['王小明', ['王小明']],
    ['One Two Three Four Sixty', ['three', 'sixty', 'four']],
  ])('of %s are %j', (name, words) => {
    expect(searchWords(name)).toEqual(words);
  });

  test('of any name are at most three, without an error', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 300 }), (name) => {
        expect(searchWords(name).length).toBeLessThanOrEqual(3);
      }),
    );
  });
});
