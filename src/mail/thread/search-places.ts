/** Searches several mailboxes for the messages of a conversation, eight in each round trip, within a time limit for all. */
import type { ImapConnection } from '../imap/imap-connection.ts';
import type { WithConnection } from '../messages/list.ts';
import { uidSearchCommand } from '../search/uid-search.ts';
import type { ListedMailbox } from './thread-places.ts';
import type { ThreadSearch } from './thread-search.ts';

const MAX_MS = 8_000;
const PLACES_PER_TRIP = 8;
/** Of one mailbox. */
const MAX_HITS = 2_000;

/** What was found in one mailbox. */
export interface Hits {
  place: ListedMailbox;
  uidValidity: string;
  /** Newest first. */
  uids: number[];
}

export interface SearchedPlaces {
  hits: Hits[];
  /** Paths of mailboxes that could not be searched, or not in time. */
  notSearched: string[];
}

/** @param isPlain true: without extensions, for servers that find nothing with them */
export async function searchPlaces(
  withConnection: WithConnection,
  places: readonly ListedMailbox[],
  { search, isPlain }: { search: ThreadSearch; isPlain: boolean },
): Promise<SearchedPlaces> {
  const endsAt = performance.now() + MAX_MS;
  const found: SearchedPlaces = { hits: [], notSearched: [] };
  for (let start = 0; start < places.length; start += PLACES_PER_TRIP) {
    const group = places.slice(start, start + PLACES_PER_TRIP);
    const limitMs = endsAt - performance.now();
    if (limitMs <= 0) {
      found.notSearched.push(...group.map(({ path }) => path));
      continue;
    }
    const { visited } = await withConnection((imap) => {
      const visits = group.map(({ path: name }) => ({ name, commands: [searchCommand(imap, search, isPlain)] }));
      return imap.openEach(visits, { limitMs: Math.ceil(limitMs) });
    });
    for (const [index, place] of group.entries()) {
      const [outcome] = visited[index]?.outcomes ?? [];
      const selected = visited[index]?.selected;
      if (outcome?.status !== 'fulfilled' || !selected) found.notSearched.push(place.path);
      else {
        const uids = outcome.value.newest(0, MAX_HITS);
        found.hits.push({ place, uidValidity: selected.uidValidity, uids });
      }
    }
  }
  return found;
}

function searchCommand(imap: ImapConnection, { tokens, charset }: ThreadSearch, isPlain: boolean) {
  return uidSearchCommand(imap, tokens, { charset, isPlain });
}
