/** Finds the recipients of an answer: whom the original asks to answer, and for all of them the others whom it was sent to. */
import { type Mailbox, normaliseAddress } from '../mime/addresses.ts';

interface Addressed {
  from: readonly Mailbox[];
  replyTo: readonly Mailbox[];
  to: readonly Mailbox[];
  cc: readonly Mailbox[];
}

export interface ReplyOptions {
  toAll: boolean;
  /** True if the account owner has written the original: then the answer goes to its recipients. */
  isOwn: boolean;
  /** True for every address of the account owner. */
  isOwnAddress(address: string): boolean;
}

export interface Recipients {
  to: Mailbox[];
  cc: Mailbox[];
}

/** @returns recipients with valid addresses, nobody twice; none if the original names none */ // phrase allowed: "nobody twice" is the rule
export function replyRecipients(original: Addressed, { toAll, isOwn, isOwnAddress }: ReplyOptions): Recipients {
  const others = (addresses: readonly Mailbox[]) => addresses.filter(({ address }) => !isOwnAddress(address));
  const first = isOwn ? recipientsOf(original, others) : authorsOf(original, others);
  const to = distinct(toAll ? [...first, ...others(original.to)] : first, []);
  return { to, cc: toAll ? distinct(others(original.cc), to) : [] };
}

/** The recipients of a message of the account owner's own. One that was sent to the account owner alone goes there again. */
function recipientsOf({ to }: Addressed, others: (addresses: readonly Mailbox[]) => Mailbox[]): readonly Mailbox[] {
  const found = others(to);
  return found.length > 0 ? found : to;
}

/** Reply-To, unless it names the account owner alone; servers report From in its place where it is missing (RFC 9051 §7.5.2). */
function authorsOf({ replyTo, from }: Addressed, others: (addresses: readonly Mailbox[]) => Mailbox[]) {
  const wanted = others(replyTo);
  return wanted.length > 0 ? wanted : from;
}

/** Those with a valid address, each once, and none that is among `known`. */
function distinct(addresses: readonly Mailbox[], known: readonly Mailbox[]): Mailbox[] {
  const seen = new Set(known.map(({ address }) => comparable(address)));
  return addresses.flatMap(({ name, address }) => {
    const normalised = normaliseAddress(address);
    if (normalised === undefined || seen.has(comparable(normalised))) return [];
    seen.add(comparable(normalised));
    return [{ name, address: normalised }];
  });
}

const comparable = (address: string): string => (normaliseAddress(address) ?? address).toLowerCase();
