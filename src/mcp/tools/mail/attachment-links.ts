import { type Message, openPart } from '../../../mail/read.ts';
import type { MailSession } from './session.ts';

interface LinkedAttachment {
  filename: string;
  content_type: string;
  size: number;
  part: string;
  url: string | null;
  inline: boolean;
}

/**
 * Gives every attachment of a message a link. A message stays readable when the attachment store is down: the links are null then,
 * and a warning says so.
 */
export async function publishAttachments(
  message: Message,
  mailbox: string,
  { account, attachments, readImap }: MailSession,
): Promise<{ attachments: LinkedAttachment[]; warnings: string[] }> {
  const linked: LinkedAttachment[] = [];
  for (const { filename, contentType, sizeBytes, part, inline } of message.attachments) {
    const { uid, uidValidity } = message;
    const reference = { account, mailbox, uidValidity, uid, part, filename, contentType, sizeBytes };
    const url = await attachments.publish(reference, (use) =>
      readImap(async (imap) => use((await openPart(imap, mailbox, uid, part)).stream)),
    );
    linked.push({ filename, content_type: contentType, size: sizeBytes, part, url, inline });
  }
  const isStoreDown = linked.some(({ url }) => url === null);
  return { attachments: linked, warnings: isStoreDown ? [STORE_IS_DOWN] : [] };
}

const STORE_IS_DOWN =
  'The attachment store did not answer, so some attachments have no link. Try again in a few minutes.';
