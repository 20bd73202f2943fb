import { type Item, isList } from './tokens.ts';

/** Cuts down what a message makes a server say, before it is kept. */

/** Longest string that anybody looks at, in bytes. */
const MOST_BYTES = 64 * 1024;
/** Strings and lists in one item: some thousand addresses, some hundred parts. */
const MOST_NODES = 12_000;
/** Most lists in a row: addresses of a header, parts of a multipart. */
const MOST_LISTS = 1_200;
/** Deepest nesting of lists. */
const MOST_LEVELS = 100;
/** Most items of a list after those: parameters of a part. */
const MOST_OTHERS = 1_000;

/** The item with its shape kept: strings end early, of too many parts the first ones stay, and what follows the parts stays too. */
export function bounded(item: Item): Item {
  return cut(item, { nodes: MOST_NODES }, 0);
}

function cut(item: Item, budget: { nodes: number }, level: number): Item {
  budget.nodes -= 1;
  if (item === null) return null;
  if (isList(item)) return budget.nodes < 0 || level > MOST_LEVELS ? null : cutList(item, budget, level + 1);
  const { value } = item;
  if (value === null || value === undefined || typeof value === 'number' || value.length <= MOST_BYTES) return item;
  // A copy: a slice would keep all of it in memory.
  const start = typeof value === 'string' ? value.slice(0, MOST_BYTES) : Buffer.from(value.subarray(0, MOST_BYTES));
  return { type: item.type, value: start };
}

/** The type of a multipart and its parameters come after its parts (RFC 9051 §7.5.2): parts are left out, all else keeps its place. */
function cutList(items: readonly Item[], budget: { nodes: number }, level: number): Item[] {
  const first = items.findIndex((item) => !isList(item));
  const end = first < 0 ? items.length : first;
  const lists = items
    .slice(0, Math.min(end, MOST_LISTS))
    .flatMap((item) => (budget.nodes < 0 ? [] : [cut(item, budget, level)]));
  return [...lists, ...items.slice(end, end + MOST_OTHERS).map((item) => cut(item, budget, level))];
}
