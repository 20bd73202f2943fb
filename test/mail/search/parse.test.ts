import fc from 'fast-check';
import compile from 'imapflow/lib/handler/imap-compiler.js';
import { describe, expect, test } from 'vitest';
import { ToolError } from '../../../src/errors.ts';
import { toAttributes } from '../../../src/mail/imap/transport.ts';
import { encodeSearch } from '../../../src/mail/search/encode-search.ts';
import { parseSearch, type SearchKey } from '../../../src/mail/search/parse.ts';

/** The bytes that imapflow sends to the server. */
async function compiled(keys: SearchKey[]): Promise<Buffer> {
  const parts = await compile(
    { tag: 'A1', command: 'UID SEARCH', attributes: toAttributes(encodeSearch(keys).tokens) },
    { asArray: true },
  );
  return Buffer.concat(parts).subarray('A1 UID SEARCH '.length);
}

const wire = async (keys: SearchKey[]) => (await compiled(keys)).toString('utf8');
const encoded = (criteria: string) => wire(parseSearch(criteria));

function refusal(criteria: string): string {
  try {
    parseSearch(criteria);
  } catch (error) {
    if (error instanceof ToolError) return error.message;
    throw error;
  }
  return 'accepted';
}

describe('parseSearch (RFC 9051 §6.4.4)', () => {
  test.each([
    ['ALL', 'ALL'],
    ['unseen Flagged', 'UNSEEN FLAGGED'],
    ['NEW OLD RECENT', 'NEW OLD RECENT'],
    ['FROM ann@example.test', 'FROM "ann@example.test"'],
    ['SUBJECT "two words"', 'SUBJECT "two words"'],
    ['SUBJECT "say \\"hi\\" \\\\ bye"', 'SUBJECT "say \\"hi\\" \\\\ bye"'],
    ['SUBJECT "50% * {3}"', 'SUBJECT "50% * {3}"'],
    ['BODY ""', 'BODY ""'],
    ['NOT (SEEN)', 'NOT SEEN'],
    ['NOT(SEEN FLAGGED)', 'NOT (SEEN FLAGGED)'],
    ['OR FROM ann (OR FROM bob TO carol)', 'OR FROM "ann" OR FROM "bob" TO "carol"'],
    ['((SEEN) ((FLAGGED DRAFT)))', 'SEEN FLAGGED DRAFT'],
    ['OR ((SEEN FLAGGED) (DRAFT DELETED)) ALL', 'OR (SEEN FLAGGED DRAFT DELETED) ALL'],
    ['SINCE 1-feb-2024 BEFORE "02-MAR-2024"', 'SINCE 1-Feb-2024 BEFORE 2-Mar-2024'],
    ['SENTON 2024-02-29', 'SENTON 29-Feb-2024'],
    ['LARGER 100000 SMALLER 4294967295', 'LARGER 100000 SMALLER 4294967295'],
    ['YOUNGER 3600', 'YOUNGER 3600'],
    ['UID 1,3:7,9:* 2:4 *', 'UID 1,3:7,9:* 2:4 *'],
    ['KEYWORD $Forwarded UNKEYWORD NonJunk', 'KEYWORD $Forwarded UNKEYWORD NonJunk'],
    ['HEADER List-Id "<news.example>"', 'HEADER "List-Id" "<news.example>"'],
    ['CHARSET utf-8 SEEN', 'SEEN'],
    ['  SEEN\t FLAGGED  ', 'SEEN FLAGGED'],
    ['SUBJECT SEEN', 'SUBJECT "SEEN"'],
  ])('%s is sent as %s', async (criteria, expected) => {
    expect(await encoded(criteria)).toBe(expected);
  });

  test('text beyond ASCII becomes a literal of UTF-8 bytes and needs the charset UTF-8', async () => {
    const keys = parseSearch('SUBJECT Grüße FROM "日本 🎌" UNSEEN');
    expect(await wire(keys)).toBe('SUBJECT {7}\r\nGrüße FROM {11}\r\n日本 🎌 UNSEEN');
    expect(encodeSearch(keys)).toMatchObject({ needsUtf8: true, needsWithin: false });
    expect(encodeSearch(parseSearch('OR SUBJECT Gru NOT OLDER 5'))).toMatchObject({
      needsUtf8: false,
      needsWithin: true,
    });
  });

  test.each([
    ['', 'empty. Use ALL'],
    ['   ', 'empty. Use ALL'],
    ['CHARSET UTF-8', 'a search key is missing'],
    [
      'SUBJECT foo bar',
      'at character 13, "bar": unknown search key. If it belongs to the text before, put all of it in double quotes: SUBJECT "foo bar"',
    ],
    ['SUBJECT “foo bar”', 'SUBJECT "foo bar"'],
    ['HEADER Subject foo bar', 'HEADER Subject "foo bar"'],
    ['from:ann@example.test', 'write a space instead of the colon: FROM "ann@example.test"'],
    ['SEEN AND FLAGGED', 'at character 6, "AND": unknown search key; leave AND out'],
    ['UNREAD', 'use UNSEEN'],
    ['bogus', 'at character 1, "bogus": unknown search key. There are ALL, ANSWERED'],
    ['"invoice"', 'expected a search key, not a quoted text'],
    ['FROM ann OR FROM bob', 'at the end: OR comes before its two keys'],
    ['(OR SEEN)', 'at character 9, ")": OR comes before its two keys'],
    ['NOT', 'NOT needs a search key'],
    ['SUBJECT', 'SUBJECT needs a text'],
    ['FROM (SEEN)', 'at character 6, "(": FROM needs a text'],
    ['SUBJECT "open', 'at character 9, ""open": this quoted string has no closing quote'],
    ['SUBJECT "a"b', 'at character 12: a space must follow a closing quote'],
    ['SUBJECT a"b', 'a quote may only begin a value'],
    ['SUBJECT "a\\b"', 'must be followed by \\ or "'],
    ['SUBJECT inv*', 'There are no wildcards'],
    ['(SEEN', 'at character 1, "(": this parenthesis is never closed'],
    ['SEEN)', 'at character 5, ")": this parenthesis closes nothing'],
    ['()', 'nothing is inside'],
    ['SINCE yesterday', 'expected a date of the calendar'],
    ['ON 30-Feb-2024', 'expected a date of the calendar'],
    ['ON 2023-02-29', 'expected a date of the calendar'],
    ['ON 1-Foo-2023', 'expected a date of the calendar'],
    ['LARGER 1M', 'expected a size in bytes'],
    ['LARGER 4294967296', 'expected a size in bytes'],
    ['YOUNGER 0', 'expected seconds'],
    ['UID 0', 'numbers and ranges'],
    ['UID 1:2:3', 'numbers and ranges'],
    ['UID 1,', 'numbers and ranges'],
    ['UID "1"', 'numbers and ranges'],
    ['7x', 'numbers and ranges'],
    ['UID $', 'results are not saved'],
    ['$', 'results are not saved'],
    ['KEYWORD \\Seen', 'system flags have keys of their own'],
    ['KEYWORD "two words"', 'expected a keyword'],
    ['HEADER Subject: foo', 'without colon'],
    ['CHARSET ISO-8859-1 SUBJECT x', 'the only charset is UTF-8'],
    ['RETURN (MIN) ALL', 'RETURN is not supported'],
    ['MODSEQ 5', 'MODSEQ is not supported'],
    ['SUBJECT {5}', 'literals are not supported'],
    ['SUBJECT ~{5+}', 'literals are not supported'],
    ['SUBJECT "a\r\nA2 LOGOUT"', 'at character 11: line breaks and NUL'],
    ['SUBJECT a\0', 'line breaks and NUL'],
    ['SUBJECT a\x07b', 'control character'],
    ['SUBJECT \ud800', 'not valid Unicode'],
    ['🎌 SEEN oops', 'at character 1, "🎌": unknown search key'],
    ['SUBJECT 🎌 oops', 'at character 11, "oops"'],
  ])('%j is refused with: %s', (criteria, sentence) => {
    expect(refusal(criteria)).toContain(sentence);
  });

  test('criteria have limits of length, number of keys and depth', () => {
    expect(refusal(`SUBJECT ${'x'.repeat(7_992)}`)).toBe('accepted');
    expect(refusal(`SUBJECT ${'x'.repeat(7_993)}`)).toContain('more than 8000 characters');
    expect(refusal('SEEN '.repeat(200))).toBe('accepted');
    expect(refusal('SEEN '.repeat(201))).toContain('more than 200 search keys');
    expect(refusal(`${'NOT '.repeat(50)}SEEN`)).toBe('accepted');
    expect(refusal(`${'NOT '.repeat(51)}SEEN`)).toContain('nested more than 50 deep');
    expect(refusal(`${'('.repeat(4_000)}`)).toContain('nested more than 50 deep');
  });

  test('a word in an error is cut to 40 characters', () => {
    expect(refusal('x'.repeat(300))).toContain(`"${'x'.repeat(39)}…"`);
  });
});

