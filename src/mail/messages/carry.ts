/**
 * Carries messages of the selected mailbox into another one: by MOVE (RFC 6851), or by COPY, STORE and EXPUNGE where it is missing.
 *
 * Invariant: a message counts as moved on evidence, never on the tagged OK alone.
 */
import { ToolError, UpstreamError } from '../../errors.ts';
import {
  expandSequenceSet,
  type Item,
  isList,
  sequenceSet,
  string,
  textOf,
  type UntaggedResponse,
} from '../imap/data-formats.ts';
import type { Completion, ImapConnection } from '../imap/imap-connection.ts';
import { withListedName } from '../mailbox/open-mailbox.ts';
import { canonicalMailboxName, quoteName } from '../mailbox-name.ts';
import { findRemaining, type MailboxSize, readSize, showsFewerAdded } from './evidence.ts';
import { removeFromSelected } from './removal.ts';
import { toUnknownOutcome } from './unknown-outcome.ts';

/** What has become of messages that were to be moved. */
export interface Carried {
  /** The destination, as the server lists it. */
  to: string;
  copied: Copied;
  /** Messages that are still where they were. */
  remaining: number[];
  /** False if the originals could only be marked \Deleted. */
  removed: boolean;
}

interface Copied {
  uidValidity: string | null;
  /** New UIDs by old ones. */
  uids: Map<number, number>;
}

/** Where messages are carried from and to. */
interface Route {
  /** The selected mailbox. */
  from: string;
  destination: string;
  /** Called before the first command that can remove a message from `from`. */
  onRemoval?: () => void;
}

/**
 * @param uids messages that exist
 * @throws {ToolError} if there is no such destination
 * @throws {UpstreamError} if the server refuses and nothing was moved, or the outcome is unknown; `refused` (code `NOT_DONE`) if it confirms a copy
 *   and makes none
 */
export async function carry(
  imap: ImapConnection,
  uids: readonly number[],
  { from, destination, onRemoval = () => {} }: Route,
): Promise<Carried> {
  const target = canonicalMailboxName(destination);
  const canMove = imap.has('MOVE');
  const copying = await withListedName(imap, target, async (to) => {
    if (from === to) throw alreadyIn(from, uids.length);
    if (canMove) onRemoval();
    return canMove ? moveTo(imap, uids, to) : copyTo(imap, uids, to);
  });
  // Not within withListedName(), which may run a refused command again.
  const { to, copied } = copying;
  if (canMove) return { to, copied, remaining: await findUnmoved(imap, uids, copying), removed: true };
  await requireCopied(imap, uids, { from, ...copying });
  onRemoval();
  return { to, copied, remaining: [], removed: await removeCopied(imap, uids) };
}

/** The error for a move that the server has confirmed and not carried out. */
export function stillThere(remaining: number, all: number, { from, to }: { from: string; to: string }): UpstreamError {
  const what = all === 1 ? 'the message is' : `${remaining} of the ${all} messages are`;
  const sentence = `The mail server confirmed the move, but ${what} still in ${quoteName(from)}. Look into ${quoteName(to)} too before trying again.`;
  return new UpstreamError('IMAP', 'refused', sentence, { code: 'NOT_DONE' });
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
  /** True if the server has refused to move the rest. */
  isRefused?: boolean;
}

async function moveTo(imap: ImapConnection, uids: readonly number[], to: string): Promise<Copying> {
  const exists = imap.selected?.exists;
  const copied: Copied = { uidValidity: null, uids: new Map() };
  let isRefused = false;
  await runCopying(imap, { command: 'UID MOVE', uids, to, ifLost: MOVE_LOST }, copied).catch((error: unknown) => {
    // A server may refuse the rest after it has moved some (RFC 6851 §3.3).
    isRefused = copied.uids.size > 0 && isRefusal(error) && imap.isUsable;
    if (!isRefused) throw error;
  });
  return { to, exists, copied, isRefused };
}

async function copyTo(imap: ImapConnection, uids: readonly number[], to: string): Promise<Copying> {
  const size = await readSize(imap, to);
  const copied: Copied = { uidValidity: null, uids: new Map() };
  await runCopying(imap, { command: 'UID COPY', uids, to, ifLost: COPY_LOST }, copied);
  return { to, size, copied };
}

const isRefusal = (error: unknown): boolean => error instanceof UpstreamError && error.fault === 'refused';

/** Messages whose move the server has not reported by COPYUID must be gone from where they were. @returns those that are not */
async function findUnmoved(
  imap: ImapConnection,
  uids: readonly number[],
  { copied, exists, isRefused = false }: Copying,
): Promise<number[]> {
  const unproven = isRefused ? uids : uids.filter((uid) => !copied.uids.has(uid));
  if (unproven.length === 0) return [];
  const before = exists === undefined ? undefined : exists - (uids.length - unproven.length);
  const remaining = await findRemaining(imap, unproven, before).catch((error: unknown) => {
    throw toUnknownOutcome(error, MOVE_LOST);
  });
  return remaining.map(({ uid }) => uid);
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
  { command, uids, to, ifLost }: { command: string; uids: readonly number[]; to: string; ifLost: string },
  copied: Copied,
): Promise<void> {
  const completion = await imap.run(command, [sequenceSet(uids), string(imap.encodedName(to))], {
    // With MOVE the code comes in an untagged OK (RFC 6851 §4.3).
    untagged: { OK: (line) => addCopyUid(codeOf(line), copied) },
    ifLost,
  });
  addCopyUid(completion, copied);
}

const COPIED =
  'The message was copied to the destination, but it is not certain that it was removed from where it was: it may be in both mailboxes. Look into both before trying again.';

/** Removes the originals after a COPY, on servers without MOVE. Every fault is reported as an unknown outcome, because the copy already exists. */
async function removeCopied(imap: ImapConnection, uids: readonly number[]): Promise<boolean> {
  return removeFromSelected(imap, uids, COPIED).catch((error: unknown) => {
    throw toUnknownOutcome(error, COPIED);
  });
}

export function alreadyIn(path: string, count: number): ToolError {
  const what = count === 1 ? 'The message is' : 'The messages are';
  return new ToolError(`${what} in ${quoteName(path)} already. Name another mailbox as the destination.`);
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
