/** Searches a mailbox for what it has of a sender, and fetches the messages that have to be looked at, in two round trips for up to eight folders. */
import { mapInSlices } from '../../workers/event-loop.ts';
import { fetchEach, type Wanted } from '../find/fetch-each.ts';
import { type NotSearched, type SearchedEach, searchEach } from '../find/search-each.ts';
import { atom, bytesOf } from '../imap/data-formats.ts';
import { type FetchedItems, peekHeaderStart } from '../imap/fetch.ts';
import type { SearchedMailbox } from '../mailbox/searchable-mailboxes.ts';
import type { ItemSet } from '../messages/fetch-items.ts';
import { type ListedMessage, toListed, type WithConnection } from '../messages/list.ts';
import type { SearchKey } from '../search/keys.ts';
import {
  MAX_VERDICT_BYTES,
  readVerdict,
  type TrustedServers,
  VERDICT_FIELDS,
  type Verdict,
} from '../sender/verdict.ts';
import { MAX_RECIPIENT_BYTES, recipientAddresses } from './known-domains.ts';

/**
 * `address`: from the address. `name`: from people with the name. `domain`: from domains with a similar name. In Sent, `to`: to the address;
 * `named`: to people with the name; `sent`: all.
 */
export type Kind = 'address' | 'name' | 'domain' | 'to' | 'named' | 'sent';

/** The searches in one mailbox, at least one. */
export type Searches = readonly (readonly [Kind, SearchKey])[];

export interface HistorySearch {
  mailboxes: readonly SearchedMailbox[];
  searchesIn: (mailbox: SearchedMailbox) => Searches;
  trust: TrustedServers;
  /** Instant of performance.now() at which the searches end. */
  endsAt: number;
}

/** Messages of each kind that are looked at, the newest ones of each mailbox. Of `sent` only the recipients are. */
const MAX_LOOKED_AT: Readonly<Record<Kind, number>> = {
  ...{ address: 100, name: 100, domain: 50, to: 50, named: 50, sent: 1_000 },
};

/** A message that was found. */
export interface Hit {
  mailbox: string;
  uid: number;
  message: ListedMessage;
  /** Of a message in Sent, no verdict. */
  verdict: Verdict;
  /** Of a message in Sent: its addresses in To, Cc and Bcc. */
  recipients: readonly string[];
}

/** What the searches of one kind have found. */
export interface Hits {
  /** Those that were looked at, and could be read. */
  read: Hit[];
  /** How many others there are. */
  unread: number;
}

export interface HistoryFound {
  hits: ReadonlyMap<Kind, Hits>;
  /** Addresses of To, Cc and Bcc of the newest messages in Sent. */
  recipients: string[];
  notSearched: NotSearched[];
}

const HEADER = 'BODY[HEADER.FIELDS]';

const MESSAGE_ITEMS: ItemSet = [
  [atom('INTERNALDATE'), atom('ENVELOPE'), peekHeaderStart(MAX_VERDICT_BYTES, ...VERDICT_FIELDS)],
  ['ENVELOPE'],
];
const RECIPIENTS = peekHeaderStart(MAX_RECIPIENT_BYTES, 'TO', 'CC', 'BCC');
const SENT_ITEMS: ItemSet = [[atom('INTERNALDATE'), atom('ENVELOPE'), RECIPIENTS], ['ENVELOPE']];
const RECIPIENT_ITEMS: ItemSet = [[RECIPIENTS], [HEADER]];

export async function searchHistory(withConnection: WithConnection, request: HistorySearch): Promise<HistoryFound> {
  const { trust } = request;
  const { searched, notSearched, kinds } = await searchAll(withConnection, request);
  const picks = pick(searched, kinds);
  const fetched = await fetchEach(withConnection, picks.flatMap(wantedOf));
  const itemsOf = ({ path }: Picked, uid: number) => fetched.get(path)?.get(uid);
  const messages = picks.flatMap((picked) => messageUids(picked).map((uid) => [picked, uid] as const));
  const read = await mapInSlices(messages, ([picked, uid]) => toHit(picked, uid, itemsOf(picked, uid), trust));
  const recipients = picks.filter(isSent).flatMap((picked) => {
    const uids = new Set([...(picked.uids.get('sent') ?? []), ...messageUids(picked)]);
    return [...uids].flatMap((uid) => recipientsIn(itemsOf(picked, uid)));
  });
  return { hits: hitsOf(picks, read), recipients, notSearched };
}

interface Searched {
  searched: SearchedEach[];
  notSearched: NotSearched[];
  /** Of the searches in each mailbox, by path. */
  kinds: ReadonlyMap<string, readonly Kind[]>;
}

