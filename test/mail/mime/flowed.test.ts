import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { unfoldFlowed } from '../../../src/mail/mime/flowed.ts';

describe('format=flowed (RFC 3676 §4)', () => {
  test.each([
    ['a paragraph', 'one \ntwo\nthree', 'one two\nthree'],
    ['a quotation', '> one \n> two\n> three', '> one two\n> three'],
    ['quotations of two depths', '>> one \n>> two\n> three \n> four', '>> one two\n> three four'],
    ['a flowed line before another depth', '> one \ntwo', '> one\ntwo'],
    ['a stuffed line', ' >not a quotation\n From here', '>not a quotation\nFrom here'],
    ['a signature', 'one\n-- \nMara \nBremen', 'one\n-- \nMara Bremen'],
    ['an empty line', 'one \n\ntwo', 'one\n\ntwo'],
  ])('%s', (_what, text, expected) => {
    expect(unfoldFlowed(text, false).replace(/(?<!--) +$/gm, '')).toBe(expected);
  });

  test('delsp=yes deletes the blank at the end', () => {
    expect(unfoldFlowed('Donau \ndampf\n> 你 \n> 好', true).replace('> ', '>')).toBe('Donaudampf\n>你好');
  });
});

describe('paragraphs that a program has wrapped', () => {
  // `-- ` begins a signature.
  const word = fc
    .string({ unit: fc.constantFrom('a', 'b', 'é', '漢', '>', '-', 'From'), minLength: 1, maxLength: 8 })
    .filter((text) => text !== '--');
  const paragraph = fc.record({
    depth: fc.integer({ min: 0, max: 4 }),
    words: fc.array(word, { minLength: 1, maxLength: 40 }),
  });

  /** RFC 3676 §4.2: a line that begins with a blank, a mark of quotation or `From ` gets a blank in front. */
  const written = (depth: number, line: string) =>
    depth === 0 ? (/^(?:[ >]|From)/.test(line) ? ` ${line}` : line) : `${'>'.repeat(depth)} ${line}`;

  test('are whole again', () => {
    fc.assert(
      fc.property(fc.array(paragraph, { minLength: 1, maxLength: 6 }), fc.integer({ min: 1, max: 9 }), (all, width) => {
        const lines = all.flatMap(({ depth, words }) => {
          const rows = Array.from({ length: Math.ceil(words.length / width) }, (_, row) =>
            words.slice(row * width, (row + 1) * width).join(' '),
          );
          return rows.map((row, index) => written(depth, index < rows.length - 1 ? `${row} ` : row));
        });
        const whole = all.map(({ depth, words }) => `${depth === 0 ? '' : `${'>'.repeat(depth)} `}${words.join(' ')}`);
        expect(unfoldFlowed(lines.join('\n'), false)).toBe(whole.join('\n'));
      }),
    );
  });
});
