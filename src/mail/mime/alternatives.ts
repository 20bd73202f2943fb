/**
 * Compares the two forms of a message: the plain text, which a model reads, and the HTML, which people see.
 *
 * A stub ("view this in your browser"), footers and lists of links in the plain text say nothing else. Both forms are cut to a fixed length first.
 */
import { withoutRepeated } from '../html/hidden-letters.ts';
import { type HiddenElement, textOfHtml } from '../html/html-text.ts';

export interface HtmlStart {
  html: string;
  /** True if the HTML goes on. */
  isCut: boolean;
}

const MAX_TEXT_CHARS = 30_000;
/** HTML that is converted: about 20 ms at most. */
const MAX_HTML_CHARS = 12 * 1024;
/** Less of a cut HTML is no measure for the plain text. */
const MIN_WORDS_OF_CUT_HTML = 30;
/** The plain text must have more words of its own than this, as a whole or in one paragraph. */
const MIN_OWN_WORDS = 5;
const MIN_OWN_WORDS_OF_PARAGRAPH = 10;

export interface ComparedForms {
  /** True if the plain text has a substantial part that is not in the HTML. */
  saysSomethingElse: boolean;
  /** The start of what the HTML shows. */
  shown: string;
  /** What it hides there, and does not show elsewhere. */
  hidden: HiddenElement[];
}

export function compareForms(text: string, html: HtmlStart): ComparedForms {
  const { start, isWhole } = withoutSilent(html.html);
  const { text: shown, hidden } = textOfHtml(start);
  return {
    saysSomethingElse: hasMore(text, shown, isWhole && !html.isCut),
    shown,
    hidden: withoutRepeated(hidden, shown),
  };
}

function hasMore(text: string, shown: string, isWholeHtml: boolean): boolean {
  const seen = wordsOf(shown);
  if (!isWholeHtml && seen.length < MIN_WORDS_OF_CUT_HTML) return false;
  const known = new Set(seen);
  // A plain text follows its HTML: of a cut one only as many words are compared, and some of them may be in another order.
  const paragraphs = limited(
    paragraphsOf(text),
    isWholeHtml ? Number.POSITIVE_INFINITY : Math.floor(seen.length * 0.7),
  );
  const all = paragraphs.flat();
  const own = (words: readonly string[]) => words.filter((word) => !known.has(word)).length;
  if (own(all) >= MIN_OWN_WORDS && own(all) >= all.length * 0.5) return true;
  return (
    paragraphs.some((words) => own(words) >= MIN_OWN_WORDS_OF_PARAGRAPH && own(words) >= words.length * 0.6) ||
    hasOtherAccount(text, isWholeHtml ? shown : '')
  );
}

/** Style sheets that are applied: a few milliseconds at most. */
const MAX_STYLE_CHARS = 8 * 1024;

/** The HTML without comments and scripts, cut to the length that is converted, behind its style sheets. */
function withoutSilent(html: string): { start: string; isWhole: boolean } {
  const lower = html.toLowerCase();
  const silent = new RegExp(SILENT);
  let styles = '';
  let said = '';
  let at = 0;
  for (let next = silent.exec(lower); next !== null && said.length <= MAX_HTML_CHARS; next = silent.exec(lower)) {
    said += html.slice(at, next.index);
    const [start, name] = next;
    const found = lower.indexOf(name === undefined ? '-->' : `</${name}`, next.index);
    // Text after a start without an end is not shown.
    at = found >= 0 ? found : html.length;
    if (name === 'style') styles += `${html.slice(next.index, at)}</style>`;
    silent.lastIndex = Math.max(at, next.index + start.length);
  }
  said += html.slice(at);
  const applied = styles.length <= MAX_STYLE_CHARS ? styles : '';
  return { start: applied + said.slice(0, MAX_HTML_CHARS), isWhole: said.length <= MAX_HTML_CHARS };
}

const SILENT = /<!--|<(style|script)\b/g;

/** A line that speaks of the other form, of the subscription or of the sender's address. */
const BOILERPLATE =
  /\b(?:html|browser|online version|web ?version|onlineversion|navigateur|navegador|en ligne|unsubscribe|subscri\w+|abmelden|abbestellen|d[ée]sabonner|desinscri\w*|darse de baja|disiscri\w*|afmelden|avregistrer|wypisz|preferences|einstellungen|privacy|datenschutz|impressum|copyright|all rights reserved)\b|©|отпис|配信停止|退订/iu;
/** Words of such lines that are left out. */
const MAX_BOILERPLATE_WORDS = 60;

/** The words of each paragraph, without links and boilerplate. */
function paragraphsOf(text: string): string[][] {
  let boilerplate = 0;
  return text
    .slice(0, MAX_TEXT_CHARS)
    .replace(/\b(?:https?|mailto|tel):[^\s<>]+|\bwww\.[^\s<>]+/gi, ' ')
    .split(/\n[ \t>]*\n/)
    .map((paragraph) => {
      const words = wordsOf(paragraph);
      if (!BOILERPLATE.test(paragraph) || boilerplate + words.length > MAX_BOILERPLATE_WORDS) return words;
      boilerplate += words.length;
      return [];
    });
}

/** The first paragraphs that have so many words together; the last one is cut. */
function limited(paragraphs: readonly string[][], words: number): string[][] {
  let left = words;
  return paragraphs.flatMap((paragraph) => {
    const part = paragraph.slice(0, Math.max(0, left));
    left -= part.length;
    return part.length === 0 ? [] : [part];
  });
}

/** Words of three letters or more, and numbers; pairs of letters in scripts that are written without blanks. */
function wordsOf(text: string): string[] {
  const words =
    text
      .slice(0, MAX_TEXT_CHARS)
      .normalize('NFKC')
      .toLowerCase()
      .match(/[\p{L}\p{M}\p{N}]+/gu) ?? [];
  return words.flatMap((word) => {
    if (!/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Khmer}]/u.test(word)) {
      return word.length > 2 || /\d/.test(word) ? [word] : [];
    }
    const letters = [...word];
    return letters.length === 1 ? letters : letters.slice(1).map((letter, index) => `${letters[index]}${letter}`);
  });
}

const ACCOUNT =
  /\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b|[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+/g;

/** True if both forms name bank accounts or addresses, and the plain text one that the HTML does not have, and the other way round. */
function hasOtherAccount(text: string, seen: string): boolean {
  const accountsIn = (one: string) =>
    new Set(
      one
        .slice(0, MAX_TEXT_CHARS)
        .match(ACCOUNT)
        ?.map((each) => each.replaceAll(' ', '').toLowerCase()),
    );
  const [plain, shown] = [accountsIn(text), accountsIn(seen)];
  return shown.size > 0 && [...plain].some((each) => !shown.has(each)) && [...shown].some((each) => !plain.has(each));
}
