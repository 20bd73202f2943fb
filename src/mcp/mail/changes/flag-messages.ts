/** Adds and removes flags of the messages that a call names by `uids` or `query`. */
import type { ImapConnection } from '../../../mail/imap/imap-connection.ts';
import { includesDeleted } from '../../../mail/messages/change.ts';
import { labelIn } from '../../../mail/messages/flags.ts';
import type { SearchKey } from '../../../mail/search/keys.ts';
import { type FlaggedSet, flagSet } from '../../../mail/sets/flag-set.ts';
import { markKey, readMark } from '../../../mail/sets/marks.ts';
import type { Rights } from '../../tool.ts';
import { requireLabel } from '../destination.ts';
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
}

/** @throws {ToolError} if the call cannot be carried out; nothing was changed then */
export async function flagMessagesOf(request: FlagRequest, session: MailSession, rights: Rights) {
  const { add, remove, dry_run: dryRun } = request;
  for (const label of [...add, ...remove].map(labelIn)) if (label !== null) await requireLabel(label, session, rights);
  // The same call then goes on with the others, if they are too many for one.
  const chosen = await chooseMessages({ ...request, narrowing: (imap) => lackingKey(imap, request) }, session);
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
  const left = chosen.count - chosen.uids.length;
  const warnings = [chosen.query?.warning, unknown.length > 0 ? UNKNOWN : null].filter((each) => each != null);
  return {
    changed: changed.length,
    ...(changed.length > 0 && { uids: uidSetText(changed) }),
    uid_validity: uidValidity,
    ...summaryOf(flagged.uids, flagged.items, session.timeZone),
    ...(missing.length > 0 && { not_found: uidSetText(missing) }),
    ...(refused.length > 0 && { not_changed: uidSetText(refused) }),
    ...(unknown.length > 0 && { unknown: uidSetText(unknown) }),
    ...(left > 0 && { next: `${left} more messages match. Make the same call again for them.` }),
    ...undoOfFlags(chosen.mailbox, flagged),
    ...(warnings.length > 0 && { warning: warnings.join(' ') }),
  };
}

const UNKNOWN =
  'The mail server has not confirmed the flags of the messages in `unknown`. Make the same call again: flags that are set stay set.';

/** Finds the messages in which a flag would change; null if no search does. */
function lackingKey(imap: ImapConnection, { add, remove }: FlagRequest): SearchKey | null {
  const keys = [
    ...add.map((name) => markKey(readMark(imap, name), { isSet: false })),
    ...remove.map((name) => markKey(readMark(imap, name), { isSet: true })),
  ];
  const [first, ...others] = keys.filter((key) => key !== null);
  if (first === undefined || others.length + 1 < keys.length) return null;
  return others.reduce<SearchKey>((right, left) => ({ key: 'OR', left, right }), first);
}
