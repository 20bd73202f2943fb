/** Opens a mailbox to change a set of messages, and finds out which of them exist. */
import type { Token } from '../imap/data-formats.ts';
import { type FetchedItems, uidFetchCommand } from '../imap/fetch.ts';
import type { ImapConnection, SelectedMailbox } from '../imap/imap-connection.ts';
import { openMailbox, withListedName } from '../mailbox/open-mailbox.ts';
import { missingMessage } from '../messages/change.ts';

/** Messages that a caller has named or found. */
export interface NamedSet {
  mailbox: string;
  /** Not empty, each once. */
  uids: readonly number[];
  /** The UIDVALIDITY under which the caller has read the UIDs. */
  uidValidity?: string | undefined;
}

export interface OpenedSet {
  selected: SelectedMailbox;
  /** Messages that exist, in the order of the set. */
  uids: number[];
  missing: number[];
  items: ReadonlyMap<number, FetchedItems>;
}

/**
 * Selects the mailbox and fetches the items, in one round trip.
 *
 * @throws {ToolError} as openMailbox(), and if none of the messages exists
 */
export async function openSet(
  imap: ImapConnection,
  { mailbox, uids, uidValidity }: NamedSet,
  items: readonly Token[],
): Promise<OpenedSet> {
  const { result } = await withListedName(imap, mailbox, (path) =>
    imap.selectAndRead(path, { readOnly: false, fresh: true }, () => uidFetchCommand(uids, items, [])),
  );
  const selected = await openMailbox(imap, mailbox, { toChange: true, uidValidity });
  const found = result() ?? new Map<number, FetchedItems>();
  const existing = uids.filter((uid) => found.has(uid));
  if (existing.length === 0) throw missingMessage(selected.path, uids);
  return { selected, uids: existing, missing: uids.filter((uid) => !found.has(uid)), items: found };
}
