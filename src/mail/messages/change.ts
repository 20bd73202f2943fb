/** Moves, flags, removes and appends messages. Messages are named by UID only. */
import { ToolError, UpstreamError } from '../../errors.ts';
import {
  atom,
  expandSequenceSet,
  type Item,
  isList,
  numberOf,
  sequenceSet,
  string,
  textOf,
  type UntaggedResponse,
} from '../imap/data-formats.ts';
import { fetchByUid, fetchExpected } from '../imap/fetch.ts';
import type { Completion, ImapConnection } from '../imap/imap-connection.ts';
import { explainMissing, openMailbox, withListedName } from '../mailbox/open-mailbox.ts';
import { canonicalMailboxName, quoteName } from '../mailbox-name.ts';
import type { MessageBytes } from '../message-bytes.ts';
import { toSummary } from '../mime/summary.ts';
import { findRemaining, type MailboxSize, readSize, showsFewerAdded } from './evidence.ts';
import { canonicalFlag, isSameFlag, requirePermanent } from './flags.ts';
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
  const target = canonicalMailboxName(destination);
  const { path } = await openMailbox(imap, mailbox, { toChange: true });
  await requireMessages(imap, path, uids);
  const canMove = imap.has('MOVE');
  const copying = await withListedName(imap, target, async (to) => {
    if (path === to) throw alreadyIn(path);
    return canMove ? moveTo(imap, uids, to) : copyTo(imap, uids, to);
  });
  // Not within withListedName(), which may run a refused command again.
  const evidence = canMove ? requireMoved : requireCopied;
  await evidence(imap, uids, { from: path, ...copying });
  const removed = canMove || (await removeCopied(imap, uids));
  const { copied } = copying;
  return uids.map((uid) => {
    const newUid = copied.uids.get(uid) ?? null;
    return { uid, newUid, newUidValidity: newUid === null ? null : copied.uidValidity, removed };
  });
}

/** A command that has copied messages, and what was known before it. */
interface Copying {
  /** The destination. */
  to: string;
  copied: Copied;
  /** Messages in the selected mailbox. */
  exists?: number | undefined;
  /** Of the destination. */
  size?: MailboxSize;
}

async function moveTo(imap: ImapConnection, uids: readonly number[], to: string): Promise<Copying> {
  const exists = imap.selected?.exists;
  return { to, exists, copied: await runCopying(imap, 'UID MOVE', uids, { to, ifLost: MOVE_LOST }) };
}

async function copyTo(imap: ImapConnection, uids: readonly number[], to: string): Promise<Copying> {
  const size = await readSize(imap, to);
  return { to, size, copied: await runCopying(imap, 'UID COPY', uids, { to, ifLost: COPY_LOST }) };
}

/** Messages whose move the server has not reported by COPYUID must be gone from where they were. */
async function requireMoved(
  imap: ImapConnection,
  uids: readonly number[],
  { from, to, copied, exists }: Copying & { from: string },
): Promise<void> {
  const unproven = uids.filter((uid) => !copied.uids.has(uid));
  if (unproven.length === 0) return;
  const before = exists === undefined ? undefined : exists - (uids.length - unproven.length);
  const remaining = await findRemaining(imap, unproven, before).catch((error: unknown) => {
    throw toUnknownOutcome(error, MOVE_LOST);
  });
  if (remaining.length === 0) return;
  const what = uids.length === 1 ? 'the message is' : `${remaining.length} of the ${uids.length} messages are`;
  const sentence = `The mail server confirmed the move, but ${what} still in ${quoteName(from)}. Look into ${quoteName(to)} too before trying again.`;
  throw new UpstreamError('IMAP', 'refused', sentence, { code: 'NOT_DONE' });
}

/** Copies that the server has not reported by COPYUID must have made the destination larger: the originals are removed next. */
async function requireCopied(
  imap: ImapConnection,
  uids: readonly number[],
  { from, to, copied, size }: Copying & { from: string },
): Promise<void> {
  if (size === undefined || uids.every((uid) => copied.uids.has(uid))) return;
  const after = await readSize(imap, to).catch((error: unknown) => {
    throw toUnknownOutcome(error, COPY_LOST);
  });
  if (!showsFewerAdded(size, after, uids.length)) return;
  const sentence = `The mail server confirmed a copy, but ${quoteName(to)} shows no new message, so nothing was removed from ${quoteName(from)}. Look into ${quoteName(to)} before trying again.`;
  throw new UpstreamError('IMAP', 'refused', sentence, { code: 'NOT_DONE' });
}

const MOVE_LOST =
  'The connection was lost while the message was being moved, which may have happened or not. Look into both mailboxes before trying again.';
const COPY_LOST = MOVE_LOST.replace('moved', 'copied');

