import { ToolError, UpstreamError } from '../errors.ts';
import type { Imap } from './imap.ts';
import { atom, expandSequenceSet, numberOf, type Token, textOf } from './tokens.ts';

/** UID SEARCH: the command, with and without ESEARCH. What the keys mean is search.ts. */

/** Most UIDs that one search may find. */
const MAX_FOUND = 1_000_000;

/**
 * UID SEARCH in the open mailbox (RFC 9051 §6.4.4), by ESEARCH where the server has it, which answers in ranges.
 *
 * @param tokens search keys; at least one
 * @returns UIDs, ascending
 * @throws {ToolError} if the server cannot search for text outside ASCII, or more is found than is accepted
 */
export async function searchUids(
  imap: Imap,
  tokens: readonly Token[],
  { charset }: { charset?: 'UTF-8' } = {},
): Promise<number[]> {
  const found = new Set<number>();
  const take = (set: string) => {
    const uids = expandSequenceSet(set, MAX_FOUND);
    if (uids === null || found.size + uids.length > MAX_FOUND) throw tooManyFound();
    for (const uid of uids) found.add(uid);
  };
  const returns = imap.has('ESEARCH') ? [atom('RETURN'), [atom('ALL')]] : [];
  const encoding = charset === undefined ? [] : [atom('CHARSET'), atom(charset)];
  try {
    await imap.run('UID SEARCH', [...returns, ...encoding, ...tokens], {
      untagged: {
        SEARCH: ({ items }) => {
          for (const item of items) if (numberOf(item) !== null) take(`${numberOf(item)}`);
        },
        ESEARCH: ({ items }) => {
          const all = items.findIndex((item) => textOf(item)?.toUpperCase() === 'ALL');
          const set = all < 0 ? null : textOf(items[all + 1]);
          if (set !== null) take(set);
        },
      },
    });
  } catch (error) {
    if (
      error instanceof UpstreamError &&
      error.fault === 'refused' &&
      (error.code === 'BADCHARSET' || charset !== undefined)
    ) {
      throw new ToolError(
        'This mail server cannot search for text outside ASCII. Search with ASCII words, a date or an address, and read the results.',
        { cause: error },
      );
    }
    throw error;
  }
  return [...found].sort((a, b) => a - b);
}

function tooManyFound(): ToolError {
  return new ToolError(
    'The search finds more messages than can be returned. Narrow it, for example by SINCE or BEFORE.',
  );
}
