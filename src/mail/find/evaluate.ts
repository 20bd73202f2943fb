/** Finds what queries mean in several mailboxes: searches, and checks the messages of which SEARCH is not certain. */
import { textOf } from '../imap/data-formats.ts';
import type { FetchedItems } from '../imap/fetch.ts';
import type { ImapConnection } from '../imap/imap-connection.ts';
import type { SearchedMailbox } from '../mailbox/searchable-mailboxes.ts';
import type { ItemSet } from '../messages/fetch-items.ts';
import { ALL_ITEMS, KEY_ITEMS, STRUCTURE_ITEMS, UID_ITEMS } from '../messages/fetch-items.ts';
import type { WithConnection } from '../messages/list.ts';
import { readBodyStructure } from '../mime/body-structure.ts';
import { parseDate } from '../mime/dates.ts';
import { listFiles } from '../mime/listed-files.ts';
import { isMeant, type MessageFacts } from '../query/check-message.ts';
import type { CompiledQuery, QueryCheck } from '../query/compile-query.ts';
import type { QueryNode } from '../query/query.ts';
import type { SearchKey } from '../search/keys.ts';
import { FoundUids } from '../search/uid-search.ts';
import { type FetchedEach, fetchEach, type Wanted } from './fetch-each.ts';
import { type NotSearched, type SearchedEach, searchEach } from './search-each.ts';

/** What a query has found in one mailbox. */
export interface FoundIn {
  path: string;
  uidValidity: string;
  uids: FoundUids;
}

/** What a query has found. */
export interface FoundByQuery {
  in: FoundIn[];
  count: number;
  /** True if more messages had to be checked than are: some may be missing. */
  isCut: boolean;
}

export interface Evaluated {
  /** In the order of the queries. */
  queries: FoundByQuery[];
  notSearched: NotSearched[];
  /** Items that were fetched on the way. */
  fetched: FetchedEach;
  /** True if only a second search, without CHARSET and RETURN, found messages. */
  isDoubtful: boolean;
}

export interface EvaluateRequest {
  mailboxes: readonly SearchedMailbox[];
  /** Called with each connection that is used; the result depends on the server only. */
  compile: (imap: ImapConnection) => readonly CompiledQuery[];
  /** Instant of performance.now(). */
  endsAt: number;
  /**
   * Of each mailbox so many rows are fetched together with what is checked, the newest ones; of a few messages in several mailboxes also what their
   * order needs. 0: none.
   */
  rowsEach: number;
}

/** Messages whose structure is read at most, and those of which only the time of arrival is. */
const MAX_STRUCTURES = 1_000;
const MAX_TIMES = 5_000;
/** Messages that are checked by their rows, which are then there to be shown. */
const MAX_CHECKED_ROWS = 100;
/** Rows that are fetched before it is known which of them are shown, and messages of several mailboxes that are put in order whole. */
export const MAX_ORDERED = 300;

export async function evaluate(withConnection: WithConnection, request: EvaluateRequest): Promise<Evaluated> {
  const { drafts, notSearched, isDoubtful } = await searchOnly(withConnection, request);
  const fetched = await readFacts(withConnection, drafts, request.rowsEach);
  const queries = drafts.map((draft) => decide(draft, fetched));
  return { queries, notSearched, fetched, isDoubtful };
}

/** Searches, and checks nothing. */
export async function searchOnly(
  withConnection: WithConnection,
  request: Omit<EvaluateRequest, 'rowsEach'>,
): Promise<{ drafts: Draft[] } & Pick<Evaluated, 'notSearched' | 'isDoubtful'>> {
  const { mailboxes, endsAt } = request;
  let compiled: readonly CompiledQuery[] = [];
  const makeSearches = (imap: ImapConnection) => {
    compiled = request.compile(imap);
    return compiled.flatMap(searchesOf);
  };
  const asked = { mailboxes, makeSearches, endsAt };
  const first = await searchEach(withConnection, asked);
  const isNothing = !first.searched.some(hasFound);
  const again = isNothing && mayFindNothing(compiled) ? await searchPlainly(withConnection, asked) : null;
  const { searched } = again ?? first;
  const drafts = compiled.map((query, index) => draftOf(query, foundOf(compiled, index, searched)));
  return { drafts, notSearched: first.notSearched, isDoubtful: again?.searched.some(hasFound) ?? false };
}

