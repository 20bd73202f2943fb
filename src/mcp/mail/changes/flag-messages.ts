/** Adds and removes flags of the messages that a call names by `uids` or `query`. */
import { includesDeleted } from '../../../mail/messages/change.ts';
import { type FlaggedSet, flagSet } from '../../../mail/sets/flag-set.ts';
import { toLocalTime } from '../../../text/time.ts';
import type { Rights } from '../../tool.ts';
import type { MailSession } from '../mail-session.ts';
import { isHeld } from './brakes.ts';
import { type Choice, type Chosen, chooseMessages } from './choice.ts';
import { planOf } from './plan.ts';
import { SUMMARY_OF_SET, summaryOf } from './summary.ts';
import { uidSetText } from './uid-set.ts';
import { undoOfFlags } from './undo.ts';

export interface FlagRequest extends Choice {
  add: string[];
  remove: string[];
  dry_run?: boolean | undefined;
}

/** @throws {ToolError} if the call cannot be carried out; nothing was changed then */
export async function flagMessagesOf(request: FlagRequest, session: MailSession, rights: Rights) {
  const { add, remove, dry_run: dryRun } = request;
  const chosen = await chooseMessages(request, session);
  const isByQuery = chosen.query !== null;
  // What is marked as deleted goes like what is moved to the trash.
  const isDiscarding = includesDeleted(add);
  if (isHeld({ dryRun, count: chosen.uids.length, isByQuery, isDiscarding })) {
    const args = { ...(add.length > 0 && { add }), ...(remove.length > 0 && { remove }) };
    const planned = { tool: 'update_mail_message_flags', args, chosen, isAsked: dryRun === true };
    const { count, fields } = await planOf(planned, session, rights);
    return { would_change: count, ...fields };
  }
  if (chosen.uids.length === 0) return { changed: 0, undo: [] };
  const set = { ...chosen, add, remove, ...(isByQuery && { items: SUMMARY_OF_SET }) };
  const flagged = await session.countedChange(set.uids.length, () => flagSet(set, session), countOf);
  return describeFlagged(flagged, chosen, session);
}

/** Messages whose flags have changed, or may have. */
function countOf({ changes, unknown }: FlaggedSet): number {
  return new Set([...changes.flatMap(({ uids }) => uids), ...unknown]).size;
}

function describeFlagged(flagged: FlaggedSet, chosen: Chosen, session: MailSession) {
  const { changes, missing, refused, unknown, uidValidity } = flagged;
  const changed = [...new Set(changes.flatMap(({ uids }) => uids))];
  const summary = summaryOf(flagged.uids, flagged.items, session.timeZone);
  return {
    changed: changed.length,
    ...(changed.length > 0 && { uids: uidSetText(changed) }),
    uid_validity: uidValidity,
    ...summary,
    ...(missing.length > 0 && { not_found: uidSetText(missing) }),
    ...(refused.length > 0 && { not_changed: uidSetText(refused) }),
    ...(unknown.length > 0 && { unknown: uidSetText(unknown) }),
    ...nextOf(chosen, summary.oldest, session),
    ...undoOfFlags(chosen.mailbox, flagged),
    ...(unknown.length > 0 && { warning: UNKNOWN }),
  };
}

const UNKNOWN =
  'The mail server has not confirmed the flags of the messages in `unknown`. Make the same call again: flags that are set stay set.';

/** The same query would hit the same messages again, so the next one ends before the oldest of these. */
function nextOf({ count, uids }: Chosen, oldest: string | undefined, { timeZone }: MailSession): { next?: string } {
  const left = count - uids.length;
  if (left <= 0) return {};
  const bound = oldest === undefined ? '' : `, with before:${secondAfter(oldest, timeZone)} added to the query`;
  return { next: `${left} more messages match. Make the same call again for them${bound}.` };
}

/** So that messages which have arrived in the same second are hit again rather than left out. */
const secondAfter = (time: string, timeZone: string): string =>
  toLocalTime(new Date(Date.parse(time) + 1_000), timeZone);