/** Turns literals back into quoted strings. */
function asCriteria(bytes: Buffer): string {
  let rest = bytes;
  let criteria = '';
  for (;;) {
    const literal = /^(?:[^"{]|"(?:[^"\\]|\\.)*")*\{(\d+)\}\r\n/.exec(rest.toString('latin1'));
    if (!literal) return criteria + rest.toString('utf8');
    const start = literal[0].length;
    const end = start + Number(literal[1]);
    const text = rest.subarray(start, end).toString('utf8');
    const before = rest
      .subarray(0, start)
      .toString('utf8')
      .replace(/\{\d+\}\r\n$/, '');
    criteria += `${before}"${text.replace(/["\\]/g, '\\$&')}"`;
    rest = rest.subarray(end);
  }
}

const fragment = fc.oneof(
  fc.constantFrom(
    ...[
      'SEEN',
      'NOT',
      'OR',
      '(',
      ')',
      'FROM',
      'SUBJECT',
      'UID',
      '1:*',
      '"',
      '\\',
      '{3}',
      '\r\n',
      'A2 LOGOUT',
      'HEADER',
      'X-A',
      'KEYWORD',
    ],
    ...[
      '"a b"',
      'ü',
      'SINCE',
      '1-Feb-2024',
      'LARGER',
      '7',
      '*',
      '"\\""',
      '%',
      '\0',
      'CHARSET',
      'UTF-8',
      '{3+}',
      '~{1}',
      'YOUNGER',
      '$',
      ']',
    ],
  ),
  fc.string({ unit: 'binary', maxLength: 8 }),
);
const anyCriteria = fc
  .array(fragment, { maxLength: 14 })
  .chain((parts) => fc.constantFrom(' ', '').map((separator) => parts.join(separator)));

const text = fc.string({ unit: 'binary', maxLength: 20 }).filter((value) => !/[\r\n\0]/.test(value));
const quoted = text.map((value) => `"${value.replace(/["\\]/g, '\\$&')}"`);
const { criteria: validCriteria } = fc.letrec<{ key: string; criteria: string }>((tie) => ({
  key: fc.oneof(
    { maxDepth: 5 },
    fc.constantFrom('SEEN', 'unseen', 'UID 4,7:*', '1:3', 'KEYWORD $x', 'ON 2024-01-05', 'SMALLER 9', 'OLDER 5'),
    fc.tuple(fc.constantFrom('FROM', 'subject', 'HEADER X-Y'), quoted).map((pair) => pair.join(' ')),
    tie('key').map((key) => `NOT ${key}`),
    fc.tuple(tie('key'), tie('key')).map(([left, right]) => `OR ${left} ${right}`),
    tie('criteria').map((keys) => `(${keys})`),
  ),
  criteria: fc.array(tie('key'), { minLength: 1, maxLength: 4 }).map((keys) => keys.join(' ')),
}));

describe('no criteria become a second command', () => {
  async function check(criteria: string): Promise<void> {
    let keys: SearchKey[];
    try {
      keys = parseSearch(criteria);
    } catch (error) {
      expect(error).toBeInstanceOf(ToolError);
      return;
    }
    const again = asCriteria(await compiled(keys));
    expect(again).not.toMatch(/[\r\n]/);
    expect(parseSearch(again)).toEqual(keys);
  }

  test('any input is refused, or encoded so that it reads back as the same keys', async () => {
    await fc.assert(fc.asyncProperty(anyCriteria, check), { numRuns: 3_000 });
  });

  test('valid criteria are never refused, and read back as the same keys', async () => {
    await fc.assert(
      fc.asyncProperty(validCriteria, async (criteria) => {
        fc.pre(criteria.length < 8_000 && criteria.split(' ').length < 150);
        expect(refusal(criteria)).toBe('accepted');
        await check(criteria);
      }),
      { numRuns: 1_000 },
    );
  });
});
