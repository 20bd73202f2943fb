/** Text from outside, made fit to be read on a page of ours. */

/** C0, C1, line and paragraph separators, and whatever turns, joins or hides the text around it (UAX #9, UTS #39 §3.1). */
const DECEPTIVE_CHARACTERS = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}]/gu;

/** Removes control and bidirectional characters, folds blanks, and cuts after `maxLength` characters. */
export function plainText(text: string, maxLength: number): string {
  const cleaned = text.replace(/\s+/g, ' ').replace(DECEPTIVE_CHARACTERS, '').trim();
  const characters = [...cleaned];
  return characters.length <= maxLength ? cleaned : `${characters.slice(0, maxLength - 1).join('')}…`;
}
