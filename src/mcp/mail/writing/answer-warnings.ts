/** Warns before an answer does harm: it would go elsewhere than the author's name suggests, or to more people. */
import { isOwnAddress } from '../../../mail/own-address.ts';
import { areAligned } from '../../../mail/sender/domains.ts';
import type { MailSession } from '../mail-session.ts';
import type { NewMessage } from '../new-message.ts';
import type { Original } from './read-original.ts';

/** More recipients than these are worth a second look. */
const MANY_RECIPIENTS = 20;

export function answerWarnings(
  { as, to }: NewMessage,
  { original, recipients }: { original: Original; recipients: readonly string[] },
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
    ...(recipients.length > MANY_RECIPIENTS ? [`It goes to ${recipients.length} recipients.`] : []),
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
