/** Finds the sender that a call names among the addresses that the account owner has given at the sign-in. */
import { ToolError } from '../../../errors.ts';
import { addressOfIdentity, isOwnAddress, type Sender } from '../../../mail/own-address.ts';
import type { MailSession } from '../mail-session.ts';

/**
 * @returns undefined if the call names none
 * @throws {ToolError} if it is no address of the account owner; nothing was done
 */
export function chosenSender(
  { from }: { from?: string | undefined },
  { senders }: Pick<MailSession, 'senders'>,
): Sender | undefined {
  if (from === undefined) return undefined;
  const address = addressOfIdentity(from.trim());
  const chosen = senders.find(({ email }) => isOwnAddress(address, [email]));
  if (chosen !== undefined) return chosen;
  const known = senders.map(({ email }) => email).join(', ');
  throw new ToolError(
    `Nothing was done: from must be an address of the account owner (${known}). Others are added at the sign-in.`,
  );
}

/** The first of the addresses that is one of the account owner's; otherwise that of the sign-in. */
export function firstOwnSender(
  addresses: readonly string[],
  { senders, account }: Pick<MailSession, 'senders' | 'account'>,
): Sender {
  const meant = addresses.map((address) => senders.find(({ email }) => isOwnAddress(address, [email])));
  return meant.find((sender) => sender !== undefined) ?? { fullName: account.fullName, email: account.email };
}
