import { describe, expect, test } from 'vitest';
import { isStubBeside, mayBeStub } from '../../../src/mail/mime/stub-text.ts';

const HTML = 'The pumpkins of this week are orange, and those of the next week will be green. '.repeat(20);

describe('a plain text beside HTML', () => {
  test.each([
    ['nothing', ''],
    ['blanks', ' \u{a0}\n\t'],
    ['a rule', '-----'],
    ['a reference', 'View this email in your browser: https://news.example.test/v?x=1'],
    [
      'a reference in German',
      'Falls die Mail nicht richtig angezeigt wird, öffnen Sie sie im Browser: https://news.example.test/1',
    ],
    ['a reference in French', 'Voir la version en ligne : https://news.example.test/1'],
    ['a reference in Japanese', 'このメールをブラウザで見る https://news.example.test/1'],
    ['a demand', 'Your mail program does not support HTML.'],
    ['links', 'https://a.example.test/1 https://a.example.test/2 https://a.example.test/3 more here'],
  ])('is a stub: %s', (_what, text) => {
    expect(isStubBeside(text, HTML)).toBe(true);
  });

  test.each([
    ['a short answer', 'Yes, Thursday at ten suits me. Shall I bring the plan of the quay?', HTML],
    [
      'a letter with a link',
      `${'The review is on Thursday, and here is what we need. '.repeat(8)} https://a.example.test/`,
      HTML,
    ],
    [
      'one beside HTML that says no more',
      'View this email in your browser: https://news.example.test/v?x=1',
      'View this email in your browser',
    ],
    ['one beside HTML of pictures', '', ''],
  ])('is no stub: %s', (_what, text, html) => {
    expect(isStubBeside(text, html)).toBe(false);
  });
});

test.each(['x', 'x@', ' a', '@', ' https://a.example/b', 'view '])(
  'a megabyte of %j is judged without delaying other calls',
  (unit) => {
    const text = unit.repeat(1_000_000 / unit.length);
    const startedAt = performance.now();
    mayBeStub(text);
    isStubBeside(text, text);
    // A few milliseconds on a machine that does nothing else.
    expect(performance.now() - startedAt).toBeLessThan(500);
  },
);
