/** Messages with long bodies: the same text arrives, and composing it leaves other calls their turn. */
import { describe, expect, test } from 'vitest';
import { composeMessage } from '../../../src/mail/send/compose.ts';

const compose = async (text: string, html?: string) => {
  const { raw } = await composeMessage({
    from: { fullName: 'Ann', email: 'ann@a.example' },
    to: 'bob@b.example',
    subject: 'x',
    text,
    ...(html !== undefined && { html }),
    attachments: [],
    date: new Date(),
  });
  if (!Buffer.isBuffer(raw)) throw new Error('The message is not in memory');
  return raw;
};

/** The bodies of the parts in base64. */
const bodiesOf = (raw: Buffer): string[] =>
  raw
    .toString('latin1')
    .split(/\r\n(?=--)/)
    .flatMap((part) => {
      const [, encoded] = /base64\r\n(?:[^\r\n]+\r\n)*\r\n([A-Za-z0-9+/=\r\n]*)/.exec(`${part}\r\n`) ?? [];
      return encoded === undefined ? [] : [Buffer.from(encoded, 'base64').toString('utf8')];
    });

describe('a long body', () => {
  test.each([
    ['lines', 'A line.\n'.repeat(100_000)],
    ['line breaks', '\n'.repeat(200_000)],
    ['returns', '\r'.repeat(200_000)],
    ['both', '\r\n\n\r'.repeat(100_000)],
    ['a piece that ends between return and line break', `${'x'.repeat(65_535)}\r\n${'y'.repeat(65_535)}\n`],
    ['wide characters', '漢字\n'.repeat(100_000)],
    ['characters of two units', `x${'😀'.repeat(100_000)}`],
  ])('arrives as it is, with CRLF line ends: %s', async (_name, text) => {
    const wanted = text.replace(/\r\n?|\n/g, '\r\n');
    expect(
      bodiesOf(await compose(text))
        .at(0)
        ?.trimEnd(),
    ).toBe(wanted.trimEnd());
    const html = `<p>${text}</p>`;
    expect(bodiesOf(await compose(text, html))).toEqual([wanted, `<p>${wanted}</p>`]);
  });

  test.each([
    ['line breaks', '\n'.repeat(4_000_000)],
    ['letters', 'x'.repeat(4_000_000)],
    ['wide characters', '漢'.repeat(4_000_000)],
  ])('leaves other calls their turn while it is composed: %s', async (_name, text) => {
    let turns = 0;
    const timer = setInterval(() => {
      turns += 1;
    }, 0);
    await compose(text);
    clearInterval(timer);
    expect(turns).toBeGreaterThan(5);
  });

  test('is declared as UTF-8', async () => {
    expect((await compose('ü'.repeat(100_000))).toString('latin1')).toContain('text/plain; charset=utf-8');
  });

  test('of moderate length stays readable as it is', async () => {
    expect((await compose('A line.\n'.repeat(1000))).toString('latin1')).toContain('A line.\r\nA line.');
  });
});
