/** Runs UID SEARCH, with ESEARCH where the server has it (RFC 9051 §6.4.4). */
import { ToolError, UpstreamError } from '../../errors.ts';
import { atom, numberOf, rangesOf, type Token, textOf } from '../imap/data-formats.ts';
import type { ImapConnection, ReadCommand } from '../imap/imap-connection.ts';

/** Limit for the UIDs that searchUids() returns, and for the ranges in one response. */
const MAX_FOUND = 1_000_000;

/** The result of a search. Kept as ranges: in a large mailbox, long results usually consist of few ranges. */
export class FoundUids {
  /** Ascending, without overlap. */
  readonly #ranges: readonly (readonly [number, number])[];
  readonly count: number;

  constructor(ranges: readonly (readonly [number, number])[]) {
    const joined: [number, number][] = [];
    for (const [low, high] of ranges.toSorted(([a], [b]) => a - b)) {
      const last = joined.at(-1);
      if (last !== undefined && low <= last[1] + 1) last[1] = Math.max(last[1], high);
      else joined.push([low, high]);
    }
    this.#ranges = joined;
    this.count = joined.reduce((sum, [low, high]) => sum + high - low + 1, 0);
  }

  /** UIDs, newest (highest) first. The time depends on the number of skipped ranges and of returned UIDs. */
  newest(skip: number, count: number): number[] {
    const uids: number[] = [];
    let left = skip;
    for (let i = this.#ranges.length - 1; i >= 0 && uids.length < count; i -= 1) {
      const [low, high] = this.#ranges[i] ?? [1, 0];
      const top = high - left;
      left = Math.max(0, low - 1 - top);
      for (let uid = top; uid >= low && uids.length < count; uid -= 1) uids.push(uid);
    }
    return uids;
  }
}

/**
 * Searches the selected mailbox.
 *
 * @param tokens search keys; at least one
 * @returns UIDs, ascending
 * @throws {ToolError} if the server cannot search for text outside ASCII, or if the search finds more than a million messages
 */
export async function searchUids(
  imap: ImapConnection,
  tokens: readonly Token[],
  { charset }: { charset?: 'UTF-8' } = {},
): Promise<number[]> {
  const found = await imap
    .read(uidSearchCommand(imap, tokens, { charset }))
    .catch((error) => explainSearch(error, charset));
  if (found.count > MAX_FOUND) throw tooManyFound();
  return found.newest(0, found.count).reverse();
}

/** Builds the command that searchUids() runs. @param isPlain true: without RETURN, as for IMAP4rev1 servers without extensions */
export function uidSearchCommand(
  imap: ImapConnection,
  tokens: readonly Token[],
  { charset, isPlain = false }: { charset: 'UTF-8' | undefined; isPlain?: boolean },
): ReadCommand<FoundUids> {
  const ranges: [number, number][] = [];
  const addSet = (set: string) => {
    const more = rangesOf(set);
    if (more === null || ranges.length + more.length > MAX_FOUND) throw tooManyFound();
    for (const range of more) ranges.push(range);
  };
  const returns = imap.has('ESEARCH') && !isPlain ? [atom('RETURN'), [atom('ALL')]] : [];
  const encoding = charset === undefined ? [] : [atom('CHARSET'), atom(charset)];
  return {
    command: 'UID SEARCH',
    tokens: [...returns, ...encoding, ...tokens],
    options: {
      untagged: {
        SEARCH: ({ items }) => {
          for (const item of items) if (numberOf(item) !== null) addSet(`${numberOf(item)}`);
        },
        ESEARCH: ({ items }) => {
          const all = items.findIndex((item) => textOf(item)?.toUpperCase() === 'ALL');
          const set = all < 0 ? null : textOf(items[all + 1]);
          if (set !== null) addSet(set);
        },
      },
    },
    isSlow: true,
    result: () => new FoundUids(ranges),
  };
}

/** @throws {ToolError} if a refusal means that the server cannot search for this text */
export function explainSearch(error: unknown, charset: 'UTF-8' | undefined): never {
  const isRefused = error instanceof UpstreamError && error.fault === 'refused';
  if (isRefused && (error.code === 'BADCHARSET' || charset !== undefined)) {
    throw new ToolError(
      'This mail server cannot search for text outside ASCII. Search with ASCII words, a date or an address, and read the results.',
      { cause: error },
    );
  }
  throw error;
}

function tooManyFound(): ToolError {
  return new ToolError(
    'The search finds more messages than can be returned. Narrow it, for example by SINCE or BEFORE.',
  );
}
