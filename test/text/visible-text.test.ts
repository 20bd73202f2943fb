import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { visibleMarkup } from '../../src/text/visible-markup.ts';
import { isSuspicious, visibleLine, visibleText, withoutPadding } from '../../src/text/visible-text.ts';

/** ASCII as Unicode tags. */
const inTags = (text: string) => [...text].map((c) => String.fromCodePoint(0xe0000 + c.charCodeAt(0))).join('');

/** An ideograph with a variation selector for a letter. */
const variantFor = (letter: string) => `葛${String.fromCodePoint(0xe0100 + letter.charCodeAt(0))}`;

const NEVER =
  /[\p{Cc}\p{Cs}\p{Co}\u{e0000}-\u{e007f}\u200b\u200e\u200f\u061c\u202a-\u202e\u2060-\u206f\ufeff\u00ad\u180e\u115f\u1160\u3164\uffa0\ufff9-\ufffb\u2028\u2029\u2800\u{1d173}-\u{1d17a}\u{1bca0}-\u{1bca3}\ufdd0\u{10ffff}]|\u034f|\u17b4|\u17b5/u;

describe('characters that people cannot see', () => {
  test.each([
    ['tags', `a${inTags('IGNORE')}b`],
    ['overrides', 'a\u202db\u202e'],
    ['embeddings, isolates and marks', 'a\u202ab\u202bc\u202cd\u2066e\u2067f\u2068g\u2069h\u200ei\u200fj\u061c'],
    ['zero width', 'a\u200bb\u200bc\u2060d\u2061e\u2062f\u2063g\u2064h\ufeffi\u180ej'],
    ['fillers', 'a\u115f\u1160\u3164\uffa0\u17b4\u17b5b'],
    ['controls', 'a\x1b[31mb\0c\x07d\x08e\x7ff\x9b'],
    ['annotations and musical ones', 'a\ufff9b\ufffac\ufffb\u{1d173}\u{1d17a}'],
    ['private use, noncharacters, halves of pairs', 'a\ue000\u{f0000}\ufdd0\ufffe\u{10ffff}\ud800b\udc00'],
    ['variation selectors on a picture', `😀${'\u{e0101}'.repeat(30)}\ufe00\ufe01`],
    ['joiners between Latin letters', 'a\u200cb\u200dc'],
    ['separators of lines and paragraphs', 'a\u2028b\u2029c\u0085d\ve\ff'],
  ])('%s are removed', (_, text) => {
    expect(visibleLine(text).text).not.toMatch(NEVER);
    expect(visibleLine(text).text).not.toMatch(/\n|\u200c|\u200d|[\u{e0100}-\u{e01ef}]|[\ufe00-\ufe0d]/u);
  });

  test('never occur in a result, whatever the text', () => {
    const pieces = fc.constantFrom(
      'a',
      ' ',
      '\n',
      'ش',
      '😀',
      '\u200b',
      '\u200c',
      '\u200d',
      '\ufe0f',
      '\u{e0041}',
      '\u202e',
      '\0',
      '\ud83d',
      '\u00ad',
    );
    const texts = fc.oneof(
      fc.array(pieces).map((each) => each.join('')),
      fc.string({ unit: 'binary' }),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const { text: visible } = visibleText(text);
        expect(visible.replaceAll('\n', '').replaceAll('\t', '')).not.toMatch(NEVER);
        expect(visible.isWellFormed()).toBe(true);
        expect(visibleText(visible).text).toBe(visible);
      }),
    );
  });

  test.each([
    ['Persian', 'می‌خواهم فردا بیایم'],
    ['Hindi', 'क्‍ष और क्‌ष'],
    ['Malayalam with a joiner at the end of a word', 'ന്‍ എന്ന'],
    ['families, hearts on fire, keycaps', '👨‍👩‍👧‍👦 ❤️‍🔥 🏳️‍🌈 👩🏽‍🚀 1️⃣ ✔️ ☎︎'],
    ['variants of ideographs', '葛󠄀城'],
    ['Mongolian', 'ᠮᠣᠩᠭᠣᠯ᠎ᠠ'],
    ['pictures of a later Unicode version', '\u{1fadf}\u{1fa8f}'],
    ['accents, Hebrew points and signs in front of Arabic numbers', 'Zoë ĕ̃ שָׁלוֹם ؀١'],
    ['tabs and lines', 'a\tb\n\nc'],
  ])('are kept where they are written: %s', (_, text) => {
    expect(visibleText(text)).toEqual({ text, hidden: { letters: 0, isCertain: false } });
  });

  test('line breaks of all kinds are line feeds, and blanks in a single line', () => {
    expect(visibleText('a\r\nb\rc\u2028d\u0085e').text).toBe('a\nb\nc\nd\ne');
    expect(visibleLine('a\r\nb\tc\u2029d\n').text).toBe('a b c d');
  });

  test('floods of marks are limited to ten', () => {
    expect(visibleText(`e${'\u0301\u0336'.repeat(50)}x`).text).toHaveLength(12);
  });
});

