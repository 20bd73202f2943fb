/**
 * Removes from a text what people cannot see, and counts it.
 *
 * Invariant: no character without a glyph is left, unless a script needs it.
 */
import {
  CERTAIN,
  EMPTY_BRAILLE,
  FLAG,
  FLAG_TAGS,
  GLYPHLESS,
  GLYPHLESS_RUN,
  type Glyphless,
  isWritten,
  kindOf,
  LETTER,
  RIGHT_TO_LEFT,
  WITHOUT_BLANKS,
} from './glyphless.ts';

/** What was removed from a text. */
export interface Hidden {
  /** Characters, without padding, which newsletters use and which says nothing. */
  letters: number;
  /** True for tags and overrides, which no honest text has. */
  isCertain: boolean;
}

export interface VisibleText {
  text: string;
  hidden: Hidden;
}

/** Less hidden text than this is not worth a warning, unless it is certain. */
const MIN_LETTERS = 20;

export const isSuspicious = ({ letters, isCertain }: Hidden): boolean => isCertain || letters >= MIN_LETTERS;

/** Most texts of most mail. */
const PLAIN = /^[\n\x20-\x7e]*$/;
const NOTHING_HIDDEN: Hidden = { letters: 0, isCertain: false };

/** A text of several lines. Every line break becomes a line feed. */
export function visibleText(text: string): VisibleText {
  return PLAIN.test(text) ? { text, hidden: NOTHING_HIDDEN } : withoutGlyphless(withLineFeeds(text), () => false);
}

/** A text of one line: line breaks and tabs become blanks. */
export function visibleLine(text: string): VisibleText {
  const { text: visible, hidden } = visibleText(text);
  return { text: /[\t\n]/.test(visible) ? visible.replace(/[\t\n]+/g, ' ').trim() : visible, hidden };
}

/** Removes padding only, and leaves what has to be counted. */
export function withoutPadding(text: string): string {
  return withoutGlyphless(withLineFeeds(text), ({ letters, isCertain }) => letters > 0 || isCertain).text;
}

/** Carriage return, vertical tab, form feed, next line, and the separators of lines and paragraphs. */
function withLineFeeds(text: string): string {
  return /[\r\v\f\u0085\u2028\u2029]/.test(text) ? text.replace(/\r\n?|[\v\f\u0085\u2028\u2029]/g, '\n') : text;
}

/** Blanks that do not break a line, as newsletters fill their preview with; two dozen of them separate nothing. */
const BLANK_PADDING = /[\u00a0\u2007][ \u00a0\u2007]{23,}/g;
/** No script stacks more marks on one letter. */
const FLOOD_OF_MARKS = /([\p{Mn}\p{Me}]{10})[\p{Mn}\p{Me}]+/gu;

/** Places that are looked at one by one: five times as many as the longest text of a language that needs joiners has. */
const MAX_RUNS = 20_000;

/** @param isLeft true for what is left in the text */
function withoutGlyphless(given: string, isLeft: (hidden: Hidden) => boolean): VisibleText {
  const total = { letters: 0, isCertain: false };
  let text = given;
  if (GLYPHLESS.test(text)) {
    const isRightToLeft = RIGHT_TO_LEFT.test(text);
    let runs = 0;
    text = given.replace(GLYPHLESS_RUN, (run, offset: number) => {
      runs += 1;
      if (runs > MAX_RUNS) {
        const hidden = { letters: run.length, isCertain: CERTAIN.test(run) };
        if (isLeft(hidden)) return run;
        total.letters += hidden.letters;
        total.isCertain ||= hidden.isCertain;
        return run.includes(' ') ? ' ' : '';
      }
      const before = characterBefore(given, offset);
      const after = characterAfter(given, offset + run.length);
      const { text: visible, hidden } = withoutHidden({ run, before, after, isRightToLeft });
      if (isLeft(hidden)) return run;
      total.letters += hidden.letters;
      total.isCertain ||= hidden.isCertain;
      return visible;
    });
  }
  return { text: text.replace(BLANK_PADDING, ' ').replace(FLOOD_OF_MARKS, '$1'), hidden: total };
}

