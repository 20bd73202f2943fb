/** Warns of what the header of a message says about its sender: DMARC failed, answers go elsewhere, the name has an address of its own. */
import type { Message } from '../../../mail/messages/read.ts';
import { isOwnAddress } from '../../../mail/own-address.ts';
import { headerWarnings } from '../../../mail/sender/header-warnings.ts';
import { isForged, type Verdict } from '../../../mail/sender/verdict.ts';
import type { MailSession } from '../mail-session.ts';

export function senderWarnings(
  message: Pick<Message, 'from' | 'replyTo'>,
  verdict: Verdict,
  { ownAddresses }: Pick<MailSession, 'ownAddresses'>,
): string[] {
  const isOwn = (address: string) => isOwnAddress(address, ownAddresses);
  return [...(isForged(verdict) ? [FORGED] : []), ...headerWarnings(message, isOwn)];
}

const FORGED = 'dmarc=fail: the sender in From is not confirmed, and may be forged.';
