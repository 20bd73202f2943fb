/** Finds the conversation that a query hits, with what is known of its messages then. */
import { searchEach } from '../find/search-each.ts';
import type { ImapConnection } from '../imap/imap-connection.ts';
import { createListing } from '../mailbox/list-mailboxes.ts';
import { chooseMailboxes, type MailboxChoice } from '../mailbox/searchable-mailboxes.ts';
import type { WithConnection } from '../messages/list.ts';
import type { CompiledQuery } from '../query/compile-query.ts';
import type { TrustedServers } from '../sender/verdict.ts';
import { fetchHeaders } from './fetch-found.ts';
import { timeOf } from './found-message.ts';
import { kindOf, type ThreadStart } from './open-seed.ts';

export interface QueryStart {
  compile: (imap: ImapConnection) => CompiledQuery;
  folders: MailboxChoice;
  trust: TrustedServers;
}

const LIST_MS = 8_000;
const SEARCH_MS = 8_000;
/** Of the newest hits in each mailbox. */
const MAX_HITS = 60;
const MAX_ALL_HITS = 240;

/** @returns null if the hits cannot be found by a search alone, or there are none */
export async function startByQuery(
  withConnection: WithConnection,
  { compile, folders, trust }: QueryStart,
): Promise<ThreadStart | null> {
  const { wide, check, kind, listed } = await withConnection(async (imap) => {
    const listing = createListing(imap);
    const { listed: outcome } = await imap.openEach([], { list: listing, limitMs: LIST_MS });
    return { ...compile(imap), kind: kindOf(imap), listed: await listing.read(outcome) };
  });
  if (check !== null) return null;
  const { mailboxes } = chooseMailboxes(listed, folders, { hasAllMail: kind === 'X-GM-THRID' });
  const request = { mailboxes, makeSearches: () => [wide], endsAt: performance.now() + SEARCH_MS };
  const { searched } = await searchEach(withConnection, request);
  const each = Math.max(1, Math.min(MAX_HITS, Math.floor(MAX_ALL_HITS / Math.max(1, searched.length))));
  const hits = searched.map(({ path, uidValidity, found }) => {
    const role = mailboxes.find((mailbox) => mailbox.path === path)?.role ?? null;
    return { place: { path, role }, uidValidity, uids: found.flatMap((uids) => uids.newest(0, each)) };
  });
  const { found } = await fetchHeaders(withConnection, hits, trust);
  const known = found.sort((a, b) => timeOf(b) - timeOf(a));
  const [seed] = known;
  return seed === undefined ? null : { seed, listed, kind, known };
}
