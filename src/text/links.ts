/** Removes dangerous links from text and HTML, and reports links that lead elsewhere than they show. */
import { type Deceit, dangerousScheme, deceit, otherHostNamed } from './link-hosts.ts';

export interface SafeText {
  text: string;
  /** Sentences for the reader, each once. */
  warnings: string[];
}

/** Links whose hosts are compared; dangerous ones are removed however many there are. */
const MAX_COMPARED = 500;
/** The same where nothing is removed, because the text is not returned. */
const MAX_COMPARED_UNSEEN = 200;
const MAX_WARNINGS = 5;

/** A link in angle brackets, as HTML is converted and as programs write it in plain text, and a bare one. */
const LINK = /<([^<>]{1,8000})>|\bhttps?:\/\/[^\s<>"']{1,8000}/gi;

/** A link as Markdown writes it: the text that it shows, and where it leads. */
const MARKDOWN_LINK = /\[([^[\]\n]{1,300})\]\(\s?<?([^\s()<>]{1,2000})/g;

/** A dangerous link without angle brackets. `JavaScript: the good parts` is none. */
const BARE_DANGEROUS =
  /(?<![\w=&/%+.-])(javascript|vbscript|livescript|mocha|data|file):(?:(?<=(?:script|mocha):)(?=[^\s<>"'])|(?<=data:)(?=[\w.+-]{1,60}\/[\w.+-]{1,60}[;,]|[;,])|(?<=file:)(?=\/))[^\s<>"']*/gi;

const LINK_REMOVED = '[link removed]';

/** @param text without characters that have no glyph */
export function safeLinks(text: string): SafeText {
  const found = new Findings();
  return { text: withoutDangerousLinks(text, found), warnings: found.sentences() };
}

/** Links of a text, and of HTML, that lead elsewhere than they show, each once. Dangerous ones are none. */
export function deceitsIn({ text = '', html = '' }: { text?: string; html?: string }): Deceit[] {
  const found = new Findings(MAX_COMPARED_UNSEEN);
  withoutDangerousLinks(text, found);
  withoutDangerousAttributes(html, found);
  return found.deceits();
}

/** Sentences for the reader. */
export function deceitWarnings(deceits: readonly Deceit[]): string[] {
  return firstWarnings(deceits.map(sentenceOf));
}

const sentenceOf = ({ how }: Deceit): string => `A link ${how}.`;

function firstWarnings(sentences: readonly string[]): string[] {
  const more = sentences.length - MAX_WARNINGS;
  return more > 0 ? [...sentences.slice(0, MAX_WARNINGS), `${more} more links are deceiving.`] : [...sentences];
}

function withoutDangerousLinks(text: string, found: Findings): string {
  if (!/[:&]|[\\/]{2}/.test(text)) return text;
  const plain = text.replace(MARKDOWN_LINK, (written: string, shown: string, link: string) => {
    const scheme = dangerousScheme(link);
    if (scheme === undefined) found.compare(link, shown);
    else found.addDangerous(scheme);
    return scheme === undefined ? written : `${written.slice(0, -link.length)}${LINK_REMOVED}`;
  });
  const withoutBracketed = plain.replace(LINK, (link: string, bracketed: string | undefined, offset: number) => {
    if (bracketed !== undefined && !/[:&]|^[\\/]{2}/.test(bracketed)) return link;
    const scheme = bracketed === undefined ? undefined : dangerousScheme(bracketed);
    if (scheme !== undefined) {
      found.addDangerous(scheme);
      return '';
    }
    if (found.isFull) return link;
    const end = bracketed === undefined && /[([]/.test(plain.charAt(offset - 1)) ? offset - 1 : offset;
    found.compare(bracketed ?? link, bracketed === undefined && end === offset ? '' : wordBefore(plain, end));
    return link;
  });
  return withoutBracketed.replace(BARE_DANGEROUS, (_, scheme: string) => {
    found.addDangerous(scheme.toLowerCase());
    return LINK_REMOVED;
  });
}

/** The word before a link in angle brackets, also at the end of the line above. */
function wordBefore(text: string, offset: number): string {
  const before = text.slice(Math.max(0, offset - MAX_WORD_CHARS), offset).trimEnd();
  return before.slice(before.search(/\S*$/));
}

const MAX_WORD_CHARS = 300;

/** Attributes that hold a link; the value is quoted or goes on to the next blank. */
const LINK_ATTRIBUTE =
  /([\s"'/](?:href|src|srcset|srcdoc|action|formaction|background|poster|data|cite|longdesc|ping|manifest|codebase|code|archive|lowsrc|dynsrc|from|to|values|content|xlink:href)\s{0,20}=\s{0,20})("[^"]*"|'[^']*'|[^\s>"']+)/gi;

/** Pictures inside the HTML are no program. */
const PICTURE = /^["']?\s{0,20}data:image\/(?:png|gif|jpe?g|webp|bmp|x-icon|avif)[;,]/i;

/** The same for HTML: the attribute stays, with an empty value. */
export function safeMarkup(html: string): SafeText {
  const found = new Findings();
  return { text: withoutDangerousAttributes(html, found), warnings: found.sentences() };
}

function withoutDangerousAttributes(html: string, found: Findings): string {
  const attributes = new RegExp(LINK_ATTRIBUTE);
  let safe = '';
  let at = 0;
  for (let next = attributes.exec(html); next !== null; next = attributes.exec(html)) {
    const { 0: attribute, 1: name = '', 2: value = '', index } = next;
    const link = value.replace(/^["']|["']$/g, '').replace(REFRESH, '');
    const scheme = PICTURE.test(value) && !/href/i.test(name) ? undefined : dangerousScheme(link);
    if (scheme === undefined) {
      if (/href/i.test(name)) {
        found.compare(link.replaceAll('&amp;', '&').trim(), found.isFull ? '' : textShown(html, attributes.lastIndex));
      }
      // What looks like a quoted value may be the text between two attributes, one of which is in it.
      if (/^["']/.test(value)) attributes.lastIndex = index + name.length;
      continue;
    }
    found.addDangerous(scheme);
    safe += `${html.slice(at, index)}${name}""`;
    at = index + attribute.length;
  }
  return safe + html.slice(at);
}

const MAX_TAG_CHARS = 2_000;
const MAX_SHOWN_CHARS = 1_000;

/** The text that a link in HTML shows. @param at in its start tag, after its address */
function textShown(html: string, at: number): string {
  const rest = html.slice(at, at + MAX_TAG_CHARS + MAX_SHOWN_CHARS);
  const start = rest.indexOf('>') + 1;
  const shown = rest.slice(start, start + MAX_SHOWN_CHARS);
  const end = shown.search(/<\/?a[\s>]/i);
  return start === 0 || end < 0 ? '' : shown.slice(0, end).replace(/<[^<>]*>/g, '');
}

/** What stands before the link of `<meta http-equiv="refresh">`. */
const REFRESH = /^[\s\d.,;]{0,40}url\s{0,20}=\s{0,20}["']?/i;

class Findings {
  readonly #sentences = new Set<string>();
  readonly #deceits = new Map<string, Deceit>();
  readonly #maxCompared: number;
  #compared = 0;

  constructor(maxCompared = MAX_COMPARED) {
    this.#maxCompared = maxCompared;
  }

  get isFull(): boolean {
    return this.#compared >= this.#maxCompared;
  }

  addDangerous(scheme: string): void {
    this.#sentences.add(`A ${scheme}: link was removed.`);
  }

  /** @param shown text that is shown for the link, or before it */
  compare(link: string, shown: string): void {
    if (this.isFull) return;
    this.#compared += 1;
    const found = deceit(link, otherHostNamed(link, shown) ?? '');
    if (found === undefined) return;
    const sentence = sentenceOf(found);
    this.#sentences.add(sentence);
    this.#deceits.set(sentence, found);
  }

  deceits(): Deceit[] {
    return [...this.#deceits.values()];
  }

  sentences(): string[] {
    return firstWarnings([...this.#sentences]);
  }
}