/** True if text beyond ASCII was searched for: some servers find nothing then, unless they are asked without CHARSET and RETURN. */
function mayFindNothing(compiled: readonly CompiledQuery[]): boolean {
  const isBeyondAscii = (text: string) => /[^\x20-\x7e]/.test(text);
  return compiled.some(({ wide }) => isBeyondAscii(JSON.stringify(wide)));
}

const hasFound = ({ found }: SearchedEach): boolean => found.some(({ count }) => count > 0);

async function searchPlainly(
  withConnection: WithConnection,
  asked: Parameters<typeof searchEach>[1],
): Promise<{ searched: SearchedEach[] } | null> {
  const hasExtensions = await withConnection(async (imap) => imap.has('ESEARCH'));
  return hasExtensions ? null : searchEach(withConnection, { ...asked, isPlain: true });
}

/** The searches of one query: the wide one, the sure one if there is one, and those of its parts. */
function searchesOf({ wide, check }: CompiledQuery): SearchKey[][] {
  if (check === null) return [wide];
  return [wide, ...(check.sure === null ? [] : [check.sure]), ...[...check.parts.values()].map((key) => [key])];
}

/** What the searches of one query have found in a mailbox. */
interface SearchedQuery {
  path: string;
  uidValidity: string;
  found: readonly FoundUids[];
}

function foundOf(
  compiled: readonly CompiledQuery[],
  index: number,
  searched: readonly SearchedEach[],
): SearchedQuery[] {
  const start = compiled.slice(0, index).reduce((sum, query) => sum + searchesOf(query).length, 0);
  const query = compiled[index];
  const count = query === undefined ? 0 : searchesOf(query).length;
  return searched.map(({ path, uidValidity, found }) => ({
    path,
    uidValidity,
    found: found.slice(start, start + count),
  }));
}

/** What a query has found before the check. */
export interface Draft {
  check: QueryCheck | null;
  isCut: boolean;
  in: DraftIn[];
}

interface DraftIn {
  path: string;
  uidValidity: string;
  certain: FoundUids;
  /** To be checked. */
  uncertain: number[];
  parts: ReadonlyMap<QueryNode, FoundUids>;
}

function draftOf({ check }: CompiledQuery, searched: readonly SearchedQuery[]): Draft {
  let left = check?.needsFiles === true ? MAX_STRUCTURES : MAX_TIMES;
  let isCut = false;
  const drafts = searched.map(({ path, uidValidity, found: [wide = NOTHING_FOUND, ...others] }) => {
    if (check === null) return { path, uidValidity, certain: wide, uncertain: [], parts: new Map() };
    const sure = check.sure === null ? NOTHING_FOUND : (others[0] ?? NOTHING_FOUND);
    const parts = others.slice(check.sure === null ? 0 : 1);
    const open = wide.without(sure);
    const uncertain = open.newest(0, left);
    if (uncertain.length < open.count) isCut = true;
    left -= uncertain.length;
    const byPart = [...check.parts.keys()].map((part, index) => [part, parts[index] ?? NOTHING_FOUND] as const);
    return { path, uidValidity, certain: wide.without(open), uncertain, parts: new Map(byPart) };
  });
  return { check, isCut, in: drafts };
}

const NOTHING_FOUND = new FoundUids([]);

/** Fetches what the checks need, and with it rows, in one round trip. */
async function readFacts(
  withConnection: WithConnection,
  drafts: readonly Draft[],
  rowsEach: number,
): Promise<FetchedEach> {
  const open = drafts.flatMap(({ check, in: each }) =>
    each.map(({ path, uidValidity, uncertain }) => ({
      path,
      uidValidity,
      uids: uncertain,
      items: itemsFor(check),
    })),
  );
  const openCount = open.reduce((sum, { uids }) => sum + uids.length, 0);
  const areRows = rowsEach > 0 && openCount <= MAX_CHECKED_ROWS;
  const facts = areRows ? open.map((each): Wanted => ({ ...each, items: ALL_ITEMS })) : open;
  const early = rowsEach === 0 ? [] : earlyRows(drafts, rowsEach, MAX_ORDERED - (areRows ? openCount : 0));
  return fetchEach(withConnection, mergeWanted([...facts, ...early]));
}

