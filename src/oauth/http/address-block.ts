/** Reduces the address of a request to the part that distinguishes one caller from another. */
import ipaddr from 'ipaddr.js';

/** The prefix that one site is assigned; it chooses the rest of its IPv6 addresses freely (RFC 6177 §2). */
const IPV6_PREFIX_BYTES = 8;

/** @returns the IPv4 address or the /64 of the IPv6 address, in hexadecimal; the empty string for other input (a closed connection) */
export function addressBlock(address: string | undefined): string {
  if (address === undefined || !ipaddr.isValid(address)) return '';
  // A dual-stack server receives 192.0.2.1 as `::ffff:192.0.2.1`.
  const bytes = ipaddr.process(address).toByteArray();
  return Buffer.from(bytes.slice(0, IPV6_PREFIX_BYTES)).toString('hex');
}
