/** Finds messages of one or several mailboxes, and returns them a page at a time, newest first. */
import { ToolError } from '../../errors.ts';
import type { FetchedItems } from '../imap/fetch.ts';
import type { ImapConnection } from '../imap/imap-connection.ts';
import { openMailbox } from '../mailbox/open-mailbox.ts';
import type { SearchedMailbox } from '../mailbox/searchable-mailboxes.ts';
import { ALL_ITEMS, type ItemSet, KEY_ITEMS } from '../messages/fetch-items.ts';
import { fetchPageInPieces, type ListedMessage, type Page, toListed, type WithConnection } from '../messages/list.ts';
import { type FoundMessages, searchMessages, searchPage } from '../messages/search-messages.ts';
import type { CompiledQuery } from '../query/compile-query.ts';
import type { SearchKey } from '../search/keys.ts';
import { ignoresText, textualKeysOf } from '../search/text-probe.ts';
import { evaluate, type FoundByQuery, type FoundIn, MAX_ORDERED } from './evaluate.ts';
import { type FetchedEach, fetchEach, type Wanted } from './fetch-each.ts';
import type { NotSearched } from './search-each.ts';

export type { NotSearched, NotSearchedWhy } from './search-each.ts';

/** A message and where it is. */
export interface FoundMessage {
  mailbox: string;
  uidValidity: string;
  message: ListedMessage;
}

export interface FoundPage {
  /** Messages found, on all pages. Of several mailboxes, one that is in two of them may count twice. */
  count: number;
  /** Of a search in one mailbox; null for several. */
  uidValidity: string | null;
  /** Newest first: of one mailbox by UID, of several by arrival. A message in two mailboxes is shown once. */
  messages: FoundMessage[];
  /** UIDs of the page, if messages were not wanted. */
  uids: number[];
  notSearched: NotSearched[];
  /** True if only a second search, without CHARSET and RETURN, found messages. */
  isDoubtful: boolean;
  /** True if the server has ignored the text of the search, so that the messages match the other keys only. */
  isTextIgnored: boolean;
}

export interface FindRequest {
  mailboxes: readonly SearchedMailbox[];
  compile: (imap: ImapConnection) => CompiledQuery;
  page: Page;
  /** Instant of performance.now() at which the search ends. */
  endsAt: number;
  /** False: only UIDs of a search in one mailbox. */
  withMessages: boolean;
}

/** Messages of each mailbox that are compared to make a page. */
const MAX_COMPARED = 1_000;
/** The search in a larger mailbox may take seconds, so it is the last one. */
const LARGE_MAILBOX = 20_000;

/** @throws {ToolError} if more messages have to be checked one by one than are, or the page is too far back */
export async function findMessages(withConnection: WithConnection, request: FindRequest): Promise<FoundPage> {
  const { mailboxes, page, withMessages } = request;
  const [only] = mailboxes;
  const compiled = await withConnection(async (imap) => request.compile(imap), only?.path);
  if (mailboxes.length === 1 && only !== undefined && compiled.check === null) {
    return searchOne(withConnection, { path: only.path, keys: compiled.wide, page, withMessages });
  }
  return searchAndCheck(withConnection, request, compiled);
}

async function searchOne(
  withConnection: WithConnection,
  { path, keys, page, withMessages }: { path: string; keys: SearchKey[]; page: Page; withMessages: boolean },
): Promise<FoundPage> {
  const found: FoundMessages & { messages?: ListedMessage[] } = withMessages
    ? await searchPage(withConnection, path, keys, page)
    : await withConnection((imap) => searchMessages(imap, path, keys, page), path);
  const { messages = [], uidValidity } = found;
  return {
    ...found,
    messages: messages.map((message) => ({ mailbox: path, uidValidity, message })),
    notSearched: [],
  };
}

