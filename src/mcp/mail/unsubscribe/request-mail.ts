/** Sends the message that a List-Unsubscribe field asks for (RFC 2369 §3.2), as any other message is sent and filed. */
import { ToolError } from '../../../errors.ts';
import type { Sender } from '../../../mail/own-address.ts';
import { composeMessage } from '../../../mail/send/compose.ts';
import { unkeyedMessageId } from '../../../mail/send-once/keyed-message-id.ts';
import { planCopy, saveCopy } from '../../../mail/send-once/save-copy.ts';
import type { FoundSubscription } from '../../../mail/subscription/fetch-subscriptions.ts';
import type { MailRequest } from '../../../mail/subscription/mailto.ts';
import type { MailSession } from '../mail-session.ts';
import { firstOwnSender } from '../writing/chosen-sender.ts';
import { deliveryAddresses } from '../writing/read-original.ts';

/** A stranger has chosen the words above: their reader should know that the account owner has not. */
const CLOSING =
  'Sent by a program for the owner of this address, with the words that the List-Unsubscribe field of a message asks for.';

/** What list managers read as the request where the field says nothing. */
const USUAL = 'unsubscribe';

/** True for the text of a message that was sent by `sendRequest`. */
export function isSubscriptionRequest(text: string): boolean {
  return text.replace(/\s+/g, ' ').trimEnd().endsWith(CLOSING);
}

/** The address that the message was sent to, if it is one of the account owner's; otherwise that of the sign-in. */
export function subscriberOf({ message, fields }: FoundSubscription, session: MailSession): Sender {
  const reached = [...message.to, ...message.cc].map(({ address }) => address);
  return firstOwnSender([...reached, ...deliveryAddresses(fields)], session);
}

/**
 * Without Auto-Submitted (RFC 3834 §5): the account owner asked for the message, and list managers ignore automatic ones.
 *
 * @returns false if the copy could not be saved
 * @throws as MailSession.submit()
 */
export async function sendRequest(
  { to, subject, text }: MailRequest,
  found: FoundSubscription,
  session: MailSession,
): Promise<boolean> {
  const { account, now, wholeMailbox } = session;
  const copyPlan = await wholeMailbox.readImap((imap) => planCopy(imap, account));
  await session.checkSendLimit();
  const composed = await composeMessage({
    from: subscriberOf(found, session),
    to,
    subject: subject === '' ? USUAL : subject,
    text: `${text === '' ? USUAL : text}\n\n-- \n${CLOSING}\n`,
    attachments: [],
    date: now(),
  });
  const { envelope, messageId } = composed;
  if (envelope.to.length !== 1 || envelope.to[0] !== to) throw new ToolError('Nothing was sent: its address is none.');
  await session.submit(composed);
  return (await saveCopy(composed, unkeyedMessageId(messageId), copyPlan, session)) !== null;
}
