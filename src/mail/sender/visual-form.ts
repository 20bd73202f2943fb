/** Reduces texts to forms that are equal if people would take one for the other (Unicode TS 39 §4). */
import unhomoglyph from 'unhomoglyph';

/** Digits that are written for letters. 0 and 1 are in the table of Unicode. */
const LETTER_OF_DIGIT: Readonly<Record<string, string>> = {
  ...{ '2': 'z', '3': 'e', '4': 'a', '5': 's', '7': 't', '8': 'b', '9': 'g' },
};

/** Letters that look like two. */
const WIDE_LETTERS: Readonly<Record<string, string>> = { m: 'rn', w: 'vv', d: 'cl' };

/** Letters by single characters, which are few. */
const letters = new Map<string, string>();
const MAX_CHARACTERS = 20_000;

/** A text without accents, in lower case. */
export const withoutMarks = (text: string): string => stripped(text).toLowerCase();

/** Equal for texts that look alike: other alphabets, accents, digits for letters, `rn` for `m`. Longer than the text, and not to be shown. */
export function visualForm(text: string): string {
  const plain = [...latinForm(text)].map((letter) => LETTER_OF_DIGIT[letter] ?? WIDE_LETTERS[letter] ?? letter);
  return plain.join('');
}

/** The text in ASCII letters that look the same, as far as there are any: a search finds by it what the text imitates. In lower case. */
export function latinForm(text: string): string {
  return [...text.normalize('NFKC')].map(lettersOf).join('');
}

function lettersOf(character: string): string {
  const known = letters.get(character);
  if (known !== undefined) return known;
  const found = lookedUp(character.toLowerCase());
  if (letters.size < MAX_CHARACTERS) letters.set(character, found);
  return found;
}

/** Letters of other alphabets may look like a Latin one in one case only, and are compared in any. */
function lookedUp(lower: string): string {
  if (/^[a-z]$/.test(lower)) return lower;
  const plain = [lower, lower.toUpperCase()].map((each) => withoutMarks(unhomoglyph(stripped(each))));
  return plain.find((each) => /^[\x20-\x7e]+$/.test(each)) ?? plain[0] ?? lower;
}

const stripped = (text: string): string => text.normalize('NFKD').replace(/\p{M}+/gu, '');
