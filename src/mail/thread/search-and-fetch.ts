/** Searches mailboxes for a conversation, and fetches in the same round trip the texts of its messages that are known already. */
import { UpstreamError } from '../../errors.ts';
import { type EachSearch, type SearchedEach, searchEach } from '../find/search-each.ts';
import type { FetchedItems } from '../imap/fetch.ts';
import type { ReadCommand } from '../imap/imap-connection.ts';
import type { SearchedMailbox } from '../mailbox/searchable-mailboxes.ts';
import type { WithConnection } from '../messages/list.ts';
import type { Part } from '../mime/body-structure.ts';
import { fetchedParts, partCommands, type WantedParts } from '../parts/part-groups.ts';
import { encodeSearch } from '../search/encode-search.ts';
import type { SearchKey } from '../search/parse.ts';
import { FoundUids, uidSearchCommand } from '../search/uid-search.ts';

/** Parts to fetch in one mailbox. */
export interface WantedIn {
  mailbox: string;
  uidValidity: string;
  messages: WantedParts[];
}

export interface SearchAndFetch {
  mailboxes: readonly SearchedMailbox[];
  search: SearchKey;
  wanted: readonly WantedIn[];
  /** Instant of performance.now() at which the search ends. */
  endsAt: number;
}

/** Mailboxes that take one round trip. */
const GROUP_SIZE = 8;

type Result = FoundUids | Map<number, FetchedItems>;

/** @returns `bytes`: the parts that were fetched; what is missing may be in a mailbox beyond the first eight, or has to be fetched alone */
export async function searchAndFetch(
  withConnection: WithConnection,
  { mailboxes, search, wanted, endsAt }: SearchAndFetch,
): Promise<EachSearch & { bytes: Map<Part, Buffer> }> {
  const hasWanted = ({ path }: SearchedMailbox) => wanted.some(({ mailbox }) => mailbox === path);
  const ordered = [...mailboxes.filter(hasWanted), ...mailboxes.filter((each) => !hasWanted(each))];
  const group = wanted.length === 0 ? [] : ordered.slice(0, GROUP_SIZE);
  const first = await searchGroup(withConnection, group, { mailboxes, search, wanted, endsAt });
  const isSearched = new Set(first.searched.map(({ path }) => path));
  const rest = ordered.filter(({ path }) => !isSearched.has(path));
  if (rest.length === 0) return { ...first, notSearched: [] };
  const others = await searchEach(withConnection, { mailboxes: rest, makeSearches: () => [[search]], endsAt });
  return { bytes: first.bytes, searched: [...first.searched, ...others.searched], notSearched: others.notSearched };
}

async function searchGroup(
  withConnection: WithConnection,
  group: readonly SearchedMailbox[],
  { search, wanted, endsAt }: SearchAndFetch,
): Promise<{ searched: SearchedEach[]; bytes: Map<Part, Buffer> }> {
  const { tokens, needsUtf8 } = encodeSearch([search]);
  const limitMs = (endsAt - performance.now()) / 2;
  const nothing = { searched: [], bytes: new Map<Part, Buffer>() };
  if (group.length === 0 || limitMs <= 0) return nothing;
  const parts = group.map(({ path }) => wanted.find(({ mailbox }) => mailbox === path));
  const visited = await withConnection(async (imap) => {
    const visits = group.map(({ path: name }, index) => {
      const charset = needsUtf8 ? ('UTF-8' as const) : undefined;
      const commands: ReadCommand<Result>[] = [
        uidSearchCommand(imap, tokens, { charset }),
        ...partCommands(parts[index]?.messages ?? []),
      ];
      return { name, commands };
    });
    return (await imap.openEach(visits, { limitMs })).visited;
  }).catch((error: unknown) => {
    if (error instanceof UpstreamError && error.code === 'CONNECTION_LOST') return [];
    throw error;
  });
  const searched: SearchedEach[] = [];
  const bytes = new Map<Part, Buffer>();
  for (const [index, { path }] of group.entries()) {
    const { selected, outcomes = [] } = visited[index] ?? {};
    if (!selected) continue;
    const results = outcomes.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value : null));
    const [found] = results;
    if (found instanceof FoundUids) searched.push({ path, uidValidity: selected.uidValidity, found: [found] });
    const own = parts[index];
    if (own?.uidValidity !== selected.uidValidity) continue;
    const items = new Map(results.flatMap((result) => (result instanceof Map ? [...result] : [])));
    for (const message of own.messages) {
      for (const [part, content] of fetchedParts(message, items.get(message.uid))) bytes.set(part, content);
    }
  }
  return { searched, bytes };
}
