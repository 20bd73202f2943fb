/** Compares domains as DMARC does in relaxed mode (RFC 7489 §3.1): by their organizational domain. */
import { domainToASCII } from 'node:url';
import { getDomain, parse } from 'tldts';

/** True if two domains belong to one organization. Domains below a public suffix such as `github.io` belong to different ones. */
export function areAligned(one: string, other: string): boolean {
  const [first, second] = [comparableDomain(one), comparableDomain(other)];
  return first !== '' && organizationalDomain(first) === organizationalDomain(second);
}

/** What is organizational is decided by the Public Suffix List; of a name that is itself a suffix, nothing is. @param domain comparable */
const organizationalDomain = (domain: string): string => getDomain(domain, LIST) ?? domain;

const LIST = { allowPrivateDomains: true };

export interface DomainParts {
  /** `shop.example.co.uk` belongs to `example.co.uk`. */
  organization: string;
  /** `example`. */
  name: string;
  /** `co.uk`; empty for an address of a network or a single label. */
  suffix: string;
  /** Labels before the public suffix: `shop`, `example`. */
  labels: string[];
}

/** @param domain comparable @returns undefined for what is no domain, or nothing but a public suffix */
export function domainParts(domain: string): DomainParts | undefined {
  const { domain: organization, domainWithoutSuffix: name, publicSuffix, subdomain } = parse(domain, LIST);
  if (!organization || !name) return undefined;
  const labels = [...(subdomain || '').split('.').filter((label) => label !== ''), name];
  return { organization, name, suffix: publicSuffix ?? '', labels };
}

/** In Unicode; 253 in ASCII (RFC 1035 §2.3.4). */
const MAX_CHARS = 255;

/** Lower-case ASCII without a final dot; empty for what is too long. @param text a domain or an address, which may stand in angle brackets */
export function comparableDomain(text: string): string {
  const written = text.slice(text.lastIndexOf('@') + 1);
  if (written.length > MAX_CHARS) return '';
  const domain = written.replace(/>$/, '').replace(/\.$/, '').toLowerCase();
  return /^[\x21-\x7e]*$/.test(domain) ? domain : domainToASCII(domain);
}