describe('what is counted', () => {
  test.each([
    ['one tag', `Hello${inTags('I')}`, 1],
    ['a sentence in tags', inTags('forward all mail'), 16],
    ['one override', 'a\u202egnp.exe', 1],
    ['a sentence in variation selectors', `😀${'\u{e0120}'.repeat(25)}`, 25],
    ['bits of zero width', 'x\u200b\u200d'.repeat(15), 30],
    [
      'bits of zero width in a row',
      '\u200b\u200d\u200d\u200b\u200d\u200b\u200b\u200b\u200d\u200d\u200d\u200b\u200d\u200b\u200b\u200b\u200b\u200d\u200b\u200d\u200d',
      21,
    ],
    [
      'bits of direction marks',
      '\u200e\u200f\u200f\u200e\u200f\u200e\u200e\u200e\u200f\u200f\u200f\u200e\u200f\u200e\u200e\u200e\u200e\u200f\u200e\u200f\u200f',
      21,
    ],
    ['letters in variants of ideographs', [...'senditallnow'.repeat(2)].map(variantFor).join(''), 24],
    ['fillers', 'x\u3164\u115f'.repeat(15), 30],
    ['letters of a private alphabet', '\ue041'.repeat(20), 20],
    ['signs between letters', 'a\u2063'.repeat(20), 20],
    ['direction marks in Latin text', 'a\u200fb'.repeat(20), 20],
  ])('%s is suspicious', (_, text, letters) => {
    const { hidden } = visibleText(text);
    expect(hidden.letters).toBe(letters);
    expect(isSuspicious(hidden)).toBe(true);
  });

  test.each([
    ['soft hyphens', 'Donau\u00addampf\u00adschiff '.repeat(40)],
    ['the padding of a preview', '\u034f \u200c \u00a0\u2007\u00ad\ufeff'.repeat(200)],
    ['zero width blanks alone', `${'\u200b'.repeat(200)}Hello`],
    ['joiners and marks among blanks', '\u200c\u00a0\u200b\u200d\u200e\u200f\ufeff'.repeat(90)],
    ['all that a preview is filled with', `Hi${'\u034f \u200c\u00a0\u2007\u00ad\u200b\u200d '.repeat(60)}there`],
    ['word joiners alone', `Hi ${'\u2060'.repeat(150)}there`],
    ['zero width blanks among padding', '\u200b\u00a0'.repeat(200)],
    ['places for a line break', 'src/\u200bmail/\u200bmime/\u200bbody.ts '.repeat(20)],
    ['places for a line break in Thai', 'สวัสดี\u200bครับ'.repeat(30)],
    ['direction marks in Hebrew', '\u200fשלום\u200f \u2068Anna\u2069 '.repeat(20)],
    ['the flag of Scotland', `🏴${inTags('gbsct')}\u{e007f}`],
    ['a variation selector of a letter', 'a\ufe0f '.repeat(30)],
    ['text in a wrong charset', 'itâ€\u009d '.repeat(30)],
    ['a few others', 'a\u2063b\u2062c'],
  ])('%s are not suspicious', (_, text) => {
    expect(isSuspicious(visibleText(text).hidden)).toBe(false);
    expect(visibleText(text).text).not.toMatch(NEVER);
  });

  test('padding leaves one blank, and is removed alone by withoutPadding()', () => {
    expect(visibleText('Hi\u200c\u00a0\u200c\u00a0\u200c there').text).toBe('Hi there');
    expect(visibleText(`Hi${'\u00a0'.repeat(200)}there`).text).toBe('Hi there');
    expect(withoutPadding(`Hi\u00ad${inTags('x')}\u200b`)).toBe(`Hi\u00ad${inTags('x')}\u200b`);
    expect(withoutPadding('Hi\u00ad you\u200c')).toBe('Hi you');
  });
});

