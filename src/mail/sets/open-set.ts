/** Opens a mailbox to change a set of messages, and finds out which of them exist. */

import type { MessageCheck } from '../find/find-candidates.ts';
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
  /** Decides which of them are meant; absent or null: all. */
  check?: MessageCheck | null;
}

export interface OpenedSet {
  selected: SelectedMailbox;
  /** Messages that exist and are meant, in the order of the set. Empty only if there is a check. */
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
  { mailbox, uids, uidValidity, check = null }: NamedSet,
  items: readonly Token[],
): Promise<OpenedSet> {
  const { result } = await withListedName(imap, mailbox, (path) =>
    imap.selectAndRead(path, { readOnly: false, fresh: true }, () =>
      uidFetchCommand(uids, withItemsOf(check, items), []),
    ),
  );
  const selected = await openMailbox(imap, mailbox, { toChange: true, uidValidity });
  const found = result() ?? new Map<number, FetchedItems>();
  const existing = uids.filter((uid) => found.has(uid) && (check?.isMeant(uid, found.get(uid)) ?? true));
  if (existing.length === 0 && check === null) throw missingMessage(selected.path, uids);
  return { selected, uids: existing, missing: uids.filter((uid) => !found.has(uid)), items: found };
}

/** The items, and what the check needs. */
export function withItemsOf(check: MessageCheck | null | undefined, items: readonly Token[]): readonly Token[] {
  const known = new Set(items.map((item) => JSON.stringify(item)));
  const [needed] = check?.items ?? [[]];
  return [...items, ...needed.filter((item) => !known.has(JSON.stringify(item)))];
}
