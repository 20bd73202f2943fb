import { PassThrough, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ToolError } from '../errors.ts';
import type { MessageBytes } from '../mail/message-bytes.ts';

/** Files up to this size are kept after the first reading; larger ones are read again each time. */
const KEPT_BYTES = 1024 * 1024;

/**
 * Reads a stream to its end, to know that it can be read and how long it is.
 *
 * @param again opens it once more; see openLent()
 * @throws {ToolError} as soon as it turns out longer than `maxBytes`; the stream is destroyed then
 */
export async function keepOrReopen(stream: Readable, maxBytes: number, again: () => Readable): Promise<MessageBytes> {
  let kept: Buffer[] | undefined = [];
  let length = 0;
  for await (const chunk of stream) {
    length += chunk.length;
    if (length > maxBytes) {
      throw new ToolError(
        `The attachments are too large together: a message may carry ${Math.floor(maxBytes / 1_048_576)} MiB more.`,
      );
    }
    if (length > KEPT_BYTES) kept = undefined;
    kept?.push(chunk);
  }
  return kept === undefined ? { length, open: again } : Buffer.concat(kept);
}

/** A stream of bytes that are lent: they go back when it has ended or was destroyed. */
export function openLent(lend: (use: (bytes: Readable) => Promise<void>) => Promise<void>): Readable {
  const out = new PassThrough();
  lend((bytes) => pipeline(bytes, out)).catch((error: Error) => out.destroy(error));
  return out;
}
