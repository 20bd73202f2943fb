/** Encodes checked search keys as the tokens of a SEARCH command. */
import { atom, type Token } from '../imap/data-formats.ts';
import type { SearchKey } from './keys.ts';

type Leaf = Exclude<Token, readonly Token[]>;

export interface EncodedSearch {
  tokens: Token[];
  /** True if a text has characters beyond ASCII. `CHARSET UTF-8` must then precede the tokens, unless UTF8=ACCEPT or IMAP4rev2 is enabled. */
  needsUtf8: boolean;
  /** True if the keys include OLDER or YOUNGER, for which the server needs WITHIN (RFC 5032). */
  needsWithin: boolean;
}

/**
 * Encodes keys as parsed by `parseSearch`. Text becomes a quoted string, or as a literal of UTF-8 bytes where it has characters beyond
 * ASCII: a quoted string may carry those only with UTF8=ACCEPT (RFC 6855 §3), a literal always.
 */
export function encodeSearch(keys: readonly SearchKey[]): EncodedSearch {
  const tokens = keys.flatMap(encodeKey);
  const leaves = tokens.flatMap(leavesOf);
  return {
    tokens,
    needsUtf8: leaves.some((leaf) => leaf.type === 'LITERAL'),
    needsWithin: leaves.some((leaf) => leaf.type === 'ATOM' && (leaf.value === 'OLDER' || leaf.value === 'YOUNGER')),
  };
}

function leavesOf(token: Token): Leaf[] {
  return 'type' in token ? [token] : token.flatMap(leavesOf);
}

function encodeKey(key: SearchKey): Token[] {
  switch (key.key) {
    case 'AND':
      // The first operand is never a list (see parseSearch): imapflow's compiler would leave out the space between two lists.
      return [key.operands.flatMap(encodeKey)];
    case 'OR':
      return [atom('OR'), ...encodeKey(key.left), ...encodeKey(key.right)];
    case 'NOT':
      return [atom('NOT'), ...encodeKey(key.operand)];
    case 'UID':
      return [atom('UID'), { type: 'SEQUENCE', value: key.set }];
    case 'SEQUENCE':
      return [{ type: 'SEQUENCE', value: key.set }];
    case 'HEADER':
      return [atom('HEADER'), text(key.field), text(key.text)];
    case 'KEYWORD':
    case 'UNKEYWORD':
      return [atom(key.key), atom(key.flag)];
    case 'BEFORE':
    case 'ON':
    case 'SINCE':
    case 'SENTBEFORE':
    case 'SENTON':
    case 'SENTSINCE':
      return [atom(key.key), atom(key.date)];
    case 'X-GM-THRID':
    case 'THREADID':
      return [atom(key.key), atom(key.id)];
    case 'LARGER':
    case 'SMALLER':
      return [atom(key.key), atom(String(key.sizeBytes))];
    case 'OLDER':
    case 'YOUNGER':
      return [atom(key.key), atom(String(key.seconds))];
    case 'BCC':
    case 'BODY':
    case 'CC':
    case 'FROM':
    case 'SUBJECT':
    case 'TEXT':
    case 'TO':
    case 'X-GM-RAW':
    case 'X-GM-LABELS':
      return [atom(key.key), text(key.text)];
    default:
      return [atom(key.key)];
  }
}

/** Unlike string() of data-formats.ts, makes a literal only of text beyond ASCII, because a literal here means that CHARSET is needed. */
function text(value: string): Token {
  return /^[\x20-\x7e]*$/.test(value)
    ? { type: 'STRING', value }
    : { type: 'LITERAL', value: Buffer.from(value, 'utf8') };
}
