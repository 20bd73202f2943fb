/** Compares words by what people mistype, and finds the one that was meant. */
import damerauLevenshtein from 'damerau-levenshtein';

/** Wrong, missing, further and exchanged letters between two words. */
export const countTypos = (one: string, other: string): number => damerauLevenshtein(one, other).steps;

/** Longer texts are not compared: the time grows with the square of the length. */
const MAX_LENGTH = 60;

/** Typing errors that are forgiven, as a part of the length of the word. */
const FORGIVEN = 0.4;

/** @returns ` Did you mean "…"?` with a blank before it, or the empty text if nothing is close */
export function didYouMean(typed: string, known: readonly string[]): string {
  if (typed.length > MAX_LENGTH) return '';
  const word = typed.toLowerCase();
  const [closest] = known
    .map((name) => ({ name, typos: countTypos(word, name) }))
    .filter(({ name, typos }) => typos <= Math.max(1, Math.min(word.length, name.length) * FORGIVEN))
    .sort((one, other) => one.typos - other.typos);
  return closest === undefined ? '' : ` Did you mean "${closest.name}"?`;
}
