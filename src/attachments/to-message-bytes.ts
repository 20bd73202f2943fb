/** Turns a stream of bytes into content for a new message: kept in memory if it is small, otherwise read again when needed. */
import { PassThrough, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ToolError } from '../errors.ts';
import type { MessageBytes } from '../mail/message-bytes.ts';
import type { WithBytes } from './store.ts';

/** Files up to this size are kept in memory after the first reading; larger ones are read again each time. */
const MAX_KEPT_BYTES = 1024 * 1024;

/**
 * Reads a stream to its end, to know that it can be read and how long it is.
 *
 * @param reopen returns the same bytes as a new stream; see streamOf()
 * @throws {ToolError} as soon as more than `maxBytes` were read; the stream is then destroyed
 */
export async function toMessageBytes(
  stream: Readable,
  maxBytes: number,
  reopen: () => Readable,
): Promise<MessageBytes> {
  let kept: Buffer[] | undefined = [];
  let length = 0;
  for await (const chunk of stream) {
    length += chunk.length;
    if (length > maxBytes) {
      throw new ToolError(
        `The attachments are too large together: a message may carry ${Math.floor(maxBytes / 1_048_576)} MiB more.`,
      );
    }
    if (length > MAX_KEPT_BYTES) kept = undefined;
    kept?.push(chunk);
  }
  return kept === undefined ? { length, open: reopen } : Buffer.concat(kept);
}

/** @returns the bytes as a stream; their source, such as an IMAP connection, is released when the stream has ended or was destroyed */
export function streamOf(withBytes: WithBytes): Readable {
  const out = new PassThrough();
  withBytes((bytes) => pipeline(bytes, out)).catch((error: Error) => out.destroy(error));
  return out;
}
