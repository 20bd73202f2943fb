/** Reduces text from clients and servers to plain text that is safe to display. */

/** C0, C1, line and paragraph separators, and characters that reorder, join or hide the text around them (UAX #9, UTS #39 §3.1). */
const DECEPTIVE_CHARACTERS = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}]/gu;

/** Removes control and bidirectional characters, folds blanks, and cuts after `maxLength` characters. */
export function plainText(text: string, maxLength: number): string {
  const cleaned = text.replace(/\s+/g, ' ').replace(DECEPTIVE_CHARACTERS, '').trim();
  const characters = [...cleaned];
  return characters.length <= maxLength ? cleaned : `${characters.slice(0, maxLength - 1).join('')}…`;
}
