/** Checked search keys → the tokens of an IMAP command. */
import type { SearchKey } from './keys.ts';

type Leaf = { type: 'ATOM' | 'STRING' | 'SEQUENCE'; value: string } | { type: 'LITERAL'; value: Buffer };

/** A token in the form that imapflow's `exec` takes; an array is a parenthesised list. */
export type SearchToken = Leaf | SearchToken[];

export interface EncodedSearch {
  tokens: SearchToken[];
  /** A text has characters beyond ASCII: `CHARSET UTF-8` must precede the tokens, unless UTF8=ACCEPT or IMAP4rev2 is on (RFC 6855 §3). */
  needsUtf8: boolean;
  /** OLDER or YOUNGER is in it, so the server needs WITHIN (RFC 5032). */
  needsWithin: boolean;
}

/**
 * Encodes keys as parsed by `parseSearch`. Text goes out as a quoted string, or as a literal of UTF-8 bytes where it has characters beyond
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

function leavesOf(token: SearchToken): Leaf[] {
  return Array.isArray(token) ? token.flatMap(leavesOf) : [token];
}

function encodeKey(key: SearchKey): SearchToken[] {
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
      return [atom(key.key), text(key.text)];
    default:
      return [atom(key.key)];
  }
}

function atom(value: string): SearchToken {
  return { type: 'ATOM', value };
}

function text(value: string): SearchToken {
  return /^[\x20-\x7e]*$/.test(value)
    ? { type: 'STRING', value }
    : { type: 'LITERAL', value: Buffer.from(value, 'utf8') };
}
