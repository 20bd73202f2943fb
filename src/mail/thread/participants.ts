/**
 * Distinguishes the people of a conversation, by address.
 *
 * Invariant: a message is the account owner's own only if it is in Sent or Drafts, or its signature proves the domain. A name proves nothing.
 */
import { isOwnAddress } from '../own-address.ts';
import { isForged, provesDomain } from '../sender/verdict.ts';
import { type FoundMessage, isDraft } from './found-message.ts';

/** The account owner, where a person is meant. Not an address. */
export const ME = 'me';

/** Who takes part in the conversation with one message. People are ME or an address in lower case. */
export interface Participation {
  /** Empty if the message does not say. */
  sender: string;
  to: string[];
  cc: string[];
  /** True if the sender's address is the account owner's, which nothing proves. */
  claimsMe: boolean;
  /** True for the first message of a person to whom no message before it was addressed. */
  hasJoined: boolean;
  /**
   * True for a message that can change whose turn it is: no draft, not from a sender whom the own server has found to be forged, and not written by
   * a program, such as a report or the answer of an absent person. Lists mark what people write as bulk too.
   */
  counts: boolean;
}

/** @param messages oldest first */
export function participationsOf(messages: readonly FoundMessage[], ownAddresses: readonly string[]): Participation[] {
  const known = new Set<string>();
  return messages.map((message, index) => {
    const [author] = message.from;
    const address = author?.address.toLowerCase() ?? '';
    const isOwn = isOwnAddress(address, ownAddresses);
    const isMe = isOwn && isProven(message, address);
    const sender = isMe ? ME : address;
    const recipients = ({ address: other }: { address: string }) =>
      other === '' ? [] : [isOwnAddress(other, ownAddresses) ? ME : other.toLowerCase()];
    const [to, cc] = [message.to, message.cc].map((people) => [...new Set(people.flatMap(recipients))]);
    const hasJoined = index > 0 && !isOwn && sender !== '' && !known.has(sender);
    for (const person of [sender, ...(to ?? []), ...(cc ?? [])]) known.add(person);
    const isOfProgram = message.isAutomatic && !message.isFromList;
    const counts = !isDraft(message) && !isForged(message.verdict) && !isOfProgram;
    return { sender, to: to ?? [], cc: cc ?? [], claimsMe: isOwn && !isMe, hasJoined, counts };
  });
}

function isProven(message: FoundMessage, address: string): boolean {
  if (message.roles.has('sent') || isDraft(message)) return true;
  return message.from.length === 1 && provesDomain(message.verdict, address);
}

/** What of a message decides whose turn it is. */
export interface Turn extends Pick<Participation, 'sender' | 'to' | 'counts'> {
  asks: boolean;
}

/**
 * Finds who is expected to write next: the people to whom the last message is addressed, unless it answers a question and asks none; and the people
 * who were asked earlier and have not written since.
 *
 * @param messages oldest first
 * @returns ME first
 */
export function whoseTurn(messages: readonly Turn[]): string[] {
  const asked = new Set<string>();
  let addressed: readonly string[] = [];
  for (const { sender, to, asks, counts } of messages) {
    if (!counts) continue;
    const answers = asked.delete(sender);
    const others = to.filter((person) => person !== sender);
    addressed = answers && !asks ? [] : others;
    if (asks) for (const person of others) asked.add(person);
  }
  const all = [...new Set([...addressed, ...asked])];
  return [...all.filter((person) => person === ME), ...all.filter((person) => person !== ME)];
}
