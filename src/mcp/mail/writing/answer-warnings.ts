/** Warns before an answer does harm: it would go elsewhere than the author's name suggests, or to people who do not expect it. */
import { isOwnAddress } from '../../../mail/own-address.ts';
import { areAligned } from '../../../mail/sender/domains.ts';
import type { MailSession } from '../mail-session.ts';
import type { NewMessage } from '../new-message.ts';
import type { Original } from './read-original.ts';

export function answerWarnings(
  { as, to }: NewMessage,
  original: Original,
  { ownAddresses }: Pick<MailSession, 'ownAddresses'>,
): string[] {
  const { message, isOwn, isFromList, isForged } = original;
  const isReply = as === 'reply' || as === 'reply_all';
  const isMe = ({ address }: { address: string }) => isOwnAddress(address, ownAddresses);
  const elsewhere = isOwn || to !== undefined ? undefined : replyElsewhere(original);
  return [
    ...(isForged ? [FORGED] : []),
    ...(isReply && elsewhere !== undefined ? [elsewhere] : []),
    ...(isReply && isFromList ? [LIST] : []),
    ...(as === 'reply_all' && !isOwn && ![...message.to, ...message.cc].some(isMe) ? [NOT_ADDRESSED] : []),
  ];
}

function replyElsewhere({ message: { from, replyTo } }: Original): string | undefined {
  const [author] = from;
  const other = replyTo.find(({ address }) => author !== undefined && !areAligned(address, author.address));
  return (
    other && `Reply-To names another domain than From: the answer goes to ${other.address}, not to ${author?.address}.`
  );
}

const FORGED = 'The original failed DMARC: its sender may be forged.';
const LIST = 'The original came over a mailing list, so the answer may reach all of its members.';
const NOT_ADDRESSED =
  'The account owner is in neither To nor Cc of the original, and an answer to all shows that it was received.';
