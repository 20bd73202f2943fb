import { type Item, isList } from './tokens.ts';

/** Cuts down what a message makes a server say, before it is kept. */

/** Longest string that anybody looks at, in bytes. */
const MOST_BYTES = 64 * 1024;
/** Strings and lists in one item: some thousand addresses, some hundred parts. */
const MOST_NODES = 12_000;
/** Most lists that follow each other: addresses of a header, parts of a multipart. */
const MOST_LISTS = 1_200;

/** The item with its shape kept: strings end early, of too many parts the first ones stay, and what follows the parts stays too. */
export function bounded(item: Item): Item {
  const budget = { nodes: MOST_NODES };
  return cut(item, budget);
}

function cut(item: Item, budget: { nodes: number }): Item {
  budget.nodes -= 1;
  if (item === null) return null;
  if (isList(item)) {
    if (budget.nodes < 0) return [];
    return withoutMiddle(item).map((one) => cut(one, budget));
  }
  const { value } = item;
  if (value === null || value === undefined || typeof value === 'number' || value.length <= MOST_BYTES) return item;
  // A copy: a slice would keep all of it in memory.
  const start = typeof value === 'string' ? value.slice(0, MOST_BYTES) : Buffer.from(value.subarray(0, MOST_BYTES));
  return { type: item.type, value: start };
}

/** The type of a multipart and its parameters come after its parts (RFC 9051 §7.5.2). */
function withoutMiddle(items: readonly Item[]): readonly Item[] {
  if (items.length <= MOST_LISTS) return items;
  const end = items.findIndex((item) => !isList(item));
  const lists = end < 0 ? items : items.slice(0, end);
  const rest = end < 0 ? [] : items.slice(end, end + MOST_LISTS);
  return [...lists.slice(0, MOST_LISTS), ...rest];
}
