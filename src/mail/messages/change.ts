/** Moves, flags, removes and appends messages. Messages are named by UID only. */
import { ToolError, UpstreamError } from '../../errors.ts';
import { atom, numberOf, sequenceSet, sequenceSetText, string, type Token, textOf } from '../imap/data-formats.ts';
import { type FetchedItems, fetchByUid, fetchExpected } from '../imap/fetch.ts';
import type { ImapConnection } from '../imap/imap-connection.ts';
import { explainMissing, openMailbox } from '../mailbox/open-mailbox.ts';
import { canonicalMailboxName, quoteName } from '../mailbox-name.ts';
import type { MessageBytes } from '../message-bytes.ts';
import { toSummary } from '../mime/summary.ts';
import { carry, stillThere } from './carry.ts';
import { canonicalFlag, isSameFlag, labelIn, requirePermanent } from './flags.ts';
import { removeFromSelected } from './removal.ts';
import { toUnknownOutcome } from './unknown-outcome.ts';

/**
 * Moves messages between mailboxes of one account (RFC 6851; COPY, STORE and EXPUNGE where MOVE is missing).
 *
 * @returns in the order of `uids`. `newUid` and `newUidValidity` are null without UIDPLUS. `removed` is false if the message could only be
 *   marked \Deleted in `mailbox`, because the server cannot remove it without others
 * @throws {ToolError} if a mailbox or a message does not exist; nothing was moved then
 * @throws {UpstreamError} if the server refuses, or the outcome is unknown; `refused` (code `NOT_DONE`) if it confirms and does nothing
 */
export async function moveMessages(
  imap: ImapConnection,
  mailbox: string,
  uids: readonly number[],
  destination: string,
): Promise<{ uid: number; newUid: number | null; newUidValidity: string | null; removed: boolean }[]> {
  const { path } = await openMailbox(imap, mailbox, { toChange: true });
  await requireMessages(imap, path, uids);
  const { to, copied, remaining, removed } = await carry(imap, uids, { from: path, destination });
  if (remaining.length > 0) throw stillThere(remaining.length, uids.length, { from: path, to });
  return uids.map((uid) => {
    const newUid = copied.uids.get(uid) ?? null;
    return { uid, newUid, newUidValidity: newUid === null ? null : copied.uidValidity, removed };
  });
}

/**
 * Removes messages permanently.
 *
 * @returns `expunged: false` if they could only be marked \Deleted: without UIDPLUS, others that are marked would be removed too
 * @throws {ToolError} if the mailbox or a message does not exist; nothing was removed then
 */
export async function deleteMessages(
  imap: ImapConnection,
  mailbox: string,
  uids: readonly number[],
): Promise<{ expunged: boolean; uidValidity: string }> {
  const { path, uidValidity } = await openMailbox(imap, mailbox, { toChange: true });
  await requireMessages(imap, path, uids);
  return { expunged: await removeFromSelected(imap, uids), uidValidity };
}

/** As deleteMessages(), without an error for messages that do not exist. @param uidValidity as for openMailbox() */
export async function removeMessages(
  imap: ImapConnection,
  mailbox: string,
  uids: readonly number[],
  uidValidity?: string,
): Promise<{ expunged: boolean }> {
  await openMailbox(imap, mailbox, { toChange: true, uidValidity });
  return { expunged: await removeFromSelected(imap, uids) };
}

/**
 * Adds and removes flags of one message.
 *
 * @returns all flags afterwards
 * @throws as changeFlags()
 */
export async function updateFlags(
  imap: ImapConnection,
  mailbox: string,
  uid: number,
  change: { add: readonly string[]; remove: readonly string[] },
): Promise<string[]> {
  return (await changeFlags(imap, mailbox, uid, change)).flags;
}

/**
 * As updateFlags().
 *
 * @returns `before`: all flags before; null if the server did not return them
 * @throws {ToolError} if the message does not exist, a flag is not valid, or the mailbox does not keep it
 */
export async function changeFlags(
  imap: ImapConnection,
  mailbox: string,
  uid: number,
  { add, remove }: { add: readonly string[]; remove: readonly string[] },
): Promise<{ flags: string[]; before: string[] | null; uidValidity: string }> {
  const [added, removed] = [add.map(canonicalFlag), remove.map(canonicalFlag)];
  const both = added.find((flag) => removed.some((other) => isSameFlag(flag, other)));
  if (both !== undefined) throw new ToolError(`The flag ${quoteName(both)} is both to be added and to be removed.`);
  const selected = await openMailbox(imap, mailbox, { toChange: true });
  for (const flag of added) requirePermanent(selected, flag);
  const known = (await requireMessages(imap, selected.path, [uid], [atom('FLAGS')])).get(uid);
  const ifLost =
    'The connection was lost while flags were being changed, which may have happened or not. Read the message to see which it has.';
  const set = sequenceSet([uid]);
  if (added.length > 0) await imap.run('UID STORE', [set, atom('+FLAGS.SILENT'), added.map(atom)], { ifLost });
  if (removed.length > 0) await imap.run('UID STORE', [set, atom('-FLAGS.SILENT'), removed.map(atom)], { ifLost });
  const fetched = await fetchByUid(imap, [uid], [atom('FLAGS')], ['FLAGS']).catch((error: unknown) => {
    throw toUnknownOutcome(error, ifLost);
  });
  const items = fetched.get(uid);
  if (items === undefined) throw missingMessage(selected.path, [uid]);
  const before = known?.has('FLAGS') ? toSummary(uid, known).flags : null;
  return { flags: toSummary(uid, items).flags, before, uidValidity: selected.uidValidity };
}

