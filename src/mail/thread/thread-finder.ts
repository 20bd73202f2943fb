/** Collects the messages that searches in several mailboxes find, each fetched once. */
import { type EachSearch, type NotSearched, searchEach } from '../find/search-each.ts';
import type { ChosenMailboxes } from '../mailbox/searchable-mailboxes.ts';
import type { WithConnection } from '../messages/list.ts';
import type { Part } from '../mime/body-structure.ts';
import type { SearchKey } from '../search/parse.ts';
import type { TrustedServers } from '../sender/verdict.ts';
import { fetchHeaders, type Hits } from './fetch-found.ts';
import type { FoundMessage } from './found-message.ts';
import type { ThreadStart } from './open-seed.ts';
import { searchAndFetch, type WantedIn } from './search-and-fetch.ts';

/** What was searched. */
export interface SearchReport {
  /** `all 7 folders but Trash and Junk`. */
  inWords: string;
  notSearched: NotSearched[];
  /** Messages that were found, and that the server did not return. */
  missing: number;
}

export interface ThreadFinder {
  /**
   * @param search null: nothing is searched
   * @param wanted parts that are fetched in the same round trip
   * @returns those of them that the server has returned
   */
  find(search: SearchKey | null, wanted?: readonly WantedIn[]): Promise<ReadonlyMap<Part, Buffer>>;
  /** The message itself and those that were found, in no order. */
  messages(): FoundMessage[];
  report(): SearchReport;
}

/** For all searches together. */
const MAX_MS = 8_000;
/** Of one mailbox. */
const MAX_HITS = 2_000;

export function createFinder(
  withConnection: WithConnection,
  { start: { seed, known }, places, trust }: { start: ThreadStart; places: ChosenMailboxes; trust: TrustedServers },
): ThreadFinder {
  const endsAt = performance.now() + MAX_MS;
  const messages = new Map([seed, ...known].map((message) => [nameOf(message), message]));
  const notSearched = new Map<string, NotSearched>();
  let missing = 0;

  /** The same search without extensions if the server does not even find the message itself. */
  async function searchWell(
    search: SearchKey,
    wanted: readonly WantedIn[],
  ): Promise<EachSearch & { bytes: ReadonlyMap<Part, Buffer> }> {
    const { mailboxes } = places;
    const first = await searchAndFetch(withConnection, { mailboxes, search, wanted, endsAt });
    const isAnyFound = first.searched.some(({ found }) => found.some(({ count }) => count > 0));
    const isOwnSearched = first.searched.some(({ path }) => path === seed.mailbox);
    const isCharset = first.notSearched.some(({ why }) => why === 'charset');
    if (!isCharset && (isAnyFound || !isOwnSearched)) return first;
    const again = await searchEach(withConnection, {
      mailboxes,
      makeSearches: () => [[search]],
      endsAt,
      isPlain: true,
    });
    return again.searched.length === 0 ? first : { ...again, bytes: first.bytes };
  }

  return {
    async find(search, wanted = []) {
      if (search === null) return new Map();
      const each = await searchWell(search, wanted);
      for (const place of each.notSearched) notSearched.set(place.path, place);
      const hits = each.searched.map(({ path, uidValidity, found }): Hits => {
        const role = places.mailboxes.find((mailbox) => mailbox.path === path)?.role ?? null;
        const uids = found.flatMap((uidsFound) => uidsFound.newest(0, MAX_HITS));
        return {
          ...{ place: { path, role }, uidValidity },
          uids: uids.filter((uid) => !messages.has(nameOf({ mailbox: path, uid }))),
        };
      });
      const fetched = await fetchHeaders(withConnection, hits, trust);
      missing += fetched.missing;
      for (const message of fetched.found) messages.set(nameOf(message), message);
      return each.bytes;
    },
    messages: () => [...messages.values()],
    report: () => ({ inWords: places.inWords, notSearched: [...notSearched.values()], missing }),
  };
}

function nameOf({ mailbox, uid }: { mailbox: string; uid: number }): string {
  return `${uid} ${mailbox}`;
}
