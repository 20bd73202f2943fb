/**
 * Parses and compiles the selectors of style sheets (Selectors Level 4).
 *
 * Invariant: comparing elements with all selectors of a message takes a limited number of steps, whatever the selectors are.
 */
import { compile } from 'css-select';
import { AttributeAction, parse, type Selector, SelectorType } from 'css-what';
import { type AnyNode, type Element, isTag } from 'domhandler';
import * as domUtils from 'domutils';

interface CompiledSelector {
  /** @throws {TooManySteps} */
  matches(element: Element): boolean;
  /** Ids, then classes, attributes and pseudo-classes, then tags, as one number (Selectors §17). */
  specificity: number;
  /** What an element must have: `#id`, `.class`, a tag, or `*` for anything. */
  key: string;
}

export interface SelectorCompiler {
  /** @returns undefined for a selector that selects no element; one that is not known matches none */
  compile(selector: Selector[]): CompiledSelector | undefined;
}

export class TooManySteps extends Error {}

/** @returns none if the list has a selector that cannot be parsed: then the whole rule is invalid (Selectors §3.9) */
export function parseSelectors(text: string): Selector[][] {
  try {
    return parse(text);
  } catch {
    return [];
  }
}

/** @param maxSteps of all selectors together */
export function createSelectorCompiler(maxSteps: number): SelectorCompiler {
  let left = maxSteps;
  const spend = (steps: number) => {
    left -= steps;
    if (left < 0) throw new TooManySteps();
  };
  const adapter = {
    ...domUtils,
    isTag: (node: AnyNode): node is Element => isTag(node),
    getName(element: Element) {
      spend(1);
      return domUtils.getName(element);
    },
    getAttributeValue(element: Element, name: string) {
      spend(1);
      return domUtils.getAttributeValue(element, name)?.slice(0, MAX_ATTRIBUTE_CHARS);
    },
    getParent(node: AnyNode) {
      spend(1);
      return domUtils.getParent(node);
    },
    getChildren(node: AnyNode) {
      const children = domUtils.getChildren(node);
      spend(1 + children.length);
      return children;
    },
    getSiblings(node: AnyNode) {
      const siblings = domUtils.getSiblings(node);
      spend(1 + siblings.length);
      return siblings;
    },
  };
  return {
    compile(selector) {
      if (selector.some(({ type }) => type === SelectorType.PseudoElement)) return undefined;
      let compiled: ((element: Element) => boolean) | undefined;
      const compileNow = () => {
        spend(COMPILE_STEPS);
        try {
          return compile<AnyNode, Element>([selector], { adapter, pseudos: UNTOUCHED });
        } catch (error) {
          if (error instanceof TooManySteps) throw error;
          return () => false;
        }
      };
      return {
        matches(element) {
          spend(1);
          compiled ??= compileNow();
          return compiled(element);
        },
        specificity: specificityOf(selector),
        key: keyOf(selector),
      };
    },
  };
}

/** A selector is compiled when it is first needed, which takes as long as so many steps. */
const COMPILE_STEPS = 30;

const MAX_ATTRIBUTE_CHARS = 2_000;

/** States that a message has only once its reader does something. */
const UNTOUCHED = Object.fromEntries(
  ['hover', 'active', 'focus', 'focus-within', 'focus-visible', 'target', 'visited', 'autofill'].map((name) => [
    name,
    () => false,
  ]),
);

/** What the last compound selector requires. */
function keyOf(selector: readonly Selector[]): string {
  const start = selector.findLastIndex(({ type }) => TRAVERSALS.has(type)) + 1;
  let key = '*';
  for (const token of selector.slice(start)) {
    if (token.type === SelectorType.Tag && key === '*') key = token.name.toLowerCase();
    if (token.type !== SelectorType.Attribute) continue;
    if (token.action === AttributeAction.Equals && token.name === 'id') return `#${token.value}`;
    if (token.action === AttributeAction.Element && token.name === 'class') key = `.${token.value}`;
  }
  return key;
}

const TRAVERSALS: ReadonlySet<string> = new Set([
  SelectorType.Adjacent,
  SelectorType.Child,
  SelectorType.Descendant,
  SelectorType.Parent,
  SelectorType.Sibling,
  SelectorType.ColumnCombinator,
]);

function specificityOf(selector: readonly Selector[]): number {
  return selector.reduce((sum, token) => sum + specificityOfToken(token), 0);
}

function specificityOfToken(token: Selector): number {
  switch (token.type) {
    case SelectorType.Attribute:
      return token.name === 'id' && token.action === AttributeAction.Equals ? 1_000_000 : 1_000;
    case SelectorType.Tag:
      return 1;
    case SelectorType.Pseudo:
      if (token.name === 'where') return 0;
      if (!Array.isArray(token.data)) return 1_000;
      return Math.max(0, ...token.data.map(specificityOf));
    default:
      return 0;
  }
}
