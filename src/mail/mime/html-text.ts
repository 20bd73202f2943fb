/** Converts HTML to the text that a reader would see: what the sender hid from people is not shown to the model either. */
import { type FormatCallback, type HtmlToTextOptions, htmlToText } from 'html-to-text';

/** Longer HTML is cut; this much takes a few hundred milliseconds. */
const MAX_HTML_CHARS = 2_000_000;

/** Declarations that make an element invisible, without white space. */
const HIDING =
  /(?:^|;)(?:display:none|visibility:(?:hidden|collapse)|opacity:0*(?:\.0+)?(?:;|!|$)|font-size:0*(?:\.0+)?(?:px|pt|em|rem|ex|%)?(?:;|!|$)|mso-hide:all)/;

export function textOfHtml(html: string): string {
  return htmlToText(cutAtMaxDepth(html.slice(0, MAX_HTML_CHARS)), OPTIONS)
    .replace(/(?:\u{200b}|\u{200c}|\u{2060}|\u{feff}|\u{ad}|\u{34f})+/gu, '')
    .replaceAll('\u{a0}', ' ')
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
}

/** Elements that may be open at the same time. */
const MAX_OPEN_ELEMENTS = 20_000;
/** Elements that have no end tag. All others are counted, also those that HTML closes by itself, as they nest as deep. */
const VOID_ELEMENTS = /^(?:area|base|br|col|embed|hr|img|input|link|meta|source|track|wbr)$/i;

/**
 * The HTML up to where its elements nest too deep. The parser moves its whole stack with every element, so the two hundred thousand open
 * elements of a megabyte would block this process for fifteen seconds.
 */
function cutAtMaxDepth(html: string): string {
  let open = 0;
  for (const { 1: slash, 2: name = '', index } of html.matchAll(/<(\/?)([a-z][a-z0-9:-]{0,30})/gi)) {
    if (VOID_ELEMENTS.test(name)) continue;
    open = slash === '/' ? Math.max(0, open - 1) : open + 1;
    if (open > MAX_OPEN_ELEMENTS) return html.slice(0, index);
  }
  return html;
}

/** Skips an element that its style hides; any other is passed to the formatter of its tag. */
const unlessHidden: FormatCallback = (element, walk, builder) => {
  if (isHidden(String(element.attribs.style ?? ''))) return;
  delete element.attribs.style;
  walk([element], builder);
};

/** Shows the alternative text of a picture and not its URL, which is often a tracker's. */
const imageText: FormatCallback = (element, _walk, builder) => {
  const alt = String(element.attribs.alt ?? '').trim();
  if (alt !== '') builder.addInline(`[${alt}]`, { noWordTransform: true });
};

/** Separates cells by a space, not as columns: mail uses tables for layout. */
const cell: FormatCallback = (element, walk, builder) => {
  walk(element.children, builder);
  builder.addInline(' ');
};

/** Number of items of each list that were written so far. Weak, so that an entry ends with its document. */
const itemsSeen = new WeakMap<object, number>();

/** Replaces the library's formatter, which skips the element of an item, and with it the style that hides it. */
const listItem: FormatCallback = (element, walk, builder) => {
  // Counted as they come: finding each one among its siblings would take hours for a list of a megabyte.
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
  // Broken mail has text outside its body element, or several of them: the whole document is converted.
  baseElements: { selectors: ['no-such-element'], returnDomByDefault: true },
  // The conversion is recursive: a page a million elements deep must not exhaust the stack.
  limits: { maxDepth: 200, maxInputLength: MAX_HTML_CHARS, ellipsis: ' […]' },
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