/** Where the server cannot search for text outside ASCII, only the other searches are run. */
async function searchAll(withConnection: WithConnection, request: HistorySearch): Promise<Searched> {
  const { mailboxes, endsAt } = request;
  const searches = new Map(mailboxes.map((mailbox) => [mailbox.path, request.searchesIn(mailbox)]));
  const search = (some: readonly SearchedMailbox[]) => {
    const makeSearches = (_: unknown, { path }: SearchedMailbox) => (searches.get(path) ?? []).map(([, key]) => [key]);
    return searchEach(withConnection, { mailboxes: some, makeSearches, endsAt });
  };
  const first = await search(mailboxes);
  const refused = new Set(first.notSearched.filter(({ why }) => why === 'charset').map(({ path }) => path));
  for (const path of refused)
    searches.set(
      path,
      (searches.get(path) ?? []).filter(([, key]) => isAscii(key)),
    );
  const again = mailboxes.filter(({ path }) => refused.has(path) && searches.get(path)?.length !== 0);
  const second = again.length === 0 ? { searched: [], notSearched: [] } : await search(again);
  const isRepeated = new Set(again.map(({ path }) => path));
  return {
    searched: [...first.searched, ...second.searched],
    notSearched: [...first.notSearched.filter(({ path }) => !isRepeated.has(path)), ...second.notSearched],
    kinds: new Map([...searches].map(([path, own]) => [path, own.map(([kind]) => kind)])),
  };
}

const isAscii = (key: SearchKey): boolean => /^[\x20-\x7e]*$/.test(JSON.stringify(key));

function recipientsIn(items: FetchedItems | undefined): string[] {
  const header = bytesOf(items?.get(HEADER));
  return header === null ? [] : recipientAddresses(header);
}

/** What of one mailbox is looked at. */
interface Picked {
  path: string;
  uidValidity: string;
  uids: Map<Kind, number[]>;
  counts: Map<Kind, number>;
}

function pick(searched: readonly SearchedEach[], kinds: Searched['kinds']): Picked[] {
  const left = { ...MAX_LOOKED_AT };
  return searched.map(({ path, uidValidity, found }) => {
    const picked: Picked = { path, uidValidity, uids: new Map(), counts: new Map() };
    for (const [index, kind] of (kinds.get(path) ?? []).entries()) {
      const uids = found[index]?.newest(0, left[kind]) ?? [];
      left[kind] -= uids.length;
      picked.uids.set(kind, uids);
      picked.counts.set(kind, found[index]?.count ?? 0);
    }
    return picked;
  });
}

const isSent = ({ uids }: Picked): boolean => uids.has('to');

/** UIDs of the messages that are looked at whole, each once. */
function messageUids({ uids }: Picked): number[] {
  return [...new Set([...uids].flatMap(([kind, own]) => (kind === 'sent' ? [] : own)))];
}

function wantedOf(picked: Picked): Wanted[] {
  const { path, uidValidity, uids } = picked;
  const whole = messageUids(picked);
  const isWhole = new Set(whole);
  const recipients = (uids.get('sent') ?? []).filter((uid) => !isWhole.has(uid));
  return [
    { path, uidValidity, uids: whole, items: isSent(picked) ? SENT_ITEMS : MESSAGE_ITEMS },
    { path, uidValidity, uids: recipients, items: RECIPIENT_ITEMS },
  ];
}

function toHit(picked: Picked, uid: number, items: FetchedItems | undefined, trust: TrustedServers): Hit | null {
  if (!items?.has('ENVELOPE')) return null;
  const header = isSent(picked) ? null : bytesOf(items.get(HEADER));
  return {
    mailbox: picked.path,
    uid,
    message: toListed(uid, items),
    verdict: readVerdict(header ?? Buffer.alloc(0), trust),
    recipients: isSent(picked) ? recipientsIn(items) : [],
  };
}

function hitsOf(picks: readonly Picked[], read: readonly (Hit | null)[]): Map<Kind, Hits> {
  const byPlace = new Map(read.flatMap((hit) => (hit === null ? [] : [[`${hit.uid} ${hit.mailbox}`, hit] as const])));
  const all = new Map<Kind, Hits>();
  for (const { path, uids, counts } of picks) {
    for (const [kind, own] of uids) {
      const hits = own.flatMap((uid) => byPlace.get(`${uid} ${path}`) ?? []);
      const known = all.get(kind) ?? { read: [], unread: 0 };
      const unread = known.unread + (counts.get(kind) ?? 0) - hits.length;
      all.set(kind, { read: [...known.read, ...hits], unread });
    }
  }
  return all;
}
