/** Fetches messages of several mailboxes in one round trip. */

import { type FetchedItems, uidFetchCommand } from '../imap/fetch.ts';
import type { ImapConnection } from '../imap/imap-connection.ts';
import type { ItemSet } from '../messages/fetch-items.ts';
import { nullIfCausedByMessage, type WithConnection } from '../messages/list.ts';

/** Messages of one mailbox, and the items that are wanted of them. */
export interface Wanted {
  path: string;
  uidValidity: string;
  uids: readonly number[];
  items: ItemSet;
}

/** Items by path and UID. */
export type FetchedEach = ReadonlyMap<string, ReadonlyMap<number, FetchedItems>>;

const LIMIT_MS = 20_000;

/**
 * Messages that do not exist any more are missing, and so are those of a mailbox that the server refuses or that has another UIDVALIDITY. If the
 * server fails on one message, others may be missing too.
 */
export async function fetchEach(withConnection: WithConnection, wanted: readonly Wanted[]): Promise<FetchedEach> {
  const some = wanted.filter(({ uids }) => uids.length > 0);
  if (some.length === 0) return new Map();
  const fetch = (imap: ImapConnection) => fetchOn(imap, some).catch(nullIfCausedByMessage);
  return (await withConnection(fetch, some[0]?.path)) ?? new Map();
}

async function fetchOn(imap: ImapConnection, wanted: readonly Wanted[]): Promise<FetchedEach> {
  const visits = wanted.map(({ path, uids, items: [items, required] }) => ({
    name: path,
    commands: [uidFetchCommand(uids, items, required)],
  }));
  const { visited } = await imap.openEach(visits, { limitMs: LIMIT_MS });
  const fetched = new Map<string, Map<number, FetchedItems>>();
  let failure: unknown;
  for (const [index, { path, uidValidity }] of wanted.entries()) {
    const { selected, refusal, outcomes: [outcome] = [] } = visited[index] ?? {};
    failure ??= refusal ?? (outcome?.status === 'rejected' ? outcome.reason : undefined);
    if (selected?.uidValidity !== uidValidity || outcome?.status !== 'fulfilled') continue;
    fetched.set(path, new Map([...(fetched.get(path) ?? []), ...outcome.value]));
  }
  if (fetched.size === 0 && failure !== undefined) throw failure;
  return fetched;
}