async function searchAndCheck(
  withConnection: WithConnection,
  { mailboxes, compile, page, endsAt, withMessages }: FindRequest,
  { wide }: CompiledQuery,
): Promise<FoundPage> {
  const newest = page.page * page.perPage;
  if (mailboxes.length > 1 && newest > MAX_COMPARED) throw new ToolError(TOO_FAR);
  const { queries, notSearched, fetched, isDoubtful } = await evaluate(withConnection, {
    mailboxes: textualKeysOf(wide).length > 0 ? largeLast(mailboxes) : mailboxes,
    endsAt,
    compile: (imap) => [compile(imap)],
    rowsEach: newest > MAX_COMPARED || !withMessages ? 0 : newest,
  });
  const [found] = queries;
  if (found?.isCut) throw new ToolError(TOO_MANY_TO_CHECK);
  const [first] = found?.in ?? [];
  const uidValidity = mailboxes.length === 1 ? (first?.uidValidity ?? null) : null;
  const nothing = { uidValidity, notSearched, isDoubtful, isTextIgnored: false, messages: [], uids: [] };
  if (found === undefined || found.count === 0) return { ...nothing, count: 0 };
  const isTextIgnored = await ignoresTextIn(withConnection, found, wide);
  if (!withMessages) {
    const uids = first?.uids.newest((page.page - 1) * page.perPage, page.perPage) ?? [];
    return { ...nothing, isTextIgnored, count: found.count, uids };
  }
  const { messages, doubles } = await pageOf(withConnection, found, { page, fetched });
  return { ...nothing, isTextIgnored, count: found.count - doubles, messages };
}

function largeLast(mailboxes: readonly SearchedMailbox[]): SearchedMailbox[] {
  const isLarge = ({ messages }: SearchedMailbox) => (messages ?? 0) > LARGE_MAILBOX;
  return [...mailboxes.filter((mailbox) => !isLarge(mailbox)), ...mailboxes.filter(isLarge)];
}

/** Asks a server without extensions, as searchMessages() does, whether it has looked at the text. */
export async function ignoresTextIn(
  withConnection: WithConnection,
  found: Pick<FoundByQuery, 'in'>,
  keys: readonly SearchKey[],
): Promise<boolean> {
  const some = found.in.find(({ uids }) => uids.count > 0);
  const [newest] = some?.uids.newest(0, 1) ?? [];
  if (some === undefined || newest === undefined || textualKeysOf(keys).length === 0) return false;
  return withConnection(async (imap) => {
    if (imap.has('ESEARCH')) return false;
    await openMailbox(imap, some.path);
    return ignoresText(imap, keys, newest);
  }, some.path);
}

export const TOO_MANY_TO_CHECK =
  'Too many messages match the rest of this query to look at the files or times of each. Narrow it, for example by from:, subject: or after:.';
const TOO_FAR =
  'Pages this far back are not made of several folders. Narrow the query, for example by before: with a date.';

/**
 * @param fetched items that are there already
 * @returns the messages of a page, and how many were left out because they are shown from another mailbox
 */
async function pageOf(
  withConnection: WithConnection,
  found: FoundByQuery,
  { page: { page, perPage }, fetched }: { page: Page; fetched: FetchedEach },
): Promise<{ messages: FoundMessage[]; doubles: number }> {
  const skip = (page - 1) * perPage;
  const some = found.in.filter(({ uids }) => uids.count > 0);
  const [only] = some;
  if (some.length === 1 && only !== undefined) {
    const places = only.uids.newest(skip, perPage).map((uid) => ({ in: only, uid }));
    return { messages: await toMessages(withConnection, places, fetched), doubles: 0 };
  }
  const isWhole = found.count <= MAX_ORDERED;
  const lists = some.map((each) => each.uids.newest(0, isWhole ? each.uids.count : skip + perPage));
  const candidates = some.map((each, index) => (lists[index] ?? []).map((uid) => ({ in: each, uid })));
  const missing = candidates.flat().filter((place) => itemsOf(place, fetched, KEY_ITEMS) === undefined);
  const keys = await fetchEach(withConnection, wantedOf(missing, KEY_ITEMS));
  const keyOf = (place: Place) => itemsOf(place, fetched, KEY_ITEMS) ?? itemsOf(place, keys, KEY_ITEMS);
  const known = candidates.map((places) => places.map((place) => withKey(place, keyOf(place))));
  const ordered = isWhole ? known.flat().sort((a, b) => b.at - a.at) : merged(known);
  const { places, doubles } = withoutDoubles(ordered);
  return { messages: await toMessages(withConnection, places.slice(skip, skip + perPage), fetched), doubles };
}

/** The newest messages of what a query has found. */
export async function readNewest(
  withConnection: WithConnection,
  found: FoundByQuery,
  count: number,
): Promise<FoundMessage[]> {
  const page = { page: 1, perPage: count };
  return (await pageOf(withConnection, found, { page, fetched: new Map() })).messages;
}