/**
 * Adds a message to a mailbox.
 *
 * @param raw the whole message, CRLF line ends; read piece by piece if it is not in memory
 * @returns UID and UIDVALIDITY; null without UIDPLUS
 * @throws {ToolError} if there is no such mailbox
 * @throws {UpstreamError} `refused` with code `OVERQUOTA`, `TOOBIG` or the server's own; `unknown_outcome`
 */
export async function appendMessage(
  imap: ImapConnection,
  mailbox: string,
  raw: MessageBytes,
  flags: string[],
): Promise<{ uid: number | null; uidValidity: string | null }> {
  const path = canonicalMailboxName(mailbox);
  if (imap.appendLimitBytes !== null && raw.length > imap.appendLimitBytes) throw tooBig();
  const tokens = [
    string(imap.encodedName(path)),
    flags.map((flag) => atom(canonicalFlag(flag))),
    // If the bytes are not in memory, the command line ends in `{length}`, and the bytes are sent as `literal`.
    Buffer.isBuffer(raw)
      ? ({ type: 'LITERAL', value: raw } as const)
      : ({ type: 'TEXT', value: `{${raw.length}}` } as const),
  ];
  const completion = await imap
    .run('APPEND', tokens, {
      ifLost: `The connection was lost while a message was being saved in ${quoteName(path)}, which may have happened or not. Look whether it is there before trying again.`,
      // Allows for slow connections: 64 bytes per millisecond, which is about 64 KB a second.
      commandMs: 120_000 + raw.length / 64,
      ...(Buffer.isBuffer(raw) ? {} : { literal: raw }),
    })
    .catch((error: unknown) => explainMissing(imap, path, error))
    .catch((error: unknown) => explainAppend(error));
  const [uidValidity, uid] = completion.code === 'APPENDUID' ? completion.codeItems : [];
  return { uid: numberOf(uid), uidValidity: textOf(uidValidity) };
}

/**
 * True if one of the flags is \Deleted: a mail program may expunge a message that has it at any time.
 *
 * @throws {ToolError} if a flag is not valid
 */
export function includesDeleted(flags: readonly string[]): boolean {
  return flags.some((flag) => labelIn(flag) === null && canonicalFlag(flag) === '\\Deleted');
}

/** Of the UIDs that an error names. */
const MAX_UIDS_CHARS = 200;

export function missingMessage(mailbox: string, uids: readonly number[]): ToolError {
  const [none, they] =
    uids.length === 1
      ? [`is no message with UID ${uids[0]}`, 'It']
      : [`are no messages with the UIDs ${sequenceSetText(uids).slice(0, MAX_UIDS_CHARS)}`, 'They'];
  return new ToolError(
    `There ${none} in ${quoteName(mailbox)}. ${they} may have been moved or deleted. Call list_mail_messages or search_mail_messages for current UIDs.`,
  );
}

/** @throws {ToolError} with the UIDs of the messages that do not exist */
async function requireMessages(
  imap: ImapConnection,
  mailbox: string,
  uids: readonly number[],
  items: readonly Token[] = [],
): Promise<ReadonlyMap<number, FetchedItems>> {
  if (uids.length === 0) throw new ToolError('No message is named.');
  const found = await fetchExpected(imap, uids, items, []);
  const missing = uids.filter((uid) => !found.has(uid));
  if (missing.length > 0) throw missingMessage(mailbox, missing);
  return found;
}

function explainAppend(error: unknown): never {
  if (!(error instanceof UpstreamError) || error.fault !== 'refused') throw error;
  if (error.code === 'TOOBIG' || error.code === 'LIMIT') throw tooBig(error);
  if (error.code !== 'OVERQUOTA') throw error;
  const sentence = 'The mailbox is full, so the message could not be saved. Delete or move messages first.';
  throw new UpstreamError('IMAP', 'refused', sentence, { cause: error, code: 'OVERQUOTA' });
}

function tooBig(cause?: unknown): UpstreamError {
  return new UpstreamError('IMAP', 'refused', 'The message is larger than the mail server stores.', {
    cause,
    code: 'TOOBIG',
  });
}
