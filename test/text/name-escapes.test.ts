import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { escapeName, spellName, unescapeName } from '../../src/text/name-escapes.ts';
import { visibleText } from '../../src/text/visible-text.ts';

const characters = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 1 }),
  fc.constantFrom(
    '\\',
    'u',
    '{',
    '}',
    '\\u{',
    '\\u{5C}',
    '\\u{200B}',
    '\u200b',
    '\u202e',
    '\u{e0041}',
    '\0',
    '\n',
    '\ud800',
    'é',
    'e\u0301',
    '200B',
  ),
);
const names = fc.array(characters).map((each) => each.join(''));

describe('names', () => {
  test('come back as they were, whatever is in them', () => {
    fc.assert(
      fc.property(names, (name) => {
        expect(unescapeName(escapeName(name))).toBe(name);
        expect(unescapeName(spellName(name))).toBe(name);
      }),
      { numRuns: 1000 },
    );
  });

  test.each(['a\u00a0b', 'Sent\u2003', '\u202fINBOX', 'a\u1680b'])('show a blank that is no space: %j', (name) => {
    expect(escapeName(name)).toMatch(/^[a-zA-Z ]*\\u\{[0-9A-F]{2,4}\}[a-zA-Z ]*$/);
    expect(unescapeName(escapeName(name))).toBe(name);
  });

  test('are all visible once they are escaped', () => {
    fc.assert(
      fc.property(names, (name) => {
        expect(visibleText(escapeName(name)).hidden).toEqual({ letters: 0, isCertain: false });
        expect(escapeName(name)).not.toMatch(/[\p{Cc}\p{Cs}\u2028\u2029\u200b\u202e\u{e0000}-\u{e007f}]/u);
        expect(spellName(name)).toMatch(/^[\x20-\x7e]*$/);
      }),
      { numRuns: 1000 },
    );
  });

  test.each([
    ['a\u200bb', 'a\\u{200B}b'],
    ['a\tb\r\n', 'a\\u{9}b\\u{D}\\u{A}'],
    ['\\u{200B}', '\\u{5C}u{200B}'],
    ['C:\\users', 'C:\\users'],
    ['Grüße 日本 👨‍👩‍👧 می‌خواهم', 'Grüße 日本 👨‍👩‍👧 می‌خواهم'],
    ['\u{e0049}\u202e', '\\u{E0049}\\u{202E}'],
    ['Work ', 'Work\\u{20}'],
    [' \u3000Work', '\\u{20}\\u{3000}Work'],
    ['Work  A B', 'Work \\u{20}A B'],
    [`e${'\u0301'.repeat(11)}`, `e${'\u0301'.repeat(9)}\\u{301}\\u{301}`],
  ])('%j is shown as %j', (name, shown) => {
    expect(escapeName(name)).toBe(shown);
  });

  test('that look the same are spelled differently', () => {
    expect(spellName('Caf\u00e9')).toBe('Caf\\u{E9}');
    expect(spellName('Cafe\u0301')).toBe('Cafe\\u{301}');
  });

  test.each(['\\u{110000}', '\\u{}', '\\u{xyz}', '\\u200B', '\\U{200B}'])('%s is no escape', (text) => {
    expect(unescapeName(text)).toBe(text);
  });
});
