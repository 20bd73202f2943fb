import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { textOfHtml } from '../../../src/mail/html/html-text.ts';

const text = (html: string) => textOfHtml(html).text;

describe('what a browser does not show is left out', () => {
  test.each([
    ['display:none', '<p style="display:none">HIDDEN</p>'],
    ['display in capitals, with a comment', '<p style="DISPLAY /* x */ : None">HIDDEN</p>'],
    ['visibility', '<p style="visibility:hidden">HIDDEN</p>'],
    ['opacity', '<p style="opacity:0.01">HIDDEN</p>'],
    ['opacity of two levels', '<div style="opacity:.2"><p style="opacity:20%">HIDDEN</p></div>'],
    ['a font of 1 px', '<p style="font-size:1px">HIDDEN</p>'],
    ['a font of 0.1 em', '<p style="font-size:0.1em">HIDDEN</p>'],
    ['a font in a shorthand', '<p style="font: 0/0 a">HIDDEN</p>'],
    ['a box without height', '<div style="max-height:0;overflow:hidden">HIDDEN</div>'],
    ['a box of one pixel', '<div style="width:1px;height:1px;overflow:hidden">HIDDEN</div>'],
    ['a position outside of the window', '<p style="position:absolute;left:-9999px">HIDDEN</p>'],
    ['a negative indent', '<p style="text-indent:-9999px">HIDDEN</p>'],
    ['clipping', '<p style="position:absolute;clip:rect(0 0 0 0)">HIDDEN</p>'],
    ['a clip path', '<p style="clip-path: inset(50%)">HIDDEN</p>'],
    ['white on white', '<p style="color:#fff">HIDDEN</p>'],
    ['white on white by name', '<font color="white">HIDDEN</font>'],
    ['nearly white', '<p style="color:#fefefe">HIDDEN</p>'],
    [
      'the colour of a table cell',
      '<table><tr><td bgcolor="#003366"><span style="color:rgb(0,51,102)">HIDDEN</span></table>',
    ],
    ['a transparent colour', '<p style="color:transparent">HIDDEN</p>'],
    ['a class', '<style>.x{display:none}</style><p class="a x">HIDDEN</p>'],
    ['an id', '<style>#x{display:none}</style><p id=x>HIDDEN</p>'],
    ['a selector with a parent', '<style>div.a > p{font-size:0}</style><div class=a><p>HIDDEN</p></div>'],
    ['a list of selectors', '<style>h1, p:first-child{display:none}</style><div><p>HIDDEN</p></div>'],
    ['a media query for desktops', '<style>@media (min-width:600px){.x{display:none}}</style><p class=x>HIDDEN</p>'],
    ['an attribute', '<p hidden>HIDDEN</p>'],
    ['an important rule', '<style>p{display:none!important}</style><p style="display:block">HIDDEN</p>'],
    ['a style of the whole', '<body style="display:none">HIDDEN</body>'],
    [
      'script, style and title',
      '<title>HIDDEN</title><style>HIDDEN</style><script>"HIDDEN"</script><template>HIDDEN</template>',
    ],
    ['a comment for Outlook', '<!--[if mso]><p>HIDDEN</p><![endif]-->'],
  ])('%s', (_how, html) => {
    const { text: shown } = textOfHtml(`<p>Before.</p>${html}<p>After.</p>`.replace(/^<p>Before\.<\/p>(?=<body)/, ''));
    expect(shown).not.toContain('HIDDEN');
  });

  test('is reported, with its place', () => {
    const { hidden } = textOfHtml('<p style="display:none">first</p><p>Shown.</p><p style="color:white">second</p>');
    expect(hidden).toEqual([
      { text: 'first', isAtStart: true },
      { text: 'second', isAtStart: false },
    ]);
  });
});

describe('what a browser shows is kept', () => {
  test.each([
    ['the last declaration', '<p style="display:none;display:block">SHOWN</p>'],
    ['a value that browsers ignore', '<p style="color:red;color:nonsense">SHOWN</p>'],
    ['a child of an invisible parent', '<div style="visibility:hidden"><p style="visibility:visible">SHOWN</p></div>'],
    ['a child with a font of its own', '<div style="font-size:0"><p style="font-size:14px">SHOWN</p></div>'],
    ['white on a dark cell', '<table><tr><td bgcolor=black style="color:white">SHOWN</table>'],
    ['white on a picture', '<div style="background:url(x.png);color:#fff">SHOWN</div>'],
    ['a box that cuts nothing off', '<div style="height:1px">SHOWN</div>'],
    ['a rule for phones', '<style>@media (max-width:480px){p{display:none}}</style><p>SHOWN</p>'],
    ['a rule for printers', '<style>@media print{p{display:none}}</style><p>SHOWN</p>'],
    ['a weaker rule', '<style>p{display:none} p.a{display:block}</style><p class=a>SHOWN</p>'],
    ['a rule for a pointer', '<style>p:hover{display:none}</style><p>SHOWN</p>'],
    ['a rule that cannot be parsed', '<style>p:::x{display:none} }}}</style><p>SHOWN</p>'],
    ['a comment for all others', '<!--[if !mso]><!--><p>SHOWN</p><!--<![endif]-->'],
    ['tags that are never closed', '<div><b><i><p>SHOWN'],
    ['text outside of the body', '<html><body>a</body></html>SHOWN'],
  ])('%s', (_how, html) => {
    expect(text(html)).toContain('SHOWN');
  });
});

