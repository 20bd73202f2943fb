/** Finds out which messages of a set are gone, after the connection was lost during a change. */
import type { WithConnection } from '../messages/list.ts';
import type { NamedSet } from './open-set.ts';
import { readSet } from './read-set.ts';

/** @throws {ToolError} if the mailbox has another UIDVALIDITY now */
export async function findGone(readImap: WithConnection, set: NamedSet): Promise<ReadonlySet<number>> {
  const { items } = await readImap((imap) => readSet(imap, set, []), set.mailbox);
  return new Set(set.uids.filter((uid) => !items.has(uid)));
}