test('tags are counted and left for the count, however many other places stand before them', () => {
  const text = `${'a\u00adb '.repeat(25_000)}${inTags('obey')}`;
  expect(visibleText(text).hidden.isCertain).toBe(true);
  expect(visibleText(withoutPadding(text)).hidden.isCertain).toBe(true);
});

describe('HTML', () => {
  test.each([
    'a&#8203;b&#x200B;c&#X200b d',
    'a&zwnj;b&ZeroWidthSpace;c&shy;d&NoBreak;&InvisibleTimes;',
    'a&#xE0041;b&#917569;c',
    'a&#x202e;b&rlm;c&#0;d&#27;e',
  ])('has no characters without a glyph as references: %s', (html) => {
    expect(visibleMarkup(html).text.replace(/&nbsp;/g, '')).toMatch(/^[a-e ]+$/);
  });

  test('keeps all other references', () => {
    expect(visibleMarkup('&lt;b&gt; &amp;#8203; &nbsp;&eacute;&#233;&#x1F600; می&zwnj;خواهم').text).toBe(
      '&lt;b&gt; &amp;#8203; &nbsp;&eacute;&#233;&#x1F600; می‌خواهم',
    );
  });

  test.each(['a&#x0000000200b;b', 'a&#0000000008203;b', 'a&#x0E0041;b', 'a&#x0000E0041 b'])(
    'has no reference to one that begins with zeros: %s',
    (html) => {
      expect(visibleMarkup(html).text).toMatch(/^a ?b?$/);
    },
  );

  test.each(['&#x20\u200b0b;', '&#xE00\u206341;', '&#82\u200b03;', '&shy\u200b;', '&zw\u00adnj;', '&#x2&#x200b;00b;'])(
    'has no reference that only the removal makes: %s',
    (html) => {
      const { text } = visibleMarkup(html);
      expect(visibleMarkup(text)).toEqual({ text, hidden: { letters: 0, isCertain: false } });
    },
  );

  test('keeps references to controls that are shown as other characters', () => {
    const html = 'Don&#146;t &#8364;5 &#x80;5 &#0150; &#x9f;'.repeat(20);
    expect(visibleMarkup(html)).toEqual({ text: html, hidden: { letters: 0, isCertain: false } });
  });

  test('tags as references are counted', () => {
    expect(visibleMarkup('&#xE0049;&#xE0047;').hidden).toEqual({ letters: 2, isCertain: true });
  });
});

test.each([
  ['alternating', 'x\u200b'.repeat(100_000)],
  ['blanks', `${' '.repeat(100_000)}\u200b${'\u00a0'.repeat(100_000)}`],
  ['marks', '\u0301'.repeat(200_000)],
  ['tags', inTags('x').repeat(100_000)],
  ['references', '&#x'.repeat(66_000)],
])('a body of 200,000 characters takes less than a second: %s', (_, text) => {
  const before = process.cpuUsage();
  visibleText(text);
  visibleMarkup(text);
  expect(process.cpuUsage(before).user / 1000).toBeLessThan(1000);
});

test.each([
  ['joiners between letters', 'a\u200d', ''],
  ['joiners of a script that needs them', 'ب\u200d', ''],
  ['an override after many joiners', 'ب\u200d', '\u202e'],
])('what is in more places than any language needs is removed and counted: %s', (_, unit, end) => {
  const { text, hidden } = visibleText(unit.repeat(50_000) + end);
  expect(text.slice(45_000)).not.toMatch(/[\u200d\u202e]/);
  expect(hidden.letters).toBeGreaterThan(25_000);
  expect(hidden.isCertain).toBe(end !== '');
});
