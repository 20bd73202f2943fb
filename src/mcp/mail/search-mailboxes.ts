/** Decides which mailboxes a search covers: the named one, those of `in:`, or every folder. */
import type { ImapConnection } from '../../mail/imap/imap-connection.ts';
import { createListing } from '../../mail/mailbox/list-mailboxes.ts';
import {
  type ChosenMailboxes,
  chooseMailboxes,
  type SearchedMailbox,
} from '../../mail/mailbox/searchable-mailboxes.ts';
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
  { folder, named, excluded, isAnywhere }: FolderChoice & { folder?: string | undefined },
  session: MailSession,
): Promise<Scope> {
  const isEvery = folder?.trim() === '*';
  const isOfQuery = named.length > 0 || isAnywhere || (excluded.length > 0 && folder === undefined);
  if (!isEvery && !isOfQuery) {
    const path = await resolveFolder(folder ?? 'INBOX', session);
    return { mailboxes: [{ path, role: null, messages: null, uidNext: null }], inWords: path, isWide: false };
  }
  const choice = { named, excluded, isAnywhere };
  const chosen = await session.readImap((imap) => listChosen(imap, choice));
  return { ...chosen, isWide: true };
}

/** What is:waiting covers, and the mailboxes of sent mail, which show what was answered. */
export interface WaitingScope extends Scope {
  sent: SearchedMailbox[];
}

export async function waitingScope(
  { folder, named, excluded, isAnywhere }: FolderChoice & { folder?: string | undefined },
  session: MailSession,
): Promise<WaitingScope> {
  const isEvery = folder?.trim() === '*' || isAnywhere || excluded.length > 0;
  const isWide = isEvery || named.length > 0;
  const choice = { named: isWide ? named : [folder ?? 'INBOX'], excluded, isAnywhere };
  return session.readImap(async (imap) => {
    const list = createListing(imap);
    const { listed } = await imap.openEach([], { limitMs: LIST_MS, list });
    const all = await list.read(listed);
    const chosen = chooseMailboxes(all, choice, { hasAllMail: imap.has('X-GM-EXT-1') });
    const isCovered = chosen.mailboxes.some(({ role }) => role === 'all' || role === 'sent');
    const sent = all.filter(({ role, selectable }) => role === 'sent' && selectable);
    return { ...chosen, isWide, sent: isCovered ? [] : sent };
  });
}

async function listChosen(imap: ImapConnection, choice: FolderChoice): Promise<ChosenMailboxes> {
  const list = createListing(imap);
  const { listed } = await imap.openEach([], { limitMs: LIST_MS, list });
  return chooseMailboxes(await list.read(listed), choice, { hasAllMail: imap.has('X-GM-EXT-1') });
}
