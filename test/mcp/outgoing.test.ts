import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import {
  createOutgoing,
  GivenName,
  HiddenText,
  MarkupBody,
  Name,
  TextBody,
  visibleValue,
} from '../../src/mcp/outgoing.ts';

const inTags = (text: string) => [...text].map((c) => String.fromCodePoint(0xe0000 + c.charCodeAt(0))).join('');

const Row = z.object({ subject: z.string(), id: Name.nullable(), flags: z.array(Name), hidden_text: HiddenText });
const Result = z.object({
  folder: Name,
  text: TextBody.nullable().optional(),
  html: MarkupBody.optional(),
  rows: z.array(Row).optional(),
  any: z.union([z.string(), z.looseObject({})]).optional(),
  hidden_text: HiddenText,
  warnings: z.array(z.string()).optional(),
});
const outgoing = createOutgoing(Result);

describe('a result on its way out', () => {
  test('has names escaped, texts with lines, and everything else on one line', () => {
    expect(outgoing({ folder: 'a\u200bb', text: 'a\nb\u0007', any: { 'k\u200b': ['x\ny', { z: '\u202a' }] } })).toEqual(
      { folder: 'a\\u{200B}b', text: 'a\nb', any: { k: ['x y', { z: '' }] } },
    );
  });

  test('has the count of hidden text at the nearest object that counts it', () => {
    const { rows, ...rest } = outgoing({
      folder: 'INBOX',
      rows: [
        { subject: `Hi${inTags('obey')}`, id: null, flags: [] },
        { subject: 'Hi', id: '<\u202ea@b>', flags: ['\\Seen'] },
        { subject: 'Hi', id: null, flags: [] },
      ],
    });
    expect(rest).toEqual({ folder: 'INBOX' });
    expect(rows).toEqual([
      { subject: 'Hi', id: null, flags: [], hidden_text: 4 },
      { subject: 'Hi', id: '<\\u{202E}a@b>', flags: ['\\Seen'], hidden_text: 1 },
      { subject: 'Hi', id: null, flags: [] },
    ]);
  });

  test('adds up what several fields hide with what the tool has left out itself', () => {
    const parts = { text: 'a\u2063'.repeat(8), html: 'b\u2062'.repeat(6), folder: 'x' };
    expect(outgoing({ ...parts })).not.toHaveProperty('hidden_text');
    expect(outgoing({ ...parts, hidden_text: 6 })).toMatchObject({
      hidden_text: 20,
      warnings: [expect.stringContaining('20 letters')],
    });
  });

  test('warns of links beside what the tool warns of', () => {
    expect(
      outgoing({ folder: 'x', text: 'a <javascript:x>', html: '<a href="vbscript:x">', warnings: ['own'] }),
    ).toEqual({
      folder: 'x',
      text: 'a ',
      html: '<a href="">',
      warnings: ['own', 'A javascript: link was removed.', 'A vbscript: link was removed.'],
    });
  });

  test.each(['javascript:alert(1)', 'data:text/html,x', '<vbscript:x>'])(
    'has no dangerous link in a line: %s',
    (link) => {
      const { any, rows, warnings } = outgoing({
        folder: 'x',
        any: { deep: [`Open ${link} now`] },
        rows: [{ subject: `Open ${link} now`, id: null, flags: [] }],
        warnings: [],
      });
      expect(JSON.stringify([any, rows])).not.toContain(link);
      expect(warnings).toEqual([expect.stringContaining('link was removed')]);
    },
  );

  test('is unchanged if all of it is visible', () => {
    const result = { folder: 'Größe', text: 'Hello\n\tworld', any: 'x', warnings: [] };
    expect(outgoing(result)).toEqual(result);
  });
});

test('details of errors have no hidden text either', () => {
  expect(visibleValue({ a: ['x\u202e\ny', 1, null, true] })).toEqual({ a: ['x y', 1, null, true] });
});

describe('a name as an argument', () => {
  test.each([
    ['a\\u{200B}b', 'a\u200bb'],
    ['\\u{5C}u{200B}', '\\u{200B}'],
    ['Größe', 'Größe'],
    [`${'\\u{200B}'.repeat(1000)}`, '\u200b'.repeat(1000)],
  ])('%s is read as it was escaped', (shown, name) => {
    expect(GivenName.parse(shown)).toBe(name);
  });

  test('has at most 1,000 characters, however they are written', () => {
    expect(GivenName.safeParse('x'.repeat(1001)).success).toBe(false);
    expect(GivenName.safeParse('\\u{200B}'.repeat(1001)).success).toBe(false);
    expect(GivenName.safeParse('').success).toBe(false);
  });
});
