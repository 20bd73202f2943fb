/** Cuts response items whose size depends on the sender of a message, before they are kept in memory. */
import { type Item, isList } from './data-formats.ts';

const MAX_STRING_BYTES = 64 * 1024;
/** Strings and lists in one item: enough for a thousand addresses or several hundred parts. */
const MAX_NODES = 12_000;
/** Lists at the start of a list: addresses of a header field, parts of a multipart. */
export const MAX_LISTS = 1_200;
/** Deepest nesting of lists. */
const MAX_LEVELS = 100;
/** Items of a list from the first that is not a list: fields of a part, its parameters. */
export const MAX_OTHERS = 1_000;

/** Cuts an item to the limits: long strings are cut, and of too many parts or addresses only the first are kept. */
export function boundedItem(item: Item, budget = new NodeBudget()): Item {
  const allowed = budget.ofItem;
  const left = { nodes: allowed, lacksLists: lacksLists(item) };
  const bounded = cut(item, left, 0);
  budget.take(allowed - left.nodes);
  if (left.lacksLists && isList(bounded)) markCut(bounded);
  return bounded;
}

const incomplete = new WeakSet<readonly Item[]>();

/** Marks an item that has fewer lists (addresses, parts) than the server sent. */
export function markCut(list: readonly Item[]): void {
  incomplete.add(list);
}

/** True if lists of the item were left out. */
export function lacksLists(item: Item | undefined): boolean {
  return item !== undefined && isList(item) && incomplete.has(item);
}

interface NodesLeft {
  nodes: number;
  lacksLists: boolean;
}

/** Nodes of all messages that a command fetches, and of an item when those are used up. */
const MAX_COMMAND_NODES = 20_000;
const MIN_ITEM_NODES = 300;

/** Divides the nodes among the items of all messages of a command: the messages of a page are in memory at once. */
export class NodeBudget {
  #left = MAX_COMMAND_NODES;

  /** Nodes that the next item may have. */
  get ofItem(): number {
    return Math.max(MIN_ITEM_NODES, Math.min(MAX_NODES, this.#left));
  }

  take(nodes: number): void {
    this.#left -= nodes;
  }
}

function cut(item: Item, left: NodesLeft, level: number): Item {
  left.nodes -= 1;
  if (item === null) return null;
  if (isList(item)) {
    if (left.nodes >= 0 && level <= MAX_LEVELS) return cutList(item, left, level + 1);
    left.lacksLists = true;
    return null;
  }
  const { value } = item;
  if (value === null || value === undefined || typeof value === 'number' || value.length <= MAX_STRING_BYTES)
    return item;
  // A copy: a slice would keep the whole buffer in memory.
  const start =
    typeof value === 'string' ? value.slice(0, MAX_STRING_BYTES) : Buffer.from(value.subarray(0, MAX_STRING_BYTES));
  return { type: item.type, value: start };
}

/** Leaves out lists only: the subtype and the parameters of a multipart come after its parts (RFC 9051 §7.5.2) and must remain. */
function cutList(items: readonly Item[], left: NodesLeft, level: number): Item[] {
  const first = items.findIndex((item) => !isList(item));
  const end = first < 0 ? items.length : first;
  const lists = items
    .slice(0, Math.min(end, MAX_LISTS))
    .flatMap((item) => (left.nodes < 0 ? [] : [cut(item, left, level)]));
  if (lists.length < end) left.lacksLists = true;
  return [...lists, ...items.slice(end, end + MAX_OTHERS).map((item) => cut(item, left, level))];
}
