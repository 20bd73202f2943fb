/** Creates errors that name the word and its position in search criteria. */
import { ToolError } from '../../errors.ts';

/** @param at index of the word, in UTF-16 code units @param expected the rest of the sentence, with its full stop */
export type CriteriaError = (at: number, word: string, expected: string) => ToolError;

/**
 * Positions in the errors are characters (code points), counted from 1.
 *
 * @param what begins the sentence
 */
export function criteriaErrorsOf(criteria: string, what = 'Search criteria'): CriteriaError {
  return (at, word, expected) => {
    const where = at >= criteria.length ? 'at the end' : `at character ${[...criteria.slice(0, at)].length + 1}`;
    return new ToolError(`${what}, ${where}${word === '' ? '' : `, ${quoteStart(word)}`}: ${expected}`);
  };
}

const MAX_QUOTED_CHARACTERS = 40;

/** Text of the caller in quotes, cut to 40 characters. */
export function quoteStart(text: string): string {
  const characters = [...text];
  const isLong = characters.length > MAX_QUOTED_CHARACTERS;
  return `"${isLong ? `${characters.slice(0, MAX_QUOTED_CHARACTERS - 1).join('')}…` : text}"`;
}
