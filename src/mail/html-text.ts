import { type FormatCallback, type HtmlToTextOptions, htmlToText } from 'html-to-text';

/** HTML → text that a person reading the message would see. What the sender hid from people is hidden from the model too. */

/** Longest HTML that is converted, in characters; a few hundred milliseconds of work. */
const MAX_HTML = 2_000_000;

/** Declarations that make an element invisible, without white space. */
const HIDING =
  /(?:^|;)(?:display:none|visibility:(?:hidden|collapse)|opacity:0*(?:\.0+)?(?:;|!|$)|font-size:0*(?:\.0+)?(?:px|pt|em|rem|ex|%)?(?:;|!|$)|mso-hide:all)/;

export function textOfHtml(html: string): string {
  return htmlToText(html.slice(0, MAX_HTML), OPTIONS)
    .replace(/(?:\u{200b}|\u{200c}|\u{2060}|\u{feff}|\u{ad}|\u{34f})+/gu, '')
    .replace(/[ \t\u{a0}]+$/gmu, '')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
}

/** Skips an element that its style hides; any other goes on to the formatter of its tag. */
const unlessHidden: FormatCallback = (element, walk, builder) => {
  if (isHidden(String(element.attribs.style ?? ''))) return;
  delete element.attribs.style;
  walk([element], builder);
};

/** The text on a picture is for people; its address is for trackers. */
const imageText: FormatCallback = (element, _walk, builder) => {
  const alt = String(element.attribs.alt ?? '').trim();
  if (alt !== '') builder.addInline(`[${alt}]`, { noWordTransform: true });
};

/** Mail uses tables for layout, so a cell is a word's distance from the next, not a column. */
const cell: FormatCallback = (element, walk, builder) => {
  walk(element.children, builder);
  builder.addInline(' ');
};

/** Own formatter because the library's lists walk past the elements of their items, and so past what hides them. */
const listItem: FormatCallback = (element, walk, builder) => {
  const siblings = element.parent?.children ?? [];
  const number = siblings.filter(({ name }) => name === 'li').indexOf(element) + 1;
  builder.openBlock({ leadingLineBreaks: 1 });
  builder.addInline(element.parent?.name === 'ol' ? `${number}. ` : '- ');
  walk(element.children, builder);
  builder.closeBlock({ trailingLineBreaks: 1 });
};

function isHidden(style: string): boolean {
  const plain = style
    .slice(0, 10_000)
    .replace(/\/\*.*?\*\//gs, '')
    .replace(/\s+/g, '')
    .toLowerCase();
  return HIDING.test(plain);
}

const SKIPPED = [
  'script',
  'style',
  'template',
  'noscript',
  'head',
  'title',
  'object',
  'svg',
  'iframe',
  '[hidden]',
  'input[type="hidden"]',
];

const ONE_BREAK = { leadingLineBreaks: 1, trailingLineBreaks: 1 };

const OPTIONS: HtmlToTextOptions = {
  wordwrap: false,
  formatters: { unlessHidden, imageText, cell, listItem },
  // Broken mail has text outside its body element, or several of them: take all there is.
  baseElements: { selectors: ['no-such-element'], returnDomByDefault: true },
  // The walk is recursive: a page a million elements deep must not exhaust the stack.
  limits: { maxDepth: 200, maxInputLength: MAX_HTML, ellipsis: ' […]' },
  selectors: [
    ...SKIPPED.map((selector) => ({ selector, format: 'skip' })),
    { selector: '[style]', format: 'unlessHidden' },
    { selector: 'a', options: { hideLinkHrefIfSameAsText: true, noAnchorUrl: true, linkBrackets: ['<', '>'] } },
    { selector: 'img', format: 'imageText' },
    ...['h1', 'h2', 'h3', 'h4', 'h5', 'h6'].map((selector) => ({ selector, options: { uppercase: false } })),
    ...['table', 'tr', 'ul', 'ol'].map((selector) => ({ selector, format: 'block', options: ONE_BREAK })),
    { selector: 'li', format: 'listItem' },
    { selector: 'td', format: 'cell' },
    { selector: 'th', format: 'cell' },
  ],
};
