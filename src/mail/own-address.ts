/** Compares addresses of messages with those of the account owner, which are those of the sign-in and of identities. */
import { domainToASCII } from 'node:url';

/**
 * True for one of the account owner's own addresses, in any case, and with its domain in either form (RFC 5890).
 *
 * @param ownAddresses the address of the sign-in, then those of identities
 */
export function isOwnAddress(address: string, ownAddresses: readonly string[]): boolean {
  if (address === '') return false;
  const compared = comparable(address);
  return ownAddresses.some((own) => comparable(own) === compared);
}

/** The address of an identity: `Ida Brandt <ida@example.org>`, or the address alone. */
export function addressOfIdentity(identity: string): string {
  return /<([^<>]*)>$/.exec(identity)?.[1] ?? identity;
}

/** A sender that a message of the account owner may have. */
export interface Sender {
  fullName: string;
  email: string;
}

/** @param fullName for an identity that is the address alone */
export function senderOfIdentity(identity: string, fullName: string): Sender {
  const name = /^(.*?)\s*<[^<>]*>$/.exec(identity)?.[1]?.trim() ?? '';
  const unquoted = /^"(.*)"$/.exec(name)?.[1]?.replace(/\\(.)/g, '$1') ?? name;
  return { fullName: unquoted === '' ? fullName : unquoted, email: addressOfIdentity(identity) };
}

function comparable(address: string): string {
  if (/^[\x20-\x7e]*$/.test(address)) return address.toLowerCase();
  const at = address.lastIndexOf('@');
  const domain = address.slice(at + 1).toLowerCase();
  return `${address.slice(0, at + 1).toLowerCase()}${domainToASCII(domain) || domain}`;
}
