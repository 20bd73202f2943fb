/** Reduces texts to forms that are equal if people would take one for the other (Unicode TS 39 §4). */
import unhomoglyph from 'unhomoglyph';

/** Digits that are written for letters. 0 and 1 are in the table of Unicode. */
const LETTER_OF_DIGIT: Readonly<Record<string, string>> = {
  ...{ '2': 'z', '3': 'e', '4': 'a', '5': 's', '7': 't', '8': 'b', '9': 'g' },
};

/** Pairs of letters that look like one. The table has `m` as `rn` already. */
const WIDE_LETTERS: Readonly<Record<string, string>> = { w: 'vv', d: 'cl' };

/** Forms of single characters, which are few. */
const forms = new Map<string, string>();
const MAX_FORMS = 20_000;

/** A text without accents, in lower case. */
export function withoutMarks(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase();
}

/** Equal for texts that look alike: other alphabets, accents, digits for letters, `rn` for `m`. Longer than the text, and not to be shown. */
export function visualForm(text: string): string {
  return [...text.normalize('NFKC').toLowerCase()].map(formOf).join('');
}

function formOf(character: string): string {
  const known = forms.get(character);
  if (known !== undefined) return known;
  const plain = withoutMarks(unhomoglyph(withoutMarks(unhomoglyph(character))));
  const form = [...plain].map((letter) => LETTER_OF_DIGIT[letter] ?? WIDE_LETTERS[letter] ?? letter).join('');
  if (forms.size < MAX_FORMS) forms.set(character, form);
  return form;
}
