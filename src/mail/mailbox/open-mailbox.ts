/** Opens a mailbox to read or to change it, and reports why it cannot be opened. */
import { ToolError, UpstreamError } from '../../errors.ts';
import type { ImapConnection, ReadCommand, ReadResult, SelectedMailbox } from '../imap/imap-connection.ts';
import { canonicalMailboxName, isAscii, quoteName } from '../mailbox-name.ts';
import { forgetRoles } from './find-by-role.ts';
import { lookUpMailbox } from './list-mailboxes.ts';

/**
 * The path of a mailbox that can hold messages, in the server's spelling.
 *
 * @throws {ToolError} if there is none
 */
export async function requireMailbox(imap: ImapConnection, name: string): Promise<string> {
  const path = canonicalMailboxName(name);
  const found = await lookUpMailbox(imap, path);
  if (found === undefined) throw unknownMailbox(path);
  if (!found.selectable) throw noMessagesIn(path);
  return found.path;
}

export interface OpenOptions {
  toChange?: boolean;
  /** True if new messages must be visible too, not only known UIDs. */
  fresh?: boolean;
  /** Decimal; the UIDVALIDITY under which the caller has read its UIDs. It cannot change while the mailbox stays open. */
  uidValidity?: string | undefined;
}

/**
 * Opens a mailbox for reading (EXAMINE) or changing (SELECT).
 *
 * @throws {ToolError} if there is no such mailbox, it cannot be changed, or it has another UIDVALIDITY
 */
export async function openMailbox(
  imap: ImapConnection,
  name: string,
  { toChange = false, fresh = false, uidValidity }: OpenOptions = {},
): Promise<SelectedMailbox> {
  const selected = await withListedName(imap, name, (path) => imap.select(path, { readOnly: !toChange, fresh }));
  if (toChange && selected.isReadOnly) {
    throw new ToolError(`The mailbox ${quoteName(name)} can be read but not changed.`);
  }
  if (uidValidity !== undefined && uidValidity !== selected.uidValidity) throw staleUids(selected);
  return selected;
}

/**
 * Opens a mailbox for reading and runs a read command in it, in the same round trip.
 *
 * @param makeCommand as for ImapConnection.selectAndRead()
 * @throws {ToolError} as openMailbox()
 */
export async function openAndRead<T>(
  imap: ImapConnection,
  name: string,
  { fresh = false, uidValidity }: Omit<OpenOptions, 'toChange'>,
  makeCommand: (exists: number | null) => ReadCommand<T> | null,
): Promise<ReadResult<T>> {
  const read = await withListedName(imap, name, (path) =>
    imap.selectAndRead(path, { readOnly: true, fresh }, makeCommand),
  );
  const { selected } = read;
  if (uidValidity !== undefined && uidValidity !== selected.uidValidity) throw staleUids(selected);
  return read;
}

/** The server has assigned new UIDs (RFC 9051 §2.3.1.1): the same UID may be another message now. */
function staleUids({ path, uidValidity }: SelectedMailbox): ToolError {
  return new ToolError(
    `Nothing was done: the UIDs of ${quoteName(path)} are not valid any more, its uid_validity is ${uidValidity} now. Find the message again with search_mail_messages, by \`HEADER Message-ID "<its message_id>"\` or by SUBJECT, and use the new UID.`,
  );
}

/**
 * Runs a command with a name. If the server refuses the name, tries again with the mailbox that the name means, as the server lists it: the name
 * may be written in another form of Unicode, and some servers do not use modified UTF-7.
 *
 * @param use has no effect if the mailbox does not exist
 */
export async function withListedName<T>(
  imap: ImapConnection,
  name: string,
  use: (path: string) => Promise<T>,
): Promise<T> {
  const path = canonicalMailboxName(name);
  return use(path).catch(async (error: unknown) => {
    const tried = imap.encodedName(path);
    const isOnlyName = isAscii(path) && !tried.includes('&');
    if (!(error instanceof UpstreamError) || error.fault !== 'refused' || isOnlyName || !imap.isUsable) {
      return explainMissing(imap, path, error);
    }
    const meant = (await lookUpMailbox(imap, path))?.path;
    if (meant === undefined || (meant === path && imap.encodedName(path) === tried)) {
      return explainMissing(imap, path, error);
    }
    return use(meant).catch((again: unknown) => explainMissing(imap, meant, again));
  });
}

/**
 * Turns a refusal into an error that names the mailbox, if the mailbox is the reason: by the response code (RFC 5530 §3), or without one
 * by looking the mailbox up.
 */
export async function explainMissing(imap: ImapConnection, name: string, error: unknown): Promise<never> {
  if (!(error instanceof UpstreamError) || error.fault !== 'refused') throw error;
  forgetRoles(imap);
  const path = canonicalMailboxName(name);
  if (error.code === 'NONEXISTENT' || error.code === 'TRYCREATE') throw unknownMailbox(path, error);
  // `NO` and `BAD` are refusals without a code; CANNOT is the code for a name that no mailbox can have.
  if (!imap.isUsable || !['NO', 'BAD', 'CANNOT', 'SERVERBUG'].includes(error.code ?? 'NO')) throw error;
  const found = await lookUpMailbox(imap, path);
  if (found === undefined) throw unknownMailbox(path, error);
  if (!found.selectable) throw noMessagesIn(path, error);
  throw error;
}

export function unknownMailbox(name: string, cause?: unknown): ToolError {
  return new ToolError(`There is no mailbox ${quoteName(name)}. Call list_mailboxes for the names.`, { cause });
}

function noMessagesIn(name: string, cause?: unknown): ToolError {
  const sentence = `The mailbox ${quoteName(name)} holds other mailboxes but no messages. Call list_mailboxes for the names.`;
  return new ToolError(sentence, { cause });
}
