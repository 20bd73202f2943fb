/** Checks how the transfer encoding of a text part is undone where programs declare another one than they use. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeTextTransfer } from '../../../src/mail/mime/transfer-encoding.ts';

const decode = (text: string, encoding: string) =>
  decodeTextTransfer(Buffer.from(text), encoding).toString().replace(/\r\n/g, '\n').trim();
const wrapped = (base64: string) => base64.replace(/.{76}/g, '$&\r\n');
const LETTER = 'Dear Ida,\n\nthe review is on Thursday at ten. Grüße, Mara. '.repeat(6);
const LETTER_BASE64 = wrapped(Buffer.from(LETTER).toString('base64'));

describe('text that is declared base64', () => {
  test.each([
    ['a line', 'The gate code is on the fridge.'],
    ['lines', 'Hello Ola,\r\n\r\nsee you on Monday.\r\nMira'],
    ['German', 'Schöne Grüße aus Köln, und bis bald!'],
    ['Japanese', '来週の会議は木曜日の十時です。資料をお持ちください。'],
    ['a quotation', '> see you\r\n> on Monday\r\nYes, at ten.'],
  ])('and is none is read as it is: %s', (_what, text) => {
    expect(decode(text, 'base64')).toBe(text.replace(/\r\n/g, '\n'));
  });

  test.each([
    [
      'the rule of a list',
      '_______________________________________________\r\nGarden mailing list\r\nhttps://lists.example.test/',
    ],
    [
      'a rule of dashes',
      '--------------------------------------\r\nTo leave the list, write to garden-leave@example.test',
    ],
    ['a sentence', 'You receive this message because you are a member of the garden list.'],
  ])('is followed by %s, which is readable', (_what, footer) => {
    const text = decode(`${LETTER_BASE64}\r\n${footer}`, 'base64');
    expect(text).toContain('the review is on Thursday at ten. Grüße');
    expect(text).toContain(footer.split('\r\n').at(-1));
  });

  test('and is base64 is decoded, whatever it says', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 300 }), (text) => {
        const found = decodeTextTransfer(Buffer.from(wrapped(Buffer.from(text).toString('base64'))), 'base64');
        expect(found.toString()).toBe(Buffer.from(text).toString());
      }),
    );
  });
});

describe('base64 that is not declared', () => {
  test.each(['', '7bit', '8bit', 'binary'])('is decoded if it is text in lines, with the encoding "%s"', (encoding) => {
    expect(decode(LETTER_BASE64, encoding)).toBe(LETTER.trim());
  });

  test.each([
    ['a short token', 'R3LDvMOfZSB2b20gU2Vl'],
    ['a key in lines', wrapped(Buffer.from(Array.from({ length: 200 }, (_, n) => (n * 37) % 256)).toString('base64'))],
    ['a key with its armour', `-----BEGIN KEY-----\r\n${LETTER_BASE64}\r\n-----END KEY-----`],
    ['text', LETTER],
  ])('is left alone if it may be something else: %s', (_what, text) => {
    expect(decode(text, '7bit')).toBe(text.replace(/\r\n/g, '\n').trim());
  });
});
