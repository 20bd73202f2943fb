/** Decides which IP addresses are public. The only declaration of which ones are not: nothing else may be connected to because a stranger asks for it. */
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/** NAT64 (RFC 6052 §2.1): the well-known prefix of an IPv4 address. */
const NAT64_PREFIX = ipaddr.parseCIDR('64:ff9b::/96');

/** All assigned global unicast addresses (IANA, IPv6 Global Unicast Address Assignments). Others may lead to local networks, such as `::7f00:1`. */
const GLOBAL_UNICAST = ipaddr.parseCIDR('2000::/3');

/** Checks whether an address is public. IPv6 addresses that contain an IPv4 address are as public as that one; 6to4 and Teredo are never. */
export function isPublic(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.process(address);
  if (parsed.kind() === 'ipv6' && parsed.match(NAT64_PREFIX)) {
    return ipaddr.fromByteArray(parsed.toByteArray().slice(-4)).range() === 'unicast';
  }
  return parsed.range() === 'unicast' && (parsed.kind() === 'ipv4' || parsed.match(GLOBAL_UNICAST));
}

/** True for the host of a URL that is an IP address. @param hostname as URL has it: numbers are addresses already, IPv6 is in brackets */
export const isAddress = (hostname: string): boolean => isIP(hostname.replace(/^\[|\]$/g, '')) !== 0;
