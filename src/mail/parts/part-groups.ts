/** Fetches the starts of parts of many messages: one FETCH for all messages of which the same parts are wanted. */
import { bytesOf, type Token } from '../imap/data-formats.ts';
import { type FetchedItems, peek, uidFetchCommand } from '../imap/fetch.ts';
import type { ReadCommand } from '../imap/imap-connection.ts';
import type { Part } from '../mime/body-structure.ts';

/** A part to fetch, with the most bytes that are read of it. */
export interface PartRange {
  part: Part;
  maxBytes: number;
}

/** A message and what is wanted of it. */
export interface WantedParts {
  uid: number;
  ranges: readonly PartRange[];
}

/** Messages of which the same parts are fetched. */
interface Group {
  uids: number[];
  items: readonly Token[];
  names: readonly string[];
}

/** @returns commands for the messages of one mailbox of which anything is wanted */
export function partCommands(messages: readonly WantedParts[]): ReadCommand<Map<number, FetchedItems>>[] {
  const groups = new Map<string, Group>();
  for (const { uid, ranges } of messages) {
    if (ranges.length === 0) continue;
    const key = ranges.map(({ part, maxBytes }) => `${part.number} ${maxBytes}`).join(' ');
    const group = groups.get(key) ?? {
      uids: [],
      items: ranges.map(({ part, maxBytes }) => peek(part.number, [0, maxBytes])),
      names: ranges.map(({ part }) => nameOf(part)),
    };
    group.uids.push(uid);
    groups.set(key, group);
  }
  return [...groups.values()].map(({ uids, items, names }) => uidFetchCommand(uids, items, names));
}

/** @param items what a command of partCommands() has fetched of the message @returns parts that the server did not return are missing */
export function fetchedParts({ ranges }: WantedParts, items: FetchedItems | undefined): [Part, Buffer][] {
  return ranges.flatMap(({ part }): [Part, Buffer][] => {
    const bytes = bytesOf(items?.get(nameOf(part)));
    return bytes === null ? [] : [[part, bytes]];
  });
}

function nameOf({ number }: Part): string {
  return `BODY[${number}]`;
}
