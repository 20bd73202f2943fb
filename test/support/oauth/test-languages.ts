/** Makes languages for tests out of English: one with 40 % longer sentences, and one that is written from right to left. */
import { escapeHtml, type Fragment, html, link, strong } from '../../../src/oauth/pages/html.ts';
import { en, type Language } from '../../../src/oauth/pages/languages/en.ts';

/** A sentence: text, or a function of its values. */
type Leaf = (text: string, values: readonly string[]) => string;

const FILLER = 'Verlängerungswörter noch etwas ';

const HEBREW = 'אבגדהוזחטיכלמנסעפצקרשתאבגד';

const toHebrew = (text: string): string =>
  text.replace(/[a-z]/gi, (letter) => HEBREW[letter.toLowerCase().charCodeAt(0) - 97] ?? letter);

/** Changes what stands between the values of a text. */
function besides(values: readonly string[], text: string, change: (text: string) => string): string {
  const [value, ...others] = values;
  if (value === undefined) return change(text);
  return text
    .split(value)
    .map((part) => besides(others, part, change))
    .join(value);
}

function changed(leaf: Leaf): Language {
  return deeply(en, leaf);
}

/** The same structure with other sentences. */
function deeply<T>(value: T, leaf: Leaf): T;
function deeply(value: unknown, leaf: Leaf): unknown {
  if (typeof value === 'string') return leaf(value, []);
  if (typeof value === 'function') return (values: Record<string, unknown>) => called(value(values), values, leaf);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, deeply(one, leaf)]));
}

function called(result: unknown, values: Record<string, unknown>, leaf: Leaf): unknown {
  const texts = Object.values(values)
    .filter((value) => typeof value === 'string' && value !== '')
    .map(String);
  return typeof result === 'string'
    ? leaf(result, texts)
    : joined(fragmentsOf(escapeHtml(result), (text) => leaf(text, texts)));
}

/** The text of markup is changed, and its elements stay as they are. */
function fragmentsOf(markup: string, change: (text: string) => string): Fragment[] {
  return markup.split(/(<\w[^>]*>[^<]*<\/\w+>)/).map((part) => {
    const [, element, href, text] = /^<(\w+)(?: href="([^"]*)")?[^>]*>([^<]*)</.exec(part) ?? [];
    if (text === undefined) return part === '' ? '' : change(unescaped(part));
    return element === 'a' ? link(unescaped(text), unescaped(href ?? '')) : strong(unescaped(text));
  });
}

const joined = (fragments: readonly Fragment[]) => {
  const literals = fragments.concat('').map(() => '');
  return html(Object.assign(literals, { raw: literals }), ...fragments);
};

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };

const unescaped = (text: string): string => text.replace(/&([\w#]+);/g, (all, name) => ENTITIES[name] ?? all);

/** As long as translations into wordy languages are. */
export const longLanguage: Language = {
  ...changed(
    (text) =>
      `${text} ${FILLER.repeat(9)
        .slice(0, Math.ceil(text.length * 0.4))
        .trim()}`,
  ),
  ...{ code: 'en-XA', name: 'Longer' },
};

/** In Hebrew letters, but for what the sentences are about. */
export const rightToLeftLanguage: Language = {
  ...changed((text, values) => besides(values, text, toHebrew)),
  ...{ code: 'he-XB', name: 'Right to left', direction: 'rtl' },
};
