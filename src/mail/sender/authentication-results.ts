/**
 * Parses the body of one Authentication-Results field (RFC 8601 §2.2). The server wrote it, but parts of it are words of the sender: what does not
 * follow the grammar gives no result, and the time is linear in the length.
 */

/** One `method=result` with its properties. */
export interface MethodResult {
  /** Lower case: `dmarc`, `dkim`, `spf`. */
  method: string;
  /** Lower case: `pass`, `fail`, `none`. */
  result: string;
  /** By name in lower case: `header.d`, `smtp.mailfrom`. Of a repeated one the first. */
  properties: ReadonlyMap<string, string>;
}

interface AuthenticationResults {
  /** Lower case, without a final dot; empty if the field has none, as with Microsoft 365. */
  authservId: string;
  results: MethodResult[];
}

/** @param body unfolded or not */
export function parseAuthenticationResults(body: string): AuthenticationResults {
  const [first = [], ...others] = readSegments(body);
  const [id, version] = first;
  // Some servers leave out the authserv-id, and begin with a result.
  const hasId = id !== undefined && id.value === null;
  const isKnownVersion = !hasId || version === undefined || !/^\d+$/.test(version.name) || version.name === '1';
  const segments = hasId ? others : [first, ...others];
  return {
    authservId: hasId ? comparableId(id.name) : '',
    results: isKnownVersion ? segments.flatMap(readResult) : [],
  };
}

export const comparableId = (id: string): string => id.trim().toLowerCase().replace(/\.$/, '');

/** A word, or `name=value`. */
interface Pair {
  name: string;
  /** Null for a word. */
  value: string | null;
}

function readResult([spec, ...rest]: readonly Pair[]): MethodResult[] {
  const [, method, version = '1'] = /^([a-z][a-z0-9-]*)(?:\/(\d+))?$/i.exec(spec?.name ?? '') ?? [];
  const result = (spec?.value ?? '').toLowerCase();
  if (method === undefined || version !== '1' || !/^[a-z][a-z0-9-]*$/.test(result)) return [];
  const properties = new Map<string, string>();
  for (const { name, value } of rest) {
    const key = name.toLowerCase();
    if (value !== null && !properties.has(key)) properties.set(key, value);
  }
  return [{ method: method.toLowerCase(), result, properties }];
}

/** Separates what stands between semicolons. Comments and quoted strings may contain semicolons. */
function readSegments(body: string): Pair[][] {
  const segments: Pair[][] = [];
  let current: Pair[] = [];
  const text = { body, at: 0, doCommentsNest: true };
  while (skipBlanks(text)) {
    if (takeCharacter(text, ';')) {
      segments.push(current);
      current = [];
    } else if (!takeCharacter(text, '=')) {
      current.push(readPair(text));
    }
  }
  return [...segments, current];
}

/** A text and the position up to which it was read. */
interface Reader {
  body: string;
  at: number;
  doCommentsNest: boolean;
}

function readPair(text: Reader): Pair {
  let name = readWord(text, NAME_END);
  // Blanks and comments are allowed around the dot of `header.d` and the slash of `dkim/1`.
  while (skipBlanks(text) && !isAt(text, NAME_END) && (/[./]$/.test(name) || isAt(text, /[./]/))) {
    name += readWord(text, NAME_END);
  }
  if (!takeCharacter(text, '=')) return { name, value: null };
  // A signature may end with an equals sign, and the address of a bounce may contain some.
  return { name, value: skipBlanks(text) ? readWord(text, VALUE_END) : '' };
}

const NAME_END = /[\s;=(]/;
const VALUE_END = /[\s;(]/;

const isAt = ({ body, at }: Reader, characters: RegExp): boolean => characters.test(body[at] ?? ' ');

/** Quoted strings in a word lose their quotes. */
function readWord(text: Reader, end: RegExp): string {
  let word = '';
  while (text.at < text.body.length && !isAt(text, end)) {
    if (text.body[text.at] === '"') {
      word += readQuoted(text);
    } else {
      word += text.body[text.at];
      text.at += 1;
    }
  }
  return word;
}

/** RFC 5322 §3.2.4. Without a closing quote it ends with the text. */
function readQuoted(text: Reader): string {
  const { body } = text;
  let content = '';
  text.at += 1;
  while (text.at < body.length && body[text.at] !== '"') {
    if (body[text.at] === '\\') text.at += 1;
    content += body[text.at] ?? '';
    text.at += 1;
  }
  text.at += 1;
  return content;
}

/** Skips white space and comments. @returns false at the end of the text */
function skipBlanks(text: Reader): boolean {
  const { body } = text;
  while (text.at < body.length) {
    if (body[text.at] === '(') text.at = endOfComment(text);
    else if (isAt(text, /\s/)) text.at += 1;
    else return true;
  }
  return false;
}

/**
 * Comments nest (RFC 5322 §3.2.2). Servers put addresses of senders into them: from a parenthesis that is never closed on, each comment ends with the
 * first closing parenthesis, so that the results after it are still read.
 */
function endOfComment(text: Reader): number {
  const { body } = text;
  for (let at = text.at, depth = 0; text.doCommentsNest && at < body.length; at += 1) {
    if (body[at] === '\\') at += 1;
    else if (body[at] === '(') depth += 1;
    else if (body[at] === ')') depth -= 1;
    if (depth === 0) return at + 1;
  }
  text.doCommentsNest = false;
  const end = body.slice(text.at).search(/[);]/);
  return end < 0 ? body.length : text.at + end + (body[text.at + end] === ')' ? 1 : 0);
}

function takeCharacter(text: Reader, character: string): boolean {
  const isThere = text.body[text.at] === character;
  if (isThere) text.at += 1;
  return isThere;
}
