/** Finds out whether a server looks at the text of search keys: some, such as that of QQ Mail, ignore it and return what matches the other keys. */
import { randomBytes } from 'node:crypto';
import { UpstreamError } from '../../errors.ts';
import type { ImapConnection } from '../imap/imap-connection.ts';
import { isAscii } from '../mailbox-name.ts';
import { encodeSearch } from './encode-search.ts';
import type { SearchKey } from './keys.ts';
import { uidSearchCommand } from './uid-search.ts';

type TextualKey = Extract<SearchKey, { text: string }>;

/** Connections whose server looked at the text. */
const honest = new WeakSet<ImapConnection>();

/** The keys with a text, also within others, each key once. */
export function textualKeysOf(keys: readonly SearchKey[]): TextualKey[] {
  const found = new Map(keys.flatMap(textualIn).map((key) => [`${key.key} ${'field' in key ? key.field : ''}`, key]));
  return [...found.values()];
}

function textualIn(key: SearchKey): TextualKey[] {
  if ('text' in key) return [key];
  if ('operand' in key) return textualIn(key.operand);
  if ('operands' in key) return key.operands.flatMap(textualIn);
  return 'left' in key ? [key.left, key.right].flatMap(textualIn) : [];
}

/**
 * Asks whether one message has a text that no message has.
 *
 * @param uid of a message in the selected mailbox
 * @returns true if the server says so: it has ignored the text of the search with these keys, too
 */
export async function ignoresText(imap: ImapConnection, keys: readonly SearchKey[], uid: number): Promise<boolean> {
  const nonsense = randomBytes(12).toString('hex');
  // Text outside ASCII is asked for as such: the server may look at other text only.
  const [first, ...more] = textualKeysOf(keys).map(
    (key): SearchKey => ({ ...key, text: isAscii(key.text) ? nonsense : `${OUTSIDE_ASCII}${nonsense}` }),
  );
  if (first === undefined || honest.has(imap)) return false;
  const either = more.reduce<SearchKey>((right, left) => ({ key: 'OR', left, right }), first);
  const { tokens, needsUtf8 } = encodeSearch([{ key: 'UID', set: `${uid}` }, either]);
  const command = uidSearchCommand(imap, tokens, { charset: needsUtf8 ? 'UTF-8' : undefined });
  const isFound = await imap.read(command).then(
    ({ count }) => count > 0,
    (error: unknown) => {
      if (error instanceof UpstreamError && error.fault === 'refused' && imap.isUsable) return undefined;
      throw error;
    },
  );
  if (isFound === false) honest.add(imap);
  return isFound === true;
}

const OUTSIDE_ASCII = '\u0436\u4e2d';
