/** Decides which mailboxes a search covers: the named one, those of `in:`, or every folder. */
import type { ImapConnection } from '../../mail/imap/imap-connection.ts';
import { createListing } from '../../mail/mailbox/list-mailboxes.ts';
import { type ChosenMailboxes, chooseMailboxes } from '../../mail/mailbox/searchable-mailboxes.ts';
import type { FolderChoice } from '../../mail/query/compile-query.ts';
import type { MailSession } from './mail-session.ts';
import { resolveFolder } from './resolve-folder.ts';

/** What a search covers. */
export interface Scope extends ChosenMailboxes {
  /** True: rows name their folder. False: one folder was named. */
  isWide: boolean;
}

const LIST_MS = 8_000;

/**
 * @param folder as the caller named it; absent: the inbox, or what the query names
 * @throws {ToolError} if there is no mailbox of a name
 */
export async function searchScope(
  { folder, named, excluded, isAnywhere }: FolderChoice & { folder: string | undefined },
  session: MailSession,
): Promise<Scope> {
  const isEvery = folder?.trim() === '*';
  const isOfQuery = named.length > 0 || isAnywhere || (excluded.length > 0 && folder === undefined);
  if (!isEvery && !isOfQuery) {
    const path = await resolveFolder(folder ?? 'INBOX', session);
    return { mailboxes: [{ path, role: null, messages: null }], inWords: path, isWide: false };
  }
  const choice = { named, excluded, isAnywhere };
  const chosen = await session.readImap((imap) => listChosen(imap, choice));
  return { ...chosen, isWide: true };
}

async function listChosen(imap: ImapConnection, choice: FolderChoice): Promise<ChosenMailboxes> {
  const list = createListing(imap);
  const { listed } = await imap.openEach([], { limitMs: LIST_MS, list });
  return chooseMailboxes(await list.read(listed), choice, { hasAllMail: imap.has('X-GM-EXT-1') });
}