describe('lines', () => {
  test.each([
    ['paragraphs', '<p>a<p>b', 'a\n\nb'],
    ['line breaks', 'a<br>b<br><br>c', 'a\nb\n\nc'],
    ['nested blocks', '<div><div>a</div></div><div>b</div>', 'a\nb'],
    ['white space', '<p>a \n  b</p>', 'a b'],
    ['inline elements', '<p>a<b>b</b> <i> c</i></p>', 'ab c'],
    ['preformatted text', '<pre>a  b\n  c</pre>', 'a  b\n  c'],
    ['kept lines', '<div style="white-space:pre-wrap">a\nb\n\nc</div>', 'a\nb\n\nc'],
    ['a rule', 'a<hr>b', 'a\n\n---\n\nb'],
    ['a quotation', '<p>a<blockquote><p>b<p>c</blockquote>d', 'a\n\n> b\n>\n> c\n\nd'],
    ['quotations of two levels', '<blockquote>a<blockquote>b</blockquote></blockquote>', '> a\n>\n> > b'],
    ['definitions', '<dl><dt>a<dd>b<dt>c<dd>d</dl>', 'a\n  b\nc\n  d'],
    ['options', '<select><option>a<option>b</select>', 'a\nb'],
    ['details', '<details><summary>a</summary>b</details>', 'a\nb'],
    ['an address', '<address>a<br>b</address>c', 'a\nb\nc'],
  ])('%s', (_what, html, expected) => {
    expect(text(html)).toBe(expected);
  });
});

describe('lists', () => {
  test.each([
    ['bullets', '<ul><li>a<li>b</ul>', '- a\n- b'],
    ['numbers', '<ol><li>a<li>b</ol>', '1. a\n2. b'],
    ['a start and a value', '<ol start=5><li>a<li>b<li value=9>c</ol>', '5. a\n6. b\n9. c'],
    ['a list in an item', '<ol><li>a<ul><li>b</ul><li>c</ol>', '1. a\n  - b\n2. c'],
    ['a hidden item', '<ul><li>a<li style="display:none">b<li>c</ul>', '- a\n- c'],
  ])('%s', (_what, html, expected) => {
    expect(text(html)).toBe(expected);
  });
});

describe('tables', () => {
  test.each([
    ['empty cells', '<table><tr><td>a<td><td>b<tr><td>c<td>d<td></table>', 'a |  | b\nc | d |'],
    ['a cell over two columns', '<table><tr><td colspan=2>a<td>b<tr><td>c<td>d<td>e</table>', 'a |  | b\nc | d | e'],
    ['a cell over two rows', '<table><tr><td rowspan=2>a<td>b<tr><td>c<tr><td>d<td>e</table>', 'a | b\n | c\nd | e'],
    ['lines in a cell', '<table><tr><td>a<br>b<td>c<tr><td>d<td>e</table>', 'a / b | c\nd | e'],
    ['a layout', '<table><tr><td><p>a<p>b</td><td></td></tr><tr><td>c</table>', 'a\n\nb\nc'],
  ])('%s', (_what, html, expected) => {
    expect(text(html)).toBe(expected);
  });
});

describe('meaning in markup', () => {
  test.each([
    ['raised digits', '9<sup>99</sup> EUR', '9⁹⁹ EUR'],
    ['an exponent', '10<sup>-3</sup>', '10⁻³'],
    ['a raised word', 'x<sup>th</sup>', 'x^th'],
    ['lowered digits', 'H<sub>2</sub>O', 'H₂O'],
    ['struck-out text', '<s>120 EUR</s> 80 EUR', '~~120 EUR~~ 80 EUR'],
    ['a picture', '<img alt="Soup of the day" src="https://t.example.test/">', '[Soup of the day]'],
    ['check boxes', '<input type=checkbox checked> a<br><input type=checkbox> b', '[x] a\n[ ] b'],
  ])('%s', (_what, html, expected) => {
    expect(text(html)).toBe(expected);
  });
});

