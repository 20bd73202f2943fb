/** Finds characters without a glyph in the values of flags and of JSON: an operator who reads such a value does not see what is sealed. */

/** Control and format characters, separators of lines, what no font shows, and the blank Braille pattern. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]/u;

/** Joiners within a word or an emoji, and the variants of an emoji: names of mailboxes contain them. */
const JOINERS =
  /(?<=[\p{L}\p{M}\p{Extended_Pictographic}])[\u200c\u200d](?=[\p{L}\p{M}\p{Extended_Pictographic}])|(?<=\p{Emoji})[\ufe0e\ufe0f]/gu;

/** @param value text, a list of texts, or anything else, which has no characters */
export function hasUnseen(flag: string, value: unknown): boolean {
  const texts: unknown[] = Array.isArray(value) ? value : [value];
  return texts.some(
    (text) => typeof text === 'string' && UNSEEN.test(flag === 'folders' ? text.replace(JOINERS, '') : text),
  );
}
