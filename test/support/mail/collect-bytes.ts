/** Reads message bytes into one buffer. */
import { chunksOf, type MessageBytes } from '../../../src/mail/message-bytes.ts';

export async function collectBytes(bytes: MessageBytes): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of chunksOf(bytes)) chunks.push(chunk);
  return Buffer.concat(chunks);
}
