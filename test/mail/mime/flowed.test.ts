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
