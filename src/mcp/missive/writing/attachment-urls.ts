/**
 * Fetches the files of `attachment_urls`, and puts them as base64 into a request body: links of this server, links of Missive, and files of messages
 * that are named.
 *
 * Invariant: nothing is fetched but from this server, from Missive's hosts, and from where Missive itself says that the file of a message is.
 */
import { Buffer } from 'node:buffer';
import { z } from 'zod';
import { ToolError } from '../../../errors.ts';
import { chunksOf } from '../../../mail/message-bytes.ts';
import type { Use } from '../../tool.ts';
import type { MissiveSession } from '../missive-session.ts';
import { elsewhere, inBody } from '../operation.ts';
import { fileOfMessage, isFileName, readFileNames, readFileTexts } from './message-files.ts';

/** Missive's limit for a request body; base64 turns three bytes into four. */
const MAX_JSON_BYTES = 10_000_000;
const MAX_FILE_BYTES = 7 * 1024 * 1024;
/** Reserved for each file's name and the JSON around it. */
const BYTES_AROUND_FILE = 400;
const MAX_FILES = 25;

/** All hosts of Missive. */
const MISSIVE_DOMAIN = 'missiveapp.com';

const attachmentUrls = z
  .array(z.string().trim().min(1).max(8192))
  .max(MAX_FILES)
  .optional()
  .describe(
    'Links that tools returned, or "MESSAGE_ID/offer.pdf", up to 25 and 7 MB together. No other URL is fetched.',
  );

export const attachmentParameter = { attachment_urls: { ...inBody(attachmentUrls), read: readFileTexts } };

/** Keys under which models pass files. */
export const FILES_ELSEWHERE = elsewhere(
  'attachment_urls takes files, as links that tools returned or "MESSAGE_ID/offer.pdf"; contents cannot be passed.',
  ...['attachments', 'attachment', 'attachment_url', 'files', 'file'],
);

interface Urls {
  attachment_urls?: string[] | undefined;
}

/** Files of messages are read with the messages. */
export function attachmentUses({
  attachment_urls: urls = [],
}: Readonly<Record<string, unknown>> & Urls): readonly Use[] {
  return urls.some(isFileName) ? [{ tool: 'get_single_missive_message_by_id' }] : [];
}

/**
 * The given arguments, with the files as `attachments` in place of their links.
 *
 * @throws {ToolError} if a link may not be fetched, a message has no such file, or the files together are too large
 */
export async function withAttachments(
  { attachment_urls: urls, ...fields }: Readonly<Record<string, unknown>> & Urls,
  session: MissiveSession,
): Promise<Record<string, unknown> & { attachments?: { filename: string; base64_data: string }[] }> {
  const content = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
  if (urls === undefined || urls.length === 0) return content;
  const messages = await readFileNames(urls, session);
  const attachments = [];
  let leftBytes = fileBytesBeside(content, urls.length);
  for (const url of urls) {
    if (leftBytes <= 0) throw tooLarge();
    const named = fileOfMessage(url, messages);
    const { filename, bytes } =
      named === undefined ? await fetchLink(url, leftBytes, session) : await fetchNamed(named, leftBytes, session);
    leftBytes -= bytes.length;
    attachments.push({ filename, base64_data: bytes.toString('base64') });
  }
  return { ...content, attachments };
}

function isMissiveLink(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname, port, username, password } = new URL(url);
  const isOfMissive = hostname === MISSIVE_DOMAIN || hostname.endsWith(`.${MISSIVE_DOMAIN}`);
  return protocol === 'https:' && isOfMissive && `${port}${username}${password}` === '';
}

type File = { filename: string; bytes: Buffer };

async function fetchLink(url: string, maxBytes: number, session: MissiveSession): Promise<File> {
  if (isMissiveLink(url)) return { filename: nameIn(url), bytes: await session.fetchFile(url, maxBytes) };
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

async function fetchNamed(
  { filename, url, size }: { filename: string; url: string; size?: number | undefined },
  maxBytes: number,
  session: MissiveSession,
): Promise<File> {
  if (size !== undefined && size > maxBytes) throw tooLarge();
  return { filename, bytes: await session.fetchFile(url, maxBytes) };
}

/** The last segment of the path. */
function nameIn(url: string): string {
  const last = new URL(url).pathname.split('/').pop() ?? '';
  try {
    return decodeURIComponent(last).replace(/[/\\\p{Cc}]/gu, '_') || 'file';
  } catch {
    return last || 'file';
  }
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
