import { describe, expect, test } from 'vitest';
import { isSigned, signatureOf } from '../../../src/mail/derived/signature.ts';

const QUOTE = 'On 28 Nov 2026, 15:00, Mara <mara@example.test> wrote:\n> Question?\n> -- \n> Mara';

describe('a signature', () => {
  test.each([
    ['Hello\n\n-- \nIda Brandt\nHafenwerk\n\n', 'Ida Brandt\nHafenwerk'],
    [`Hello\n\n-- \nIda\n\n${QUOTE}`, 'Ida'],
    [`${QUOTE}\n\nHello\n-- \nIda`, 'Ida'],
  ])('is the block after its line: %j', (text, signature) => {
    expect(signatureOf(text)).toBe(signature);
  });

  test.each([
    ['Hello\n\nIda'],
    [`Hello\n\n${QUOTE}`],
    ['Hello\n-- \n\n'],
    [`Hello\n-- \n${'line\n'.repeat(30)}`],
    ['Hello\n\n---------- Forwarded message ---------\nFrom: Mara\nSubject: x\n\nText\n-- \nMara'],
  ])('is none: %j', (text) => {
    expect(signatureOf(text)).toBeUndefined();
  });

  test('has no characters that people cannot see', () => {
    expect(signatureOf('a\n-- \nI\u202eda\u{e0041}')).toBe('Ida');
  });

  test('is there already if the text ends with it, or has another one', () => {
    expect(isSigned('Hello\n\nIda  Brandt\nHafenwerk\n', 'Ida Brandt\nHafenwerk')).toBe(true);
    expect(isSigned('Hello\n-- \nI.', 'Ida')).toBe(true);
    expect(isSigned('Hello Ida Brandt!', 'Ida Brandt')).toBe(false);
  });
});
