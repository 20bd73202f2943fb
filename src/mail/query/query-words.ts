/** Cuts a query into words, phrases, parentheses and keys. */
import { ToolError } from '../../errors.ts';
import { type CriteriaError, criteriaErrorsOf } from '../search/criteria-error.ts';

export interface QueryWord {
  kind: 'word' | 'phrase' | 'open' | 'close' | 'key' | 'minus' | 'or' | 'not';
  /** Of a key, its name in lower case without the colon; of a phrase, without its quotes. */
  text: string;
  at: number;
  /** Index behind its last character. */
  end: number;
}

const MAX_CHARACTERS = 8_000;
const KEY = /^([a-z_]{2,20}):/i;

/**
 * @param isKey true for the names of keys; other words with a colon are text, such as `Re:`
 * @throws {ToolError} for a phrase that is not closed, a control character, or more than 8,000 characters
 */
export function cutIntoWords(query: string, isKey: (name: string) => boolean): QueryWord[] {
  const errorAt = criteriaErrorsOf(query, 'Query');
  if (query.length > MAX_CHARACTERS)
    throw new ToolError(`A query has at most ${MAX_CHARACTERS} characters. Search in several smaller steps.`);
  if (/\p{Surrogate}/u.test(query)) throw new ToolError('The query is not valid Unicode: half of a surrogate pair.');
  const control = query.search(/[^\P{Cc}\t]/u);
  if (control >= 0) throw errorAt(control, '', 'line breaks and control characters are not allowed.');
  const words: QueryWord[] = [];
  for (let at = 0; at < query.length; ) {
    const word = wordAt(query, at, { isKey, errorAt });
    if (word === undefined) {
      at += 1;
      continue;
    }
    words.push(word);
    at = word.end;
  }
  return words;
}

const QUOTES: Readonly<Record<string, string>> = { '"': '"', '“': '”', '„': '“', '«': '»' };

/** @returns undefined for a blank */
function wordAt(
  query: string,
  at: number,
  { isKey, errorAt }: { isKey: (name: string) => boolean; errorAt: CriteriaError },
): QueryWord | undefined {
  const character = query.charAt(at);
  if (/\s/.test(character)) return undefined;
  if (character === '(') return { kind: 'open', text: '(', at, end: at + 1 };
  if (character === ')') return { kind: 'close', text: ')', at, end: at + 1 };
  const close = QUOTES[character];
  if (close !== undefined) return phraseAt(query, at, { close, errorAt });
  // A hyphen before a term; one before a blank is a word.
  if (character === '-' && /[^\s)-]/.test(query.charAt(at + 1))) return { kind: 'minus', text: '-', at, end: at + 1 };
  const rest = query.slice(at);
  const key = KEY.exec(rest)?.[1]?.toLowerCase();
  if (key !== undefined && isKey(key)) return { kind: 'key', text: key, at, end: at + key.length + 1 };
  const text = /^[^\s()"“”„«»]+/.exec(rest)?.[0] ?? character;
  const kind = text === 'OR' ? 'or' : text === 'NOT' ? 'not' : 'word';
  return { kind, text, at, end: at + text.length };
}

function phraseAt(query: string, at: number, { close, errorAt }: { close: string; errorAt: CriteriaError }): QueryWord {
  let text = '';
  for (let next = at + 1; next < query.length; next += 1) {
    const character = query.charAt(next);
    if (character === close) return { kind: 'phrase', text, at, end: next + 1 };
    const isEscape = character === '\\' && /["\\]/.test(query.charAt(next + 1));
    if (isEscape) next += 1;
    text += query.charAt(next);
  }
  throw errorAt(at, query.slice(at), 'this phrase has no closing quote.');
}
