/**
 * Finds the declarations of style sheets that apply to an element, as far as they decide what people see: CSS Cascading §6, for a window of the
 * width of a desktop, without user preferences.
 */
import type { CssNode } from 'css-tree';
import parse from 'css-tree/parser';
import type { AnyNode, Document, Element } from 'domhandler';
import { isElement } from './parse-html.ts';
import { createSelectorCompiler, parseSelectors, type SelectorCompiler, TooManySteps } from './selectors.ts';

export interface Declaration {
  /** Lower case. */
  property: string;
  /** Lower case, trimmed, without `!important`. */
  value: string;
  isImportant: boolean;
}

interface StyleRule {
  matches(element: Element): boolean;
  /** Ids, then classes, attributes and pseudo-classes, then tags, as one number. */
  specificity: number;
  declarations: readonly Declaration[];
}

export interface StyleSheets {
  /** All declarations that apply to the element, the one that wins last, important ones behind all others. */
  declarationsOf(element: Element): Declaration[];
  /** True if some rules were left out, because the style sheets are too long or too complex. */
  readonly areCut: boolean;
}

/** Style sheets that are read, all together. */
const MAX_CSS_CHARS = 256 * 1024;
const MAX_RULES = 5_000;
const MAX_SELECTORS_OF_RULE = 200;
const WINDOW_WIDTH_PX = 1024;

/** Shorthands count under the property that they set here. */
const DECISIVE =
  /^(?:--.*|display|visibility|opacity|filter|content-visibility|font|font-size|color|-webkit-text-fill-color|background|(?:-webkit-)?background-clip|background-color|background-image|width|height|max-width|max-height|overflow|overflow-[xy]|position|left|right|top|bottom|text-indent|margin-left|clip|clip-path|transform|white-space|text-decoration|text-decoration-line)$/;

/** @param maxSteps comparisons of elements with selectors */
export function readStyleSheets(document: Document, maxSteps: number): StyleSheets {
  const index = new RuleIndex(createSelectorCompiler(maxSteps));
  let left = MAX_CSS_CHARS;
  for (const css of styleTexts(document)) {
    if (css.length > left) index.areCut = true;
    readRules(css.slice(0, Math.max(0, left)), index);
    left -= css.length;
  }
  return {
    declarationsOf: (element) => inOrder([...index.declarationsFor(element), ...inlineDeclarations(element)]),
    get areCut() {
      return index.areCut;
    },
  };
}

/** Declarations of a `style` attribute, or of the block of a rule. A declaration that cannot be parsed is left out. */
function parseDeclarations(text: string): Declaration[] {
  const list = parse(text.slice(0, 10_000), { context: 'declarationList', parseValue: false });
  return list.type === 'DeclarationList' ? declarationsIn(list.children) : [];
}

function inlineDeclarations(element: Element): Declaration[] {
  const { style } = element.attribs;
  return style === undefined || style.trim() === '' ? [] : parseDeclarations(style);
}

function inOrder(declarations: readonly Declaration[]): Declaration[] {
  const isImportant = (wanted: boolean) => declarations.filter((each) => each.isImportant === wanted);
  return [...isImportant(false), ...isImportant(true)];
}

function declarationsIn(nodes: Iterable<CssNode>): Declaration[] {
  return [...nodes].flatMap((node) => {
    if (node.type !== 'Declaration' || node.value.type !== 'Raw') return [];
    const property = unescaped(node.property).toLowerCase();
    if (!DECISIVE.test(property)) return [];
    const value = unescaped(node.value.value.replace(COMMENT, ' ')).trim().toLowerCase();
    return [{ property, value: value.slice(0, MAX_VALUE_CHARS), isImportant: node.important !== false }];
  });
}

/** CSS Syntax §4.3.7. */
function unescaped(text: string): string {
  if (!text.includes('\\')) return text;
  return text.replace(/\\(?:([\da-f]{1,6})\s?|(.))/gi, (_all, digits: string | undefined, character: string) => {
    const code = digits === undefined ? undefined : Number.parseInt(digits, 16);
    return code === undefined ? character : code > 0x10ffff ? '' : String.fromCodePoint(code);
  });
}

const COMMENT = /\/\*[^*]*(?:\*(?!\/)[^*]*)*\*\//g;
const MAX_VALUE_CHARS = 1_000;

function readRules(css: string, index: RuleIndex): void {
  try {
    // A comment around the style sheet is for programs of the last century.
    const sheet = parse(css.replace(/^\s*<!--|-->\s*$/g, ''), {
      ...{ parseValue: false, parseRulePrelude: false, parseAtrulePrelude: false, parseCustomProperty: false },
    });
    if (sheet.type === 'StyleSheet') readNodes(sheet.children, index, '');
  } catch (error) {
    // The parser is recursive: blocks may nest too deep for the stack.
    if (!(error instanceof RangeError)) throw error;
    index.areCut = true;
  }
}

