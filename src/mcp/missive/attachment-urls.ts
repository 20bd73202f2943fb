/** Fetches the files of `attachment_urls` from links of this server, and puts them as base64 into a request body. */
import { Buffer } from 'node:buffer';
import { z } from 'zod';
import { ToolError } from '../../errors.ts';
import { chunksOf } from '../../mail/message-bytes.ts';
import type { MissiveSession } from './missive-session.ts';
import { inBody } from './operation.ts';

/** Missive's limit for a request body; base64 turns three bytes into four. */
const MAX_JSON_BYTES = 10_000_000;
const MAX_FILE_BYTES = 7 * 1024 * 1024;
/** Reserved for each file's name and the JSON around it. */
const BYTES_AROUND_FILE = 400;
const MAX_FILES = 25;

const attachmentUrls = z
  .array(z.url().max(8192))
  .max(MAX_FILES)
  .optional()
  .describe(
    'Files to attach: links that tools of this server returned, up to 25 and 7 MB together. No other URL is fetched.',
  );

export const attachmentParameter = { attachment_urls: inBody(attachmentUrls) };

/**
 * The given arguments, with the files as `attachments` in place of their links.
 *
 * @throws {ToolError} if a link does not belong to this server, or the files together are too large
 */
export async function withAttachments(
  { attachment_urls: urls, ...fields }: Readonly<Record<string, unknown>> & { attachment_urls?: string[] | undefined },
  session: MissiveSession,
): Promise<Record<string, unknown> & { attachments?: { filename: string; base64_data: string }[] }> {
  const content = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
  if (urls === undefined || urls.length === 0) return content;
  const attachments = [];
  let leftBytes = fileBytesBeside(content, urls.length);
  for (const url of urls) {
    const { filename, bytes } = await fetchFile(url, leftBytes, session);
    leftBytes -= bytes.length;
    attachments.push({ filename, base64_data: bytes.toString('base64') });
  }
  return { ...content, attachments };
}

async function fetchFile(
  url: string,
  maxBytes: number,
  session: MissiveSession,
): Promise<{ filename: string; bytes: Buffer }> {
  if (maxBytes <= 0) throw tooLarge();
  const { filename, content } = await session.fetchOwn(url, maxBytes);
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of chunksOf(content)) {
    length += piece.length;
    if (length > maxBytes) throw tooLarge();
    pieces.push(piece);
  }
  return { filename, bytes: Buffer.concat(pieces) };
}

/** File bytes that fit into the request body beside the other fields. */
function fileBytesBeside(content: object, files: number): number {
  const base64Bytes = MAX_JSON_BYTES - Buffer.byteLength(JSON.stringify(content)) - files * BYTES_AROUND_FILE;
  return Math.min(MAX_FILE_BYTES, Math.floor((base64Bytes * 3) / 4));
}

const tooLarge = () =>
  new ToolError(
    'Nothing was done: Missive takes 7 MB of attachments, or less beside a long body. Attach less, or put links into the body.',
  );
