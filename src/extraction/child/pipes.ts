/** Reads and writes the pipes to the parent by their numbers. The streams of Node for them are sockets, with which a file could reach the network. */
import { readSync, writeSync } from 'node:fs';

const STDIN = 0;
const STDOUT = 1;
const PIECE_BYTES = 256 * 1024;
const CLOCK = new Int32Array(new SharedArrayBuffer(4));
const WAIT_MS = 2;

/** The standard input, of which some bytes may have been read ahead. */
export class Input {
  #ahead: Buffer = Buffer.alloc(0);
  #isAtEnd = false;

  /** The first bytes: as many as requested, unless there are fewer. They stay unread. */
  peek(length: number): Buffer {
    while (this.#ahead.length < length && !this.#isAtEnd) {
      const piece = Buffer.alloc(PIECE_BYTES);
      this.#ahead = Buffer.concat([this.#ahead, piece.subarray(0, this.#readInto(piece, 0))]);
    }
    return this.#ahead;
  }

  /** The first line, without its end. */
  line(): string {
    let end = this.#ahead.indexOf('\n');
    while (end < 0 && !this.#isAtEnd) {
      this.peek(this.#ahead.length + 1);
      end = this.#ahead.indexOf('\n');
    }
    const line = this.#ahead.toString('utf8', 0, Math.max(end, 0));
    this.#ahead = this.#ahead.subarray(end + 1);
    return line;
  }

  /** The next bytes, at most so many. @param expected bytes, so that the buffer need not grow */
  take(most: number, expected: number): Buffer {
    let bytes = Buffer.allocUnsafeSlow(Math.max(this.#ahead.length, Math.min(most, expected + PIECE_BYTES)));
    let length = this.#ahead.copy(bytes);
    this.#ahead = Buffer.alloc(0);
    while (!this.#isAtEnd && length < most) {
      if (length === bytes.length) {
        const larger = Buffer.allocUnsafeSlow(Math.min(most, Math.ceil(1.5 * length) + PIECE_BYTES));
        bytes.copy(larger);
        bytes = larger;
      }
      length += this.#readInto(bytes, length);
    }
    return bytes.subarray(0, Math.min(length, most));
  }

  #readInto(bytes: Buffer, at: number): number {
    const length = whenReady(() => readSync(STDIN, bytes, at, bytes.length - at, null));
    if (length === 0) this.#isAtEnd = true;
    return length;
  }
}

export function writeOutput(bytes: Buffer): void {
  for (let at = 0; at < bytes.length; ) at += whenReady(() => writeSync(STDOUT, bytes, at));
}

/** Repeats a call until the other end of the pipe is ready for it. */
function whenReady(call: () => number): number {
  for (;;) {
    try {
      return call();
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) throw error;
      Atomics.wait(CLOCK, 0, 0, WAIT_MS);
    }
  }
}