interface Place {
  in: FoundIn;
  uid: number;
}

/** @returns undefined if not all items of the set are there */
function itemsOf({ in: { path }, uid }: Place, fetched: FetchedEach, [, required]: ItemSet): FetchedItems | undefined {
  const items = fetched.get(path)?.get(uid);
  return items !== undefined && required.every((name) => items.has(name)) ? items : undefined;
}

function wantedOf(places: readonly Place[], items: ItemSet): Wanted[] {
  const byMailbox = Map.groupBy(places, (place) => place.in);
  return [...byMailbox].map(([{ path, uidValidity }, own]) => ({
    ...{ path, uidValidity, items },
    uids: own.map(({ uid }) => uid),
  }));
}

interface KnownPlace {
  place: Place;
  message: ListedMessage | undefined;
  /** Arrival, in milliseconds since 1970. */
  at: number;
}

function withKey(place: Place, items: FetchedItems | undefined): KnownPlace {
  const message = items && toListed(place.uid, items);
  return { place, message, at: message?.arrivedAt ? Date.parse(message.arrivedAt) : 0 };
}

/** Merges lists, each in the order of its mailbox, by arrival: the order is the same on every page. */
function merged(lists: readonly (readonly KnownPlace[])[]): KnownPlace[] {
  const next = lists.map(() => 0);
  const all: KnownPlace[] = [];
  for (;;) {
    const heads = lists.flatMap((list, index) => {
      const head = list[next[index] ?? 0];
      return head === undefined ? [] : [{ head, index }];
    });
    const [first, ...others] = heads;
    if (first === undefined) return all;
    const newest = others.reduce((best, each) => (each.head.at > best.head.at ? each : best), first);
    all.push(newest.head);
    next[newest.index] = (next[newest.index] ?? 0) + 1;
  }
}

/** Of copies of a message in several mailboxes the first one stays. */
function withoutDoubles(ordered: readonly KnownPlace[]): { places: Place[]; doubles: number } {
  const seen = new Map<string, FoundIn>();
  const places = ordered.filter(({ place, message }) => {
    const identity = message && identityOf(message);
    if (identity === undefined) return true;
    const earlier = seen.get(identity);
    if (earlier === undefined) seen.set(identity, place.in);
    return earlier === undefined || earlier === place.in;
  });
  return { places: places.map(({ place }) => place), doubles: ordered.length - places.length };
}

/** Copies have the same Message-ID, author and date. Two messages of one mailbox are never copies here, as strangers choose all three. */
function identityOf({ messageId, from, sentAt }: ListedMessage): string | undefined {
  return messageId === null ? undefined : JSON.stringify([messageId, from.map(({ address }) => address), sentAt]);
}

async function toMessages(
  withConnection: WithConnection,
  places: readonly Place[],
  early: FetchedEach,
): Promise<FoundMessage[]> {
  const missing = places.filter((place) => itemsOf(place, early, ALL_ITEMS) === undefined);
  const fetched = await fetchEach(withConnection, wantedOf(missing, ALL_ITEMS));
  const unread = await readInPieces(
    withConnection,
    missing.filter((place) => itemsOf(place, fetched, ALL_ITEMS) === undefined),
  );
  return places.flatMap((place): FoundMessage[] => {
    const { path: mailbox, uidValidity } = place.in;
    const items = itemsOf(place, early, ALL_ITEMS) ?? itemsOf(place, fetched, ALL_ITEMS);
    const message = items === undefined ? unread.get(place) : toListed(place.uid, items);
    return message === undefined ? [] : [{ mailbox, uidValidity, message }];
  });
}

/** Messages that the server did not return with others. Those that do not exist any more are missing. */
async function readInPieces(
  withConnection: WithConnection,
  places: readonly Place[],
): Promise<ReadonlyMap<Place, ListedMessage>> {
  const read = new Map<Place, ListedMessage>();
  for (const [{ path, uidValidity }, own] of Map.groupBy(places, (place) => place.in)) {
    const uids = own.map(({ uid }) => uid);
    const messages = await fetchPageInPieces(withConnection, path, { uids, uidValidity });
    const byUid = new Map(messages.map((message) => [message.uid, message]));
    for (const place of own) {
      const message = byUid.get(place.uid);
      if (message !== undefined) read.set(place, message);
    }
  }
  return read;
}
