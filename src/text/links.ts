/** Removes dangerous links from text and HTML, and reports links that lead elsewhere than they show. */
import { dangerousScheme, deceit } from './link-hosts.ts';

export interface SafeText {
  text: string;
  /** Sentences for the reader, each once. */
  warnings: string[];
}

/** Links whose hosts are compared; dangerous ones are removed however many there are. */
const MAX_COMPARED = 500;
const MAX_WARNINGS = 5;

/** A link in angle brackets, as HTML is converted and as programs write it in plain text, and a bare one. */
const LINK = /<([^<>]{1,8000})>|\bhttps?:\/\/[^\s<>"']{1,8000}/gi;

/** The word before a link in angle brackets. */
const WORD_BEFORE = /(\S{1,300})[ \t]?$/;

/** A dangerous link without angle brackets. `JavaScript: the good parts` is none. */
const BARE_DANGEROUS =
  /(?<![\w=&/%+.-])(javascript|vbscript|livescript|mocha|data|file):(?:(?<=(?:script|mocha):)(?=[^\s<>"'])|(?<=data:)(?=[\w.+-]{1,60}\/[\w.+-]{1,60}[;,]|[;,])|(?<=file:)(?=\/))[^\s<>"']*/gi;

const LINK_REMOVED = '[link removed]';

/** @param text without characters that have no glyph */
export function safeLinks(text: string): SafeText {
  const found = new Findings();
  if (!/[:&]/.test(text)) return { text, warnings: [] };
  const withoutBracketed = text.replace(LINK, (link: string, bracketed: string | undefined, offset: number) => {
    if (bracketed !== undefined && !/[:&]/.test(bracketed)) return link;
    const scheme = bracketed === undefined ? undefined : dangerousScheme(bracketed);
    if (scheme !== undefined) {
      found.addDangerous(scheme);
      return '';
    }
    const before = bracketed === undefined ? '' : text.slice(Math.max(0, offset - 301), offset);
    found.compare(bracketed ?? link, WORD_BEFORE.exec(before)?.[1] ?? '');
    return link;
  });
  const safe = withoutBracketed.replace(BARE_DANGEROUS, (_, scheme: string) => {
    found.addDangerous(scheme.toLowerCase());
    return LINK_REMOVED;
  });
  return { text: safe, warnings: found.sentences() };
}

/** Attributes that hold a link; the value is quoted or goes on to the next blank. */
const LINK_ATTRIBUTE =
  /([\s"'/](?:href|src|action|formaction|background|poster|data|cite|longdesc|xlink:href)\s{0,20}=\s{0,20})("[^"]*"|'[^']*'|[^\s>"']+)/gi;

/** Pictures inside the HTML are no program. */
const PICTURE = /^["']?\s{0,20}data:image\/(?:png|gif|jpe?g|webp|bmp|x-icon|avif)[;,]/i;

/** The same for HTML: the attribute stays, with an empty value. */
export function safeMarkup(html: string): SafeText {
  const found = new Findings();
  const safe = html.replace(LINK_ATTRIBUTE, (attribute: string, name: string, value: string) => {
    const link = value.replace(/^["']|["']$/g, '');
    const scheme = PICTURE.test(value) && !/href/i.test(name) ? undefined : dangerousScheme(link);
    if (scheme === undefined) {
      if (/href/i.test(name)) found.compare(link.replaceAll('&amp;', '&').trim(), '');
      return attribute;
    }
    found.addDangerous(scheme);
    return `${name}""`;
  });
  return { text: safe, warnings: found.sentences() };
}

class Findings {
  readonly #sentences = new Set<string>();
  #compared = 0;

  addDangerous(scheme: string): void {
    this.#sentences.add(`A ${scheme}: link was removed.`);
  }

  compare(link: string, textBefore: string): void {
    if (this.#compared >= MAX_COMPARED) return;
    this.#compared += 1;
    const how = deceit(link, textBefore);
    if (how !== undefined) this.#sentences.add(`A link ${how}.`);
  }

  sentences(): string[] {
    const all = [...this.#sentences];
    const more = all.length - MAX_WARNINGS;
    return more > 0 ? [...all.slice(0, MAX_WARNINGS), `${more} more links are deceiving.`] : all;
  }
}
