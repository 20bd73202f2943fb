/** Compares names as models write them with those of rows. */
import { kindOf, type Thing, type ThingKind } from '../thing.ts';
import type { ThingRow } from '../thing-lists.ts';

/** Exact names count more than names in another case, paths of labels more than their last part, and names more than names with the word of their kind. */
export function rowsNamed(rows: readonly ThingRow[], text: string, thing: Thing): ThingRow[] {
  const kind = kindOf(thing);
  const own = thing === 'user' ? rows.filter(({ me }) => me === true && folded(text) === 'me') : [];
  for (const wanted of [text, addressIn(text), withoutKind(text, kind)]) {
    const found = wanted === undefined ? [] : rowsWith(rows, wanted, kind);
    if (found.length > 0) return found;
  }
  return own;
}

function rowsWith(rows: readonly ThingRow[], text: string, { list }: ThingKind): ThingRow[] {
  const wanted = folded(text);
  for (const field of list?.names ?? []) {
    const found = rows.filter((row) => typeof row[field] === 'string' && folded(row[field]) === wanted);
    const exact = found.filter((row) => row[field] === text);
    if (found.length > 0) return exact.length === 1 ? exact : found;
  }
  return [];
}

/** `Bo Li <bo@example.org>`, as answers name users. */
const addressIn = (text: string): string | undefined => /<([^\s<>]+@[^\s<>]+)>\s*$/.exec(text)?.[1];

/** `the Support team`. */
function withoutKind(text: string, { one }: ThingKind): string | undefined {
  const words = [one, ...one.split(' '), `shared ${one}`].sort((a, b) => b.length - a.length).join('|');
  const found = new RegExp(`^\\s*(?:the\\s+|our\\s+)?(\\S.*?)\\s+(?:${words})\\s*$`, 'i').exec(text);
  return found?.[1];
}

const MAX_NAME_CHARS = 1_000;

/** Upper and lower case, quotation marks around it, blanks around a slash and other signs between the parts of a path make no difference. */
const folded = (text: string): string =>
  text
    .slice(0, MAX_NAME_CHARS)
    .normalize('NFC')
    .trim()
    .replaceAll(/^["'`“”„«»‘’‚]+|["'`“”„«»‘’‚]+$/g, '')
    .trim()
    .replaceAll(/\s+[>›»→\\|]\s+|\s*\/\s*/g, '/')
    .replaceAll(/\s+/g, ' ')
    .toLowerCase();

/** Several names in one text; the text itself if it has one. */
export const separateNames = (text: string): string[] =>
  text
    .split(/[,;\n]/)
    .map((name) => name.trim())
    .filter((name) => name !== '');
