/**
 * Reads the headers of all messages that have arrived since a time, in several mailboxes. The newest ones are fetched together with the search, so
 * that a mailbox of everyday size takes one round trip.
 */
import { mapInSlices } from '../../workers/event-loop.ts';
import { atom } from '../imap/data-formats.ts';
import { type FetchedItems, uidRangeFetchCommand } from '../imap/fetch.ts';
import type { ImapConnection, ReadCommand, Visit, Visited } from '../imap/imap-connection.ts';
import type { SearchedMailbox } from '../mailbox/searchable-mailboxes.ts';
import type { WithConnection } from '../messages/list.ts';
import { searchDate } from '../search/search-date.ts';
import { type FoundUids, uidSearchCommand } from '../search/uid-search.ts';
import type { TrustedServers } from '../sender/verdict.ts';
import { fetchHeaders, type Hits } from './fetch-found.ts';
import type { FoundMessage } from './found-message.ts';

import { headerItems, toFound } from './thread-headers.ts';

export interface WindowRequest {
  mailboxes: readonly SearchedMailbox[];
  /** Milliseconds since 1970. */
  since: number;
  trust: TrustedServers;
  /** Instant of performance.now(). */
  endsAt: number;
}

export interface MessageWindow {
  messages: FoundMessage[];
  /** Mailboxes that could not be read, or not in time, and those of which only the newest messages were. */
  notRead: { mailbox: SearchedMailbox; why: 'time' | 'refused' | 'number' }[];
}

const GROUP_SIZE = 8;
/** Of each mailbox, fetched together with the search. */
const EARLY_UIDS = 300;
/** Of each mailbox. */
const MAX_MESSAGES = 1_000;
const MIN_MS = 100;
const DAY_MS = 86_400_000;

/** What the commands of a visit return. */
interface Part {
  found?: FoundUids;
  fetched?: ReadonlyMap<number, FetchedItems>;
}

export async function readWindow(withConnection: WithConnection, request: WindowRequest): Promise<MessageWindow> {
  const { mailboxes, since, trust, endsAt } = request;
  const window: MessageWindow = { messages: [], notRead: [] };
  const open: Hits[] = [];
  for (let start = 0; start < mailboxes.length; start += GROUP_SIZE) {
    const group = mailboxes.slice(start, start + GROUP_SIZE);
    const limitMs = endsAt - performance.now();
    if (limitMs < MIN_MS) {
      window.notRead.push(...group.map((mailbox) => ({ mailbox, why: 'time' as const })));
      continue;
    }
    const visited = await withConnection(async (imap) => {
      const visits = group.map((mailbox) => visitOf(imap, mailbox, since));
      return (await imap.openEach(visits, { limitMs: Math.ceil(limitMs) })).visited;
    });
    for (const [index, mailbox] of group.entries()) {
      const read = await readVisit(visited[index], mailbox, trust);
      if (read === null) {
        window.notRead.push({ mailbox, why: endsAt - performance.now() < MIN_MS ? 'time' : 'refused' });
        continue;
      }
      window.messages.push(...read.messages);
      if (read.isCut) window.notRead.push({ mailbox, why: 'number' });
      if (read.open.uids.length > 0) open.push(read.open);
    }
  }
  const { found } = await fetchHeaders(withConnection, open, trust);
  const inWindow = ({ arrivedAt }: FoundMessage) => arrivedAt !== null && Date.parse(arrivedAt) >= since;
  return { ...window, messages: [...window.messages, ...found].filter(inWindow) };
}

/** SINCE compares days, of whatever zone the server counts in. */
function visitOf(imap: ImapConnection, { path: name, uidNext }: SearchedMailbox, since: number): Visit<Part> {
  const search = uidSearchCommand(imap, [atom('SINCE'), atom(searchDate(since - DAY_MS))], { charset: undefined });
  const commands: ReadCommand<Part>[] = [{ ...search, result: () => ({ found: search.result() }) }];
  const [itemSet] = headerItems(imap, EARLY_UIDS);
  if (uidNext !== null && uidNext > 1 && itemSet !== undefined) {
    const fetch = uidRangeFetchCommand([Math.max(1, uidNext - EARLY_UIDS), uidNext - 1], ...itemSet);
    commands.push({ ...fetch, result: () => ({ fetched: fetch.result() }) });
  }
  return { name, commands };
}

/** @returns null if the mailbox was not searched */
async function readVisit(
  visit: Visited<Part> | undefined,
  mailbox: SearchedMailbox,
  trust: TrustedServers,
): Promise<{ messages: FoundMessage[]; open: Hits; isCut: boolean } | null> {
  const parts: Part[] = (visit?.outcomes ?? []).flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  const { found, fetched = new Map<number, FetchedItems>() }: Part = Object.assign({}, ...parts);
  if (!visit?.selected || found === undefined) return null;
  const { uidValidity } = visit.selected;
  const uids = found.newest(0, MAX_MESSAGES);
  const place = { mailbox: mailbox.path, uidValidity, role: mailbox.role };
  const early = uids.filter((uid) => fetched.has(uid));
  const messages = await mapInSlices(early, (uid) => toFound(uid, fetched.get(uid) ?? new Map(), place, trust));
  const rest = uids.filter((uid) => !fetched.has(uid));
  const { path, role } = mailbox;
  return { messages, open: { place: { path, role }, uidValidity, uids: rest }, isCut: found.count > MAX_MESSAGES };
}
