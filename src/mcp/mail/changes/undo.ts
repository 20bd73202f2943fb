/** Builds the calls that undo a change: only such as this connection may make. */
import { z } from 'zod';
import { OAuthError, ToolError } from '../../../errors.ts';
import { listMailboxes } from '../../../mail/mailbox/list-mailboxes.ts';
import type { ChangedFlag, FlaggedSet } from '../../../mail/sets/flag-set.ts';
import { EscapedName, Name } from '../../outgoing.ts';
import type { Rights } from '../../tool.ts';
import { requireDestination } from '../destination.ts';
import type { MailSession } from '../mail-session.ts';
import { MAX_UNASKED } from './brakes.ts';
import { UidSet, uidSetText } from './uid-set.ts';

/** A call as a model can make it. */
export const Call = z.object({
  tool: z.string(),
  arguments: z.object({
    folder: Name,
    uids: UidSet.optional(),
    query: EscapedName.optional(),
    uid_validity: z.string().optional(),
    destination: Name.optional(),
    add: z.array(Name).optional(),
    remove: z.array(Name).optional(),
    permanent: z.boolean().optional(),
    create: z.boolean().optional(),
    dry_run: z.boolean().optional(),
  }),
});
export type Call = z.input<typeof Call>;

export const UndoFields = {
  undo: z
    .array(Call)
    .nullable()
    .optional()
    .describe('The calls that undo this one. Null: there are none, see `undo_note`.'),
  undo_note: z.string().optional().describe('What `undo` does not restore, or why there is none.'),
};

export interface Undo {
  undo: Call[] | null;
  undo_note?: string;
}

export const noUndo = (why: string): Undo => ({ undo: null, undo_note: why });

/** Messages that were moved. */
interface MovedBetween {
  /** Where they were. */
  from: string;
  to: string;
  /** New UIDs; null where the server has reported none. */
  uids: readonly (number | null)[];
  uidValidity: string | null;
  /** False if the originals are still there. */
  removed: boolean;
  /** True if the connection was lost, and with it the new UIDs. */
  isLost?: boolean;
}

const NO_UIDS =
  'The mail server does not report the new UIDs (no UIDPLUS). Find the messages in the destination with search_mail_messages and move them from there.';
const LOST_UIDS =
  'The connection was lost before the mail server reported the new UIDs. Find the messages in the destination with search_mail_messages and move them from there.';
const NOT_REMOVED = 'The originals are still in their folder, so moving the copies would double the messages.';
const NOT_ALLOWED = 'This connection may not move messages to where they were.';

/** @throws {UpstreamError} */
export async function undoOfMove(moved: MovedBetween, session: MailSession, rights: Rights): Promise<Undo> {
  const { from, to, uids, uidValidity, removed, isLost = false } = moved;
  const known = uids.flatMap((uid) => uid ?? []);
  if (uids.length === 0) return { undo: [] };
  if (!removed) return noUndo(NOT_REMOVED);
  if (known.length === 0) return noUndo(isLost ? LOST_UIDS : NO_UIDS);
  if (!(await mayMove(moved, session, rights))) return noUndo(NOT_ALLOWED);
  const args = {
    ...{ folder: to, uids: uidSetText(known) },
    ...(uidValidity !== null && { uid_validity: uidValidity }),
    ...{ destination: from, ...asked(known.length) },
  };
  const left = uids.length - known.length;
  const note = `The mail server has not reported the new UIDs of ${left} messages, which undo leaves where they are.`;
  return { undo: [{ tool: 'move_mail_message', arguments: args }], ...(left > 0 && { undo_note: note }) };
}

/** A call for many messages has to say that it is meant. */
const asked = (count: number): { dry_run?: false } => (count > MAX_UNASKED ? { dry_run: false } : {});

async function mayMove({ from, to }: MovedBetween, session: MailSession, rights: Rights): Promise<boolean> {
  if (!rights.allows({ tool: 'move_mail_message' })) return false;
  if (!(await mayUse(to, session))) return false;
  try {
    await requireDestination(from, session, rights);
    return true;
  } catch (error) {
    if (error instanceof ToolError || error instanceof OAuthError) return false;
    throw error;
  }
}

/** False for the trash of a connection that may not use it otherwise. */
async function mayUse(path: string, { permit, readImap }: MailSession): Promise<boolean> {
  if (permit.policy.folders === undefined) return true;
  return readImap(async (imap) => (await listMailboxes(imap, { counts: false })).some((each) => each.path === path));
}

/** Undoes each flag in the messages in which it has changed. Flags that have changed in the same messages share a call. */
export function undoOfFlags(
  folder: string,
  { changes, uidValidity, unknown }: Pick<FlaggedSet, 'changes' | 'uidValidity' | 'unknown'>,
): Undo {
  const bySet = Map.groupBy(changes, ({ uids }) => uidSetText(uids));
  const undo = [...bySet].map(([uids, own]) => ({
    tool: 'update_mail_message_flags',
    arguments: { folder, uids, uid_validity: uidValidity, ...opposite(own), ...asked(own[0]?.uids.length ?? 0) },
  }));
  const note = `Flags of ${unknown.length} messages are not known, and undo does not change them.`;
  return { undo, ...(unknown.length > 0 && { undo_note: note }) };
}

function opposite(changes: readonly ChangedFlag[]): { add?: string[]; remove?: string[] } {
  const [added, removed] = [true, false].map((isAdded) =>
    changes.filter((each) => each.isAdded === isAdded).map(({ flag }) => flag),
  );
  return { ...(removed?.length && { add: removed }), ...(added?.length && { remove: added }) };
}
