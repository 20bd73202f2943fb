/** Fetches parts of a message: from the mail server, or from bytes that are in memory. */
import { UpstreamError } from '../../errors.ts';
import { bytesOf, type Token } from '../imap/data-formats.ts';
import { type FetchedItems, fetchByUid, peek } from '../imap/fetch.ts';
import type { ImapConnection } from '../imap/imap-connection.ts';
import { findPrefetched } from '../mime/body.ts';
import type { WantedRange } from '../mime/body-conversion.ts';
import type { Part } from '../mime/body-structure.ts';
import type { SplitMessage } from '../parts/split-message.ts';

export type PartBytes = ReadonlyMap<Part, Buffer>;

export interface PartSource {
  /** The first bytes of parts. Those that the server does not give are missing. */
  fetch(wanted: readonly WantedRange[]): Promise<PartBytes>;
}

export interface FetchedMessage {
  imap: ImapConnection;
  uid: number;
  /** Null if it could not be parsed. */
  structure: Part | null;
  /** Response to a FETCH of the structure, with prefetched parts. */
  items: FetchedItems;
}

/** Parts that are fetched one by one after they were refused together. */
const MAX_SINGLE_FETCHES = 12;

/** Fetches parts that were not prefetched in one command; one by one if the server refuses one of them. */
export function partsOnServer({ imap, uid, structure, items }: FetchedMessage): PartSource {
  return {
    async fetch(wanted) {
      const known = findPrefetched(
        structure,
        wanted.map(({ part }) => part),
        items,
      );
      const prefetched = new Map([...known].filter(isGiven));
      const others = wanted.filter(({ part }) => !prefetched.has(part));
      const together = await fetchRanges(imap, uid, others);
      const missing = others.filter(({ part }) => !together.has(part));
      const all = new Map([...prefetched, ...together]);
      if (others.length === 1) return all;
      for (const range of missing.slice(0, MAX_SINGLE_FETCHES)) {
        for (const [part, bytes] of await fetchRanges(imap, uid, [range])) all.set(part, bytes);
      }
      return all;
    },
  };
}

export function partsInMemory({ bytes }: SplitMessage): PartSource {
  return {
    fetch: async (wanted) =>
      new Map(
        wanted.flatMap(({ part, maxBytes }) => {
          const found = bytes.get(part);
          return found === undefined ? [] : [[part, found.subarray(0, maxBytes)] as const];
        }),
      ),
  };
}

/** @returns without the parts that the server refused or left out */
async function fetchRanges(imap: ImapConnection, uid: number, ranges: readonly WantedRange[]): Promise<PartBytes> {
  if (ranges.length === 0) return new Map();
  const items = ranges.map(({ part, maxBytes }) => peek(part.number, [0, maxBytes]));
  const found = await fetchIfGiven(imap, uid, items);
  const all = ranges.map(({ part }) => [part, bytesOf(found?.get(`BODY[${part.number}]`)) ?? Buffer.alloc(0)] as const);
  return new Map(all.filter(isGiven));
}

/** Undefined if the server refuses the command, or does not return the message. */
export async function fetchIfGiven(
  imap: ImapConnection,
  uid: number,
  items: readonly Token[],
): Promise<FetchedItems | undefined> {
  try {
    return (await fetchByUid(imap, [uid], items, [])).get(uid);
  } catch (error) {
    if (error instanceof UpstreamError && error.fault === 'refused' && imap.isUsable) return undefined;
    throw error;
  }
}

/** False for a part that has bytes by its structure, of which the server returns none, or NIL. */
function isGiven([part, bytes]: readonly [Part, Buffer]): boolean {
  return bytes.length > 0 || part.sizeBytes <= EMPTY_BYTES;
}

/** A line end is no content. */
export const EMPTY_BYTES = 2;

/** The same source, with the bytes of some parts in memory. */
export function withParts(source: PartSource, known: PartBytes): PartSource {
  return {
    async fetch(wanted) {
      const others = wanted.filter(({ part }) => !known.has(part));
      const fetched: PartBytes = others.length === 0 ? new Map() : await source.fetch(others);
      return new Map([...fetched, ...known]);
    },
  };
}
