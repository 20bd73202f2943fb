import { describe, expect, test } from 'vitest';
import { splitDraft, withNewText } from '../../src/text/split-draft.ts';

const QUOTE = 'On 28 Nov 2026, 15:00, Mara <mara@example.test> wrote:\n> Does Thursday work?\n>\n> Mara';

describe('the parts of a draft', () => {
  test.each([
    ['text alone', 'Hello'],
    ['an answer', `Hello\n\n-- \nIda\n\n${QUOTE}`],
    ['an answer below the quotation', `${QUOTE}\n\nHello\n`],
    ['nothing', ''],
    ['quotations one after another', `> a\n\n> b\nmine\n> c`],
  ])('joined they are the text: %s', (_, text) => {
    const joined = splitDraft(text).flatMap(({ lines }) => lines);
    expect(joined.join('\n')).toBe(text);
  });

  test('are own words, signature and quotation', () => {
    expect(splitDraft(`Hello\n\n-- \nIda\n\n${QUOTE}`).map(({ kind }) => kind)).toEqual(['own', 'signature', 'quote']);
  });
});

describe('new words', () => {
  test.each([
    ['an answer', `Old\n\nwords\n\n-- \nIda\n\n${QUOTE}`, `New\n\n-- \nIda\n\n${QUOTE}`],
    ['a new message', 'Old words', 'New'],
    ['with a signature', 'Old words\n\n-- \nIda\nHarbour', 'New\n\n-- \nIda\nHarbour'],
    ['words below the quotation', `${QUOTE}\n\nOld words`, `${QUOTE}\n\nNew`],
    ['words in between', '> a\nold\n> b\nold too', '> a\n\nNew\n\n> b'],
    ['no words yet', QUOTE, `New\n\n${QUOTE}`],
    [
      'a forwarded message',
      'Old\n\n---------- Forwarded message ---------\nFrom: Mara\nSubject: x\n\nText\n\n-- \nMara',
      'New\n\n---------- Forwarded message ---------\nFrom: Mara\nSubject: x\n\nText\n\n-- \nMara',
    ],
  ])('take the place of the old ones, and the rest stays: %s', (_, text, expected) => {
    expect(withNewText(text, 'New\n')).toBe(expected);
  });

  test('take linear time', () => {
    const started = performance.now();
    withNewText('> a\n-- \nOn 2026 x wrote:\n'.repeat(40_000), 'New');
    expect(performance.now() - started).toBeLessThan(2_000);
  });
});
