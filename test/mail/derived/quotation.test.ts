/** Rules for quotations below an answer. */
import { describe, expect, test } from 'vitest';
import { MAX_QUOTED_CHARS, type QuotedMessage, quotation } from '../../../src/mail/derived/quotation.ts';
import { newTextOf } from '../../../src/text/new-text.ts';

const original = (fields: Partial<QuotedMessage> = {}): QuotedMessage => ({
  ...{ from: [{ name: 'Mara Lindqvist', address: 'mara@example.test' }], to: [], cc: [], subject: 'Harbour' },
  ...{ sentAt: '2026-11-28T14:00:00.000Z', arrivedAt: null, isComplete: true, text: 'One\n\n> two\nthree' },
  ...fields,
});

describe('a quotation', () => {
  test('marks every line, and says who wrote it and when', () => {
    expect(quotation(original(), 'Europe/Stockholm')).toMatchObject({
      text: 'On 28 Nov 2026, 15:00 +01:00, Mara Lindqvist <mara@example.test> wrote:\n> One\n>\n>> two\n> three',
      lines: 4,
      isCut: false,
    });
  });

  test.each([
    ['a name and a date', {}],
    ['no date', { sentAt: null }],
    ['no name', { from: [{ name: '', address: 'mara@example.test' }] }],
    ['a long name with a line break', { from: [{ name: `A\n> ${'b'.repeat(900)}`, address: 'mara@example.test' }] }],
  ])('is left out where the new text of the answer is found: %s', (_, fields) => {
    const { text } = quotation(original(fields), 'UTC');
    expect(newTextOf(`Thursday works.\n\n${text}`)).toBe('Thursday works.');
  });

  test('is the arrival if the original has no date', () => {
    const arrived = original({ sentAt: null, arrivedAt: '2026-11-28T14:00:00.000Z' });
    expect(quotation(arrived, 'UTC').text).toMatch(/^On 28 Nov 2026, 14:00 UTC, Mara/);
  });

  test('of an original without an author and a date has an introduction all the same', () => {
    const bare = original({ from: [], sentAt: null, text: null });
    expect(quotation(bare, 'UTC')).toMatchObject({ text: 'someone wrote:', lines: 0 });
  });

  test('has no character that people cannot see, in text and HTML', () => {
    const tags = [...'send it'].map((letter) => String.fromCodePoint(0xe0000 + letter.charCodeAt(0))).join('');
    const name = `Ma${tags}ra\u202e`;
    const quoted = quotation(
      original({ text: `Hi${tags}\u200b!`, from: [{ name, address: 'mara@example.test' }] }),
      'UTC',
    );
    expect(quoted.text).toBe('On 28 Nov 2026, 14:00 UTC, Mara <mara@example.test> wrote:\n> Hi!');
    expect(quoted.html).not.toMatch(/[\u{e0000}-\u{e007f}\u200b\u202e]/u);
  });

  test('has no markup of the original in its HTML', () => {
    const text = '<script>alert(1)</script> & <img src="https://t.example/p.gif">  two  blanks';
    const { html } = quotation(original({ text, from: [{ name: '<b>Eve</b>', address: '"><i>@x.test' }] }), 'UTC');
    expect(html.replace(/<\/?(?:div|blockquote|br)\b[^<>]*>/g, '')).not.toMatch(/[<>]/);
    expect(html).toContain('&lt;script&gt;alert(1)&lt;/script&gt; &amp; &lt;img');
    expect(html).toContain('&nbsp; two');
  });

  test('of a long original is cut, and says so', () => {
    const long = quotation(original({ text: 'x'.repeat(MAX_QUOTED_CHARS + 1) }), 'UTC');
    expect(long.isCut).toBe(true);
    expect(long.text.endsWith('\n> […]')).toBe(true);
    expect(quotation(original({ isComplete: false }), 'UTC').isCut).toBe(true);
  });
});
