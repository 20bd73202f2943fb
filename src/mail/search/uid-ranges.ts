/** Collects the UIDs of SEARCH and ESEARCH responses as ranges: a million of them take a few megabytes. */
import { nextTurn } from '../../workers/event-loop.ts';

/** Bytes that are read between two turns of the event loop. */
const SLICE_BYTES = 128 * 1024;
const MAX_UID = 4_294_967_295;
const MAX_RANGES = 1_000_000;
/** The start of a range and its place together are an exact number. */
const PLACES = 2 ** 20;
/** Servers return UIDs in ascending order; sorting this many takes about 30 ms. */
const MAX_UNSORTED = 250_000;

export class UidRanges {
  #lows = new Uint32Array(64);
  #highs = new Uint32Array(64);
  #isAscending = true;
  length = 0;

  /** @throws {RangeError} if there are too many ranges */
  add(first: number, last: number): void {
    const low = Math.min(first, last);
    const high = Math.max(first, last);
    if (low < 1 || high > MAX_UID) return;
    const previous = this.length - 1;
    const [previousLow = 0, previousHigh = -1] = [this.#lows[previous], this.#highs[previous]];
    if (previous >= 0 && low >= previousLow && low <= previousHigh + 1) {
      this.#highs[previous] = Math.max(previousHigh, high);
      return;
    }
    if (this.length >= MAX_RANGES) throw new RangeError('too many ranges');
    if (low < previousLow) this.#isAscending = false;
    if (this.length === this.#lows.length) this.#grow();
    this.#lows[this.length] = low;
    this.#highs[this.length] = high;
    this.length += 1;
  }

  /** Adds numbers and ranges (`5:9`), separated by commas or spaces. @returns false if there is anything else */
  async addAll(set: Buffer): Promise<boolean> {
    const state = { number: 0, digits: 0, first: 0 };
    for (let start = 0; start <= set.length; start += SLICE_BYTES) {
      const end = Math.min(set.length, start + SLICE_BYTES);
      if (!this.#addSlice(set, [start, end], state)) return false;
      if (end < set.length) await nextTurn();
    }
    return this.#endNumber(state);
  }

  #addSlice(set: Buffer, [start, end]: [number, number], state: NumberState): boolean {
    for (let at = start; at < end; at += 1) {
      const byte = set[at] ?? 0;
      if (byte >= ZERO && byte <= ZERO + 9) {
        state.number = state.number * 10 + byte - ZERO;
        state.digits += 1;
        if (state.digits > 10) return false;
      } else if (byte === COLON && state.digits > 0 && state.first === 0) {
        state.first = state.number;
        state.number = 0;
        state.digits = 0;
      } else if ((byte !== COMMA && byte !== SPACE) || !this.#endNumber(state)) {
        return false;
      }
    }
    return true;
  }

  #endNumber(state: NumberState): boolean {
    const { number, digits, first } = state;
    if (digits === 0) return first === 0;
    this.add(first === 0 ? number : first, number);
    Object.assign(state, { number: 0, digits: 0, first: 0 });
    return true;
  }

  /** The same numbers, each in one range, in ascending order. @throws {RangeError} if too many ranges are in another order */
  toAscending(): UidRanges {
    if (this.#isAscending) return this;
    if (this.length > MAX_UNSORTED) throw new RangeError('too many ranges to sort');
    const keys = new Float64Array(this.length);
    for (let at = 0; at < this.length; at += 1) keys[at] = (this.#lows[at] ?? 0) * PLACES + at;
    const sorted = new UidRanges();
    for (const key of keys.sort()) sorted.add(...this.at(key % PLACES));
    return sorted;
  }

  /** The range at this place. */
  at(place: number): [low: number, high: number] {
    return [this.#lows[place] ?? 1, this.#highs[place] ?? 0];
  }

  /** Numbers in all ranges; those in several are counted several times. */
  get count(): number {
    let sum = 0;
    for (let place = 0; place < this.length; place += 1)
      sum += (this.#highs[place] ?? 0) - (this.#lows[place] ?? 0) + 1;
    return sum;
  }

  #grow(): void {
    const [lows, highs] = [this.#lows, this.#highs];
    this.#lows = new Uint32Array(2 * lows.length);
    this.#highs = new Uint32Array(2 * highs.length);
    this.#lows.set(lows);
    this.#highs.set(highs);
  }
}

interface NumberState {
  number: number;
  digits: number;
  /** The start of a range whose end is being read; 0 if there is none. */
  first: number;
}

const [ZERO, COLON, COMMA, SPACE] = [0x30, 0x3a, 0x2c, 0x20];
