/**
 * Converts HTML to the text that people see in a mail program with the width of a desktop.
 *
 * Invariant: what a style hides is left out, and counted. A sender could use it to instruct the model.
 */
import type { AnyNode, Element } from 'domhandler';
import { withoutPadding } from '../../text/visible-text.ts';
import { computeStyle, INITIAL_STYLE, type Style, showsText } from './computed-style.ts';
import { type Links, linksOf, linkText } from './link-text.ts';
import { isElement, parseHtml } from './parse-html.ts';
import { readStyleSheets, type StyleSheets } from './style-sheets.ts';
import { type CellRenderer, tableText } from './table-text.ts';
import { struckOut, TextBuilder, type WhiteSpace } from './text-builder.ts';

export interface HtmlText {
  text: string;
  /** Texts of elements that cannot be seen, in order, without scripts and styles. */
  hidden: HiddenElement[];
  /** True if only the start was converted, because the whole is too complex. */
  isCut: boolean;
  /** True if not all of the style sheets were applied, so that hidden text may be among `text`. */
  isStyleCut: boolean;
}

export interface HiddenElement {
  text: string;
  /** True if no visible text comes before it. */
  isAtStart: boolean;
}

/** Never shown, whatever the style says. */
const SILENT =
  /^(?:script|style|head|title|template|noscript|object|svg|iframe|audio|video|canvas|datalist|meta|link|base)$/;
/** Elements with an empty line before and after them (HTML §15.3). */
const SPACED = /^(?:p|h[1-6]|ul|ol|dl|blockquote|pre|table|figure|fieldset|hr|listing|xmp)$/;
const BLOCK =
  /^(?:address|article|aside|body|caption|center|dd|details|dialog|dir|div|dt|figcaption|footer|form|header|hgroup|html|legend|li|main|menu|nav|optgroup|option|search|section|summary|tr|td|th|tbody|thead|tfoot)$/;

const MAX_HIDDEN_CHARS = 20_000;
/** Characters of a link's text that are compared with its host. */
const MAX_LINK_CHARS = 300;
/** Longer texts are no numbers. */
const MAX_RAISED_CHARS = 20;
/** Tables in tables that are written as such; deeper ones as their contents. */
const MAX_TABLE_LEVELS = 30;

/** Comparisons of elements with selectors that any message may take, and each character of it. */
const MIN_STEPS = 5_000;
const STEPS_PER_CHAR = 1;

export function textOfHtml(html: string): HtmlText {
  const { document, isCut } = parseHtml(html);
  const sheets = readStyleSheets(document, MIN_STEPS + STEPS_PER_CHAR * html.length);
  const renderer = new Renderer(sheets, linksOf(document));
  const builder = new TextBuilder();
  renderer.render(document, INITIAL_STYLE, builder);
  const text = withoutPadding(builder.toString()).replaceAll('\u{a0}', ' ');
  return { text: withoutEmptyLines(text), hidden: renderer.hidden, isCut, isStyleCut: sheets.areCut };
}

/** Padding may have been all of a line. */
function withoutEmptyLines(text: string): string {
  return text
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
}

class Renderer implements CellRenderer {
  readonly hidden: HiddenElement[] = [];
  readonly #sheets: StyleSheets;
  readonly #links: Links;
  #hiddenChars = 0;
  #hasShown = false;
  #openLists = 0;
  #openTables = 0;

  constructor(sheets: StyleSheets, links: Links) {
    this.#sheets = sheets;
    this.#links = links;
  }

  /** The style of an element, whose parent has the style `around`. */
  styleOf(element: Element, around: Style): Style {
    return computeStyle(element, around, this.#sheets);
  }

  render(node: AnyNode, style: Style, builder: TextBuilder): void {
    if (node.type === 'text') {
      this.#renderText(node.data, style, builder);
      return;
    }
    if (!('children' in node)) return;
    if (!isElement(node)) {
      this.#renderChildren(node.children, style, builder);
      return;
    }
    if (SILENT.test(node.name)) return;
    const own = this.styleOf(node, style);
    if (!own.isDisplayed) {
      this.#hide(plainText(node, MAX_HIDDEN_CHARS));
      return;
    }
    this.#renderElement(node, { style: own, around: style }, builder);
  }

  #renderChildren(nodes: readonly AnyNode[], style: Style, builder: TextBuilder): void {
    for (const node of nodes) this.render(node, style, builder);
  }

