/**
 * Parses long FETCH responses (RFC 9051 §7.5.2) in slices, within limits for everything whose size the sender of a message decides.
 *
 * imapflow's parser takes a second for the envelope of a message with 100,000 recipients. Of too many addresses or parts only the first are
 * kept, as in bounded-item.ts; the others are skipped byte by byte.
 */
import { isAscii } from 'node:buffer';
import { nextTurn } from '../../workers/event-loop.ts';
import { MAX_LISTS, MAX_OTHERS, markCut, NodeBudget } from './bounded-item.ts';
import type { Item, ParsedResponse } from './data-formats.ts';
import type { RawLine } from './raw-line.ts';

/** Bytes of all strings in one item: names and addresses of a thousand recipients. */
const MAX_ITEM_BYTES = 128 * 1024;
/** Bytes of a string of the item itself, such as a subject, and of one within a list, such as a name. */
const MAX_FIELD_BYTES = 64 * 1024;
const MAX_STRING_BYTES = 8 * 1024;
/** Levels of lists, as in imapflow: deeper structures are taken as unknown. */
const MAX_LEVELS = 25;
const MAX_ATOM_BYTES = 4_000;
/** Bytes that are read between two turns of the event loop. */
const SLICE_BYTES = 256 * 1024;

interface List {
  items: Item[];
  /** Lists at its start. */
  lists: number;
  /** Items from the first that is not a list. */
  others: number;
}

/**
 * @param budget of the command that the response belongs to
 * @throws {Error} if it is not a FETCH response, or is nested too deep
 */
export async function parseFetch(
  { payload, literals }: RawLine,
  budget: NodeBudget = new NodeBudget(),
): Promise<ParsedResponse> {
  const head = /^\* (\d{1,10}) FETCH /i.exec(payload.toString('latin1', 0, 40));
  if (head === null) throw new Error('not a FETCH response');
  const parser = new FetchParser({ payload, literals }, head[0].length, budget);
  while (!parser.isDone) {
    parser.readSlice();
    if (!parser.isDone) await nextTurn();
  }
  return { command: head[1], attributes: [{ type: 'ATOM', value: 'FETCH' }, ...parser.root.items] };
}

class FetchParser {
  readonly root: List = newList();
  isDone = false;
  readonly #bytes: Buffer;
  readonly #literals: readonly Buffer[];
  #at: number;
  #literal = 0;
  /** Open lists, the outermost first. */
  readonly #open: List[] = [this.root];
  /** Levels of lists that are skipped. */
  #skipped = 0;
  #nodes = 0;
  readonly #budget: NodeBudget;
  #maxNodes: number;
  #stringBytes = 0;

  constructor({ payload, literals }: RawLine, at: number, budget: NodeBudget) {
    this.#bytes = payload;
    this.#literals = literals;
    this.#at = at;
    this.#budget = budget;
    this.#maxNodes = budget.ofItem;
  }

  readSlice(): void {
    const end = this.#at + SLICE_BYTES;
    while (this.#at < this.#bytes.length) {
      if (this.#at > end) return;
      this.#readToken(this.#bytes[this.#at]);
    }
    this.isDone = true;
  }

  #readToken(byte: number | undefined): void {
    if (byte === OPEN) this.#openList();
    else if (byte === CLOSE) this.#closeList();
    else if (byte === QUOTE) this.#add({ type: 'STRING', value: this.#quoted() });
    else if (byte === SPACE || byte === CR || byte === LF) this.#at += 1;
    else this.#readAtom();
  }

