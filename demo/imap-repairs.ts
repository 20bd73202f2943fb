/** Repairs two commands of hoodiecrow-imap: FETCH of a part of several messages, and SEARCH with parentheses. */
import type { FetchQuery, ImapServer, Token } from 'hoodiecrow-imap';
import builtIn from 'hoodiecrow-imap/lib/commands/handlers/fetch.js';

/** A plugin of hoodiecrow-imap. */
export function repairImap(server: ImapServer): void {
  server.fetchHandlers.BODY = server.fetchHandlers['BODY.PEEK'] = createBodyHandler();
  const search = server.getCommandHandler('UID SEARCH');
  server.setCommandHandler('UID SEARCH', (connection, parsed, data, callback) =>
    search(connection, { ...parsed, attributes: keysOf(parsed.attributes ?? []).flat() }, data, callback),
  );
}

/** The built-in handler removes the length from the query, so that the second message of a FETCH would have an empty part. */
function createBodyHandler(): typeof builtIn.BODY {
  const asked = new WeakMap<FetchQuery, readonly number[]>();
  return (connection, message, query) => {
    if (query.partial === undefined) return builtIn.BODY(connection, message, query);
    const partial = asked.get(query) ?? query.partial;
    asked.set(query, partial);
    const value = builtIn.BODY(connection, message, { ...query, partial: [...partial] });
    // What the response names: RFC 9051 §7.5.2.
    query.partial = partial.slice(0, 1);
    return value;
  };
}

/** Search keys with values, and how many (RFC 9051 §6.4.4). */
const VALUES = new Map(
  [
    ...['BCC', 'BEFORE', 'BODY', 'CC', 'FROM', 'KEYWORD', 'LARGER', 'ON', 'SENTBEFORE', 'SENTON', 'SENTSINCE', 'SINCE'],
    ...['SMALLER', 'SUBJECT', 'TEXT', 'TO', 'UID', 'UNKEYWORD', 'CHARSET'],
  ].map((name) => [name, 1]),
).set('HEADER', 2);

const OR: Token = { type: 'ATOM', value: 'OR' };
const NOT: Token = { type: 'ATOM', value: 'NOT' };

/** The search keys of a list, each without parentheses: `(a b)` becomes NOT OR NOT a NOT b. */
function keysOf(list: readonly (Token | Token[])[]): Token[][] {
  const rest = [...list];
  const next = (): Token[] => {
    const first = rest.shift();
    if (first === undefined) return [];
    if (Array.isArray(first)) return keysOf(first).reduce((all, key) => [NOT, OR, NOT].concat(all, NOT, key));
    const name = first.type === 'ATOM' ? first.value.toUpperCase() : '';
    if (name === 'NOT') return [first, ...next()];
    if (name === 'OR') return [first, ...next(), ...next()];
    const values = rest.splice(0, VALUES.get(name) ?? 0);
    return [first, ...values.flat()];
  };
  const keys: Token[][] = [];
  while (rest.length > 0) keys.push(next());
  return keys;
}
