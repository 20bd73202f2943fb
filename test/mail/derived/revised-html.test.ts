import { describe, expect, test } from 'vitest';
import { haveSameLetters, htmlParts } from '../../../src/mail/derived/revised-html.ts';

const QUOTE = '<blockquote type="cite">Question?</blockquote>';

describe('the parts of the HTML of a draft', () => {
  test.each([
    ['<div class="moz-cite-prefix">On 28 Nov, Mara wrote:<br></div>', 'Thunderbird'],
    ['<div class="gmail_quote"><div dir="ltr">On 28 Nov, Mara wrote:<br></div>', 'Gmail'],
    ['<div id="appendonsend"></div><hr>', 'Outlook'],
    ['', 'others'],
  ])('the quotation begins with its introduction: %s, %s', (introduction) => {
    const html = `<html><BODY class="a"><p>Words</p>${introduction}${QUOTE}</body></html>`;
    expect(htmlParts(html)).toEqual({
      head: '<html><BODY class="a">',
      fromSignature: '',
      fromQuotation: `${introduction}${QUOTE}</body></html>`,
    });
  });

  test('a signature above the quotation belongs to what follows the words', () => {
    const signed = `<div class="moz-signature">-- <br>Ida</div>${QUOTE}`;
    expect(htmlParts(`<p>Words</p>${signed}`)).toEqual({ head: '', fromSignature: signed, fromQuotation: QUOTE });
    expect(htmlParts(`${QUOTE}<div class="moz-signature">`).fromSignature).toBe('');
  });

  test('nothing is marked', () => {
    expect(htmlParts('<p>Words')).toEqual({ head: '', fromSignature: '', fromQuotation: '' });
  });
});

test('texts have the same letters whatever marks their quotations', () => {
  expect(haveSameLetters('> On 28\n> *Nov*', 'On 28 Nov')).toBe(true);
  expect(haveSameLetters('On 28 Nov', 'On 29 Nov')).toBe(false);
});
