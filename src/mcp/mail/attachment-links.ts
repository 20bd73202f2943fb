/** Adds download links to the attachments of a message. */
import type { WithBytes } from '../../attachments/store.ts';
import { type Message, openPart } from '../../mail/messages/read.ts';
import type { MailSession } from './mail-session.ts';

interface LinkedAttachment {
  filename: string;
  content_type: string;
  size: number;
  part: string;
  url?: string;
  inline?: true;
}

/** Where a message is. */
interface MessagePlace {
  mailbox: string;
  uidValidity: string;
  uid: number;
}

/** @returns a link to the bytes of one attachment; null if the attachment store does not answer */
export function linkFile(
  { mailbox, uidValidity, uid }: MessagePlace,
  { part, filename, contentType, sizeBytes }: Message['attachments'][number],
  { account, attachments, readImap }: MailSession,
): Promise<string | null> {
  const attached = { imap: account.imap, mailbox, uidValidity, uid, part, filename, contentType, sizeBytes };
  const withBytes: WithBytes = (use) =>
    readImap(async (imap) => use((await openPart(imap, mailbox, uid, part)).stream), mailbox);
  return attachments.publish(attached, withBytes);
}

/**
 * Adds a link to each attachment. There are none, and a warning, if the policy does not allow attachments or the attachment store does not
 * answer; the message stays readable.
 */
export async function linkAttachments(
  message: Message,
  session: MailSession,
  { areLinksAllowed }: { areLinksAllowed: boolean },
): Promise<{ attachments: LinkedAttachment[]; warnings: string[] }> {
  const linked: LinkedAttachment[] = [];
  let isStoreDown = false;
  const canBeLinked = areLinksAllowed && !message.isSplitHere;
  for (const file of message.attachments) {
    // A store that is down costs one timeout, not one for each attachment.
    const url: string | null = isStoreDown || !canBeLinked ? null : await linkFile(message, file, session);
    isStoreDown ||= canBeLinked && url === null;
    const { shownName, contentType, sizeBytes, part, inline } = file;
    linked.push({
      ...{ filename: shownName, content_type: contentType, size: sizeBytes, part },
      ...(url !== null && { url }),
      ...(inline && { inline }),
    });
  }
  const areWithheld = !areLinksAllowed && linked.length > 0;
  return {
    attachments: linked,
    warnings: [...(isStoreDown ? [STORE_IS_DOWN] : []), ...(areWithheld ? [WITHHELD] : [])],
  };
}

export const WITHHELD =
  'The operator of this server does not let this connection have attachments, so they have no links.';
const STORE_IS_DOWN =
  'The attachment store did not answer in time, so some attachments have no link. Try again in a few minutes.';
