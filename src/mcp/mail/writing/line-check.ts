/** Checks whether bytes can be sent as they are: SMTP takes lines of at most 998 bytes with CRLF line ends (RFC 5321 §4.5.3.1.6), without NUL. */
import { Readable } from 'node:stream';

const MAX_LINE_BYTES = 998;
const CR = 0x0d;
const LF = 0x0a;

export interface LineCheck {
  /** The same bytes. To be used once for each attempt to read them. */
  through(bytes: Readable): Readable;
  /** Null if they have to be encoded. */
  result(): '7bit' | '8bit' | null;
}

export function createLineCheck(): LineCheck {
  let state = { line: 0, before: 0, isClean: true, is8bit: false };
  async function* pass(bytes: Readable): AsyncGenerator<Buffer> {
    state = { line: 0, before: 0, isClean: true, is8bit: false };
    for await (const chunk of bytes) {
      const buffer: Buffer = chunk;
      for (const byte of buffer) add(byte);
      yield buffer;
    }
  }
  function add(byte: number): void {
    const isEnd = byte === LF && state.before === CR;
    if ((byte === LF && !isEnd) || (state.before === CR && !isEnd) || byte === 0) state.isClean = false;
    state.line = isEnd ? 0 : state.line + 1;
    // The CR of the line end is counted before it is known to be one.
    if (state.line > MAX_LINE_BYTES + 1 || (state.line > MAX_LINE_BYTES && byte !== CR)) state.isClean = false;
    if (byte > 0x7f) state.is8bit = true;
    state.before = byte;
  }
  return {
    through: (bytes) => Readable.from(pass(bytes), { objectMode: false }),
    result: () => (!state.isClean || state.before === CR ? null : state.is8bit ? '8bit' : '7bit'),
  };
}
