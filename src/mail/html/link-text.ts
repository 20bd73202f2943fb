/** Writes where a link leads, behind its text. */
import type { AnyNode, Document } from 'domhandler';
import { dangerousScheme, otherHostNamed } from '../../text/link-hosts.ts';
import { safeLinks } from '../../text/links.ts';
import { isElement } from './parse-html.ts';

/** The links of a message. */
export interface Links {
  /** What relative links are relative to. */
  base: string | undefined;
  /** Different targets. */
  count: number;
}

export function linksOf(document: Document): Links {
  const targets = new Set<string>();
  let base: string | undefined;
  const pending: AnyNode[] = [document];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const href = isElement(next) && /^(?:a|base)$/.test(next.name) ? (next.attribs.href ?? '') : '';
    const isWeb = /^https?:/i.test(href.trim());
    if (isElement(next) && next.name === 'base') base ??= isWeb ? href : undefined;
    else if (isWeb || /^[^#:]+(?:[/?#]|$)/.test(href.trim())) targets.add(href);
    if ('children' in next) pending.push(...next.children.toReversed());
  }
  return { base, count: targets.size };
}

/** What is written behind the text of a link: its host, or all of it where it is all that a reader has. Empty: the text says it. */
export function linkText(href: string, text: string, isOnlyLink: boolean): string {
  const scheme = dangerousScheme(href);
  if (scheme !== undefined) return `<${scheme}:>`;
  const address = /^(?:mailto|tel|sms):([^?]*)/i.exec(href)?.[1];
  if (address !== undefined) return address === '' || text.includes(decoded(address)) ? '' : `<${decoded(address)}>`;
  if (text.trim() === href || (text === '' && isOnlyLink)) return text === '' ? href : '';
  const other = otherHostNamed(href, text);
  if (other !== undefined) return `${text.trimEnd().endsWith(other) ? '' : `[${other}] `}<${href}>`;
  if (isOnlyLink || isDisguised(href)) return `<${href}>`;
  const host = URL.canParse(href) ? new URL(href).host : '';
  return host === '' ? `<${href}>` : text.toLowerCase().includes(host) ? '' : `<${host}>`;
}

/** True for a link with more to say than its host: a name before the host, letters that imitate others. */
function isDisguised(href: string): boolean {
  return /xn--|[@%\\]|[^\0-\x7f]/i.test(href) && safeLinks(`<${href}>`).warnings.length > 0;
}

function decoded(address: string): string {
  try {
    return decodeURIComponent(address);
  } catch {
    return address;
  }
}
