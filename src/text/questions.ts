/**
 * Finds the question that a text asks its reader, by the question marks of the languages of the world and, where a script needs none, by the words
 * that end a question.
 *
 * Time is linear in the length of the text: what is looked at around a mark is bounded.
 */

/** A longer text is cut first. */
const MAX_CHARS = 100_000;
/** Marks that are looked at; a text with more is no letter. */
const MAX_MARKS = 1_000;
/** Of a sentence, before its mark. */
const MAX_SENTENCE_CHARS = 300;
const AROUND_CHARS = 80;
/** A program wraps a line that is longer; a shorter one ends what it says. */
const MIN_WRAPPED_CHARS = 50;

/** The newer marks of all scripts: Latin, full width, Arabic, Greek, Armenian, Ethiopic, Vai, Bamum, Limbu, reversed, doubled and mixed ones. */
const MARKS =
  /[?\uff1f\u061f\u2e2e\u037e;\u055e\u1367\ua60f\ua6f7\u1945\ufe56\ufe16\u2047-\u2049\u203d\u2753\u2754\u00bf]|(?:ます|ません|です|でしょう|ました|でした|だろう)か(?=[。．.\s]|$)|吗(?=[。．.\s]|$)|嗎(?=[。．.\s]|$)|(?:습니까|까요)(?=[.\s]|$)|(?:ไหม|มั้ย|หรือไม่|หรือเปล่า|หรือยัง)(?:ครับ|คะ|ค่ะ|นะ){0,2}(?=[.\s]|$)/gu;