  #renderText(text: string, style: Style, builder: TextBuilder): void {
    if (!showsText(style)) {
      this.#hide(text);
      return;
    }
    if (!this.#hasShown && /[\p{L}\p{N}]/u.test(text)) this.#hasShown = true;
    builder.add(text, whiteSpaceOf(style));
  }

  #hide(text: string): void {
    const words = text.replace(/\s+/g, ' ').trim();
    if (words === '' || this.#hiddenChars > MAX_HIDDEN_CHARS) return;
    this.#hiddenChars += words.length;
    this.hidden.push({ text: words, isAtStart: !this.#hasShown });
  }

  #renderElement(element: Element, { style, around }: { style: Style; around: Style }, builder: TextBuilder): void {
    const breaks = this.#breaksAround(element, style);
    if (breaks > 0) builder.block(breaks);
    if (style.isStruckOut && !around.isStruckOut) {
      builder.add(struckOut(this.textWithin(element, style)), breaks === 0 ? 'collapse' : 'keep-lines');
    } else {
      this.#renderByName(element, style, builder, () => this.#renderChildren(element.children, style, builder));
    }
    if (breaks > 0) builder.block(breaks);
  }

  /** Line breaks before and after an element. Lists in lists have no margin (HTML §15.3.7). */
  #breaksAround(element: Element, style: Style): number {
    if (isInline(element, style)) return 0;
    const isSpaced = SPACED.test(element.name) && !(this.#openLists > 0 && /^(?:ul|ol|dl)$/.test(element.name));
    return isSpaced ? 2 : 1;
  }

  #renderByName(element: Element, style: Style, builder: TextBuilder, children: () => void): void {
    const { name, attribs } = element;
    switch (name) {
      case 'br':
        builder.breakLine();
        return;
      case 'hr':
        builder.add('---', 'keep');
        return;
      case 'img':
        if (style.isVisible) addImage(attribs, builder);
        return;
      case 'input':
        addInput(attribs, builder);
        return;
      case 'a':
        this.#renderLink(element, style, builder, children);
        return;
      case 'blockquote':
        builder.indent('> ', children);
        return;
      case 'ul':
      case 'ol':
      case 'menu':
        this.#renderList(element, style, builder);
        return;
      case 'q':
        builder.add('"', 'collapse');
        children();
        builder.add('"', 'collapse');
        return;
      case 'dd':
        builder.indent('  ', children);
        return;
      case 'table':
        this.#renderTable(element, style, builder, children);
        return;
      case 'sup':
      case 'sub':
        this.#renderRaised(element, style, builder);
        return;
      default:
        children();
        return;
    }
  }

  #renderTable(table: Element, style: Style, builder: TextBuilder, children: () => void): void {
    if (this.#openTables >= MAX_TABLE_LEVELS) {
      children();
      return;
    }
    this.#openTables += 1;
    tableText(table, style, builder, this);
    this.#openTables -= 1;
  }

  /** Text of an element on its own: no line of it belongs to what is around it. */
  textWithin(element: Element, style: Style): string {
    const builder = new TextBuilder();
    this.#renderChildren(element.children, style, builder);
    return builder.toString();
  }

  #renderLink(element: Element, style: Style, builder: TextBuilder, children: () => void): void {
    // Links side by side are set apart by their margins.
    const { prev } = element;
    if (prev !== null && isElement(prev) && prev.name === 'a') builder.add(' ', 'collapse');
    const before = builder.length;
    children();
    const href = this.#targetOf(element.attribs.href);
    const isEmpty = builder.length === before;
    const text = plainText(element, MAX_LINK_CHARS).trim();
    // A link without text may be a picture; one whose text is hidden is hidden too.
    if (href === undefined || (isEmpty && (text !== '' || !style.isVisible))) return;
    const shown = linkText(href, text, this.#links.count === 1);
    if (shown !== '') builder.add(isEmpty ? shown : ` ${shown}`, 'collapse');
  }

  /** @returns undefined for a link within the message, or to nowhere */
  #targetOf(href: string | undefined): string | undefined {
    const target = (href ?? '').replace(/[\t\r\n]/g, '').trim();
    if (target === '' || target.startsWith('#')) return undefined;
    const { base } = this.#links;
    if (/^[a-z][a-z\d+.-]*:/i.test(target) || base === undefined) return target;
    return URL.canParse(target, base) ? new URL(target, base).href : target;
  }

  #renderList(list: Element, style: Style, builder: TextBuilder): void {
    this.#openLists += 1;
    const start = Number.parseInt(list.attribs.start ?? '', 10);
    let number = Number.isNaN(start) ? 1 : start;
    for (const child of list.children) {
      if (!isElement(child) || child.name !== 'li') {
        this.render(child, style, builder);
        continue;
      }
      const own = this.styleOf(child, style);
      if (!own.isDisplayed) {
        this.#hide(plainText(child, MAX_HIDDEN_CHARS));
        continue;
      }
      const given = Number.parseInt(child.attribs.value ?? '', 10);
      if (list.name === 'ol' && !Number.isNaN(given)) number = given;
      const marker = list.name === 'ol' ? `${numeral(number, list.attribs.type)}. ` : '- ';
      builder.indent('  ', () => this.#renderChildren(child.children, own, builder), marker);
      number += 1;
    }
    this.#openLists -= 1;
  }

  /** `9<sup>99</sup>` is not 999. */
  #renderRaised(element: Element, style: Style, builder: TextBuilder): void {
    const text = this.textWithin(element, style).replace(/\s+/g, ' ');
    const table = element.name === 'sup' ? SUPERSCRIPTS : SUBSCRIPTS;
    const letters = text.length > MAX_RAISED_CHARS ? [undefined] : [...text].map((letter) => table[letter]);
    const isKnown = letters.every((letter) => letter !== undefined);
    builder.add(
      isKnown ? letters.join('') : `${element.name === 'sup' ? '^' : '_'}${text.includes(' ') ? `(${text})` : text}`,
      'collapse',
    );
  }
}