/** The newest certain messages of each mailbox, unless they are too many together, and of few messages in several mailboxes the keys of the others. */
function earlyRows(drafts: readonly Draft[], rowsEach: number, max: number): Wanted[] {
  const each = drafts.flatMap((draft) => draft.in).filter(({ certain }) => certain.count > 0);
  const total = each.reduce((sum, { certain }) => sum + certain.count, 0);
  const rows = each.map(({ path, uidValidity, certain }): Wanted => {
    return { path, uidValidity, items: ALL_ITEMS, uids: certain.newest(0, rowsEach) };
  });
  if (rows.reduce((sum, { uids }) => sum + uids.length, 0) > max) return [];
  if (total > max || each.length < 2) return rows;
  const keys = each.map(({ path, uidValidity, certain }): Wanted => {
    return { path, uidValidity, items: KEY_ITEMS, uids: certain.newest(rowsEach, total) };
  });
  return [...rows, ...keys];
}

/** One entry for each mailbox and set of items. */
function mergeWanted(wanted: readonly Wanted[]): Wanted[] {
  const merged = new Map<string, { wanted: Wanted; uids: Set<number> }>();
  for (const each of wanted) {
    const key = `${itemSets.indexOf(each.items)} ${each.path}`;
    const known = merged.get(key) ?? { wanted: each, uids: new Set<number>() };
    for (const uid of each.uids) known.uids.add(uid);
    merged.set(key, known);
  }
  return [...merged.values()].map(({ wanted: each, uids }) => ({ ...each, uids: [...uids] }));
}

const itemSets: readonly ItemSet[] = [ALL_ITEMS, STRUCTURE_ITEMS, UID_ITEMS, KEY_ITEMS];

function decide({ check, isCut, in: each }: Draft, checked: FetchedEach): FoundByQuery {
  const found = each.map((draft): FoundIn => {
    const { path, uidValidity, certain, uncertain } = draft;
    if (check === null) return { path, uidValidity, uids: certain };
    const meant = uncertain.filter((uid) => isMeantBy(check, draft, uid, checked.get(path)?.get(uid)));
    return { path, uidValidity, uids: certain.with(setOf(meant)) };
  });
  return { in: found, count: found.reduce((sum, { uids }) => sum + uids.count, 0), isCut };
}

/** @param items of itemsFor(), undefined if the message does not exist any more */
export function isMeantBy(
  check: QueryCheck,
  { parts }: DraftIn,
  uid: number,
  items: FetchedItems | undefined,
): boolean {
  const [, required] = itemsFor(check);
  if (items === undefined || !required.every((name) => items.has(name))) return false;
  return isMeant(check, factsOf(uid, items), (part, other) => parts.get(part)?.has(other) ?? false);
}

/** What has to be fetched of a message to check it. */
export function itemsFor(check: QueryCheck | null): ItemSet {
  return check?.needsFiles === true ? STRUCTURE_ITEMS : UID_ITEMS;
}

export const setOf = (uids: readonly number[]): FoundUids => new FoundUids(uids.map((uid) => [uid, uid] as const));

function factsOf(uid: number, items: FetchedItems): MessageFacts {
  const arrivedAt = parseDate(textOf(items.get('INTERNALDATE')) ?? '');
  const body = items.get('BODYSTRUCTURE');
  const { files, isInvite } = body === undefined ? NO_FILES : listFiles(readBodyStructure(body));
  return {
    ...{ uid, isInvite },
    arrivedAt: arrivedAt === null ? null : Date.parse(arrivedAt),
    files: files.map(({ filename, contentType }) => ({ name: filename, type: contentType })),
  };
}

const NO_FILES: ReturnType<typeof listFiles> = { files: [], isInvite: false };