const OPENING = '¿';
const ARMENIAN = '՞';
const CLOSERS = /^["'”’»«“‘)\]*_~!?.…\uff01\uff1f]*/u;
/** What can stand before a mark: the end of a word, a number, a closing bracket or quote, three dots, a picture. */
const ENDS_WORD = /[\p{L}\p{M}\p{N}\p{S}"'”’»“)\]*_~!]$|\.\.$|…$/u;
const CODE = /[;{}=<>|&\\[\]]|\s:\s|\b(?:return|const|let|var|if|else)\b/;
const LINK = /(?:\b[a-z][a-z\d+.-]{1,20}:\/\/|\bwww\.)[^\s<>"]*/giu;

/** Ends a sentence: a mark with a capital, or a letter of a script without them, after it. */
const SENTENCE_END = /[.!?…؟։।]["'”’»)\]]*\s+(?=[^\p{Ll}])|[。！？；]["'”’»」』)\]]*/gu;
/** A full stop after one of these ends no sentence, nor does one after a single letter. */
const ABBREVIATION =
  /(?:^|[\s("'.])(?:\p{L}|dr|mr|ms|st|nr|vs|ca|fr|hr|sr|bl|jr|co|prof|dipl|ing|tel|bzw|usw|etc|approx|mrs|inc|ltd|dept|vgl|sra|mme|mlle|geb|str|evtl|ggf|mind|max|min)$/iu;

/** Questions that are no question: they close a letter. */
const PHRASE =
  /^(?:(?:any|more|further|other|got|have|still|do you have|if you have)\s){0,2}questions?(?:\s(?:or\s\p{L}+|so far|left))?\s?\?|^(?:noch\s|weitere\s)?(?:rück)?fragen\s?\?|^(?:des\s|vos\s)?questions\s?\?|^¿?(?:alguna\s)?(?:pregunta|duda)s?\s?\?|^(?:need|want) (?:any |more )?help\s?\?|^vragen\s?\?|^domande\s?\?|^dúvidas\s?\?|^вопросы\s?\?/iu;

/** Questions of courtesy, which count only if a text asks nothing else. */
const COURTESY =
  /^(?:.{0,40}[,!]\s?)?(?:(?:so |and )?how (?:are|were|have|is|'s) (?:you|things|everything|life|it going|u)\b.{0,30}|how do you do|what'?s up|wie geht(?:'|’)?(?:s| es) (?:dir|ihnen|euch)?.{0,20}|wie geht(?:'|’)?s|(?:comment )?(?:ça va|allez-vous|vas-tu).{0,20}|¿?(?:cómo|como|qué|que) (?:estás|está|están|tal|va|vai).{0,20}|come (?:stai|va|state|sta).{0,20}|tudo bem.{0,10}|hoe gaat het.{0,20}|hur (?:mår|är det|går det).{0,20}|jak si[eę] masz.{0,20}|как (?:дела|ты|вы|поживае).{0,20}|nasılsın(?:ız)?.{0,10}|你好吗|お元気ですか)\s?[?？!]*$/iu;

/**
 * @param newText of a message: plain text without the quotations that newTextOf() leaves out
 * @returns the sentence, on one line
 */
export function firstQuestionOf(newText: string): string | undefined {
  let courtesy: string | undefined;
  let marks = 0;
  for (const paragraph of paragraphsOf(newText.slice(0, MAX_CHARS))) {
    for (const { index, 0: mark } of paragraph.matchAll(MARKS)) {
      marks += 1;
      if (marks > MAX_MARKS) return courtesy;
      const question = questionAt(paragraph, index, mark);
      if (question === undefined || PHRASE.test(question)) continue;
      if (!COURTESY.test(question)) return question;
      courtesy ??= question;
    }
  }
  return courtesy;
}

/** Joins the lines that a program has wrapped. Quoted lines, code and what stands below a signature line are left out. */
function paragraphsOf(text: string): string[] {
  const paragraphs: string[] = [];
  let isOpen = false;
  let isCode = false;
  for (const line of text.split('\n')) {
    if (/^--\s?$/.test(line)) break;
    const trimmed = line.trim();
    if (/^(?:```|~~~)/.test(trimmed)) isCode = !isCode;
    const isQuery = /^[\w.%-]{1,40}=/.test(trimmed) && /\/\S*\?$/.test(paragraphs.at(-1) ?? '');
    const isLeftOut = trimmed === '' || isCode || /^(?:>|```|~~~)/.test(trimmed);
    const isItem = /^(?:[-*+•·–]|\d{1,3}[.)])\s/.test(trimmed);
    if (!isLeftOut) {
      const plain = trimmed.replace(/`[^`]{1,300}`/g, (code) => code.replace(/[?;]/g, '.'));
      const before = paragraphs.at(-1);
      // A link may be wrapped within its query.
      if (isQuery) paragraphs[paragraphs.length - 1] = `${before}${plain}`;
      else if (isOpen && !isItem) paragraphs[paragraphs.length - 1] = `${before} ${plain}`;
      else paragraphs.push(plain);
    }
    isOpen = !isLeftOut && trimmed.length >= MIN_WRAPPED_CHARS;
  }
  return paragraphs;
}

function questionAt(text: string, index: number, mark: string): string | undefined {
  const before = text.slice(Math.max(0, index - AROUND_CHARS), index);
  const after = text.slice(index + mark.length, index + mark.length + AROUND_CHARS);
  if (mark === OPENING) return /^\p{L}/u.test(after) ? worded(openedAt(text, index)) : undefined;
  if (mark === '?' && !isQuestionMark(before, after)) return undefined;
  const sentence = sentenceTo(text, index, mark);
  if (mark === ';' && !(isGreek(sentence) && /\p{Script=Greek}{2}$/u.test(before) && /^(?:\s|$)/.test(after))) {
    return undefined;
  }
  return worded(sentence);
}

/** A sentence without letters, or of nothing but a link, asks nothing. */
function worded(sentence: string): string | undefined {
  const words = sentence.replace(LINK, ' ');
  return /\p{L}[\p{L}\p{M}'’]|[\p{Lo}]/u.test(words) ? sentence : undefined;
}

/** True for a mark at the end of a word, or between a word and its next sentence: not in links, code, or in place of letters that were lost. */
function isQuestionMark(before: string, after: string): boolean {
  const word = before.replace(/\?+$/, '');
  const isApart = /\s$/.test(word);
  if (!ENDS_WORD.test(word.trimEnd())) return false;
  if (isApart && !/[\p{L}\p{N}\p{M}"'”’»)\]]\s$/u.test(word)) return false;
  const rest = after.replace(CLOSERS, '');
  const isClosed = rest.length < after.length && /["'”’»“]/u.test(after.slice(0, after.length - rest.length));
  if (rest === '') return !/[=]$/.test(word);
  if (!/^\s/.test(rest)) return isApart ? false : isWithoutBlank(word, rest);
  const next = rest.trimStart();
  // Reported speech goes on: `"Where is it?" she asked`.
  if (isClosed && /^\p{Ll}/u.test(next)) return false;
  return !(isApart && /^[\p{Ll}"'\d([{]/u.test(next) && isOperator(before, after, next));
}

/** `a ?? b`, and `a ? b : c` among the signs of code. */
function isOperator(before: string, after: string, next: string): boolean {
  return before.endsWith('?') || after.startsWith('?') || CODE.test(`${before}${next}`);
}

/** `Really?Yes`, and scripts that have no blanks. */
function isWithoutBlank(word: string, rest: string): boolean {
  const last = word.slice(word.search(/\S*$/));
  if (/[/=&.:@\\_{}()<>#]/.test(last)) return false;
  return /^[\p{Lo}]/u.test(rest) || (/\p{Ll}$/u.test(last) && /^\p{Lu}\p{Ll}/u.test(rest));
}

/** From the end of the sentence before to the mark, and to the end of the sentence where the mark stands within it. */
function sentenceTo(text: string, index: number, mark: string): string {
  const start = Math.max(0, index - MAX_SENTENCE_CHARS);
  const before = text.slice(start, index);
  let from = 0;
  for (const end of before.matchAll(SENTENCE_END)) {
    const isStop = end[0].startsWith('.') && !before.slice(0, end.index).endsWith('.');
    const word = before.slice(Math.max(0, end.index - 8), end.index);
    if (!isStop || !ABBREVIATION.test(word)) from = end.index + end[0].length;
  }
  const rest = mark === ARMENIAN ? (/^[^։:.!]{0,200}/u.exec(text.slice(index + mark.length))?.[0] ?? '') : '';
  const more = /^[?!]{0,3}/.exec(text.slice(index + mark.length))?.[0] ?? '';
  const isCut = from === 0 && start > 0;
  return oneLine(`${isCut ? '…' : ''}${before.slice(from)}${mark}${rest}${more}`);
}

/** From an opening mark to the closing one, or to the end of the sentence. */
function openedAt(text: string, index: number): string {
  const rest = text.slice(index, index + MAX_SENTENCE_CHARS);
  return oneLine(/^¿[^?.]*\??/u.exec(rest)?.[0] ?? rest);
}

function isGreek(sentence: string): boolean {
  const greek = sentence.match(/\p{Script=Greek}/gu)?.length ?? 0;
  return 2 * greek > (sentence.match(/\p{L}/gu)?.length ?? 0);
}

function oneLine(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .replace(/^(?:[-*+•·–]|\d{1,3}[.)])\s/, '')
    .trim();
}
