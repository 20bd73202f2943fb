/** Reads the message whose conversation is wanted, together with the list of mailboxes, in one round trip. */
import { type FetchedItems, fetchByUid, uidFetchCommand } from '../imap/fetch.ts';
import type { ImapConnection } from '../imap/imap-connection.ts';
import { createListing, type Listed } from '../mailbox/list-mailboxes.ts';
import { openMailbox } from '../mailbox/open-mailbox.ts';
import { missingMessage } from '../messages/change.ts';
import type { TrustedServers } from '../sender/verdict.ts';
import type { FoundMessage } from './found-message.ts';
import { headerItems, toFound } from './thread-headers.ts';
import type { ThreadKind } from './thread-search.ts';

export interface SeedRequest {
  mailbox: string;
  uid: number;
  uidValidity?: string | undefined;
  trust: TrustedServers;
}

/** A message of the conversation, and what was found out with it. */
export interface ThreadStart {
  seed: FoundMessage;
  /** All mailboxes. */
  listed: Listed[];
  kind: ThreadKind;
  /** Further messages, which may belong to the conversation. */
  known: FoundMessage[];
}

const MAX_MS = 30_000;

export function kindOf(imap: Pick<ImapConnection, 'has'>): ThreadKind {
  if (imap.has('X-GM-EXT-1')) return 'X-GM-THRID';
  return imap.has('OBJECTID') ? 'THREADID' : 'ids';
}

/** @throws {ToolError} if there is no such mailbox or message, or the mailbox has another UIDVALIDITY */
export async function openSeed(
  imap: ImapConnection,
  { mailbox: name, uid, uidValidity, trust }: SeedRequest,
): Promise<ThreadStart> {
  const listing = createListing(imap);
  const [first, ...reduced] = headerItems(imap, 1);
  const commands = first === undefined ? [] : [uidFetchCommand([uid], ...first)];
  const { visited, listed } = await imap.openEach([{ name, commands }], { list: listing, limitMs: MAX_MS });
  const mailboxes = await listing.read(listed);
  const [visit] = visited;
  const opened = visit?.selected ?? null;
  const isExpected = opened !== null && (uidValidity === undefined || opened.uidValidity === uidValidity);
  // Opens a mailbox by another spelling of its name, or says why it cannot be opened.
  const selected = isExpected ? opened : await openMailbox(imap, name, { uidValidity });
  const [outcome] = visit?.outcomes ?? [];
  let items: FetchedItems | undefined = outcome?.status === 'fulfilled' ? outcome.value.get(uid) : undefined;
  for (const itemSet of first === undefined || items !== undefined ? [] : [first, ...reduced]) {
    items ??= (await fetchByUid(imap, [uid], ...itemSet)).get(uid);
  }
  if (items === undefined) throw missingMessage(selected.path, [uid]);
  const role = mailboxes.find(({ path }) => path === selected.path)?.role ?? null;
  const place = { mailbox: selected.path, uidValidity: selected.uidValidity, role };
  return { seed: toFound(uid, items, place, trust), listed: mailboxes, kind: kindOf(imap), known: [] };
}
