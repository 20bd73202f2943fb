/** Cuts response items whose size the sender of a message decides, before they are kept in memory. */
import { type Item, isList } from './data-formats.ts';

/** Longest string. */
const MAX_STRING_BYTES = 64 * 1024;
/** Strings and lists in one item: some thousand addresses, some hundred parts. */
const MAX_NODES = 12_000;
/** Lists in a row: addresses of a header, parts of a multipart. */
const MAX_LISTS = 1_200;
/** Deepest nesting of lists. */
const MAX_LEVELS = 100;
/** Items of a list after those: parameters of a part. */
const MAX_OTHERS = 1_000;

/** The item with its shape kept: strings are cut, of too many parts the first ones are kept, and so are the items after the parts. */
export function boundedItem(item: Item): Item {
  return cut(item, { nodes: MAX_NODES }, 0);
}

function cut(item: Item, budget: { nodes: number }, level: number): Item {
  budget.nodes -= 1;
  if (item === null) return null;
  if (isList(item)) return budget.nodes < 0 || level > MAX_LEVELS ? null : cutList(item, budget, level + 1);
  const { value } = item;
  if (value === null || value === undefined || typeof value === 'number' || value.length <= MAX_STRING_BYTES)
    return item;
  // A copy: a slice would keep the whole buffer in memory.
  const start =
    typeof value === 'string' ? value.slice(0, MAX_STRING_BYTES) : Buffer.from(value.subarray(0, MAX_STRING_BYTES));
  return { type: item.type, value: start };
}

/** The type of a multipart and its parameters come after its parts (RFC 9051 §7.5.2): parts are left out, everything else keeps its place. */
function cutList(items: readonly Item[], budget: { nodes: number }, level: number): Item[] {
  const first = items.findIndex((item) => !isList(item));
  const end = first < 0 ? items.length : first;
  const lists = items
    .slice(0, Math.min(end, MAX_LISTS))
    .flatMap((item) => (budget.nodes < 0 ? [] : [cut(item, budget, level)]));
  return [...lists, ...items.slice(end, end + MAX_OTHERS).map((item) => cut(item, budget, level))];
}
