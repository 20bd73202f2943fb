/** Removes the named messages of the selected mailbox, and no others. */
import { UpstreamError } from '../../errors.ts';
import { atom, sequenceSet, type Token } from '../imap/data-formats.ts';
import type { ImapConnection } from '../imap/imap-connection.ts';
import { searchUids } from '../search/uid-search.ts';
import { toUnknownOutcome } from './unknown-outcome.ts';

const IF_LOST =
  'The connection was lost while the message was being removed, so it may be gone or still be there. Look into the mailbox before trying again.';

/**
 * Marks messages \Deleted and expunges them: by `UID EXPUNGE` where there is UIDPLUS (RFC 4315 §2.1). A plain EXPUNGE would remove all
 * other messages that have \Deleted, so without UIDPLUS it is only sent if none has it. This is checked immediately before. If another
 * program marks a message between the check and EXPUNGE, that message is removed too, as the program intended.
 *
 * @returns true if they are removed; false if they are only marked, because others are marked too or the server refuses
 */
export async function removeFromSelected(
  imap: ImapConnection,
  uids: readonly number[],
  ifLost: string = IF_LOST,
): Promise<boolean> {
  await imap.run('UID STORE', [sequenceSet(uids), atom('+FLAGS.SILENT'), [atom('\\Deleted')]], { ifLost });
  if (imap.has('UIDPLUS')) {
    return expunge(imap, 'UID EXPUNGE', [sequenceSet(uids)], ifLost);
  }
  const named = new Set(uids);
  const marked = await searchUids(imap, [atom('DELETED')]).catch((error: unknown) => {
    // If the server refuses the search, EXPUNGE is not sent.
    if (error instanceof UpstreamError && error.fault === 'refused' && imap.isUsable) return null;
    throw toUnknownOutcome(error, ifLost);
  });
  if (marked === null || marked.some((uid) => !named.has(uid))) return false;
  return expunge(imap, 'EXPUNGE', [], ifLost);
}

/** @returns false if the server refuses; the messages stay marked \Deleted */
async function expunge(
  imap: ImapConnection,
  command: string,
  tokens: readonly Token[],
  ifLost: string,
): Promise<boolean> {
  try {
    await imap.run(command, tokens, { ifLost });
    return true;
  } catch (error) {
    if (error instanceof UpstreamError && error.fault === 'refused' && imap.isUsable) return false;
    throw error;
  }
}
