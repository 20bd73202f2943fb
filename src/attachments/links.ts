import { pipeline } from 'node:stream/promises';
import { create as contentDisposition } from 'content-disposition';
import type { RequestHandler } from 'express';
import { OAuthError, ToolError, UpstreamError } from '../errors.ts';
import type { MailAccount } from '../mail/account.ts';
import type { openPart } from '../mail/read.ts';
import { collect } from './collect.ts';
import type { AttachmentRef, AttachmentStore } from './store.ts';

/** Attachments without S3: a link seals where the part is, and this server streams it from IMAP when somebody opens the link. */

/** How a reference becomes the last part of a URL, and back. */
export interface LinkSeal {
  seal(reference: AttachmentRef): Promise<string>;
  /** @throws {OAuthError} if it is not one of ours, or has expired */
  open(sealed: string): Promise<AttachmentRef>;
}

type OpenedPart = Awaited<ReturnType<typeof openPart>>;

/** Lends one part of a message, decoded. The connection to the mail server is taken until `use` has ended. */
export type LendPart = <T>(reference: AttachmentRef, use: (part: OpenedPart) => Promise<T>) => Promise<T>;

const PATH = '/attachments/';

export function createLinkStore(options: { issuer: string; seal: LinkSeal; lendPart: LendPart }): AttachmentStore {
  const { issuer, seal, lendPart } = options;
  const prefix = `${issuer}${PATH}`;
  return {
    publish: async ({ imap, mailbox, uidValidity, uid, part }) =>
      prefix + (await seal.seal({ imap, mailbox, uidValidity, uid, part })),
    async fetchOwn(url, reader, maxBytes) {
      if (!url.startsWith(prefix)) throw notOurs();
      const reference = await seal.open(url.slice(prefix.length)).catch(() => {
        throw expired();
      });
      if (!isSameMailbox(reference.imap, reader.imap)) throw notOurs();
      // Read with the login of the caller: the one in the link may be out of date.
      return lendPart({ ...reference, imap: reader.imap }, async ({ stream, filename, contentType }) => ({
        filename,
        contentType,
        content: await collect(stream, maxBytes),
      }));
    },
  };
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

export function expired(): ToolError {
  return new ToolError(
    'One of the attachment_urls has expired or was changed. Call get_mail_message again for a new one.',
  );
}

/** GET of a link. The bytes are offered as a file and never shown as a page, whatever their sender called them. */
export function attachmentHandler({
  seal,
  lendPart,
}: {
  seal: LinkSeal;
  lendPart: LendPart;
}): RequestHandler {
  return async (request, response) => {
    try {
      const reference = await seal.open(String(request.params.link));
      await lendPart(reference, async ({ stream, filename, contentType }) => {
        response.set({
          'Content-Type': contentType,
          'Content-Disposition': contentDisposition(filename),
          'Content-Security-Policy': "default-src 'none'; sandbox",
          'X-Content-Type-Options': 'nosniff',
          'Cache-Control': 'private, no-store',
        });
        if (request.method === 'HEAD') {
          stream.destroy();
          response.end();
        } else await pipeline(stream, response);
      });
    } catch (error) {
      // Half a file cannot be taken back; the broken connection tells the reader.
      if (response.headersSent) return void response.destroy();
      const { status, sentence } = explain(error);
      response.status(status).set('Cache-Control', 'no-store').type('text/plain').send(`${sentence}\n`);
    }
  };
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
