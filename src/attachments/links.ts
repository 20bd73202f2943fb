/** Publishes attachments without S3: a sealed link names the part, and this server streams it from IMAP when the link is requested. */
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { create as contentDisposition } from 'content-disposition';
import type { RequestHandler, Response } from 'express';
import { OAuthError, ToolError, UpstreamError } from '../errors.ts';
import type { MailAccount } from '../mail/account.ts';
import { canonicalMailboxName } from '../mail/mailbox-name.ts';
import { openPart } from '../mail/messages/read.ts';
import type { ImapPool } from '../mail/pool/pool.ts';
import { createSemaphore } from '../state/semaphore.ts';
import { type AttachmentRef, type AttachmentStore, expired, notOurs, notReadable, type Reader } from './store.ts';
import { streamOf, toMessageBytes } from './to-message-bytes.ts';

/** Seals a reference into the last segment of a URL, and decrypts it. */
export interface LinkSeal {
  /** @param notAfter latest expiry, if that is earlier than the end of the usual lifetime */
  seal(reference: AttachmentRef, notAfter?: Date): Promise<string>;
  /** @throws {OAuthError} if it was not sealed by this server, or has expired */
  open(sealed: string): Promise<AttachmentRef>;
}

type OpenedPart = Awaited<ReturnType<typeof openPart>>;

/** Runs `use` with one decoded part of a message. Its connection to the mail server is in use until the promise of `use` settles. */
export type WithPart = <T>(reference: AttachmentRef, use: (part: OpenedPart) => Promise<T>) => Promise<T>;

/**
 * @returns a function that reads parts over the connections of the pool; it throws a ToolError if the mailbox was created anew since the
 *   reference was made: its UIDs name other messages then (RFC 9051 §2.3.1.1)
 */
export function withPartOf(pool: Pick<ImapPool, 'withConnection'>): WithPart {
  return ({ imap, mailbox, uidValidity, uid, part }, use) =>
    pool.withConnection({ imap }, async (connection) => {
      const opened = await openPart(connection, mailbox, uid, part);
      if (connection.selected?.uidValidity !== uidValidity) {
        opened.stream.destroy();
        throw expired();
      }
      return use(opened);
    });
}

const PATH = '/attachments/';
/** A transfer from which the client reads nothing for this long is aborted, which releases its IMAP connection. */
const STALL_MS = 60_000;

/** One link is enough to read slowly on many connections: half of those of an account are left to its calls. */
const DOWNLOADS = { placesPerKey: 2, maxWaitingPerKey: 20, maxWaitMs: 20_000 };

const tooManyDownloads = () =>
  new UpstreamError('IMAP', 'timeout', 'Too many attachments are downloaded at the same time.', { code: 'POOL_BUSY' });

const accountKeyOf = ({ imap: { server, login } }: AttachmentRef): string =>
  JSON.stringify([server.host, server.port, login.username]);

export function createLinkStore(options: { issuer: string; seal: LinkSeal; withPart: WithPart }): AttachmentStore {
  const { issuer, seal, withPart } = options;
  const prefix = `${issuer}${PATH}`;
  return {
    publish: async ({ imap, mailbox, uidValidity, uid, part }, _withBytes, notAfter) =>
      prefix + (await seal.seal({ imap, mailbox, uidValidity, uid, part }, notAfter)),
    async fetchOwn(url, reader, maxBytes) {
      if (!url.startsWith(prefix)) throw notOurs();
      const reference = await seal.open(url.slice(prefix.length)).catch(() => {
        throw expired();
      });
      const part = reader === 'anyone' ? reference : await readableBy(reader, reference);
      const reopen = () => streamOf((use) => withPart(part, ({ stream }) => use(stream)));
      return withPart(part, async ({ stream, filename, contentType }) => ({
        filename,
        contentType,
        content: await toMessageBytes(stream, maxBytes, reopen),
      }));
    },
  };
}

/** @returns the reference with the login of the caller: the one in the link may be out of date */
async function readableBy(reader: Reader, reference: AttachmentRef): Promise<AttachmentRef> {
  if (!isSameMailbox(reference.imap, reader.imap)) throw notOurs();
  const readable = await reader.readable?.();
  if (readable?.includes(canonicalMailboxName(reference.mailbox)) === false) throw notReadable();
  return { ...reference, imap: reader.imap };
}

function isSameMailbox(one: MailAccount['imap'], other: MailAccount['imap']): boolean {
  return (
    one.server.host === other.server.host &&
    one.server.port === other.server.port &&
    one.login.username === other.login.username
  );
}

/** Handles GET of a link. The response is a download that browsers never render, whatever content type the message declares. */
export function attachmentHandler(options: {
  seal: Pick<LinkSeal, 'open'>;
  withPart: WithPart;
  stallMs?: number;
}): RequestHandler {
  const { seal, withPart, stallMs = STALL_MS } = options;
  const downloads = createSemaphore({ ...DOWNLOADS, createError: tooManyDownloads });
  return async (request, response) => {
    try {
      const reference = await seal.open(String(request.params.link));
      const download: typeof withPart = (of, use) => downloads.run(accountKeyOf(of), () => withPart(of, use));
      await download(reference, async ({ stream, filename, contentType }) => {
        const headers = {
          'Content-Type': contentType,
          'Content-Disposition': contentDisposition(filename),
          'Content-Security-Policy': "default-src 'none'; sandbox",
          'Cross-Origin-Resource-Policy': 'same-origin',
          'X-Content-Type-Options': 'nosniff',
          'Cache-Control': 'private, no-store',
        };
        if (request.method === 'HEAD') {
          stream.destroy();
          response.set(headers).end();
        } else await send(stream, response, { headers, stallMs });
      });
    } catch (error) {
      // After the headers only a closed connection can report the failure. If the client has disconnected, there is nothing to report.
      if (response.headersSent || response.destroyed) return void response.destroy();
      const { status, sentence } = explain(error);
      response.status(status).set('Cache-Control', 'no-store').type('text/plain').send(`${sentence}\n`);
    }
  };
}

/** Sends the headers once the first bytes have arrived, so that an earlier failure of the mail server is still reported by the status. */
async function send(
  stream: Readable,
  response: Response,
  { headers, stallMs }: { headers: Record<string, string>; stallMs: number },
): Promise<void> {
  const leave = () => stream.destroy(new Error('the reader has gone'));
  response.once('close', leave);
  try {
    await once(stream, 'readable');
    response.set(headers);
    response.setTimeout(stallMs, () => response.destroy());
    await pipeline(stream, response);
  } finally {
    response.off('close', leave);
  }
}

function explain(error: unknown): { status: number; sentence: string } {
  if (error instanceof OAuthError)
    return { status: 404, sentence: 'This link has expired or is not complete. Ask for the message again.' };
  if (error instanceof ToolError)
    return { status: 404, sentence: 'The message is no longer where it was. Ask for it again.' };
  if (error instanceof UpstreamError)
    return { status: 502, sentence: 'The mail server did not hand over the attachment. Try again later.' };
  throw error;
}
