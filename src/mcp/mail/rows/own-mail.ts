/**
 * Finds out which messages of a page with an own address in From are the account owner's: anyone can write any address there. Costs nothing for a page
 * without such messages.
 */

import { isFolderOfOwnMail } from '../../../mail/mailbox/find-by-role.ts';
import { type ListedMessage, nullIfCausedByMessage } from '../../../mail/messages/list.ts';
import { findProvenUids } from '../../../mail/messages/sender-verdicts.ts';
import { isOwnAddress } from '../../../mail/own-address.ts';
import { isAnyTrusted } from '../../../mail/sender/verdict.ts';
import type { MailSession } from '../mail-session.ts';
import type { MessagePage } from './message-rows.ts';

/** @returns those in Sent or Drafts, and those whose domain the mail server has proven */
export async function provenMessages(
  pages: readonly MessagePage[],
  session: Pick<MailSession, 'readImap' | 'ownAddresses' | 'trustedServers'>,
): Promise<ReadonlySet<ListedMessage>> {
  const proven = new Set<ListedMessage>();
  for (const page of pages) {
    const uids = await provenUids(page, session);
    for (const message of page.messages) if (uids.has(message.uid)) proven.add(message);
  }
  return proven;
}

async function provenUids(
  { mailbox, role, uidValidity, messages }: MessagePage,
  { readImap, ownAddresses, trustedServers }: Pick<MailSession, 'readImap' | 'ownAddresses' | 'trustedServers'>,
): Promise<ReadonlySet<number>> {
  const own = messages.filter(({ from }) => from.some(({ address }) => isOwnAddress(address, ownAddresses)));
  const uids = own.map(({ uid }) => uid);
  if (own.length === 0) return new Set();
  if (role === 'sent' || role === 'drafts') return new Set(uids);
  const isRoleUnknown = role === undefined && mailbox !== 'INBOX';
  if (!isRoleUnknown && !isAnyTrusted(trustedServers)) return new Set();
  const proven = await readImap(async (imap) => {
    if (isRoleUnknown && (await isFolderOfOwnMail(imap, mailbox))) return uids;
    if (!isAnyTrusted(trustedServers)) return [];
    const request = { mailbox, uidValidity, messages: own };
    return findProvenUids(imap, request, trustedServers).catch(nullIfCausedByMessage);
  }, mailbox);
  return new Set(proven ?? []);
}
