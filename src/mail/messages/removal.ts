import { UpstreamError } from '../../errors.ts';
import type { Imap } from '../imap/connection.ts';
import { afterChange } from '../imap/faults.ts';
import { atom, sequenceSet, type Token } from '../imap/tokens.ts';
import { searchUids } from '../search/ask.ts';

const IF_LOST =
  'The connection was lost while the message was being removed, so it may be gone or still be there. Look into the mailbox before trying again.';

/**
 * Marks messages of the open mailbox \Deleted and removes them for good, and no others: `UID EXPUNGE` where there is UIDPLUS (RFC 4315
 * §2.1). A plain EXPUNGE would remove whatever else carries \Deleted, so without UIDPLUS it is only sent when nothing else does; the
 * question is asked right before it, and a message that another program marks in that instant is one it meant to remove.
 *
 * @returns true if they are gone; false if they are only marked, because others are marked too or the server refuses
 */
export async function removeMessages(imap: Imap, uids: readonly number[], ifLost: string = IF_LOST): Promise<boolean> {
  await imap.run('UID STORE', [sequenceSet(uids), atom('+FLAGS.SILENT'), [atom('\\Deleted')]], { ifLost });
  if (imap.has('UIDPLUS')) {
    return expunge(imap, 'UID EXPUNGE', [sequenceSet(uids)], ifLost);
  }
  const named = new Set(uids);
  const marked = await searchUids(imap, [atom('DELETED')]).catch((error: unknown) => {
    // Whoever cannot be asked is not told to expunge.
    if (error instanceof UpstreamError && error.fault === 'refused' && imap.isUsable) return null;
    throw afterChange(error, ifLost);
  });
  if (marked === null || marked.some((uid) => !named.has(uid))) return false;
  return expunge(imap, 'EXPUNGE', [], ifLost);
}

/** @returns false if the server refuses: the messages stay, marked */
async function expunge(imap: Imap, command: string, tokens: readonly Token[], ifLost: string): Promise<boolean> {
  try {
    await imap.run(command, tokens, { ifLost });
    return true;
  } catch (error) {
    if (error instanceof UpstreamError && error.fault === 'refused' && imap.isUsable) return false;
    throw error;
  }
}
