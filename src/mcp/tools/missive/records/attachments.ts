/** Files that go to Missive: from links of our own making, as base64 inside the JSON. */
import { Buffer } from 'node:buffer';
import { z } from 'zod';
import { ToolError } from '../../../../errors.ts';
import { chunksOf } from '../../../../mail/message-bytes.ts';
import { inBody } from '../operation.ts';
import type { MissiveSession } from '../session.ts';

/** Missive takes 10 MB of JSON at most, and base64 makes four bytes of three. */
const MOST_BYTES = 7 * 1024 * 1024;
const MOST_FILES = 25;

const attachmentUrls = z
  .array(z.url().max(8192))
  .max(MOST_FILES)
  .optional()
  .describe(
    'Files to attach: links that tools of this server returned, up to 25 and 7 MB together. No other URL is fetched.',
  );

export const attachmentParameter = { attachment_urls: inBody(attachmentUrls) };

/**
 * The parameters as Missive takes them.
 *
 * @throws {ToolError} if a link is not ours, or the files are too large together
 */
export async function withAttachments(
  { attachment_urls: urls, ...fields }: Readonly<Record<string, unknown>> & { attachment_urls?: string[] | undefined },
  session: MissiveSession,
): Promise<Record<string, unknown>> {
  const content = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
  if (urls === undefined || urls.length === 0) return content;
  const attachments = [];
  let left = MOST_BYTES;
  for (const url of urls) {
    const { filename, bytes } = await fileOf(url, left, session);
    left -= bytes.length;
    attachments.push({ filename, base64_data: bytes.toString('base64') });
  }
  return { ...content, attachments };
}

async function fileOf(
  url: string,
  most: number,
  session: MissiveSession,
): Promise<{ filename: string; bytes: Buffer }> {
  if (most <= 0) throw tooLarge();
  const { filename, content } = await session.fetchOwn(url, most);
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of chunksOf(content)) {
    length += piece.length;
    if (length > most) throw tooLarge();
    pieces.push(piece);
  }
  return { filename, bytes: Buffer.concat(pieces) };
}

const tooLarge = () =>
  new ToolError('The attachments are larger than the 7 MB that Missive takes. Attach less, or send links.');
