/** Says where a link leads, and whether its host or its text pretends another one. */
import { domainToASCII, domainToUnicode } from 'node:url';
import { getDomain } from 'tldts';
import { visibleLine } from './visible-text.ts';

/** Schemes that run something or read the reader's own files. */
const DANGEROUS = /^(javascript|vbscript|livescript|mocha|data|file|blob|filesystem|jar|mhtml|view-source):/;

/** No dangerous scheme begins with another letter, and a character reference or what is removed is none. */
const HARMLESS_START = /^[aceghiknopqrstuwxyz]/i;

/** Ends of file names that look like a host: `report.pdf`, `Node.js`. */
const FILE_ENDS =
  /\.(?:pdf|docx?|xlsx?|pptx?|od[tsp]|txt|md|csv|html?|xml|json|ya?ml|js|ts|py|rb|sh|exe|zip|gz|tar|7z|rar|png|jpe?g|gif|svg|webp|mp[34]|mov|ics|eml|log|net)$/i;

/** The dangerous scheme of a link, also if it is written with blanks, controls or character references in it; undefined for any other. */
export function dangerousScheme(link: string): string | undefined {
  if (HARMLESS_START.test(link)) return undefined;
  const plain = link
    .replace(/&#(x0*[0-9a-f]{1,6}(?![0-9a-f])|0*\d{1,7}(?!\d));?/gi, (_, digits: string) => characterOf(digits))
    .replace(/&(?:tab|newline);?/gi, '')
    .replace(/&colon;?/gi, ':')
    .replace(/[\0-\u0020\u007f-\u00a0\p{Cf}]+/gu, '')
    .toLowerCase();
  return DANGEROUS.exec(plain)?.[1];
}

/** A link that leads elsewhere than a reader believes. */
export interface Deceit {
  /** The host that it seems to lead to; undefined if it only has letters that imitate others, or a name before its host. */
  pretended: string | undefined;
  /** Where it leads. */
  host: string;
  /** The second half of a sentence. */
  how: string;
}

/** @returns undefined for a link that does not deceive */
export function deceit(link: string, textBefore: string): Deceit | undefined {
  const url = urlOf(link);
  if (url === undefined || !/^https?:$/.test(url.protocol)) return undefined;
  const host = url.hostname;
  const shown = mentionedHost(textBefore);
  if (shown !== undefined && !isSameSite(shown, host)) {
    return { pretended: shown, host, how: `shows ${shown} and leads to ${host}` };
  }
  if (url.username !== '') {
    const pretended = mentionedHost(decoded(url.username));
    const begins = pretended === undefined ? 'has a name before its host' : `begins like ${pretended}`;
    return { pretended, host, how: `${begins} and leads to ${host}` };
  }
  const how = `leads to ${host}, whose letters imitate another name`;
  return imitates(host) ? { pretended: undefined, host, how } : undefined;
}

/** The host that the text of a link names, if it is not the host of the link. */
export function otherHostNamed(link: string, text: string): string | undefined {
  const host = urlOf(link)?.hostname ?? '';
  if (host === '') return undefined;
  const named = visibleLine(text).text.split(/\s+/, 40).map(mentionedHost);
  return named.find((other) => other !== undefined && !isSameSite(other, host));
}

/** Two slashes without a scheme lead to a host too, and browsers take a backslash for a slash. */
function urlOf(link: string): URL | undefined {
  const whole = /^\s*[\\/]{2}/.test(link) ? `https:${link.trim()}` : link;
  return URL.canParse(whole) ? new URL(whole) : undefined;
}

/** Dots as other alphabets have them, which IDNA maps to one (UTS 46 §4.5). */
const OTHER_DOTS = /[\u3002\uff61]/g;

/** The host of a word that is a URL or a domain as people see it, in ASCII. */
function mentionedHost(word: string): string | undefined {
  const seen = visibleLine(word).text.normalize('NFKC').replace(OTHER_DOTS, '.');
  const bare = seen.replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}/]+$/gu, '');
  const match = /^(?:(https?):\/\/)?([^\s/?#:@]{1,253})(?:[:/?#]|$)/iu.exec(bare);
  const [, scheme, host = ''] = match ?? [];
  if (!/^(?:[\p{L}\p{M}\p{N}-]{1,63}\.)+\p{L}{2,24}$/u.test(host)) return undefined;
  if (scheme === undefined && FILE_ENDS.test(host)) return undefined;
  return domainToASCII(host.toLowerCase()) || undefined;
}

/** True for equal hosts, a host and its subdomain, and two subdomains of one domain: not for two customers of `github.io`. */
function isSameSite(one: string, other: string): boolean {
  return siteOf(one) === siteOf(other);
}

/** The registrable domain, by the Public Suffix List; of a name that is itself a suffix, and of an address, itself. */
const siteOf = (host: string): string => getDomain(host, { allowPrivateDomains: true }) ?? host;

function decoded(username: string): string {
  try {
    return decodeURIComponent(username);
  } catch {
    return username;
  }
}

/** Cyrillic and Greek letters that look like Latin ones. */
const LATIN_LOOKALIKES = /^[авеёікӏмнопрсстухѕјԁһԛԝүґ\u03bf\u03bd\u03c1\u03c5\u03b1\u03b9\u03ba0-9-]+$/u;

/** True if a label mixes Latin with another alphabet that resembles it, or is written in such letters alone below a Latin ending. */
function imitates(host: string): boolean {
  if (!host.includes('xn--')) return false;
  const labels = domainToUnicode(host).split('.');
  const isLatinEnding = /^[a-z]+$/.test(labels.at(-1) ?? '');
  return labels.some((label) => {
    const isOther = /[\p{Script=Cyrillic}\p{Script=Greek}\p{Script=Armenian}\p{Script=Cherokee}\p{Script=Lisu}]/u.test(
      label,
    );
    return isOther && (/\p{Script=Latin}/u.test(label) || (isLatinEnding && LATIN_LOOKALIKES.test(label)));
  });
}

export function characterOf(digits: string): string {
  const code = /^x/i.test(digits) ? Number.parseInt(digits.slice(1), 16) : Number.parseInt(digits, 10);
  return code <= 0x10ffff ? String.fromCodePoint(code) : '';
}
