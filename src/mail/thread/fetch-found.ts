/** Fetches headers and texts of messages in several mailboxes, each in one round trip. */

import { mapInSlices } from '../../workers/event-loop.ts';
import { type FetchedItems, uidFetchCommand } from '../imap/fetch.ts';
import type { ImapConnection, Visit } from '../imap/imap-connection.ts';
import type { SearchedMailbox } from '../mailbox/searchable-mailboxes.ts';
import type { WithConnection } from '../messages/list.ts';
import type { Part } from '../mime/body-structure.ts';
import { fetchedParts, partCommands } from '../parts/part-groups.ts';
import type { TrustedServers } from '../sender/verdict.ts';
import type { FoundMessage } from './found-message.ts';
import { headerItems, toFound } from './thread-headers.ts';
import { rangesOf, type TextPlan } from './thread-texts.ts';

const MAX_MS = 30_000;
/** Messages of one mailbox. */
export interface Hits {
  place: Pick<SearchedMailbox, 'path' | 'role'>;
  uidValidity: string;
  /** Newest first. */
  uids: number[];
}

/** Messages of all mailboxes together. */
const MAX_MESSAGES = 2_500;

type Fetched = Map<number, FetchedItems>;

/**
 * Fetches what decides whether messages belong to a conversation.
 *
 * @returns `missing`: messages that the server did not return, and that may not exist any more
 */
export async function fetchHeaders(
  withConnection: WithConnection,
  hits: readonly Hits[],
  trust: TrustedServers,
): Promise<{ found: FoundMessage[]; missing: number }> {
  let left = MAX_MESSAGES;
  const wanted = hits.flatMap(({ uids, ...rest }) => {
    const taken = uids.slice(0, left);
    left -= taken.length;
    return taken.length === 0 ? [] : [{ ...rest, uids: taken }];
  });
  const found: FoundMessage[] = [];
  let open = wanted;
  // The second set is for messages whose structure cannot be parsed.
  for (const setIndex of [0, 1]) {
    if (open.length === 0) break;
    const count = open.reduce((sum, { uids }) => sum + uids.length, 0);
    const fetched = await visitEach(withConnection, open, (imap, { uids }) => {
      const itemSet = headerItems(imap, count)[setIndex];
      return itemSet === undefined ? [] : [uidFetchCommand(uids, ...itemSet)];
    });
    for (const [index, hit] of open.entries()) {
      const place = { mailbox: hit.place.path, uidValidity: hit.uidValidity, role: hit.place.role };
      const items = fetched[index] ?? new Map<number, FetchedItems>();
      found.push(...(await mapInSlices(items, ([uid, each]) => toFound(uid, each, place, trust))));
    }
    open = open.flatMap((hit, index) => {
      const uids = hit.uids.filter((uid) => !fetched[index]?.has(uid));
      return uids.length === 0 ? [] : [{ ...hit, uids }];
    });
  }
  return { found, missing: open.reduce((sum, { uids }) => sum + uids.length, 0) };
}

/** Fetches the parts that are planned. @param plans one for each message @returns those that the server has returned */
export async function fetchParts(
  withConnection: WithConnection,
  messages: readonly FoundMessage[],
  plans: readonly TextPlan[],
): Promise<Map<Part, Buffer>> {
  const places = new Map<
    string,
    { mailbox: string; uidValidity: string; wanted: Parameters<typeof partCommands>[0][number][] }
  >();
  for (const [index, { mailbox, uid, uidValidity }] of messages.entries()) {
    const plan = plans[index];
    if (plan === undefined || rangesOf(plan).length === 0) continue;
    const place = places.get(mailbox) ?? { mailbox, uidValidity, wanted: [] };
    place.wanted.push({ uid, ranges: rangesOf(plan) });
    places.set(mailbox, place);
  }
  const all = [...places.values()].map((place) => ({ ...place, place: { path: place.mailbox } }));
  const fetched = await visitEach(withConnection, all, (_, { wanted }) => partCommands(wanted));
  return new Map(
    all.flatMap(({ wanted }, index) =>
      wanted.flatMap((message) => fetchedParts(message, fetched[index]?.get(message.uid))),
    ),
  );
}

/** @returns by UID for each place; nothing of a mailbox that could not be opened, or that has got another UIDVALIDITY */
async function visitEach<Place extends { place: { path: string }; uidValidity: string }>(
  withConnection: WithConnection,
  places: readonly Place[],
  commandsOf: (imap: ImapConnection, place: Place) => Visit<Fetched>['commands'],
): Promise<Fetched[]> {
  if (places.length === 0) return [];
  const { visited } = await withConnection((imap) => {
    const visits = places.map((place) => ({ name: place.place.path, commands: commandsOf(imap, place) }));
    return imap.openEach(visits, { limitMs: MAX_MS });
  });
  return places.map(({ uidValidity }, index) => {
    const visit = visited[index];
    if (visit?.selected?.uidValidity !== uidValidity) return new Map();
    return new Map(visit.outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [...outcome.value] : [])));
  });
}
