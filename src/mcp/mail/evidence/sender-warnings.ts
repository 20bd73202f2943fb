/** Warns of what the header of a message says about its sender: DMARC failed, answers go elsewhere, the name has an address of its own. */
import type { Message } from '../../../mail/messages/read.ts';
import { isOwnAddress } from '../../../mail/own-address.ts';
import { areAligned, comparableDomain } from '../../../mail/sender/domains.ts';
import { isForged, type Verdict } from '../../../mail/sender/verdict.ts';
import type { MailSession } from '../mail-session.ts';

const MAX_SHOWN_CHARS = 120;

export function senderWarnings(
  message: Pick<Message, 'from' | 'replyTo'>,
  verdict: Verdict,
  { ownAddresses }: Pick<MailSession, 'ownAddresses'>,
): string[] {
  const replyTo = otherReplyTo(message, ownAddresses);
  const named = addressInName(message);
  return [
    ...(isForged(verdict) ? [FORGED] : []),
    ...(replyTo === undefined ? [] : [`Reply-To is on another domain than From: answers go to ${replyTo}.`]),
    ...(named === undefined ? [] : [`The name of the sender is the address ${named}, which is not the sender's.`]),
  ];
}

const FORGED = 'dmarc=fail: the sender in From is not confirmed, and may be forged.';

/** The address of Reply-To that is on another domain than that of From; undefined if there is none. */
export function otherReplyTo(
  { from, replyTo }: Pick<Message, 'from' | 'replyTo'>,
  ownAddresses: readonly string[],
): string | undefined {
  const [author] = from;
  if (author === undefined || author.address === '') return undefined;
  const other = replyTo.find(
    ({ address }) =>
      address.includes('@') &&
      comparableDomain(address) !== '' &&
      !areAligned(address, author.address) &&
      !isOwnAddress(address, ownAddresses),
  );
  return other?.address.slice(0, MAX_SHOWN_CHARS);
}

/** An address as the display name, on another domain than the one that the message has. */
function addressInName({ from: [author] }: Pick<Message, 'from'>): string | undefined {
  const [named] =
    /[^\s<>"'()[\],;:@]{1,64}@[^\s<>"'()[\],;:@]{1,253}/.exec(author?.name.slice(0, MAX_NAME_CHARS) ?? '') ?? [];
  const isElsewhere = named !== undefined && author !== undefined && !areAligned(named, author.address);
  return isElsewhere && /\.[\p{L}\d-]{2,63}\.?$/u.test(named) ? named.slice(0, MAX_SHOWN_CHARS) : undefined;
}

const MAX_NAME_CHARS = 500;
