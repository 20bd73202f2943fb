/** Moves the messages that a call names by `uids` or `query`. */
import { requireMailbox } from '../../../mail/mailbox/open-mailbox.ts';
import { alreadyIn } from '../../../mail/messages/carry.ts';
import { type MovedSet, moveSet } from '../../../mail/sets/move-set.ts';
import type { Rights } from '../../tool.ts';
import { isDiscardFolder, requireDestination } from '../destination.ts';
import type { MailSession } from '../mail-session.ts';
import { resolveFolder } from '../resolve-folder.ts';
import { isHeld } from './brakes.ts';
import { type Choice, type Chosen, chooseMessages } from './choice.ts';
import { NOT_REMOVED } from './move-results.ts';
import { createdFields, makeFolders, missingFolders } from './new-folder.ts';
import { planOf } from './plan.ts';
import { SUMMARY_OF_SET, summaryOf } from './summary.ts';
import { uidSetText } from './uid-set.ts';
import { undoOfMove } from './undo.ts';

export interface MoveRequest extends Choice {
  destination: string;
  create: boolean;
}

/** @throws {ToolError} if the call cannot be carried out; nothing was moved then */
export async function moveMessagesOf(request: MoveRequest, session: MailSession, rights: Rights) {
  const destination = await resolveFolder(request.destination, session, 'destination');
  const missing = request.create ? await missingFolders(destination, session, rights) : [];
  if (missing.length === 0) await requireDestination(destination, session, rights);
  const chosen = await chooseMessages({ ...request, isCertain: missing.length > 0 }, session);
  const isByQuery = chosen.query !== null;
  const { dry_run: dryRun } = request;
  const isDiscarding = isByQuery && dryRun === undefined && (await isDiscardFolder(destination, session));
  if (isHeld({ dryRun, count: chosen.uids.length, isByQuery, isDiscarding })) {
    // What the call could not do is said before it is made.
    if (destination === chosen.mailbox) throw alreadyIn(destination, chosen.uids.length);
    if (missing.length === 0) await session.readImap((imap) => requireMailbox(imap, destination));
    const args = { destination, ...(missing.length > 0 && { create: true }) };
    const planned = { tool: 'move_mail_message', args, chosen, isAsked: dryRun === true };
    const { count, fields } = await planOf(planned, session, rights);
    return { would_move: count, destination, ...(missing.length > 0 && { would_create: missing }), ...fields };
  }
  if (chosen.uids.length === 0) return { moved: 0, destination, undo: [] };
  // What the answer shows of the hits of a query is fetched with what the move has to know anyway.
  const set = { ...chosen, destination, ...(isByQuery && { items: SUMMARY_OF_SET }) };
  const move = async () => {
    await makeFolders(missing, set, session);
    return moveSet(set, session);
  };
  const moved = await session.countedChange(set.uids.length, move, countOf);
  const described = await describeMoved(moved, chosen, session, rights);
  return { ...described, ...createdFields(missing, described.undo_note) };
}

/** Messages that were moved, or may have been. */
export const countOf = ({ moved, unknown }: MovedSet): number => moved.size + unknown.length;

/** What was moved, and the calls that undo it. */
export async function describeMoved(moved: MovedSet, chosen: Chosen, session: MailSession, rights: Rights) {
  const { to, moved: newUids, newUidValidity, remaining, missing, unknown, removed } = moved;
  const known = [...newUids.values()].flatMap((uid) => uid ?? []);
  const route = { from: chosen.mailbox, to, isLost: moved.isLost };
  const between = { ...route, uids: [...newUids.values()], uidValidity: newUidValidity, removed };
  const left = chosen.count - chosen.uids.length;
  return {
    ...{ moved: newUids.size, destination: to },
    ...(known.length > 0 && { uids: uidSetText(known), uid_validity: newUidValidity }),
    ...summaryOf([...newUids.keys()], moved.items, session.timeZone),
    ...(missing.length > 0 && { not_found: uidSetText(missing) }),
    ...(remaining.length > 0 && { not_moved: uidSetText(remaining) }),
    ...(unknown.length > 0 && { unknown: uidSetText(unknown) }),
    ...(left > 0 && { next: `${left} more messages match. Make the same call again for them.` }),
    ...(await undoOfMove(between, session, rights)),
    ...warningOf(moved, chosen),
  };
}

function warningOf({ removed, unknown, remaining }: MovedSet, { query }: Chosen): { warning?: string } {
  const warnings = [
    ...(query?.warning ? [query.warning] : []),
    ...(removed ? [] : [NOT_REMOVED]),
    ...(unknown.length > 0 ? [UNKNOWN] : []),
    ...(remaining.length > 0 ? [REMAINING] : []),
  ];
  return warnings.length === 0 ? {} : { warning: warnings.join(' ') };
}

const UNKNOWN =
  'The connection was lost: the messages in `unknown` may have been moved or not. Look into both folders before trying again.';
const REMAINING = 'The mail server did not move the messages in `not_moved`. They are where they were.';