  #openList(): void {
    this.#at += 1;
    const parent = this.#open.at(-1) ?? this.root;
    if (this.#skipped > 0) {
      this.#skipped += 1;
      return;
    }
    const isFirst = parent.others === 0;
    const isInItem = this.#open.length > 2;
    const isFull = isFirst ? parent.lists >= MAX_LISTS : parent.others >= MAX_OTHERS;
    if (isFull || (isInItem && this.#nodes > this.#maxNodes)) {
      // The places of the items after it must remain.
      if (!isFirst && parent.others < MAX_OTHERS) this.#add(null);
      const item = this.#open[2];
      if (item !== undefined) markCut(item.items);
      this.#skipped = 1;
      return;
    }
    if (this.#open.length > MAX_LEVELS) throw new Error('nested too deep');
    const list = newList();
    this.#count(parent, isFirst);
    parent.items.push(list.items);
    this.#open.push(list);
  }

  #closeList(): void {
    this.#at += 1;
    if (this.#skipped > 0) this.#skipped -= 1;
    else if (this.#open.length > 1) this.#open.pop();
  }

  /** A value of the outermost list starts with budgets of its own. */
  #count(parent: List, isListAtStart: boolean): void {
    if (isListAtStart) parent.lists += 1;
    else parent.others += 1;
    if (this.#open.length <= 2) {
      this.#budget.take(this.#nodes);
      this.#maxNodes = this.#budget.ofItem;
      this.#nodes = 0;
      this.#stringBytes = 0;
    }
    this.#nodes += 1;
  }

  #add(item: Item): void {
    const parent = this.#open.at(-1) ?? this.root;
    if (this.#skipped > 0 || parent.others >= MAX_OTHERS) return;
    this.#count(parent, false);
    parent.items.push(item);
  }

  /** The bytes within limits; a value of the outermost list was requested with its size. */
  #bounded(bytes: Buffer): Buffer | string {
    if (this.#open.length <= 2) return bytes;
    const most = this.#open.length === 3 ? MAX_FIELD_BYTES : MAX_STRING_BYTES;
    const length = Math.min(bytes.length, most, Math.max(0, MAX_ITEM_BYTES - this.#stringBytes));
    if (this.#skipped === 0) this.#stringBytes += length;
    // A copy: a view would keep the whole response in memory. A string takes a fraction of the memory of a short Buffer.
    const start = bytes.subarray(0, length);
    return isAscii(start) ? start.toString('latin1') : Buffer.from(start);
  }

  #quoted(): Buffer | string {
    const start = this.#at + 1;
    let end = start;
    let isEscaped = false;
    while (end < this.#bytes.length && this.#bytes[end] !== QUOTE) {
      if (this.#bytes[end] === BACKSLASH) {
        isEscaped = true;
        end += 1;
      }
      end += 1;
    }
    this.#at = end + 1;
    if (this.#skipped > 0) return EMPTY;
    const bytes = this.#bounded(this.#bytes.subarray(start, end));
    if (!isEscaped) return bytes;
    return typeof bytes === 'string' ? unescaped(bytes) : Buffer.from(unescaped(bytes.toString('latin1')), 'latin1');
  }

  #readAtom(): void {
    const start = this.#at;
    const end = this.#endOfAtom(start);
    this.#at = end;
    if (end - start > MAX_ATOM_BYTES) throw new Error('an atom is too long');
    const text = this.#bytes.toString('latin1', start, end);
    if (/^~?\{\d+\+?\}$/.test(text)) {
      const bytes = this.#literals[this.#literal] ?? EMPTY;
      this.#literal += 1;
      this.#add({ type: 'LITERAL', value: this.#skipped > 0 ? EMPTY : this.#bounded(bytes) });
    } else {
      this.#add(/^nil$/i.test(text) ? null : toAtom(text));
    }
  }

  /** A section may contain spaces and lists: `BODY[HEADER.FIELDS (DATE)]<0>`. */
  #endOfAtom(start: number): number {
    let end = start;
    let isInSection = false;
    for (; end < this.#bytes.length && end - start <= MAX_ATOM_BYTES; end += 1) {
      const byte = this.#bytes[end];
      if (byte === OPEN_SECTION) isInSection = true;
      else if (byte === CLOSE_SECTION) isInSection = false;
      else if (!isInSection && (byte === SPACE || byte === OPEN || byte === CLOSE || byte === CR || byte === LF)) break;
    }
    return end;
  }
}

function toAtom(text: string): Item {
  const section = /^([^[]*)\[(.*)\](?:<\d+>)?$/s.exec(text);
  if (section === null) return { type: 'ATOM', value: text };
  const words = (section[2] ?? '')
    .replace(/\(.*/s, '')
    .split(' ')
    .filter((word) => word !== '');
  return { type: 'ATOM', value: section[1] ?? '', section: words.map((value) => ({ type: 'ATOM', value })) };
}

function unescaped(text: string): string {
  return text.replace(/\\(.)/gs, '$1');
}

function newList(): List {
  return { items: [], lists: 0, others: 0 };
}

const EMPTY = Buffer.alloc(0);
const [OPEN, CLOSE, QUOTE, BACKSLASH, SPACE, CR, LF] = [0x28, 0x29, 0x22, 0x5c, 0x20, 0x0d, 0x0a];
const [OPEN_SECTION, CLOSE_SECTION] = [0x5b, 0x5d];
