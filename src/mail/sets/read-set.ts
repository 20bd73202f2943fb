/** Reads items of a set of messages that are not changed. */
import type { Token } from '../imap/data-formats.ts';
import { type FetchedItems, uidFetchCommand } from '../imap/fetch.ts';
import type { ImapConnection } from '../imap/imap-connection.ts';
import { openAndRead } from '../mailbox/open-mailbox.ts';
import { type NamedSet, withItemsOf } from './open-set.ts';

/** @returns UIDVALIDITY, and the items by UID; messages that do not exist, or are not meant, are missing */
export async function readSet(
  imap: ImapConnection,
  { mailbox, uids, uidValidity, check }: NamedSet,
  items: readonly Token[],
): Promise<{ uidValidity: string; items: ReadonlyMap<number, FetchedItems> }> {
  const makeCommand = () => (uids.length === 0 ? null : uidFetchCommand(uids, withItemsOf(check, items), []));
  const { selected, result } = await openAndRead(imap, mailbox, { fresh: true, uidValidity }, makeCommand);
  const found = [...(result() ?? [])].filter(([uid, fetched]) => check?.isMeant(uid, fetched) ?? true);
  return { uidValidity: selected.uidValidity, items: new Map(found) };
}
