/** Where a request comes from, as far as it tells one caller from another. */
import ipaddr from 'ipaddr.js';

/** What one household or machine gets of IPv6: it can choose freely among the rest (RFC 6177 §2). */
const IPV6_PREFIX_BYTES = 8;

/** @returns the IPv4 address, the /64 of an IPv6 address, or the empty text for what is neither (a closed connection) */
export function addressBlock(address: string | undefined): string {
  if (address === undefined || !ipaddr.isValid(address)) return '';
  // `::ffff:192.0.2.1` is what a server that listens on both sees of 192.0.2.1.
  const bytes = ipaddr.process(address).toByteArray();
  return Buffer.from(bytes.slice(0, IPV6_PREFIX_BYTES)).toString('hex');
}
