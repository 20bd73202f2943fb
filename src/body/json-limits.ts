/**
 * Counts the values and the levels of JSON on its bytes, before it is parsed: parsing a megabyte of empty objects takes as long as parsing
 * a hundred megabytes of text, and as much memory.
 */

/** No call of a tool comes near it: its largest argument is a list of some hundred entries. */
export const MAX_JSON_VALUES = 10_000;

/** Deeper values overflow the stack of recursive functions; no argument of a tool is deeper than three. */
export const MAX_JSON_DEPTH = 64;

export type JsonFault = 'too many values' | 'too deep';

export interface JsonLimits {
  values: number;
  depth: number;
}

const LIMITS: JsonLimits = { values: MAX_JSON_VALUES, depth: MAX_JSON_DEPTH };

const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** Strings of at least this length are parsed apart from the rest; see parse-json.ts. */
const MIN_LONG_STRING_BYTES = 16 * 1024;

/** The bytes of a long string, between its quotes. */
export interface LongString {
  start: number;
  end: number;
}

/** Scans JSON that arrives in pieces. What is not JSON is left to the parser, within the same limits. */
export class JsonScanner {
  readonly #limits: JsonLimits;
  #values = 1;
  #depth = 0;
  #isInString = false;
  #isEscaped = false;
  /** Bytes before the current piece. */
  #offset = 0;
  #stringStart = 0;
  readonly #longStrings: LongString[] = [];

  constructor(limits: JsonLimits = LIMITS) {
    this.#limits = limits;
  }

  /** The long strings so far, in order. */
  get longStrings(): readonly LongString[] {
    return this.#longStrings;
  }

  /** @returns the limit that is exceeded; undefined if none is so far */
  push(bytes: Uint8Array): JsonFault | undefined {
    const fault = this.#scan(bytes);
    this.#offset += bytes.length;
    return fault;
  }

  #scan(bytes: Uint8Array): JsonFault | undefined {
    let at = 0;
    while (at < bytes.length) {
      if (this.#isInString) {
        at = this.#skipString(bytes, at);
        continue;
      }
      const byte = bytes[at];
      at += 1;
      if (byte === QUOTE) {
        this.#isInString = true;
        this.#stringStart = this.#offset + at;
      } else if (byte === COMMA) this.#values += 1;
      else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
        this.#values += 1;
        this.#depth += 1;
        if (this.#depth > this.#limits.depth) return 'too deep';
      } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) this.#depth -= 1;
      if (this.#values > this.#limits.values) return 'too many values';
    }
    return undefined;
  }

  /** @returns the position after the end of the string, or the end of the bytes */
  #skipString(bytes: Uint8Array, from: number): number {
    let isEscaped = this.#isEscaped;
    for (let at = from; at < bytes.length; at += 1) {
      const byte = bytes[at];
      if (isEscaped) isEscaped = false;
      else if (byte === BACKSLASH) isEscaped = true;
      else if (byte === QUOTE) {
        this.#isInString = false;
        this.#isEscaped = false;
        const end = this.#offset + at;
        if (end - this.#stringStart >= MIN_LONG_STRING_BYTES) {
          this.#longStrings.push({ start: this.#stringStart, end });
        }
        return at + 1;
      }
    }
    this.#isEscaped = isEscaped;
    return bytes.length;
  }
}
