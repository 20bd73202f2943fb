import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { create as contentDisposition } from 'content-disposition';
import type { RequestHandler, Response } from 'express';
import { OAuthError, ToolError, UpstreamError } from '../errors.ts';
import type { MailAccount } from '../mail/account.ts';
import { canonicalMailboxName } from '../mail/imap/mailbox-name.ts';
import { openPart } from '../mail/messages/read.ts';
import type { ImapPool } from '../mail/pool/pool.ts';
import { keepOrReopen, openLent } from './reread-stream.ts';
import type { AttachmentRef, AttachmentStore, Reader } from './store.ts';

/** Attachments without S3: a link seals where the part is, and this server streams it from IMAP when somebody opens the link. */

/** How a reference becomes the last part of a URL, and back. */
export interface LinkSeal {
  /** @param notAfter ends it earlier than it would end by itself */
  seal(reference: AttachmentRef, notAfter?: Date): Promise<string>;
  /** @throws {OAuthError} if it is not one of ours, or has expired */
  open(sealed: string): Promise<AttachmentRef>;
}

type OpenedPart = Awaited<ReturnType<typeof openPart>>;

/** Lends one part of a message, decoded. The connection to the mail server is taken until `use` has ended. */
export type LendPart = <T>(reference: AttachmentRef, use: (part: OpenedPart) => Promise<T>) => Promise<T>;

/**
 * Lends parts over warm connections.
 *
 * @throws {ToolError} if the mailbox was made anew since the reference: its UIDs name other messages now (RFC 9051 §2.3.1.1)
 */
export function lendFrom(pool: Pick<ImapPool, 'withConnection'>): LendPart {
  return ({ imap, mailbox, uidValidity, uid, part }, use) =>
    pool.withConnection({ imap }, async (connection) => {
      const opened = await openPart(connection, mailbox, uid, part);
      if (connection.selected?.uidValidity !== uidValidity) {
        opened.stream.destroy();
        throw new ToolError('The mailbox was made anew since this link was made. Call get_mail_message again.');
      }
      return use(opened);
    });
}

const PATH = '/attachments/';
/** A reader that takes nothing for this long loses the connection to the mail server it holds. */
const STALL_MS = 60_000;

export function createLinkStore(options: { issuer: string; seal: LinkSeal; lendPart: LendPart }): AttachmentStore {
  const { issuer, seal, lendPart } = options;
  const prefix = `${issuer}${PATH}`;
  return {
    publish: async ({ imap, mailbox, uidValidity, uid, part }, _lend, notAfter) =>
      prefix + (await seal.seal({ imap, mailbox, uidValidity, uid, part }, notAfter)),
    async fetchOwn(url, reader, maxBytes) {
      if (!url.startsWith(prefix)) throw notOurs();
      const reference = await seal.open(url.slice(prefix.length)).catch(() => {
        throw expired();
      });
      const part = reader === 'anyone' ? reference : await readableBy(reader, reference);
      const again = () => openLent((use) => lendPart(part, ({ stream }) => use(stream)));
      return lendPart(part, async ({ stream, filename, contentType }) => ({
        filename,
        contentType,
        content: await keepOrReopen(stream, maxBytes, again),
      }));
    },
  };
}

/** @returns what to read with the login of the caller: the one in the link may be out of date */
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

export function notOurs(): ToolError {
  return new ToolError(
    'One of the attachment_urls is not a link of this server. Pass the `url` of an attachment that get_mail_message returned; nothing else is fetched.',
  );
}

export function notReadable(): ToolError {
  return new ToolError(
    'One of the attachment_urls is of a mailbox that this connection may not use. Call list_mailboxes for those that it may.',
  );
}

export function expired(): ToolError {
  return new ToolError(
    'One of the attachment_urls has expired or was changed. Call get_mail_message again for a new one.',
  );
}

/** GET of a link. The bytes are offered as a file and never shown as a page, whatever their sender called them. */
export function attachmentHandler(options: {
  seal: Pick<LinkSeal, 'open'>;
  lendPart: LendPart;
  stallMs?: number;
}): RequestHandler {
  const { seal, lendPart, stallMs = STALL_MS } = options;
  return async (request, response) => {
    try {
      const reference = await seal.open(String(request.params.link));
      await lendPart(reference, async ({ stream, filename, contentType }) => {
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
      // Half a file cannot be taken back; the broken connection tells the reader. Or there is no reader any more.
      if (response.headersSent || response.destroyed) return void response.destroy();
      const { status, sentence } = explain(error);
      response.status(status).set('Cache-Control', 'no-store').type('text/plain').send(`${sentence}\n`);
    }
  };
}

/** Sends nothing before the first bytes are there, so that a mail server that fails until then still becomes a status. */
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
