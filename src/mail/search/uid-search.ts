/** Runs UID SEARCH, with ESEARCH where the server has it (RFC 9051 §6.4.4). */
import { ToolError, UpstreamError } from '../../errors.ts';
import { atom, bytesOf, numberOf, type Token, textOf } from '../imap/data-formats.ts';
import type { ImapConnection, ReadCommand } from '../imap/imap-connection.ts';
import { UidRanges } from './uid-ranges.ts';

/** UIDs that searchUids() returns. */
const MAX_FOUND = 1_000_000;

/** The result of a search. Kept as ranges: in a large mailbox, long results usually consist of few ranges. */
export class FoundUids {
  /** Ascending, without overlap. */
  readonly #ranges: UidRanges;
  readonly count: number;

  /** @param ranges in any order */
  constructor(ranges: UidRanges | readonly (readonly [number, number])[]) {
    this.#ranges = (ranges instanceof UidRanges ? ranges : toRanges(ranges)).toAscending();
    this.count = this.#ranges.count;
  }

  /** UIDs, newest (highest) first. The time depends on the number of skipped ranges and of returned UIDs. */
  newest(skip: number, count: number): number[] {
    const uids: number[] = [];
    let left = skip;
    for (let i = this.#ranges.length - 1; i >= 0 && uids.length < count; i -= 1) {
      const [low, high] = this.#ranges.at(i);
      const top = high - left;
      left = Math.max(0, low - 1 - top);
      for (let uid = top; uid >= low && uids.length < count; uid -= 1) uids.push(uid);
    }
    return uids;
  }

  has(uid: number): boolean {
    let [from, to] = [0, this.#ranges.length - 1];
    while (from <= to) {
      const middle = (from + to) >>> 1;
      const [low, high] = this.#ranges.at(middle);
      if (uid >= low && uid <= high) return true;
      if (uid < low) to = middle - 1;
      else from = middle + 1;
    }
    return false;
  }

  /** The UIDs that the other result has not. Takes linear time in the number of ranges. */
  without(other: FoundUids): FoundUids {
    const left = new UidRanges();
    let next = 0;
    for (let place = 0; place < this.#ranges.length; place += 1) {
      let [low, high] = this.#ranges.at(place);
      while (next < other.#ranges.length && other.#ranges.at(next)[1] < low) next += 1;
      for (let at = next; at < other.#ranges.length && low <= high; at += 1) {
        const [from, to] = other.#ranges.at(at);
        if (from > high) break;
        if (from > low) left.add(low, from - 1);
        low = Math.max(low, to + 1);
      }
      if (low <= high) left.add(low, high);
    }
    return new FoundUids(left);
  }

  /** The UIDs of both results. Takes linear time in the number of ranges. */
  with(other: FoundUids): FoundUids {
    const all = new UidRanges();
    const [mine, theirs] = [this.#ranges, other.#ranges];
    for (let place = 0, next = 0; place < mine.length || next < theirs.length; ) {
      const isMine = next >= theirs.length || (place < mine.length && mine.at(place)[0] <= theirs.at(next)[0]);
      all.add(...(isMine ? mine.at(place) : theirs.at(next)));
      if (isMine) place += 1;
      else next += 1;
    }
    return new FoundUids(all);
  }

  /** How much memory and time the result takes. */
  get rangeCount(): number {
    return this.#ranges.length;
  }
}

function toRanges(pairs: readonly (readonly [number, number])[]): UidRanges {
  const ranges = new UidRanges();
  for (const [low, high] of pairs) ranges.add(low, high);
  return ranges;
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
  const ranges = new UidRanges();
  const addSet = async (set: string | Buffer) => {
    const isSet = await ranges.addAll(Buffer.isBuffer(set) ? set : Buffer.from(set)).catch(() => false);
    if (!isSet) throw tooManyFound();
  };
  const returns = imap.has('ESEARCH') && !isPlain ? [atom('RETURN'), [atom('ALL')]] : [];
  const encoding = charset === undefined ? [] : [atom('CHARSET'), atom(charset)];
  return {
    command: 'UID SEARCH',
    tokens: [...returns, ...encoding, ...tokens],
    options: {
      untagged: {
        SEARCH: async ({ items }) => {
          const [first] = items;
          // A long response arrives as one literal.
          if (items.length === 1 && first !== undefined && numberOf(first) === null)
            return addSet(bytesOf(first) ?? '');
          for (const item of items) {
            const uid = numberOf(item);
            if (uid !== null) await addSet(`${uid}`);
          }
        },
        ESEARCH: async ({ items }) => {
          const all = items.findIndex((item) => textOf(item)?.toUpperCase() === 'ALL');
          const set = all < 0 ? null : bytesOf(items[all + 1]);
          if (set !== null) await addSet(set);
        },
      },
    },
    isSlow: true,
    result: () => {
      try {
        return new FoundUids(ranges);
      } catch {
        throw tooManyFound();
      }
    },
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
