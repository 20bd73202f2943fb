import { Readable } from 'node:stream';

/**
 * The bytes of something that is needed more than once, the same ones every time: in memory where they are few, read from their source
 * again where they are many. `length` is exact.
 */
export type MessageBytes = Buffer | Reopened;

export interface Reopened {
  readonly length: number;
  /** Reads it from the beginning. Whatever it takes to do so is given back when the stream has ended or was destroyed. */
  open(): Readable;
}

const CHUNK_BYTES = 48 * 1024;

/**
 * @throws {Error} before the end if the source gives fewer bytes, or more, than it said: who counts on `length` must not see an end
 */
export async function* chunksOf(bytes: MessageBytes): AsyncGenerator<Buffer> {
  if (Buffer.isBuffer(bytes)) return yield* slicesOf(bytes);
  let left = bytes.length;
  for await (const chunk of bytes.open()) {
    left -= chunk.length;
    if (left < 0) break;
    yield* slicesOf(chunk);
  }
  if (left !== 0) throw new Error('The source changed while it was read.');
}

/** Small enough for what is made of them, such as base64, to go with the next quick collection of garbage. */
function* slicesOf(bytes: Buffer): Generator<Buffer> {
  for (let start = 0; start < bytes.length; start += CHUNK_BYTES) yield bytes.subarray(start, start + CHUNK_BYTES);
}

/** A stream that opens its source only when somebody reads it. */
export function readLater(bytes: MessageBytes): Readable {
  return Readable.from(chunksOf(bytes), { objectMode: false });
}
