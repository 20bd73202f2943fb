/** Finds all messages of a conversation, from one of them. */
import type { WithConnection } from '../messages/list.ts';
import type { TrustedServers } from '../sender/verdict.ts';
import type { FoundMessage } from './found-message.ts';
import { idsOf, inOrder, linkedById, linkedBySubject, rootOf } from './link-messages.ts';
import type { ThreadStart } from './open-seed.ts';
import type { TextReader } from './text-reader.ts';
import { createFinder, type SearchReport } from './thread-finder.ts';
import { placesOf } from './thread-places.ts';
import { idSearch, threadSearch } from './thread-search.ts';

export interface LinkedMessages extends SearchReport {
  linked: FoundMessage[];
  /** Those that only the subject connects with the others. */
  bySubject: FoundMessage[];
}

/** Rounds of searches for ids that only the messages found have named. */
const MAX_FURTHER_ROUNDS = 2;

/** @param context `reader`: fetches the texts of messages that are known already together with the search */
export async function findLinked(
  withConnection: WithConnection,
  start: ThreadStart,
  { trust, ownAddresses, reader }: { trust: TrustedServers; ownAddresses: readonly string[]; reader: TextReader },
): Promise<LinkedMessages> {
  const { seed, listed, kind, known } = start;
  const places = placesOf(seed, listed, { hasAllMail: kind === 'X-GM-THRID' });
  const finder = createFinder(withConnection, { start, places, trust });
  const link = () => {
    const all = finder.messages();
    const linked = linkedById(seed, all);
    const isLinked = new Set(linked);
    const others = all.filter((message) => !isLinked.has(message));
    return { linked, bySubject: linkedBySubject(linked, others, ownAddresses) };
  };
  const early = known.length === 0 ? { linked: [], bySubject: [] } : link();
  const ordered = inOrder([...early.linked, ...early.bySubject]).map(({ message }) => message);
  reader.add(await finder.find(threadSearch(seed, kind), reader.plan(ordered)));
  const asked = new Set([rootOf(seed), seed.messageId, seed.inReplyTo]);
  for (let round = 0; round < MAX_FURTHER_ROUNDS && kind !== 'X-GM-THRID'; round += 1) {
    const further = rootsAbove(seed, linkedById(seed, finder.messages())).filter((id) => !asked.has(id));
    if (further.length === 0) break;
    for (const id of further) asked.add(id);
    await finder.find(idSearch(further));
  }
  return { ...finder.report(), ...link() };
}

/**
 * The first ids that the message and those before it name: several, if a program has cut References. What others name does not count, so that a
 * message that refers to two conversations does not join them.
 */
function rootsAbove(seed: FoundMessage, linked: readonly FoundMessage[]): string[] {
  const byId = new Map(linked.flatMap((message) => (message.messageId === null ? [] : [[message.messageId, message]])));
  const line = new Set<FoundMessage>([seed]);
  // Grows while it is read.
  for (const message of line) {
    for (const id of idsOf(message)) {
      const before = byId.get(id);
      if (before !== undefined) line.add(before);
    }
  }
  const roots = [...line].map(rootOf).filter((id) => id !== null);
  return [...new Set(roots)];
}
