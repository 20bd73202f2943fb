/** Finds out which domains an account knows: those that it has written to, and those whose mail it has received. */
import { domainToUnicode } from 'node:url';
import { comparableDomain, domainParts } from '../sender/domains.ts';
import { isOrdinaryWord } from '../sender/look-alike.ts';
import { latinForm } from '../sender/visual-form.ts';

/** Enough for a dozen recipients. */
export const MAX_RECIPIENT_BYTES = 1024;

const ADDRESS = /([^\s<>,;:"'()[\]\\@]{0,64})@([^\s<>,;:"'()[\]\\@]{1,253})/g;

/** @param header fields with recipients, as far as they were fetched @returns addresses; a local part that is quoted is empty */
export function recipientAddresses(header: Buffer): string[] {
  const text = header.subarray(0, MAX_RECIPIENT_BYTES).toString('utf8');
  const isCut = header.length >= MAX_RECIPIENT_BYTES;
  return [...text.matchAll(ADDRESS)].flatMap(({ 0: written, index }) =>
    isCut && index + written.length >= text.length ? [] : [written],
  );
}

/** @param text a domain or an address @returns undefined if it is no domain */
export function organizationOf(text: string): string | undefined {
  const domain = comparableDomain(text);
  return /^[a-z0-9.-]+$/.test(domain) ? domainParts(domain)?.organization : undefined;
}

/** The most often named first. */
export function byFrequency(domains: Iterable<string>): string[] {
  const counts = new Map<string, number>();
  for (const domain of domains) counts.set(domain, (counts.get(domain) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a).map(([domain]) => domain);
}

const MAX_WORDS = 3;
/** What looks like one letter, or like another one, beyond the table of Unicode. */
const PAIRS: readonly (readonly [string, string])[] = [
  ['rn', 'm'],
  ['vv', 'w'],
  ['cl', 'd'],
];

/** What an imitated domain may have in its name, to search for it. @returns at most three words, the longest first */
export function imitatedWords(address: string): string[] {
  const parts = domainParts(comparableDomain(address));
  const labels = parts?.labels.map((label) => domainToUnicode(label) || label) ?? [];
  const words = labels
    .flatMap((label) => label.split('-'))
    .flatMap((word) => {
      const latin = latinForm(word);
      return [latin, ...PAIRS.map(([pair, letter]) => latin.replaceAll(pair, letter))];
    });
  const isNaming = (word: string) => /^[a-z0-9]{4,}$/.test(word) && !isOrdinaryWord(word);
  return [...new Set(words)]
    .filter(isNaming)
    .sort((a, b) => b.length - a.length)
    .slice(0, MAX_WORDS);
}
