/** Defines the parameters of a new message, and composes the message from them. */
import { z } from 'zod';
import type { OwnFile } from '../../attachments/store.ts';
import { findMailboxByRole } from '../../mail/mailbox/find-by-role.ts';
import { requireMailbox } from '../../mail/mailbox/open-mailbox.ts';
import { type ComposedMessage, composeMessage, MAX_MESSAGE_BYTES } from '../../mail/send/compose.ts';
import { clears } from '../parameter-meanings.ts';
import type { Use } from '../tool.ts';
import type { MailSession } from './mail-session.ts';
import { Recipients } from './parameters.ts';

export const NewMessageFields = z.object({
  to: Recipients,
  subject: clears(z.string().max(2000)).describe('Subject, on one line.'),
  text_body: z.string().default('').describe('Body as plain text.'),
  cc: Recipients.optional().describe('Addresses, as in `to`.'),
  bcc: Recipients.optional().describe('Addresses, as in `to`, unseen by the others.'),
  html_body: z.string().optional().describe('The same body as HTML, sent beside text_body.'),
  attachment_urls: z
    .array(z.string().max(8192))
    .max(50)
    .default([])
    .describe('Files to attach: up to 50 urls from get_mail_message. No other URL is fetched.'),
});

/** Arguments of a new message. */
export type NewMessage = z.output<typeof NewMessageFields>;

export const IdempotencyKey = z
  .string()
  .min(1)
  .max(200)
  .optional()
  .describe(
    'Any text for this message, such as a UUID. If no answer comes, repeat the call with it: that makes the message once (30 days).',
  );

/** The rights that attaching files needs: the message that has the file is read. */
export function attachmentUses({ attachment_urls }: NewMessage): readonly Use[] {
  return attachment_urls.length === 0 ? [] : [{ tool: 'get_mail_message', tag: 'attachments' }];
}

/** The contents by which calls with the same idempotency key are compared. Only the number of links counts, because links change with every call. */
export function contentOf({ attachment_urls, ...fields }: NewMessage): unknown {
  const { to, cc = '', bcc = '', subject, text_body, html_body = '' } = fields;
  return [to, cc, bcc, subject, text_body, html_body, attachment_urls.length];
}

/** @param messageId with angle brackets. Default: a random one */
export async function composeNewMessage(
  fields: NewMessage,
  { account, attachments, now }: MailSession,
  messageId?: string,
): Promise<ComposedMessage> {
  return composeMessage({
    from: { fullName: account.fullName, email: account.email },
    to: fields.to,
    ...(fields.cc !== undefined && { cc: fields.cc }),
    ...(fields.bcc !== undefined && { bcc: fields.bcc }),
    subject: fields.subject,
    text: fields.text_body,
    ...(fields.html_body !== undefined && { html: fields.html_body }),
    attachments: await fetchFiles(fields.attachment_urls, attachments),
    date: now(),
    ...(messageId !== undefined && { messageId }),
  });
}

/** Fetches one file after the other, which limits memory and the connections to the mailbox. */
async function fetchFiles(urls: string[], store: MailSession['attachments']): Promise<OwnFile[]> {
  const files: OwnFile[] = [];
  let left = MAX_MESSAGE_BYTES;
  for (const url of urls) {
    const file = await store.fetchOwn(url, left);
    left -= file.content.length;
    files.push(file);
  }
  return files;
}

/**
 * Finds the mailbox that a draft is to be saved in.
 *
 * @throws {ToolError} if it does not exist, or there is no Drafts
 */
export function findDraftsMailbox({ wholeMailbox }: MailSession, folder: string | undefined): Promise<string> {
  return wholeMailbox.readImap((imap) =>
    folder === undefined ? findMailboxByRole(imap, 'drafts') : requireMailbox(wholeMailbox.withinPolicy(imap), folder),
  );
}