async function runCopying(
  imap: ImapConnection,
  command: 'UID MOVE' | 'UID COPY',
  uids: readonly number[],
  { to, ifLost }: { to: string; ifLost: string },
): Promise<Copied> {
  const copied: Copied = { uidValidity: null, uids: new Map() };
  const completion = await imap.run(command, [sequenceSet(uids), string(imap.encodedName(to))], {
    // With MOVE the code comes in an untagged OK (RFC 6851 §4.3).
    untagged: { OK: (line) => addCopyUid(codeOf(line), copied) },
    ifLost,
  });
  addCopyUid(completion, copied);
  return copied;
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
): Promise<{ expunged: boolean }> {
  const { path } = await openMailbox(imap, mailbox, { toChange: true });
  await requireMessages(imap, path, uids);
  return { expunged: await removeFromSelected(imap, uids) };
}

/** As deleteMessages(), without an error for messages that do not exist. */
export async function removeMessages(imap: ImapConnection, mailbox: string, uids: readonly number[]): Promise<void> {
  await openMailbox(imap, mailbox, { toChange: true });
  await removeFromSelected(imap, uids);
}

/**
 * Adds and removes flags of one message.
 *
 * @returns all flags afterwards
 * @throws {ToolError} if the message does not exist, a flag is not valid, or the mailbox does not keep it
 */
export async function updateFlags(
  imap: ImapConnection,
  mailbox: string,
  uid: number,
  { add, remove }: { add: readonly string[]; remove: readonly string[] },
): Promise<string[]> {
  const [added, removed] = [add.map(canonicalFlag), remove.map(canonicalFlag)];
  const both = added.find((flag) => removed.some((other) => isSameFlag(flag, other)));
  if (both !== undefined) throw new ToolError(`The flag ${quoteName(both)} is both to be added and to be removed.`);
  const selected = await openMailbox(imap, mailbox, { toChange: true });
  for (const flag of added) requirePermanent(selected, flag);
  await requireMessages(imap, selected.path, [uid]);
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
  return toSummary(uid, items).flags;
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
  return flags.map(canonicalFlag).includes('\\Deleted');
}

export function missingMessage(mailbox: string, uids: readonly number[]): ToolError {
  const which =
    uids.length === 1 ? `message with UID ${uids[0]}` : `messages with the UIDs ${uids.slice(0, 20).join(', ')}`;
  return new ToolError(
    `There is no ${which} in ${quoteName(mailbox)}. It may have been moved or deleted. Call list_mail_messages or search_mail_messages for current UIDs.`,
  );
}

const COPIED =
  'The message was copied to the destination, but it is not certain that it was removed from where it was: it may be in both mailboxes. Look into both before trying again.';

/** Removes the originals after a COPY, on servers without MOVE. Every fault is reported as an unknown outcome, because the copy already exists. */
async function removeCopied(imap: ImapConnection, uids: readonly number[]): Promise<boolean> {
  return removeFromSelected(imap, uids, COPIED).catch((error: unknown) => {
    throw toUnknownOutcome(error, COPIED);
  });
}

/** @throws {ToolError} with the UIDs of the messages that do not exist */
async function requireMessages(imap: ImapConnection, mailbox: string, uids: readonly number[]): Promise<void> {
  if (uids.length === 0) throw new ToolError('No message is named.');
  const found = await fetchExpected(imap, uids, [], []);
  const missing = uids.filter((uid) => !found.has(uid));
  if (missing.length > 0) throw missingMessage(mailbox, missing);
}

function alreadyIn(path: string): ToolError {
  return new ToolError(`The message is in ${quoteName(path)} already. Name another mailbox as the destination.`);
}

interface Copied {
  uidValidity: string | null;
  /** New UIDs by old ones. */
  uids: Map<number, number>;
}

/** Reads COPYUID (RFC 4315 §3): UIDVALIDITY of the destination, old UIDs, and new UIDs in the same order. */
function addCopyUid({ code, codeItems: [uidValidity, from, to] }: Completion, copied: Copied): void {
  if (code !== 'COPYUID') return;
  const old = expandSequenceSet(textOf(from) ?? '', 100_000);
  const fresh = expandSequenceSet(textOf(to) ?? '', 100_000);
  if (old === null || fresh === null || old.length !== fresh.length) return;
  copied.uidValidity = textOf(uidValidity);
  for (const [index, uid] of old.entries()) copied.uids.set(uid, fresh[index] ?? 0);
}

function codeOf({ items: [status] }: UntaggedResponse): Completion {
  const section: readonly Item[] =
    status === undefined || status === null || isList(status) ? [] : (status.section ?? []);
  const [code, ...codeItems] = section;
  return { code: textOf(code)?.toUpperCase() ?? null, codeItems };
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
