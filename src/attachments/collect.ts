import { Buffer } from 'node:buffer';
import type { Readable } from 'node:stream';
import { ToolError } from '../errors.ts';

/** Reads a stream into memory. @throws {ToolError} as soon as it turns out longer than `maxBytes`; the stream is destroyed then */
export async function collect(stream: Readable, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream) {
    length += chunk.length;
    if (length > maxBytes) {
      throw new ToolError(
        `The attachments are too large together: a message may carry ${Math.floor(maxBytes / 1_048_576)} MiB more.`,
      );
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
