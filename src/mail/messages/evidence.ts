/** Looks for evidence of a change that a server has confirmed: some servers answer OK to a command and do nothing. */
import { ToolError, UpstreamError } from '../../errors.ts';
import { atom, listOf, numberOf, string, textOf, type UntaggedResponse } from '../imap/data-formats.ts';
import { fetchByUid } from '../imap/fetch.ts';
import type { ImapConnection } from '../imap/imap-connection.ts';

interface Remaining {
  uid: number;
  /** True if it has \Deleted, or the server does not report its flags. */
  isDeleted: boolean;
}

/**
 * Finds the messages that are still in the selected mailbox after a command that removes them. The EXPUNGE responses of the server are enough;
 * without them it is asked.
 *
 * @param before number of messages before the command; absent: unknown
 */
export async function findRemaining(
  imap: ImapConnection,
  uids: readonly number[],
  before: number | undefined,
): Promise<Remaining[]> {
  const after = imap.selected?.exists;
  if (before !== undefined && after !== undefined && before - after >= uids.length) return [];
  const first = await fetchFlags(imap, uids);
  if (first.length === 0) return [];
  // A server may report the removal with the next command only.
  await imap.run('NOOP');
  return fetchFlags(
    imap,
    first.map(({ uid }) => uid),
  );
}

async function fetchFlags(imap: ImapConnection, uids: readonly number[]): Promise<Remaining[]> {
  const found = await fetchByUid(imap, uids, [atom('FLAGS')], []);
  return [...found].map(([uid, items]) => {
    const flags = listOf(items.get('FLAGS')).map((flag) => textOf(flag)?.toLowerCase());
    return { uid, isDeleted: flags.includes('\\deleted') || !items.has('FLAGS') };
  });
}

/** The size of a mailbox, as far as the server reports it. */
export interface MailboxSize {
  messages: number | null;
  uidNext: number | null;
}

/** @returns the size of a mailbox that is not selected; nothing in it if the server refuses STATUS */
export async function readSize(imap: ImapConnection, path: string): Promise<MailboxSize> {
  const size: MailboxSize = { messages: null, uidNext: null };
  const readStatus = ({ items: [, values] }: UntaggedResponse) => {
    const pairs = listOf(values);
    for (let i = 0; i + 1 < pairs.length; i += 2) {
      const key = textOf(pairs[i])?.toUpperCase();
      if (key === 'MESSAGES') size.messages = numberOf(pairs[i + 1]);
      if (key === 'UIDNEXT') size.uidNext = numberOf(pairs[i + 1]);
    }
  };
  const tokens = [string(imap.encodedName(path)), [atom('MESSAGES'), atom('UIDNEXT')]];
  await imap.run('STATUS', tokens, { untagged: { STATUS: readStatus } }).catch((error: unknown) => {
    const isRefused = error instanceof ToolError || (error instanceof UpstreamError && error.fault === 'refused');
    if (!isRefused || !imap.isUsable) throw error;
  });
  return size;
}

/** Whether both sizes are known and show that fewer messages than `count` were added in between. */
export function showsFewerAdded(before: MailboxSize, after: MailboxSize, count: number): boolean {
  const grown = [
    [before.uidNext, after.uidNext],
    [before.messages, after.messages],
  ].flatMap(([then, now]) => (then == null || now == null ? [] : [now - then]));
  return grown.length > 0 && grown.every((added) => added < count);
}
