/** Removes the named messages of the selected mailbox, and no others. */
import { UpstreamError } from '../../errors.ts';
import { atom, sequenceSet, type Token } from '../imap/data-formats.ts';
import type { ImapConnection } from '../imap/imap-connection.ts';
import { searchUids } from '../search/uid-search.ts';
import { findRemaining } from './evidence.ts';
import { toUnknownOutcome } from './unknown-outcome.ts';

const IF_LOST =
  'The connection was lost while the message was being removed, so it may be gone or still be there. Look into the mailbox before trying again.';

const UNCHANGED =
  'The mail server confirmed that the message was removed, but it is still there and not marked as deleted. Nothing was changed. Try again later, or remove it in another mail program.';

/**
 * Marks messages \Deleted and expunges them: by `UID EXPUNGE` where there is UIDPLUS (RFC 4315 §2.1). A plain EXPUNGE would remove all
 * other messages that have \Deleted, so without UIDPLUS it is only sent if none has it. This is checked immediately before. If another
 * program marks a message between the check and EXPUNGE, that message is removed too, as the program intended.
 *
 * @returns true if they are removed; false if they are only marked, because others are marked too, or the server refuses or does nothing
 * @throws {UpstreamError} `refused` (code `NOT_DONE`) if the server has confirmed everything and a message is there as before
 */
export async function removeFromSelected(
  imap: ImapConnection,
  uids: readonly number[],
  ifLost: string = IF_LOST,
): Promise<boolean> {
  await imap.run('UID STORE', [sequenceSet(uids), atom('+FLAGS.SILENT'), [atom('\\Deleted')]], { ifLost });
  if (imap.has('UIDPLUS')) {
    return expunge(imap, uids, ['UID EXPUNGE', [sequenceSet(uids)]], ifLost);
  }
  const named = new Set(uids);
  const marked = await searchUids(imap, [atom('DELETED')]).catch((error: unknown) => {
    // If the server refuses the search, EXPUNGE is not sent.
    if (error instanceof UpstreamError && error.fault === 'refused' && imap.isUsable) return null;
    throw toUnknownOutcome(error, ifLost);
  });
  if (marked === null || marked.some((uid) => !named.has(uid))) return false;
  return expunge(imap, uids, ['EXPUNGE', []], ifLost);
}

/** @returns false if the server refuses or does nothing; the messages stay marked \Deleted */
async function expunge(
  imap: ImapConnection,
  uids: readonly number[],
  [command, tokens]: readonly [string, readonly Token[]],
  ifLost: string,
): Promise<boolean> {
  const before = imap.selected?.exists;
  try {
    await imap.run(command, tokens, { ifLost });
  } catch (error) {
    if (error instanceof UpstreamError && error.fault === 'refused' && imap.isUsable) return false;
    throw error;
  }
  const remaining = await findRemaining(imap, uids, before).catch((error: unknown) => {
    throw toUnknownOutcome(error, ifLost);
  });
  if (remaining.some(({ isDeleted }) => !isDeleted)) {
    throw new UpstreamError('IMAP', 'refused', UNCHANGED, { code: 'NOT_DONE' });
  }
  return remaining.length === 0;
}
