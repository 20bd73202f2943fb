import type { Imap } from './imap.ts';
import { atom, sequenceSet } from './tokens.ts';
import { searchUids } from './uid-search.ts';

const IF_LOST =
  'The connection was lost while the message was being removed, so it may still be there. Look into the mailbox before trying again.';

/**
 * Marks messages of the open mailbox \Deleted and removes them for good, and no others: `UID EXPUNGE` where there is UIDPLUS (RFC 4315
 * §2.1). A plain EXPUNGE would remove whatever else carries \Deleted, so without UIDPLUS it is only sent when nothing else does; the
 * question is asked right before it, and a message that another program marks in that instant is one it meant to remove.
 *
 * @returns true if they are gone; false if they are only marked, because others are marked too
 */
export async function removeMessages(imap: Imap, uids: readonly number[], ifLost: string = IF_LOST): Promise<boolean> {
  await imap.run('UID STORE', [sequenceSet(uids), atom('+FLAGS.SILENT'), [atom('\\Deleted')]], { ifLost });
  if (imap.has('UIDPLUS')) {
    await imap.run('UID EXPUNGE', [sequenceSet(uids)], { ifLost });
    return true;
  }
  const named = new Set(uids);
  const marked = await searchUids(imap, [atom('DELETED')]);
  if (marked.some((uid) => !named.has(uid))) return false;
  await imap.run('EXPUNGE', [], { ifLost });
  return true;
}
