/** Markup within the sentences of the pages. Values are escaped; only what is made here is markup. */

const MARKUP = Symbol('markup');

export interface Html {
  readonly [MARKUP]: string;
}

/** A part of a sentence: plain text, which is escaped, or markup. */
export type Fragment = string | Html;

/** A sentence with parts that may be markup. */
export const html = (literals: TemplateStringsArray, ...parts: readonly Fragment[]): Html =>
  markup(literals.map((literal, index) => escapeHtml(literal) + escapeHtml(parts[index] ?? '')).join(''));

export const strong = (text: string): Html => markup(`<strong>${escapeHtml(text)}</strong>`);

export const code = (text: string): Html => markup(`<code>${escapeHtml(text)}</code>`);

export const link = (text: string, url: string): Html => markup(`<a href="${escapeHtml(url)}">${escapeHtml(text)}</a>`);

/** A link to another site. */
export const linkAway = (text: string, url: string): Html =>
  markup(`<a href="${escapeHtml(url)}" rel="noreferrer">${escapeHtml(text)}</a>`);

/** A time, which a script writes in the time zone of the reader. */
export const timeElement = ({ time, words, parts }: { time: string; words: string; parts: string }): Html =>
  markup(`<time datetime="${escapeHtml(time)}" data-parts="${escapeHtml(parts)}">${escapeHtml(words)}</time>`);

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** @returns markup: that of a fragment, or the text of any other value */
export function escapeHtml(value: unknown): string {
  if (typeof value === 'object' && value !== null && MARKUP in value) return String(value[MARKUP]);
  return String(value).replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}

/** Characters that are shown; of an escaped one, those of its entity. */
export const shownLength = (fragment: Fragment): number => escapeHtml(fragment).replace(/<[^>]*>/g, '').length;

const markup = (text: string): Html => ({ [MARKUP]: text });
