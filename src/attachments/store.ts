import type { Readable } from 'node:stream';
import type { MailAccount } from '../mail/account.ts';
import type { MessageBytes } from '../mail/message-bytes.ts';

/** Where one attachment is: a part of a message never changes under its UIDVALIDITY and UID (RFC 9051 §2.3.1.1). */
export interface AttachmentRef extends Pick<MailAccount, 'imap'> {
  mailbox: string;
  uidValidity: string;
  uid: number;
  part: string;
}

/** An attachment with what its message says about it. */
export interface Attached extends AttachmentRef {
  filename: string;
  contentType: string;
  sizeBytes: number;
}

/** Lends the decoded bytes of a part; they are read to the end, or given up, before the promise settles. */
export type LendBytes = (use: (bytes: Readable) => Promise<void>) => Promise<void>;

export interface OwnFile {
  filename: string;
  contentType: string;
  content: MessageBytes;
}

/** Who wants the file behind a link. */
export interface Reader extends Pick<MailAccount, 'imap'> {
  /** Names of the mailboxes that may be read, as the server lists them. Absent: all of them. */
  readable?: () => Promise<readonly string[]>;
}

/** Turns attachments into links, and links of our own making back into files. Two kinds: S3, and sealed links of this server. */
export interface AttachmentStore {
  /**
   * @param notAfter when the link ends at the latest
   * @returns a link for a limited time; null if the store cannot be reached now
   */
  publish(attached: Attached, lend: LendBytes, notAfter?: Date): Promise<string | null>;
  /**
   * The file behind a link that `publish` made. Nothing is ever fetched from any other URL.
   *
   * @param reader whose mailboxes may be read for it; `anyone` where there is no mailbox: who has a link can open it anyway
   * @throws {ToolError} if the link is not ours, has expired, is of another mailbox, or leads to more than `maxBytes`
   */
  fetchOwn(url: string, reader: Reader | 'anyone', maxBytes: number): Promise<OwnFile>;
}
