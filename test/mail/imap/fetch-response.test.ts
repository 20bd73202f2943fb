import parse from 'imapflow/lib/handler/imap-parser.js';
import { describe, expect, test } from 'vitest';
import { type Item, isList, textOf } from '../../../src/mail/imap/data-formats.ts';
import { parseFetch } from '../../../src/mail/imap/fetch-response.ts';

/** What tools see of an item. */
function seen(item: Item | undefined): unknown {
  if (item === null || item === undefined) return null;
  if (isList(item)) return item.map(seen);
  return item.section === undefined
    ? textOf(item)
    : { name: textOf(item), section: item.section.map(seen).filter(isText) };
}
const isText = (value: unknown) => typeof value === 'string';

const line = (text: string, ...literals: string[]) => ({
  payload: Buffer.from(text, 'latin1'),
  literals: literals.map((literal) => Buffer.from(literal, 'latin1')),
});

describe('a long FETCH response', () => {
  test.each([
    [
      'an envelope',
      '* 1 FETCH (UID 5 ENVELOPE ("date" "subject" (("n" NIL "u" "h")) NIL nil ((NIL NIL "a" "b")) NIL NIL NIL "<id>"))',
    ],
    [
      'a structure',
      '* 12 FETCH (BODYSTRUCTURE (("TEXT" "PLAIN" ("charset" "utf-8") NIL NIL "7BIT" 5 1)("IMAGE" "PNG" NIL "<c>" NIL "BASE64" 9) "MIXED" ("boundary" "b") NIL NIL))',
    ],
    [
      'flags and numbers',
      '* 3 FETCH (FLAGS (\\Seen $Label1) RFC822.SIZE 123456 INTERNALDATE "01-Jan-2025 00:00:00 +0000" UID 7)',
    ],
    ['escapes in strings', '* 3 FETCH (UID 7 ENVELOPE ("a \\"quoted\\" \\\\ word" "(not a list)"))'],
    ['empty lists and strings', '* 3 FETCH (FLAGS () UID 7 ENVELOPE (NIL "" (())))'],
  ])('with %s is parsed as imapflow parses it', async (_what, text) => {
    const raw = line(text);
    const expected = await parse(raw.payload, { literals: [] });
    const parsed = await parseFetch(raw);
    expect(parsed.command).toBe(expected.command);
    expect(seen(parsed.attributes)).toEqual(seen(expected.attributes));
  });

  test('with literals and sections is parsed as imapflow parses it', async () => {
    const text =
      '* 3 FETCH (UID 7 BODY[HEADER.FIELDS (REFERENCES)]<0> {4}\r\n BODY[1.2]<0> {3}\r\n ENVELOPE (NIL {2}\r\n NIL))';
    const expected = await parse(line(text).payload, { literals: line('', 'abcd', 'xyz', 'su').literals });
    expect(seen((await parseFetch(line(text, 'abcd', 'xyz', 'su'))).attributes)).toEqual(seen(expected.attributes));
  });

  test('the literals of what is left out are not taken for others', async () => {
    const many = Array.from({ length: 3000 }, () => '({1}\r\n NIL "u" "h")').join('');
    const literals = Array.from({ length: 3000 }, (_, n) => `${n % 10}`);
    const parsed = await parseFetch(
      line(`* 3 FETCH (ENVELOPE (NIL "s" (${many}) NIL) BODY[1] {4}\r\n)`, ...literals, 'body'),
    );
    expect(seen(parsed.attributes)).toMatchObject([
      expect.anything(),
      { 0: 'ENVELOPE', 1: { 1: 's', 2: { length: 1200 } }, 3: 'body' },
    ]);
  });

  test('nested deeper than 25 levels is refused, as by imapflow', async () => {
    await expect(parseFetch(line(`* 3 FETCH (BODYSTRUCTURE ${'('.repeat(1_000_000)}`))).rejects.toThrow('too deep');
  });

  test.each(['* 3 FETCH (UID 7', '* 3 FETCH )))', '* 3 FETCH ("open', '* 3 FETCH ({9}\r\n {9}\r\n)', '* 3 FETCH'])(
    'that is broken off (%j) ends',
    async (text) => {
      await Promise.allSettled([parseFetch(line(text))]);
    },
  );
});