interface Run {
  run: string;
  /** The characters around the run; empty at the ends of the text. */
  before: string;
  after: string;
  isRightToLeft: boolean;
}

/** How many characters of each kind a run has; a text may have a million of them. */
type Counts = Record<Exclude<Glyphless, 'blank' | 'written'>, number>;

/** Padding that has blanks in it becomes one blank. */
function withoutHidden({ run: given, before, after, isRightToLeft }: Run): VisibleText {
  const run = before === FLAG ? given.replace(FLAG_TAGS, '') : given;
  if (isRepeatedPadding(run)) return { text: /\p{Zs}/u.test(run) ? ' ' : '', hidden: NOTHING_HIDDEN };
  const counts: Counts = { certain: 0, direction: 0, padding: 0, break: 0, nothing: 0, other: 0 };
  let text = '';
  let last = before;
  for (let at = 0; at < run.length; ) {
    const character = characterAfter(run, at);
    at += character.length;
    const kind = kindOf(character);
    if (kind === 'blank' || (kind === 'written' && isWritten(character, last, characterAfter(run, at) || after))) {
      last = character === EMPTY_BRAILLE ? ' ' : character;
      text += last;
    } else counts[kind !== 'written' ? kind : character === '\u200c' ? 'padding' : 'other'] += 1;
  }
  const all = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const isPadded = all > 1 && text.trim() === '' && text !== '';
  const counted = { ...counts, nothing: 0, ...(isRightToLeft && { direction: 0 }) };
  const place = { before, after, isPadded };
  return { text: isPadded ? ' ' : text, hidden: hiddenOf(counted, characterAfter(run, 0), place) };
}

/** A shorter run, or one with fewer repetitions, may say something. */
const MIN_PADDING = 12;
const MIN_REPETITIONS = 3;
const MAX_PADDING_UNIT = 12;

/** Padding, places for a line break, blanks, joiners and direction marks, as newsletters mix them. */
const REPEATED = /^[\u034f\u00ad\ufeff\u200b-\u200f\u2060\p{Zs}]+$/u;

/** True for a few such characters over and over: only an order that changes can say something. */
function isRepeatedPadding(run: string): boolean {
  if (run.length < MIN_PADDING) return false;
  const most = Math.min(MAX_PADDING_UNIT, Math.floor(run.length / MIN_REPETITIONS));
  if (!REPEATED.test(run.slice(0, most))) return false;
  const lengths = Array.from({ length: most }, (_, index) => index + 1);
  return lengths.some((length) => run.startsWith(run.slice(length)));
}

function hiddenOf(
  { certain, direction, padding, break: breaks, other }: Counts,
  first: string,
  { before, after, isPadded }: { before: string; after: string; isPadded: boolean },
): Hidden {
  const letters = certain + direction + padding + breaks + other;
  const isPadding = letters === padding + (isPadded ? breaks : 0);
  const isHarmless = isPadding || (letters === 1 && isHarmlessAlone(first, before, after));
  return { letters: isHarmless ? 0 : letters, isCertain: certain > 0 };
}

/** A place for a line break beside a blank or a sign, a variation selector that varies nothing, a byte of text in a wrong charset. */
function isHarmlessAlone(character: string, before: string, after: string): boolean {
  if (kindOf(character) === 'break') {
    return !LETTER.test(before) || !LETTER.test(after) || WITHOUT_BLANKS.test(before);
  }
  if (/[\ufe00-\ufe0f]/.test(character)) return true;
  return /[\u0080-\u009f]/.test(character) && /[^\0-\u007f]/.test(before);
}

function characterBefore(text: string, offset: number): string {
  const last = text.charAt(offset - 1);
  return /[\udc00-\udfff]/.test(last) ? text.slice(Math.max(0, offset - 2), offset) : last;
}

function characterAfter(text: string, offset: number): string {
  const code = text.codePointAt(offset);
  return code === undefined ? '' : String.fromCodePoint(code);
}
