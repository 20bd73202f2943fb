/** Converts HTML to the text that a mail program would show. Hidden text is left out, because a sender could use it to instruct the model. */

import { type FormatCallback, type HtmlToTextOptions, htmlToText } from 'html-to-text';
import { dangerousScheme, otherHostNamed } from '../../text/link-hosts.ts';
import { withoutPadding } from '../../text/visible-text.ts';

/** Longer HTML is cut; this much takes a few hundred milliseconds. */
const MAX_HTML_CHARS = 2_000_000;

/** Declarations that make an element invisible, without white space. */
const HIDING =
  /(?:^|;)(?:display:none|visibility:(?:hidden|collapse)|opacity:0*(?:\.0+)?(?:;|!|$)|font-size:0*(?:\.0+)?(?:px|pt|em|rem|ex|%)?(?:;|!|$)|mso-hide:all)/;

export function textOfHtml(html: string): string {
  return withoutPadding(htmlToText(cutAtLimits(html), OPTIONS))
    .replaceAll('\u{a0}', ' ')
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
}

/** Start tags that are converted: more have more text than a call returns, and their tree takes too much memory for a worker thread. */
const MAX_ELEMENTS = 30_000;
/** Elements that may be open at the same time. */
const MAX_OPEN_ELEMENTS = 20_000;
/** Elements that never have an end tag. All others count as open until their end tag, even where HTML allows it to be omitted. */
const VOID_ELEMENTS = /^(?:area|base|br|col|embed|hr|img|input|link|meta|source|track|wbr)$/i;

/** True if textOfHtml() converts only the start. */
export function isCutHtml(html: string): boolean {
  return cutAtLimits(html).length < html.length;
}

/**
 * Cuts the HTML where it has too many elements, or they nest too deep. The parser shifts its whole stack for every element, so a megabyte with 200,000 open elements
 * would block the process for fifteen seconds.
 */
function cutAtLimits(html: string): string {
  const start = html.slice(0, MAX_HTML_CHARS);
  let open = 0;
  let elements = 0;
  for (const { 1: slash, 2: name = '', index } of start.matchAll(/<(\/?)([a-z][a-z0-9:-]{0,30})/gi)) {
    if (slash !== '/') elements += 1;
    if (!VOID_ELEMENTS.test(name)) open = slash === '/' ? Math.max(0, open - 1) : open + 1;
    if (open > MAX_OPEN_ELEMENTS || elements > MAX_ELEMENTS) return start.slice(0, index);
  }
  return start;
}

/** Skips an element that its style hides; any other is passed to the formatter of its tag. */
const unlessHidden: FormatCallback = (element, walk, builder) => {
  if (isHidden(String(element.attribs.style ?? ''))) return;
  delete element.attribs.style;
  walk([element], builder);
};

/** Shows the alternative text of a picture instead of its URL, which is often a tracking link. */
const imageText: FormatCallback = (element, _walk, builder) => {
  const alt = String(element.attribs.alt ?? '').trim();
  if (alt !== '') builder.addInline(`[${alt}]`, { noWordTransform: true });
};

/**
 * Shows the text of a link and its URL. Of a dangerous one only the scheme is left, whatever it was disguised with: it is removed, and reported,
 * where all texts are. If the text names another host, that host is repeated beside the URL, where it is compared.
 */
const link: FormatCallback = (element, walk, builder) => {
  const href = String(element.attribs.href ?? '')
    .replace(/[\t\r\n]/g, '')
    .trim()
    .replace(/^mailto:/i, '');
  const words: string[] = [];
  builder.pushWordTransform((word) => {
    if (words.length < MAX_LINK_WORDS) words.push(word);
    return word;
  });
  walk(element.children, builder);
  builder.popWordTransform();
  const text = words.join(' ');
  if (href === '' || href.startsWith('#') || href === text) return;
  const scheme = dangerousScheme(href);
  const other = scheme === undefined ? otherHostNamed(href, text) : undefined;
  const url = `<${scheme === undefined ? href : `${scheme}:`}>`;
  const parts = [
    ...(other === undefined || text.endsWith(other) ? [] : [`[${other}]`]),
    words.length === 0 && scheme === undefined ? href : url,
  ];
  builder.addInline(`${words.length === 0 ? '' : ' '}${parts.join(' ')}`, { noWordTransform: true });
};

/** Words of the text of a link that are searched for a host. */
const MAX_LINK_WORDS = 40;

/** Separates cells by a space, not as columns: mail uses tables for layout. */
const cell: FormatCallback = (element, walk, builder) => {
  walk(element.children, builder);
  builder.addInline(' ');
};

/** Number of items written so far, by list element. */
const itemsSeen = new WeakMap<object, number>();

/** Replaces the library's formatter, which ignores the style of the item itself, and so would show a hidden item. */
const listItem: FormatCallback = (element, walk, builder) => {
  // A counter, because looking up each item among its siblings takes quadratic time: hours for a list of a megabyte.
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
  formatters: { unlessHidden, imageText, link, cell, listItem },
  // Broken mail has text outside its body element, or several of them: the whole document is converted.
  baseElements: { selectors: ['no-such-element'], returnDomByDefault: true },
  // The conversion is recursive: a page a million elements deep must not exhaust the stack.
  limits: { maxDepth: 200, maxInputLength: MAX_HTML_CHARS, ellipsis: ' […]' },
  selectors: [
    ...SKIPPED.map((selector) => ({ selector, format: 'skip' })),
    { selector: '[style]', format: 'unlessHidden' },
    { selector: 'a', format: 'link' },
    { selector: 'img', format: 'imageText' },
    ...['h1', 'h2', 'h3', 'h4', 'h5', 'h6'].map((selector) => ({ selector, options: { uppercase: false } })),
    ...['table', 'tr', 'ul', 'ol'].map((selector) => ({ selector, format: 'block', options: ONE_BREAK })),
    { selector: 'li', format: 'listItem' },
    { selector: 'td', format: 'cell' },
    { selector: 'th', format: 'cell' },
  ],
};