describe('links', () => {
  const other = '<a href="https://two.example.test/">second</a>';

  test.each([
    [
      'text and host',
      `<a href="https://a.example.test/b/c?d=e">more</a> ${other}`,
      'more <a.example.test> second <two.example.test>',
    ],
    [
      'a picture that is the only link',
      '<a href="https://a.example.test/b"><img src="x"></a>',
      'https://a.example.test/b',
    ],
    ['the only link', '<a href="https://a.example.test/b?c">more</a>', 'more <https://a.example.test/b?c>'],
    [
      'the text is the link',
      '<a href="https://a.example.test/">https://a.example.test/</a>',
      'https://a.example.test/',
    ],
    [
      'a picture without text',
      `<a href="https://a.example.test/b"><img src="x"></a> ${other}`,
      '<a.example.test> second <two.example.test>',
    ],
    ['an address', '<a href="mailto:desk@example.test?subject=x">write</a>', 'write <desk@example.test>'],
    ['an address that is shown', '<a href="mailto:desk@example.test">desk@example.test</a>', 'desk@example.test'],
    ['side by side', '<a href="#a">one</a><a href="#b">two</a>', 'one two'],
    ['within the message', '<a href="#top">top</a>', 'top'],
    [
      'relative to the base',
      '<base href="https://a.example.test/b/"><a href="c.html">more</a>',
      'more <https://a.example.test/b/c.html>',
    ],
    ['a dangerous one', '<a href="javascript:alert(1)">more</a>', 'more <javascript:>'],
  ])('%s', (_what, html, expected) => {
    expect(text(html)).toBe(expected);
  });

  test('a text that names another host is followed by the whole link', () => {
    expect(text(`<a href="https://evil.example.test/x">www.bank.example</a> ${other}`)).toContain(
      '<https://evil.example.test/x>',
    );
  });
});

describe('HTML that is too complex', () => {
  test('is cut where it has too many elements', () => {
    const { isCut, text: shown } = textOfHtml(`<p>start</p>${'<b></b>'.repeat(200_000)}`);
    expect(isCut).toBe(true);
    expect(shown).toBe('start');
  });

  test.each([
    ['blocks', '<div>'.repeat(2_000)],
    ['tables', '<table><tr><td>'.repeat(1_000)],
    ['lists', '<ol><li>'.repeat(1_500)],
    ['quotations', '<blockquote>'.repeat(1_500)],
    ['formats that stay open', Array.from({ length: 1_000 }, (_, n) => `<b a=${n}>`).join('')],
  ])('is converted however deep it nests: %s', (_what, html) => {
    const { isCut, text: shown } = textOfHtml(`<p>start</p>${html}end`);
    expect(isCut).toBe(false);
    expect(shown).toMatch(/^start[\s\S]*end$/);
    expect(shown.length).toBeLessThan(1_000);
  });
});

describe('any table of data', () => {
  const cell = fc.record({ text: fc.constantFrom('', 'Ann', 'Bo', '7', '12.50 EUR', 'é'), isHead: fc.boolean() });
  const grid = fc
    .tuple(fc.integer({ min: 2, max: 5 }), fc.integer({ min: 2, max: 5 }))
    .chain(([columns, rows]) =>
      fc.array(fc.array(cell, { minLength: columns, maxLength: columns }), { minLength: rows, maxLength: rows }),
    );
  const wrap = fc.constantFrom<(text: string) => string>(
    (text) => text,
    (text) => `<p>${text}</p>`,
    (text) => `\n  <b>${text}</b>\n `,
    (text) => `<span style="color:#333">${text}</span>`,
    (text) => `<div>${text}</div>`,
  );

  test('keeps every cell in its row and column', () => {
    fc.assert(
      fc.property(grid, wrap, fc.boolean(), fc.boolean(), (rows, wrapCell, isClosed, hasBody) => {
        // A table is one of data if two rows have two cells with text; a row without any is not written.
        const full = rows.filter((row) => row.filter(({ text: words }) => words !== '').length > 1);
        fc.pre(full.length > 1);
        const end = (tag: string) => (isClosed ? `</${tag}>` : '');
        const html = rows
          .map((row) => {
            const cells = row.map(({ text: words, isHead }) => {
              const tag = isHead ? 'th' : 'td';
              return `<${tag}>${words === '' ? '' : wrapCell(words)}${end(tag)}`;
            });
            return `<tr>${cells.join('')}${end('tr')}`;
          })
          .join('');
        const shown = text(`<table>${hasBody ? `<tbody>${html}</tbody>` : html}</table>`);
        const wanted = rows.filter((row) => row.some(({ text: words }) => words !== ''));
        expect(shown.split('\n').map((line) => line.split('|').map((part) => part.trim()))).toEqual(
          wanted.map((row) => row.map(({ text: words }) => words)),
        );
      }),
    );
  });
});
