/** Reads messages and attachments in chunks, from memory or from a source that can be read again. */
import { Readable } from 'node:stream';

/**
 * Bytes that are read more than once: a buffer, or a source that can be opened again if they are too many to be kept in memory. `length`
 * is exact.
 */
export type MessageBytes = Buffer | ReopenableBytes;

interface ReopenableBytes {
  readonly length: number;
  /** Reads from the beginning. The stream releases what it uses when it has ended or is destroyed. */
  open(): Readable;
}

const CHUNK_BYTES = 48 * 1024;

/**
 * Yields the bytes in chunks of at most 48 KiB.
 *
 * @throws {Error} in place of the end if the source does not have exactly `length` bytes, so that no reader takes a part for the whole
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

/** The slices are small, so that strings made from them, such as base64, are freed by the next minor garbage collection. */
function* slicesOf(bytes: Buffer): Generator<Buffer> {
  for (let start = 0; start < bytes.length; start += CHUNK_BYTES) yield bytes.subarray(start, start + CHUNK_BYTES);
}

/** A stream that opens its source only when it is read. */
export function toLazyStream(bytes: MessageBytes): Readable {
  return Readable.from(chunksOf(bytes), { objectMode: false });
}
