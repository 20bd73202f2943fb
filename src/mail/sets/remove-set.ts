/** Removes a set of messages permanently. */
import type { WithConnection } from '../messages/list.ts';
import { removeFromSelected } from '../messages/removal.ts';
import { findGone } from './find-gone.ts';
import { isLost } from './lost-connection.ts';
import { type NamedSet, openSet } from './open-set.ts';

export interface RemovedSet {
  uidValidity: string;
  /** Messages that are gone, or marked \Deleted if `expunged` is false. */
  uids: number[];
  /** False if they could only be marked \Deleted. */
  expunged: boolean;
  missing: number[];
  /** Messages that may be gone or not: the connection was lost. */
  unknown: number[];
}

/** @throws {ToolError} if the mailbox or every message does not exist; nothing was removed then */
export async function removeSet(
  set: NamedSet,
  { changeImap, readImap }: { changeImap: WithConnection; readImap: WithConnection },
): Promise<RemovedSet> {
  let begun: Pick<RemovedSet, 'uidValidity' | 'missing' | 'uids'> | undefined;
  try {
    return await changeImap(async (imap) => {
      const { selected, uids, missing } = await openSet(imap, set, []);
      begun = { uidValidity: selected.uidValidity, missing, uids };
      return { ...begun, expunged: await removeFromSelected(imap, uids), unknown: [] };
    }, set.mailbox);
  } catch (error) {
    if (begun === undefined || !isLost(error)) throw error;
    const { uids, uidValidity } = begun;
    const gone = await findGone(readImap, { mailbox: set.mailbox, uids, uidValidity }).catch(() => null);
    if (gone === null || gone.size === 0) throw error;
    const [removed, unknown] = [uids.filter((uid) => gone.has(uid)), uids.filter((uid) => !gone.has(uid))];
    return { ...begun, uids: removed, unknown, expunged: true };
  }
}
