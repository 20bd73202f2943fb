import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cutFileName, cutText } from '../../src/text/cut-text.ts';

describe('a text that is cut', () => {
  test.each([
    ['short', 10, 'short'],
    ['exactly ten', 11, 'exactly ten'],
    ['one more than ten', 10, 'one more…'],
    ['ääääääääää', 4, 'äää…'],
    ['😀😀😀😀', 3, '😀😀…'],
    [`${'\u200b'.repeat(50)}abc`, 5, `${'\u200b'.repeat(50)}abc`],
    [`${'\u200b'.repeat(50)}abcdef`, 4, `${'\u200b'.repeat(50)}abc…`],
  ])('%j at %i is %j', (text, most, expected) => {
    expect(cutText(text, most)).toBe(expected);
  });

  test('is a start of the text, has no more visible characters than it may, and no half of one', () => {
    const texts = fc.array(fc.constantFrom('a', 'ä', '漢', '😀', ' ', '\u200b', '\u{e0041}'), { maxLength: 300 });
    fc.assert(
      fc.property(texts, fc.integer({ min: 2, max: 60 }), (characters, most) => {
        const text = characters.join('');
        const cut = cutText(text, most);
        expect([...cut].filter((character) => !/[\u200b\u{e0041}]/u.test(character)).length).toBeLessThanOrEqual(most);
        expect(cut.isWellFormed()).toBe(true);
        if (cut !== text) expect(text.startsWith(cut.slice(0, -1))).toBe(true);
      }),
    );
  });

  test.each([
    [`${'a'.repeat(200)}.pdf`, `${'a'.repeat(115)}….pdf`],
    [`${'a'.repeat(200)}`, `${'a'.repeat(119)}…`],
    ['report.final.pdf', 'report.final.pdf'],
  ])('keeps the extension of the file name %j', (name, expected) => {
    expect(cutFileName(name, 120)).toBe(expected);
  });
});
