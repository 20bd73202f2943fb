/** Adds download links to the attachments of a message. */
import type { WithBytes } from '../../attachments/store.ts';
import { type Message, openPart } from '../../mail/messages/read.ts';
import type { MailSession } from './mail-session.ts';

interface LinkedAttachment {
  filename: string;
  content_type: string;
  size: number;
  part: string;
  url: string | null;
  inline: boolean;
}

/**
 * Adds a link to each attachment. The links are null, with a warning, if the policy does not allow attachments or the attachment store does
 * not answer; the message stays readable.
 */
export async function linkAttachments(
  message: Message,
  { account, attachments, readImap }: MailSession,
  { areLinksAllowed }: { areLinksAllowed: boolean },
): Promise<{ attachments: LinkedAttachment[]; warnings: string[] }> {
  const linked: LinkedAttachment[] = [];
  let isStoreDown = false;
  for (const { filename, shownName, contentType, sizeBytes, part, inline } of message.attachments) {
    const { mailbox, uid, uidValidity } = message;
    const attached = { imap: account.imap, mailbox, uidValidity, uid, part, filename, contentType, sizeBytes };
    const withBytes: WithBytes = (use) =>
      readImap(async (imap) => use((await openPart(imap, mailbox, uid, part)).stream), mailbox);
    // A store that is down costs one timeout, not one for each attachment.
    const canBeLinked = areLinksAllowed && !message.isSplitHere;
    const url: string | null = isStoreDown || !canBeLinked ? null : await attachments.publish(attached, withBytes);
    isStoreDown ||= canBeLinked && url === null;
    linked.push({ filename: shownName, content_type: contentType, size: sizeBytes, part, url, inline });
  }
  const areWithheld = !areLinksAllowed && linked.length > 0;
  return {
    attachments: linked,
    warnings: [...(isStoreDown ? [STORE_IS_DOWN] : []), ...(areWithheld ? [WITHHELD] : [])],
  };
}

const WITHHELD = 'The operator of this server does not let this connection have attachments, so they have no links.';
const STORE_IS_DOWN =
  'The attachment store did not answer in time, so some attachments have no link. Try again in a few minutes.';
