import { type FormatCallback, type HtmlToTextOptions, htmlToText } from 'html-to-text';

/** HTML → text that a person reading the message would see. What the sender hid from people is hidden from the model too. */

/** Longest HTML that is converted, in characters; a few hundred milliseconds of work. */
const MAX_HTML = 2_000_000;

/** Declarations that make an element invisible, without white space. */
const HIDING =
  /(?:^|;)(?:display:none|visibility:(?:hidden|collapse)|opacity:0*(?:\.0+)?(?:;|!|$)|font-size:0*(?:\.0+)?(?:px|pt|em|rem|ex|%)?(?:;|!|$)|mso-hide:all)/;

export function textOfHtml(html: string): string {
  return htmlToText(withoutAbyss(html.slice(0, MAX_HTML)), OPTIONS)
    .replace(/(?:\u{200b}|\u{200c}|\u{2060}|\u{feff}|\u{ad}|\u{34f})+/gu, '')
    .replaceAll('\u{a0}', ' ')
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
}

/** Most elements that may be open at the same time. */
const MAX_OPEN = 20_000;
/** Elements that have no end tag. All others count, also those that HTML closes by itself: together they nest as deep as any. */
const VOID = /^(?:area|base|br|col|embed|hr|img|input|link|meta|source|track|wbr)$/i;

/**
 * The HTML up to where it nests absurdly deep. The parser moves its whole stack with every element, so two hundred thousand open
 * elements in a megabyte would keep it, and everybody else, busy for a quarter of a minute.
 */
function withoutAbyss(html: string): string {
  let open = 0;
  for (const { 1: slash, 2: name = '', index } of html.matchAll(/<(\/?)([a-z][a-z0-9:-]{0,30})/gi)) {
    if (VOID.test(name)) continue;
    open = slash === '/' ? Math.max(0, open - 1) : open + 1;
    if (open > MAX_OPEN) return html.slice(0, index);
  }
  return html;
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

/** Items of each list that were written so far. Weak: a list is gone with its document. */
const itemsSeen = new WeakMap<object, number>();

/** Own formatter because the library's lists walk past the elements of their items, and so past what hides them. */
const listItem: FormatCallback = (element, walk, builder) => {
  // Counted as they come: looking each one up among its siblings would take hours for a list that fills a megabyte.
  const list = element.parent ?? element;
  const number = (itemsSeen.get(list) ?? 0) + 1;
  itemsSeen.set(list, number);
  builder.openBlock({ leadingLineBreaks: 1 });
  builder.addInline(element.parent?.name === 'ol' ? `${number}. ` : '- ');
  walk(element.children, builder);
  builder.closeBlock({ trailingLineBreaks: 1 });
};

function isHidden(style: string): boolean {
  const plain = style
    .slice(0, 10_000)
    .split('*/')
    .map((text) => text.split('/*', 1)[0])
    .join('')
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
  whitespaceCharacters: ' \t\r\n\f',
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