/** @param around the selectors of the rule around these nodes; empty if there is none (CSS Nesting §2) */
function readNodes(nodes: Iterable<CssNode>, index: RuleIndex, around: string): void {
  const own: CssNode[] = [];
  for (const node of nodes) {
    if (node.type === 'Declaration') own.push(node);
    if (node.type === 'Atrule' && node.block !== null && isApplied(node.name, textOf(node.prelude))) {
      readNodes(node.block.children, index, around);
    }
    if (node.type === 'Rule') readNodes(node.block.children, index, nested(textOf(node.prelude), around));
  }
  const declarations = declarationsIn(own);
  if (declarations.length > 0 && around !== '') index.add(around, declarations);
}

/** The selectors of a rule within another one, as selectors of their own. */
function nested(selectors: string, around: string): string {
  if (around === '') return selectors;
  const parent = `:is(${around})`;
  const absolute = selectors.includes('&') ? selectors.replaceAll('&', parent) : `${parent} ${selectors}`;
  return absolute.length > MAX_SELECTOR_CHARS ? '' : absolute;
}

const MAX_SELECTOR_CHARS = 10_000;

function textOf(prelude: CssNode | null): string {
  return prelude?.type === 'Raw' ? prelude.value : '';
}

/** @param prelude of the at-rule, such as a list of media queries (Media Queries §3) */
function isApplied(name: string, prelude: string): boolean {
  if (/^(?:supports|layer)$/i.test(name)) return true;
  return /^media$/i.test(name) && prelude.split(',').some((query) => isMediaApplied(query.trim().toLowerCase()));
}

function isMediaApplied(query: string): boolean {
  if (query.startsWith('not')) return false;
  const media = /^(?:only\s+)?([a-z]+)/.exec(query)?.[1] ?? 'all';
  if (media !== 'all' && media !== 'screen') return false;
  const conditions = query.match(/\([^()]*\)/g) ?? [];
  return conditions.every((condition) => {
    const [, bound, width] = /\((min|max)-(?:device-)?width\s*:\s*([\d.]+)px/.exec(condition) ?? [];
    if (bound === undefined) return false;
    return bound === 'min' ? Number(width) <= WINDOW_WIDTH_PX : Number(width) >= WINDOW_WIDTH_PX;
  });
}

function styleTexts(node: AnyNode): string[] {
  const texts: string[] = [];
  const pending: AnyNode[] = [node];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (isElement(next) && next.name === 'style') {
      if (next.attribs.media === undefined || isApplied('media', next.attribs.media)) {
        texts.push(next.children.map((child) => ('data' in child ? child.data : '')).join(''));
      }
    } else if ('children' in next) pending.push(...next.children.toReversed());
  }
  return texts;
}

/** The rules by the id, class or tag of the element that they end in, so that few have to be compared with each element. */
class RuleIndex {
  areCut = false;
  readonly #compiler: SelectorCompiler;
  readonly #rules = new Map<string, (StyleRule & { order: number })[]>();
  #count = 0;

  constructor(compiler: SelectorCompiler) {
    this.#compiler = compiler;
  }

  add(selectors: string, declarations: readonly Declaration[]): void {
    for (const selector of parseSelectors(selectors.slice(0, MAX_SELECTOR_CHARS)).slice(0, MAX_SELECTORS_OF_RULE)) {
      if (this.#count >= MAX_RULES) {
        this.areCut = true;
        return;
      }
      const compiled = this.#compiler.compile(selector);
      if (compiled === undefined) continue;
      const { key, ...rule } = compiled;
      this.#count += 1;
      const rules = this.#rules.get(key) ?? [];
      rules.push({ ...rule, declarations, order: this.#count });
      this.#rules.set(key, rules);
    }
  }

  declarationsFor(element: Element): Declaration[] {
    if (this.#count === 0) return [];
    const { id, class: classes = '' } = element.attribs;
    const names = new Set(
      classes
        .slice(0, MAX_CLASS_CHARS)
        .split(/\s+/)
        .filter((name) => name !== ''),
    );
    const keys = ['*', element.name, ...(id === undefined ? [] : [`#${id}`]), ...[...names].map((name) => `.${name}`)];
    try {
      const rules = keys
        .flatMap((key) => this.#rules.get(key) ?? [])
        .filter((rule) => rule.matches(element))
        .sort((a, b) => a.specificity - b.specificity || a.order - b.order);
      return withoutOverridden(rules.flatMap(({ declarations }) => declarations));
    } catch (error) {
      if (!(error instanceof TooManySteps)) throw error;
      this.areCut = true;
      this.#count = 0;
      return [];
    }
  }
}

const MAX_CLASS_CHARS = 2_000;
/** Of one property: the last one wins, unless its value is none. */
const MAX_DECLARATIONS = 4;

/** Leaves out what many later declarations of the same property override. */
function withoutOverridden(declarations: readonly Declaration[]): Declaration[] {
  if (declarations.length <= 2 * MAX_DECLARATIONS) return [...declarations];
  const counts = new Map<string, number>();
  return declarations
    .toReversed()
    .filter(({ property, isImportant }) => {
      const key = isImportant ? `${property}!` : property;
      const count = (counts.get(key) ?? 0) + 1;
      counts.set(key, count);
      return count <= MAX_DECLARATIONS;
    })
    .reverse();
}
