/**
 * Defines attachment stores: they turn attachments into links for a limited time, and their own links back into files.
 *
 * Invariant: only links of this server are read.
 */
import type { Readable } from 'node:stream';
import { ToolError } from '../errors.ts';
import type { MailAccount } from '../mail/account.ts';
import type { MessageBytes } from '../mail/message-bytes.ts';

/** The location of an attachment. The bytes of a part never change under its UIDVALIDITY and UID (RFC 9051 §2.3.1.1). */
export interface AttachmentRef extends Pick<MailAccount, 'imap'> {
  mailbox: string;
  uidValidity: string;
  uid: number;
  part: string;
}

/** An attachment with the description in its message. */
export interface Attached extends AttachmentRef {
  filename: string;
  contentType: string;
  sizeBytes: number;
}

/** Runs `use` with the decoded bytes of a part, which it reads to the end or abandons before its promise settles. */
export type WithBytes = (use: (bytes: Readable) => Promise<void>) => Promise<void>;

export interface OwnFile {
  filename: string;
  contentType: string;
  content: MessageBytes;
}

/** The account for which the file behind a link is read. */
export interface Reader extends Pick<MailAccount, 'imap'> {
  /** Names of the mailboxes that may be read, as the server lists them. Absent: all of them. */
  readable?: () => Promise<readonly string[]>;
}

/** There are two kinds: objects in S3, and sealed links that this server answers itself. */
export interface AttachmentStore {
  /**
   * Makes a link to a part of a message, of up to 1 GiB (MAX_PART_BYTES of mail/messages/part-stream.ts): its bytes are streamed.
   *
   * @param notAfter when the link ends at the latest
   * @returns a link for a limited time; null if the store cannot be reached now
   */
  publish(attached: Attached, withBytes: WithBytes, notAfter?: Date): Promise<string | null>;
  /**
   * Reads the file behind a link that `publish` made. No other URL is ever fetched.
   *
   * @param reader the account whose mailboxes may be read for it; `anyone` if the caller has no mailbox: the link alone grants access
   * @throws {ToolError} if the link is not ours, has expired, belongs to another mailbox, or leads to more than `maxBytes`
   */
  fetchOwn(url: string, reader: Reader | 'anyone', maxBytes: number): Promise<OwnFile>;
}

/** - `not_ours`: another link · `not_readable`: of a mailbox that may not be read · `expired`: its time has ended, or it was changed */
type LinkFault = 'not_ours' | 'not_readable' | 'expired';

/** A link whose file is not read. Its sentence is for connections to a mailbox. */
export class LinkError extends ToolError {
  readonly fault: LinkFault;

  constructor(fault: LinkFault) {
    super(SENTENCES[fault]);
    this.fault = fault;
  }
}

const SENTENCES: Readonly<Record<LinkFault, string>> = {
  not_ours:
    'One of the attachment_urls is not a link of this server. Pass the `url` of an attachment that get_mail_message returned; nothing else is fetched.',
  not_readable:
    // phrase allowed: the sentence on the wire
    'One of the attachment_urls is of a mailbox that this connection may not use. Call list_mailboxes for those that it may.',
  expired: 'One of the attachment_urls has expired or was changed. Call get_mail_message again for a new one.',
};

export const notOurs = (): LinkError => new LinkError('not_ours');
export const notReadable = (): LinkError => new LinkError('not_readable');
export const expired = (): LinkError => new LinkError('expired');
