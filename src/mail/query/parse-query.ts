/**
 * Parses the mail language (query.ts) into a tree.
 *
 * Invariant: each error names the word that is wrong.
 */
import { ToolError } from '../../errors.ts';
import type { TimeContext } from '../../text/time-span.ts';
import { type CriteriaError, criteriaErrorsOf } from '../search/criteria-error.ts';
import { DATE_KEYS, PLAIN_KEYS, SIZE_KEYS, TEXT_KEYS } from '../search/keys.ts';
import { parseSearch, type SearchKey } from '../search/parse.ts';
import type { QueryNode, Term } from './query.ts';
import { isKeyName, toTerm } from './query-terms.ts';
import { cutIntoWords, type QueryWord } from './query-words.ts';

const MAX_TERMS = 100;
const MAX_DEPTH = 30;

/**
 * @param query up to 8,000 characters, 100 terms, 30 levels of parentheses
 * @throws {ToolError} that names the word and its position
 */
export function parseQuery(query: string, context: TimeContext): QueryNode {
  const errorAt = criteriaErrorsOf(query, 'Query');
  const words = cutIntoWords(query, isKeyName);
  if (words.length === 0)
    throw new ToolError('The query is empty. Name a word, a sender (from:ann) or a state (is:unread).');
  const reader = new Reader(words, query, { errorAt, context });
  const node = reader.readQuery(undefined, 0);
  const extra = reader.peek();
  if (extra !== undefined) throw errorAt(extra.at, extra.text, 'this parenthesis closes nothing. Remove it.');
  return node;
}

const LONE_KEYS = /^(?:un)?(?:seen|flagged|answered)$/i;

/**
 * IMAP SEARCH criteria, if the query is some and not the mail language: it has none of its keys, parses as SEARCH, and either begins with a key in
 * capitals or a parenthesis, or has a key with a value.
 */
