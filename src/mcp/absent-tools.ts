/** Leaves out of a text for the model what names a tool that its connection does not have. */

/**
 * @param isAbsent true for the names of tools that the connection does not have, false for all other words
 * @returns undefined if the text says nothing else
 */
export function withoutAbsentTools(text: string, isAbsent: (name: string) => boolean): string | undefined {
  if (!namesAbsent(text, isAbsent)) return text;
  const sentences = text.split(/(?<=[.?!])\s+(?=[^a-z\s]|[a-z]+_)/);
  const left = sentences.flatMap((sentence) => withoutClauses(sentence, isAbsent) ?? []);
  return left.length === 0 ? undefined : left.join(' ');
}

const TOOL_NAME = /\b[a-z]+(?:_[a-z0-9]+)+\b/g;

const namesAbsent = (text: string, isAbsent: (name: string) => boolean): boolean =>
  (text.match(TOOL_NAME) ?? []).some(isAbsent);

/**
 * The sentence without its parentheses and its clauses after a semicolon or colon that name such a tool.
 *
 * @returns undefined if the main clause names one
 */
function withoutClauses(sentence: string, isAbsent: (name: string) => boolean): string | undefined {
  const open = sentence.replace(/\s*\([^()]*\)/g, (aside) => (namesAbsent(aside, isAbsent) ? '' : aside));
  if (!namesAbsent(open, isAbsent)) return open;
  const [main = '', ...clauses] = open.split(/(?=[;:]\s)/);
  if (namesAbsent(main, isAbsent)) return undefined;
  const kept = [main, ...clauses.filter((clause) => !namesAbsent(clause, isAbsent))].join('');
  return /[.?!]$/.test(kept) ? kept : `${kept}.`;
}