/** @param type of the list (HTML §4.4.5) */
function numeral(number: number, type: string | undefined): string {
  if (!/^a$/i.test(type ?? '') || number < 1 || number > 26) return String(number);
  return String.fromCharCode((type === 'a' ? 96 : 64) + number);
}

function isInline({ name }: Element, { display }: Style): boolean {
  if (display === undefined) return !BLOCK.test(name) && !SPACED.test(name);
  if (/^(?:table-cell|td|th)$/.test(name)) return false;
  return /^inline|^contents$/.test(display) && name !== 'table';
}

function whiteSpaceOf({ whiteSpace }: Style): WhiteSpace {
  if (/^(?:pre|pre-wrap|break-spaces)$/.test(whiteSpace)) return 'keep';
  return whiteSpace === 'pre-line' ? 'keep-lines' : 'collapse';
}

/** Shows the alternative text of a picture instead of its URL, which is often a tracking link. */
function addImage({ alt = '' }: Element['attribs'], builder: TextBuilder): void {
  const text = alt.replace(/\s+/g, ' ').trim();
  if (text !== '') builder.add(`[${text}]`, 'collapse');
}

function addInput({ type = 'text', value = '', checked }: Element['attribs'], builder: TextBuilder): void {
  if (/^(?:checkbox|radio)$/i.test(type)) builder.add(checked === undefined ? '[ ] ' : '[x] ', 'collapse');
  else if (/^(?:submit|button|reset|text|email|number|date)$/i.test(type) && value !== '')
    builder.add(`[${value}]`, 'collapse');
}

/** The text of all descendants, whether it is shown or not, up to so many characters. */
function plainText(element: Element, maxChars: number): string {
  const texts: string[] = [];
  const pending: AnyNode[] = element.children.toReversed();
  let left = maxChars;
  for (let next = pending.pop(); next !== undefined && left > 0; next = pending.pop()) {
    if (next.type === 'text') {
      texts.push(next.data.slice(0, left));
      left -= next.data.length;
    }
    if ('children' in next && !(isElement(next) && SILENT.test(next.name))) {
      if (isElement(next) && (BLOCK.test(next.name) || next.name === 'br')) texts.push(' ');
      pending.push(...next.children.toReversed());
    }
  }
  return texts.join('');
}

const SUPERSCRIPTS: Readonly<Record<string, string>> = Object.fromEntries(
  [...'0123456789+-−=()n'].map((letter, index) => [letter, [...'⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ⁿ'][index] ?? letter]),
);
const SUBSCRIPTS: Readonly<Record<string, string>> = Object.fromEntries(
  [...'0123456789+-−=()'].map((letter, index) => [letter, [...'₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎'][index] ?? letter]),
);