export function asCriteria(query: string): SearchKey[] | undefined {
  if (/(?:^|[\s(-])([a-z_]{2,20}):/gi.test(query) && cutsIntoKeys(query)) return undefined;
  const trimmed = query.trim();
  let keys: SearchKey[];
  try {
    keys = parseSearch(trimmed);
  } catch {
    return undefined;
  }
  if (LONE_KEYS.test(trimmed)) return keys;
  const beginsAsCriteria = /^\(|^[A-Z]{2,}(?![^\s()])/.test(trimmed);
  return beginsAsCriteria || keys.some(hasValue) ? keys : undefined;
}

/** The error in a query that begins as SEARCH criteria and is read as words because it cannot be read as such. */
export function criteriaFault(query: string): string | undefined {
  const [, first = ''] = /^\s*([A-Z]{2,})\s+\S/.exec(query) ?? [];
  if (!KEY_NAMES.has(first) || cutsIntoKeys(query)) return undefined;
  try {
    parseSearch(query.trim());
    return undefined;
  } catch (error) {
    return error instanceof ToolError ? error.message : undefined;
  }
}

const KEY_NAMES: ReadonlySet<string> = new Set([...PLAIN_KEYS, ...TEXT_KEYS, ...DATE_KEYS, ...SIZE_KEYS, 'OR', 'NOT']);

function cutsIntoKeys(query: string): boolean {
  try {
    return cutIntoWords(query, isKeyName).some(({ kind }) => kind === 'key');
  } catch {
    return false;
  }
}

/** A set of numbers is a text: `2026` is more often a year than a sequence number. */
function hasValue(key: SearchKey): boolean {
  switch (key.key) {
    case 'NOT':
      return hasValue(key.operand);
    case 'OR':
      return hasValue(key.left) || hasValue(key.right);
    case 'AND':
      return key.operands.some(hasValue);
    case 'SEQUENCE':
      return false;
    default:
      return Object.keys(key).length > 1;
  }
}

/** Walks over the words once, from left to right. */
class Reader {
  readonly #words: readonly QueryWord[];
  readonly #query: string;
  readonly #errorAt: CriteriaError;
  readonly #context: TimeContext;
  #next = 0;
  #terms = 0;

  constructor(
    words: readonly QueryWord[],
    query: string,
    { errorAt, context }: { errorAt: CriteriaError; context: TimeContext },
  ) {
    this.#words = words;
    this.#query = query;
    this.#errorAt = errorAt;
    this.#context = context;
  }

  peek(): QueryWord | undefined {
    return this.#words[this.#next];
  }

  /** Reads clauses up to a closing parenthesis or the end. @param key of `key:(query)`, to which every word belongs */
  readQuery(key: QueryWord | undefined, depth: number): QueryNode {
    const clauses: QueryNode[] = [];
    for (let word = this.peek(); word !== undefined && word.kind !== 'close'; word = this.peek()) {
      // AND is what a blank means.
      if (word.kind === 'word' && word.text === 'AND' && clauses.length > 0) this.#next += 1;
      else clauses.push(this.#readClause(key, depth));
    }
    const [first, ...others] = clauses;
    if (first === undefined) throw this.#missing();
    return others.length === 0 ? first : { kind: 'and', nodes: clauses };
  }

  #readClause(key: QueryWord | undefined, depth: number): QueryNode {
    const nodes = [this.#readUnit(key, depth)];
    while (this.peek()?.kind === 'or') {
      this.#next += 1;
      nodes.push(this.#readUnit(key, depth));
    }
    const [first] = nodes;
    return nodes.length === 1 && first !== undefined ? first : { kind: 'or', nodes };
  }

  #readUnit(key: QueryWord | undefined, depth: number): QueryNode {
    const word = this.peek();
    if (word?.kind !== 'minus' && word?.kind !== 'not') return this.#readTerm(key, depth);
    this.#next += 1;
    const node = this.#readTerm(key, depth);
    return { kind: 'not', node };
  }

  #readTerm(key: QueryWord | undefined, depth: number): QueryNode {
    const word = this.peek();
    if (word === undefined || word.kind === 'close' || word.kind === 'or') throw this.#missing(word);
    this.#next += 1;
    this.#terms += 1;
    if (this.#terms > MAX_TERMS)
      throw this.#errorAt(word.at, word.text, `a query has at most ${MAX_TERMS} terms. Search in smaller steps.`);
    if (word.kind === 'open') return this.#readGroup(word, key, depth);
    if (word.kind === 'key') return this.#readKey(word, key, depth);
    if (word.kind === 'minus' || word.kind === 'not')
      throw this.#errorAt(word.at, word.text, 'two negations cancel out. Remove both.');
    return this.#toNode(key ?? word, word);
  }

  #readGroup(open: QueryWord, key: QueryWord | undefined, depth: number): QueryNode {
    if (depth >= MAX_DEPTH) throw this.#errorAt(open.at, '(', `parentheses are nested more than ${MAX_DEPTH} deep.`);
    const node = this.readQuery(key, depth + 1);
    if (this.peek() === undefined) throw this.#errorAt(open.at, '(', 'this parenthesis is never closed.');
    this.#next += 1;
    return node;
  }

  #readKey(key: QueryWord, around: QueryWord | undefined, depth: number): QueryNode {
    if (around !== undefined)
      throw this.#errorAt(key.at, `${key.text}:`, `a key within ${around.text}:( ) has no meaning. Write it outside.`);
    const value = this.peek();
    if (value?.kind === 'open') {
      this.#next += 1;
      return this.#readGroup(value, key, depth);
    }
    if (value?.kind !== 'word' && value?.kind !== 'phrase')
      throw this.#errorAt(key.at, `${key.text}:`, 'its value is missing, as in from:ann.');
    this.#next += 1;
    return this.#toNode(key, value);
  }

  /** @param key the key, or the word itself if it has none */
  #toNode(key: QueryWord, value: QueryWord): QueryNode {
    const isText = key === value;
    const written = `${isText ? '' : this.#query.slice(key.at, key.end)}${this.#query.slice(value.at, value.end)}`;
    // Search finds parts of words anyway.
    const isWord = value.kind === 'word';
    const text = (isWord ? value.text.replace(/(?<=[\p{L}\p{N}]{2})\*$/u, '') : value.text).normalize('NFC');
    if (text.trim() === '') throw this.#errorAt(value.at, '""', 'a phrase has at least one letter.');
    const given = { key: key.text, value: text, isBare: value.kind === 'word', at: key.at };
    const term: Term = isText ? { key: 'text', text } : toTerm(given, this.#errorAt, this.#context);
    return { kind: 'term', term, written, at: key.at };
  }

  #missing(word = this.peek()): ToolError {
    const expected = word?.kind === 'or' ? 'OR stands between two terms, as in ann OR bo.' : 'a term is missing here.';
    return this.#errorAt(word?.at ?? this.#query.length, word?.text ?? '', expected);
  }
}
