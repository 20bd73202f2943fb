/**
 * Parses the body of one Authentication-Results field (RFC 8601 §2.2). The server wrote it, but parts of it are words of the sender: what does not
 * follow the grammar gives no result, and the time is linear in the length.
 *
 * Invariant: what can be read in two ways proves nothing. A pass behind an open comment or quote is left out, and a failure of DMARC within one counts.
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
  const [first = NO_SEGMENT, ...others] = readSegments(body);
  const [id, version] = first.pairs;
  // Some servers leave out the authserv-id, and begin with a result.
  const hasId = id !== undefined && id.value === null;
  const isKnownVersion = !hasId || version === undefined || !/^\d+$/.test(version.name) || version.name === '1';
  const segments = hasId ? others : [first, ...others];
  return {
    authservId: hasId ? comparableId(id.name) : '',
    results: isKnownVersion ? withHiddenFailure(segments.flatMap(readResult), body) : [],
  };
}

/** A sender who gets a quote or a parenthesis into the field on both sides of a failure would hide it. */
function withHiddenFailure(results: MethodResult[], body: string): MethodResult[] {
  const isHidden =
    /;\s*dmarc\s*=\s*fail(?![\w-])/i.test(body) &&
    results.every(({ method, result }) => method !== 'dmarc' || result !== 'fail');
  return isHidden ? [...results, { method: 'dmarc', result: 'fail', properties: new Map() }] : results;
}

export const comparableId = (id: string): string => id.trim().toLowerCase().replace(/\.$/, '');

/** A word, or `name=value`. */
interface Pair {
  name: string;
  /** Null for a word. */
  value: string | null;
}

/** What stands between two semicolons. */
interface Segment {
  pairs: readonly Pair[];
  /** False if a comment or a quote up to its end has no clear end. */
  isCertain: boolean;
}

const NO_SEGMENT: Segment = { pairs: [], isCertain: true };

function readResult({ pairs: [spec, ...rest], isCertain }: Segment): MethodResult[] {
  const [, method, version = '1'] = /^([a-z][a-z0-9-]*)(?:\/(\d+))?$/i.exec(spec?.name ?? '') ?? [];
  const result = (spec?.value ?? '').toLowerCase();
  if (method === undefined || version !== '1' || !/^[a-z][a-z0-9-]*$/.test(result)) return [];
  if (result === 'pass' && !isCertain) return [];
  const properties = new Map<string, string>();
  for (const { name, value } of rest) {
    const key = name.toLowerCase();
    if (value !== null && !properties.has(key)) properties.set(key, value);
  }
  return [{ method: method.toLowerCase(), result, properties }];
}

/** Separates what stands between semicolons. Comments and quoted strings may contain semicolons. */
function readSegments(body: string): Segment[] {
  const segments: Segment[] = [];
  let pairs: Pair[] = [];
  const text = { body, at: 0, doCommentsNest: true, doQuotesEnd: true, isCertain: true };
  while (skipBlanks(text)) {
    if (takeCharacter(text, ';')) {
      segments.push({ pairs, isCertain: text.isCertain });
      pairs = [];
    } else if (!takeCharacter(text, '=')) {
      pairs.push(readPair(text));
    }
  }
  return [...segments, { pairs, isCertain: text.isCertain }];
}

/** A text and the position up to which it was read. */
interface Reader {
  body: string;
  at: number;
  doCommentsNest: boolean;
  /** False: there is no quote behind `at` that ends one. */
  doQuotesEnd: boolean;
  isCertain: boolean;
}

function readPair(text: Reader): Pair {
  let name = readWord(text, NAME_STOP);
  // Blanks and comments are allowed around the dot of `header.d` and the slash of `dkim/1`.
  while (skipBlanks(text) && !isAt(text, NAME_END) && (/[./]$/.test(name) || isAt(text, /[./]/))) {
    name += readWord(text, NAME_STOP);
  }
  if (!takeCharacter(text, '=')) return { name, value: null };
  // A signature may end with an equals sign, and the address of a bounce may contain some.
  return { name, value: skipBlanks(text) ? readWord(text, VALUE_STOP) : '' };
}

const NAME_END = /[\s;=(]/;
/** What ends a name or a value, or may begin a quoted string in it. */
const NAME_STOP = /[\s;=("]/g;
const VALUE_STOP = /[\s;("]/g;

const isAt = ({ body, at }: Reader, characters: RegExp): boolean => characters.test(body[at] ?? ' ');

/** Quoted strings in a word lose their quotes. */
function readWord(text: Reader, stop: RegExp): string {
  let word = '';
  for (;;) {
    stop.lastIndex = text.at;
    const end = stop.exec(text.body)?.index ?? text.body.length;
    word += text.body.slice(text.at, end);
    text.at = end;
    if (text.body[end] !== '"') return word;
    if (hasEnd(text)) {
      word += readQuoted(text);
    } else {
      word += '"';
      text.at += 1;
    }
  }
}

/** A quote that is never closed is a character as any other, so that the results after it are still read. */
function hasEnd(text: Reader): boolean {
  const { body } = text;
  for (let at = text.at + 1; text.doQuotesEnd && at < body.length; at += 1) {
    if (body[at] === '\\') at += 1;
    else if (body[at] === '"') return true;
  }
  text.doQuotesEnd = false;
  text.isCertain = false;
  return false;
}

/** RFC 5322 §3.2.4. */
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
  let quotes = 0;
  for (let at = text.at, depth = 0; text.doCommentsNest && at < body.length; at += 1) {
    if (body[at] === '\\') at += 1;
    else if (body[at] === '(') depth += 1;
    else if (body[at] === ')') depth -= 1;
    else if (body[at] === '"') quotes += 1;
    if (depth > 0) continue;
    // Half a quoted string: the parenthesis is one of the sender's.
    if (quotes % 2 === 1) text.isCertain = false;
    return at + 1;
  }
  text.doCommentsNest = false;
  text.isCertain = false;
  const end = body.slice(text.at).search(/[);]/);
  return end < 0 ? body.length : text.at + end + (body[text.at + end] === ')' ? 1 : 0);
}

function takeCharacter(text: Reader, character: string): boolean {
  const isThere = text.body[text.at] === character;
  if (isThere) text.at += 1;
  return isThere;
}
