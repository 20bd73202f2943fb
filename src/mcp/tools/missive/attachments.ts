/** Files that go to Missive: from links of our own making, as base64 inside the JSON. */
import { Buffer } from 'node:buffer';
import { z } from 'zod';
import { ToolError } from '../../../errors.ts';
import { chunksOf } from '../../../mail/message-bytes.ts';
import type { MissiveSession } from '../../missive/missive-session.ts';
import { inBody } from '../../missive/operation.ts';

/** Missive takes no more of JSON; base64 makes four bytes of three. */
const MOST_JSON_BYTES = 10_000_000;
const MOST_BYTES = 7 * 1024 * 1024;
/** For the names of the files, and what stands around them. */
const BYTES_AROUND_FILE = 400;
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
): Promise<Record<string, unknown> & { attachments?: { filename: string; base64_data: string }[] }> {
  const content = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
  if (urls === undefined || urls.length === 0) return content;
  const attachments = [];
  let left = leftBeside(content, urls.length);
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

/** Bytes of files that fit beside the other fields. */
function leftBeside(content: object, files: number): number {
  const json = MOST_JSON_BYTES - Buffer.byteLength(JSON.stringify(content)) - files * BYTES_AROUND_FILE;
  return Math.min(MOST_BYTES, Math.floor((json * 3) / 4));
}

const tooLarge = () =>
  new ToolError(
    'Nothing was done: Missive takes 7 MB of attachments, or less beside a long body. Attach less, or put links into the body.',
  );
