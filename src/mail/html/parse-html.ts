/** Parses HTML as browsers do (HTML §13.2), within limits of elements and of nesting. */
import type { AnyNode, Document, Element } from 'domhandler';
import { parse } from 'parse5';
import { adapter } from 'parse5-htmlparser2-tree-adapter';

export interface ParsedHtml {
  document: Document;
  /** True if only the start was parsed, because the whole has too many elements or they nest too deep. */
  isCut: boolean;
}

/** Longer HTML is cut; this much takes a few hundred milliseconds. */
const MAX_HTML_CHARS = 2_000_000;
/** Start tags: more have more text than a call returns, and their tree takes too much memory for a worker thread. */
const MAX_TAGS = 9_000;
/** With those that the parser adds, such as `tbody`. */
const MAX_ELEMENTS = 20_000;
/** Browsers allow 512 levels. Deeper elements become siblings, so that a recursion over the tree has an end. */
const MAX_LEVELS = 400;
/** The parser looks through all open elements for every end tag. */
const MAX_OPEN_ELEMENTS = 5_000;
/** The start is halved until it is within the other limits. */
const MAX_ATTEMPTS = 12;

export function parseHtml(html: string): ParsedHtml {
  let start = cutAtTags(html.slice(0, MAX_HTML_CHARS));
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const document = parseWithinLimits(start);
    if (document !== undefined) return { document, isCut: start.length < html.length };
    start = start.slice(0, Math.floor(start.length / 2));
  }
  return { document: adapter.createDocument(), isCut: true };
}

function cutAtTags(html: string): string {
  let tags = 0;
  for (const { index } of html.matchAll(/<[a-z]/gi)) {
    tags += 1;
    if (tags > MAX_TAGS) return html.slice(0, index);
  }
  return html;
}

class TooComplex extends Error {}

type Parent = Parameters<typeof adapter.appendChild>[0];

/** @returns undefined if it has too many elements or levels */
function parseWithinLimits(html: string): Document | undefined {
  let elements = 0;
  let open = 0;
  const levels = new WeakMap<AnyNode, number>();
  const levelOf = (node: AnyNode) => levels.get(node) ?? 0;
  /** The parent, or the nearest of its ancestors that may have children. */
  const parentFor = (parent: Parent, child: AnyNode): Parent => {
    let allowed = parent;
    while (levelOf(allowed) >= MAX_LEVELS && allowed.parent !== null) allowed = allowed.parent;
    levels.set(child, levelOf(allowed) + 1);
    return allowed;
  };
  const treeAdapter: typeof adapter = {
    ...adapter,
    createElement(...args) {
      elements += 1;
      if (elements > MAX_ELEMENTS) throw new TooComplex();
      return adapter.createElement(...args);
    },
    appendChild(parent, child) {
      adapter.appendChild(parentFor(parent, child), child);
    },
    insertBefore(parent, child, reference) {
      levels.set(child, levelOf(parent) + 1);
      adapter.insertBefore(parent, child, reference);
    },
    onItemPush() {
      open += 1;
      if (open > MAX_OPEN_ELEMENTS) throw new TooComplex();
    },
    onItemPop() {
      open -= 1;
    },
  };
  try {
    // Mail programs run no scripts.
    const document = parse(html, { treeAdapter, scriptingEnabled: false });
    return isTooDeep(document) ? undefined : document;
  } catch (error) {
    if (error instanceof TooComplex) return undefined;
    throw error;
  }
}

/** Levels are counted once more: the parser moves elements together with what they contain. */
function isTooDeep(document: Document): boolean {
  let level: AnyNode[] = [document];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > 2 * MAX_LEVELS) return true;
    level = level.flatMap((node) => ('children' in node ? node.children : []));
  }
  return false;
}

export function isElement(node: AnyNode): node is Element {
  return node.type === 'tag' || node.type === 'script' || node.type === 'style';
}
