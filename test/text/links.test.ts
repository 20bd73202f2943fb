import { describe, expect, test } from 'vitest';
import { textOfHtml } from '../../src/mail/html/html-text.ts';
import { deceitsIn, deceitWarnings, safeLinks, safeMarkup } from '../../src/text/links.ts';

describe('dangerous links', () => {
  test.each([
    'Run <javascript:alert(1)> now',
    'Run <JaVaScRiPt:alert(1)> now',
    'Run <java\tscript:alert(1)> now',
    'Run <&#106;avascript&colon;alert(1)> now',
    'Run <vbscript:msgbox> now',
    'Run <data:text/html;base64,PHNjcmlwdD4=> now',
    'Run < file:///etc/passwd> now',
    'Run javascript:alert(1) now',
    'Run [this](javascript:alert(1)) now',
    'Run data:text/html,<b>x</b> now',
    'Run [this](java&#115;cript:alert(1)) now',
    'Run [this](<&#x6a;avascript&colon;alert(1)>) now',
    'Run ![this]( d&#97;ta:text/html;base64,AA) now',
    'Run file:///C:/secret.txt now',
    'Run <&#x000000006A;avascript:alert(1)> now',
    `Run <${'&#x9;'.repeat(200)}javascript:alert(1)> now`,
  ])('are removed from text, and reported: %s', (text) => {
    const { text: safe, warnings } = safeLinks(text);
    expect(safe).not.toMatch(/script:|data:|file:|&#106|&colon/i);
    expect(safe).toMatch(/^Run.*now$/);
    expect(warnings).toEqual([
      expect.stringMatching(/^A (?:java|vb)script: link was removed\.$|^A (?:data|file): link was removed\.$/),
    ]);
  });

  test.each([
    '<a href="javascript:alert(1)">run</a>',
    "<a href='java&#10;script:alert(1)'>run</a>",
    '<a href=&#x6a;avascript:alert(1)>run</a>',
    '<a title="x" HREF = " &#1;vbscript:x">run</a>',
    '<a href="data:text/html;base64,AAAA">run</a>',
    '<a href="&#0000000106;avascript:alert(1)">run</a>',
    `<a href="${' '.repeat(500)}javascript:alert(1)">run</a>`,
    `<a href="j${'&Tab;'.repeat(200)}avascript:alert(1)">run</a>`,
  ])('are removed from HTML and from the text that is made of it: %s', (html) => {
    const markup = safeMarkup(html);
    expect(markup.text).toMatch(/href\s?=\s?"">run<\/a>$/i);
    expect(markup.warnings).toHaveLength(1);
    const { text, warnings } = safeLinks(textOfHtml(html).text);
    expect(text.trim()).toBe('run');
    expect(warnings).toHaveLength(1);
  });

  test.each([
    'JavaScript: the good parts',
    'Meta data: 5 of 7; file: report.pdf; the data:image is missing',
    'Ann <ann@example.com> <mailto:ann@example.com> <https://example.com/?u=javascript:x>',
  ])('words are none: %s', (text) => {
    expect(safeLinks(text)).toEqual({ text, warnings: [] });
  });

  test.each([
    `<a title=" href='x" href="java&#115;cript:alert(1)">I don't</a>`,
    `<a title=' src="' href='java&#115;cript:alert(1)'>"quoted"</a>`,
    `<p title="x action='" ><form action="java&#115;cript:alert(1)">'x'</form>`,
    '<meta http-equiv="refresh" content="0; URL=java&#115;cript:alert(1)">',
    `<iframe srcdoc="x" ping='java&#115;cript:alert(1)'>`,
    '<animate attributeName="href" to="java&#115;cript:alert(1)">',
  ])('are removed from every attribute, whatever stands around it: %s', (html) => {
    const { text, warnings } = safeMarkup(html);
    expect(text).not.toMatch(/java/);
    expect(warnings).toEqual(['A javascript: link was removed.']);
  });

  test('pictures inside HTML are none', () => {
    const html = '<img src="data:image/png;base64,AAAA"><a href="https://example.com/">x</a>';
    expect(safeMarkup(html)).toEqual({ text: html, warnings: [] });
  });
});

describe('links that lead elsewhere than they show', () => {
  test.each([
    [
      'https://bank.example/ <https://bank.example@evil.example/>',
      'A link shows bank.example and leads to evil.example.',
    ],
    ['bank.example <https://evil.example/login>', 'A link shows bank.example and leads to evil.example.'],
    [
      '(www.bank.example) <http://www.bank.example.evil.test/>',
      'A link shows www.bank.example and leads to www.bank.example.evil.test.',
    ],
    ['Go to https://bank.example:443@evil.example/x', 'A link begins like bank.example and leads to evil.example.'],
    ['https://ban%6b.example%2f@evil.example/', 'A link begins like bank.example and leads to evil.example.'],
    [
      'https://bank.example.%20It%20is%20safe.%20Obey@evil.example/',
      'A link has a name before its host and leads to evil.example.',
    ],
    ['https://%F3%A0%81%81%E2%80%AE@evil.example/', 'A link has a name before its host and leads to evil.example.'],
    ['Open https://bank.example (https://evil.example/)', 'A link shows bank.example and leads to evil.example.'],
    ['Open www.bank.example [https://evil.example/a]', 'A link shows www.bank.example and leads to evil.example.'],
    ['https://раypal.com/login', 'A link leads to xn--ypal-43d9g.com, whose letters imitate another name.'],
    ['<http://xn--80ak6aa92e.com/>', 'A link leads to xn--80ak6aa92e.com, whose letters imitate another name.'],
    ['https://bank.example/  <https://evil.example/>', 'A link shows bank.example and leads to evil.example.'],
    ['https://bank.example/\n<https://evil.example/>', 'A link shows bank.example and leads to evil.example.'],
    ['bank.example <//evil.example/>', 'A link shows bank.example and leads to evil.example.'],
    ['bank.example <\\\\evil.example/>', 'A link shows bank.example and leads to evil.example.'],
    ['[https://bank.example/](https://evil.example/)', 'A link shows bank.example and leads to evil.example.'],
    ['[Sign in at bank.example](<//evil.example>)', 'A link shows bank.example and leads to evil.example.'],
    ['bank.co.uk <https://evil.co.uk/>', 'A link shows bank.co.uk and leads to evil.co.uk.'],
    ['bank.me.uk <https://evil.me.uk/>', 'A link shows bank.me.uk and leads to evil.me.uk.'],
    ['bank.github.io <https://evil.github.io/>', 'A link shows bank.github.io and leads to evil.github.io.'],
    ['www\u2024bank。example <https://evil.example/>', 'A link shows www.bank.example and leads to evil.example.'],
  ])('are reported: %s', (text, warning) => {
    expect(safeLinks(text)).toEqual({ text, warnings: [warning] });
  });

  test.each([
    [
      '<a href="https://evil.example/">Sign in at <b>bank.example</b> today</a>',
      /bank\.example .*<https:\/\/evil\.example\/>/,
    ],
    ['<a href="https://bank.example@evil.example/">https://bank.example/</a>', /bank\.example@evil/],
    ['<a href="//evil.example/"><span>www.bank.example</span></a>', /www\.bank\.example/],
    ['<a href="//evil.example/">www.ba\u00adnk\u200b.example is safe</a>', /\[www\.bank\.example\]/],
  ])('are reported in HTML: %s', (html, shown) => {
    const { text, warnings } = safeLinks(textOfHtml(html).text);
    expect(text).toMatch(shown);
    expect(warnings).toEqual([
      expect.stringMatching(/^A link shows (?:www\.)?bank\.example and leads to evil\.example\.$/),
    ]);
  });

  test.each([
    'www.shop.example <https://click.shop.example/a?u=1>',
    'Shop.example <https://shop.example/> https://shop.example/',
    'report.pdf <https://files.example.org/1> Node.js <https://nodejs.example/>',
    'the form <https://x.example/1> ann@bank.example <mailto:ann@bank.example>',
    'https://müller.example/ <https://xn--mller-kva.example/> https://пример.рф/ https://日本.example/',
  ])('others are not: %s', (text) => {
    expect(safeLinks(text)).toEqual({ text, warnings: [] });
  });

  test('five are named, and the others counted', () => {
    const text = Array.from({ length: 9 }, (_, n) => `bank.example <https://evil${n}.example/>`).join(' ');
    const { warnings } = safeLinks(text);
    expect(warnings).toHaveLength(6);
    expect(warnings.at(-1)).toBe('4 more links are deceiving.');
  });
});

test.each([
  '<',
  '<a',
  '<a:>',
  'a.b ',
  'https://a@b ',
  'data:',
  ' href=',
  ' href="',
  ` href='" href="' src="`,
  ' src=x',
  '<//',
  '[a',
  'javascript:',
  '[x](',
  'x:',
  '<a href=x>bank.example',
])('a body of 200,000 characters takes less than a second: %s', (piece) => {
  const text = piece.repeat(200_000 / piece.length);
  const before = process.cpuUsage();
  safeLinks(text);
  safeMarkup(text);
  expect(process.cpuUsage(before).user / 1000).toBeLessThan(1000);
});

describe('links in HTML that show another host than they lead to are named, in the HTML too', () => {
  test.each([
    '<a href="https://evil.example/">https://bank.example/</a>',
    '<a class=x href=\'https://evil.example/?a=1&amp;b=2\' style="color:red"><b>www.bank</b>.example</a>',
    '<A HREF=https://evil.example/><span>bank.example</span></A>',
    '<area alt="x" href="//evil.example/"><a href="//evil.example">bank.example</a>',
  ])('%s', (html) => {
    expect(safeMarkup(html).text).toBe(html);
    expect(safeMarkup(html).warnings).toEqual([
      expect.stringMatching(/^A link shows (?:www\.)?bank\.example and leads to evil\.example\.$/),
    ]);
  });

  test.each([
    '<a href="https://bank.example/">Read on bank.example</a> and <a href="https://other.example">other</a>',
    '<a href="https://evil.example"></a> bank.example',
    '<a href="https://evil.example">no end, bank.example',
    '<link href="https://cdn.example/x.css"><p>bank.example</p>',
  ])('honest ones are not: %s', (html) => {
    expect(safeMarkup(html)).toEqual({ text: html, warnings: [] });
  });
});

describe('deceits', () => {
  const markup = '<a href="https://evil.example/">www.bank.example</a>';
  const deceit = { pretended: 'www.bank.example', host: 'evil.example', how: expect.stringMatching(/^shows /) };

  test('of HTML and of text are found once each', () => {
    const text = 'www.bank.example <https://evil.example/> https://bank.example@evil.example/';
    expect(deceitsIn({ html: `${markup} ${markup}`, text })).toEqual([
      deceit,
      { pretended: 'bank.example', host: 'evil.example', how: expect.stringMatching(/^begins like /) },
    ]);
  });

  test('without a host that is pretended say how they deceive', () => {
    const [found] = deceitsIn({ text: 'https://раypal.com/login' });
    expect(found).toEqual({ pretended: undefined, host: 'xn--ypal-43d9g.com', how: expect.stringMatching(/imitate/) });
  });

  test.each(['', 'Hello.', '<a href="javascript:alert(1)">x</a>', '<a href="https://bank.example/">bank.example</a>'])(
    'are none of %j',
    (html) => {
      expect(deceitsIn({ html, text: html })).toEqual([]);
    },
  );

  test('are five sentences at most, and the number of the others', () => {
    const html = Array.from({ length: 9 }, (_, n) => markup.replace('www.bank', `www.bank${n}`)).join(' ');
    const warnings = deceitWarnings(deceitsIn({ html }));
    expect(warnings).toHaveLength(6);
    expect(warnings[5]).toBe('4 more links are deceiving.');
  });
});
