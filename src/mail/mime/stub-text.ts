/** Recognizes a plain text that only says to look at the HTML. */

/** Says that the message is elsewhere, in the languages of most newsletters. */
const ELSEWHERE =
  /\b(?:html|(?:view|read|open|see)\b.{0,40}\b(?:browser|online|web ?page)|(?:im|in your|dans votre|en su|nel|w) (?:browser|navigateur|navegador|przegl[ąa]darce)|online ?version|webversion|version en ligne|versi[óo]n (?:web|en l[íi]nea)|versione (?:web|online)|unterst[üu]tzt kein)\b|ブラウザ|在线版|浏览器|в браузере/iu;

/** Words, without links and e-mail addresses, that a stub has at most. */
const MAX_STUB_WORDS = 60;
/** A longer text, of links perhaps, is judged by its start. */
const MAX_STUB_CHARS = 20_000;
/** The HTML of a stub says at least so much more. */
const MIN_RATIO = 5;
/** The same of a text without links that says itself where the message is. */
const MIN_RATIO_OF_REFERENCE = 2;

const LINK = /\b(?:https?|mailto):[^\s<>]+|\bwww\.[^\s<>]+|(?<!\S)\S{1,128}@\S{1,255}/gi;

/** True if the text has no content, or so little that the HTML may be the message. */
export function mayBeStub(whole: string): boolean {
  const text = whole.slice(0, MAX_STUB_CHARS);
  const words = wordsOf(text.replace(LINK, ' '));
  if (words <= 3) return true;
  if (words > MAX_STUB_WORDS) return false;
  const links = text.match(LINK)?.length ?? 0;
  return ELSEWHERE.test(text) || links * 4 >= words;
}

function minRatioOf(text: string): number {
  return text.length <= MAX_STUB_CHARS && ELSEWHERE.test(text) && !text.includes('://')
    ? MIN_RATIO_OF_REFERENCE
    : MIN_RATIO;
}

/** True for a line that says where else the message can be read. */
export function refersToOtherForm(line: string): boolean {
  return ELSEWHERE.test(line);
}

/** True if the HTML is to be read in place of the plain text. @param html the HTML as text */
export function isStubBeside(text: string, html: string): boolean {
  if (!hasWords(text)) return hasWords(html);
  return (
    mayBeStub(text) && html.length >= minRatioOf(text) * text.slice(0, MAX_STUB_CHARS).replace(LINK, ' ').trim().length
  );
}

const hasWords = (text: string): boolean => /[\p{L}\p{N}]/u.test(text);

function wordsOf(text: string): number {
  const words = text.match(/[\p{L}\p{N}]+/gu) ?? [];
  // Scripts without blanks between words.
  return words.reduce(
    (sum, word) =>
      sum +
      (/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/u.test(word)
        ? Math.ceil(word.length / 2)
        : 1),
    0,
  );
}
