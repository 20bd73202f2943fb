/**
 * Finds out which messages of a page with an own address in From are the account owner's: anyone can write any address there. Costs nothing for a page
 * without such messages.
 */

import { isFolderOfOwnMail } from '../../../mail/mailbox/find-by-role.ts';
import { nullIfCausedByMessage } from '../../../mail/messages/list.ts';
import { findProvenUids } from '../../../mail/messages/sender-verdicts.ts';
import { isOwnAddress } from '../../../mail/own-address.ts';
import { isAnyTrusted } from '../../../mail/sender/verdict.ts';
import type { MailSession } from '../mail-session.ts';
import type { MessagePage } from './message-rows.ts';

/** @returns UIDs of those in Sent or Drafts, and of those whose domain the mail server has proven */
export async function provenUids(
  { mailbox, uidValidity, messages }: MessagePage,
  { readImap, ownAddresses, trustedServers }: Pick<MailSession, 'readImap' | 'ownAddresses' | 'trustedServers'>,
): Promise<ReadonlySet<number>> {
  const own = messages.filter(({ from }) => from.some(({ address }) => isOwnAddress(address, ownAddresses)));
  if (own.length === 0) return new Set();
  const proven = await readImap(async (imap) => {
    if (mailbox !== 'INBOX' && (await isFolderOfOwnMail(imap, mailbox))) return own.map(({ uid }) => uid);
    if (!isAnyTrusted(trustedServers)) return [];
    const request = { mailbox, uidValidity, messages: own };
    return findProvenUids(imap, request, trustedServers).catch(nullIfCausedByMessage);
  }, mailbox);
  return new Set(proven ?? []);
}
