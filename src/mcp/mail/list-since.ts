/** Lists what has changed in a folder since a cursor, a time or now, and describes it to the model. */
import { z } from 'zod';
import { ToolError } from '../../errors.ts';
import { listArrivals } from '../../mail/messages/arrivals.ts';
import { type Changes, cursorText, parseCursor, readChanges, readCursor } from '../../mail/messages/changes.ts';
import { parseTime } from '../../text/time-span.ts';
import { Name } from '../outgoing.ts';
import type { Rights } from '../tool.ts';
import type { MailSession } from './mail-session.ts';
import { MessageRow } from './rows/message-rows.ts';
import { nextPage, type RowOptions, toRows } from './rows/row-page.ts';

/** Fields of the result with `since`. */
export const ChangeFields = {
  new: z.array(MessageRow).optional().describe('With `since`: new messages, newest first.'),
  more: z.number().optional().describe('New messages after these: call with `cursor`.'),
  changed: z
    .array(z.object({ uid: z.number(), flags: z.array(Name) }))
    .optional()
    .describe('All flags of messages whose flags have changed.'),
  gone: z.string().optional().describe('UIDs of messages that are not in the folder any more.'),
  cursor: z.string().optional().describe('Pass it as `since` to learn what has changed after this answer.'),
};

export interface SinceRequest extends RowOptions {
  /** Resolved. */
  mailbox: string;
  since: string;
  page: number;
  perPage: number;
}

/** @throws {ToolError} if `since` is neither a cursor, nor a time, nor `now` */
export async function listSince(request: SinceRequest, session: MailSession, rights: Rights) {
  const { mailbox, since } = request;
  if (/^now$/i.test(since)) {
    const cursor = await readCursor(session.readImap, mailbox);
    return { folder: mailbox, uid_validity: cursor.uidValidity, new: [], cursor: cursorText(cursor) };
  }
  const cursor = parseCursor(since);
  if (cursor !== undefined) {
    const changes = await readChanges(session.readImap, mailbox, cursor, { count: request.perPage });
    return describeChanges(changes, request, session, rights);
  }
  const span = parseTime(since, { now: session.now(), timeZone: session.timeZone });
  if (span === undefined) throw new ToolError(NOT_UNDERSTOOD);
  return listArrived(new Date(span.start), request, session, rights);
}

async function listArrived(time: Date, request: SinceRequest, session: MailSession, rights: Rights) {
  const { mailbox, page, perPage } = request;
  const { cursor, total, messages } = await listArrivals(session.readImap, mailbox, time, { page, perPage });
  const { uidValidity } = cursor;
  const { rows, warnings } = await toRows([{ mailbox, uidValidity, messages }], request, session, rights);
  return {
    folder: mailbox,
    uid_validity: uidValidity,
    ...{ total, page, per_page: perPage },
    ...nextPage(total, { page, perPage }),
    new: rows,
    cursor: cursorText(cursor),
    ...(warnings.length > 0 && { warning: warnings.join(' ') }),
  };
}

async function describeChanges(changes: Changes, request: SinceRequest, session: MailSession, rights: Rights) {
  const { mailbox } = request;
  const { uidValidity, messages, more, changed, gone } = changes;
  const { rows, warnings } = await toRows([{ mailbox, uidValidity, messages }], request, session, rights);
  const all = [...warnings, ...changeWarnings(changes)];
  return {
    folder: mailbox,
    uid_validity: uidValidity,
    new: rows,
    ...(more > 0 && { more }),
    ...(changed !== null && changed.length > 0 && { changed }),
    ...(gone !== null && gone !== '' && { gone }),
    cursor: cursorText(changes.cursor),
    ...(all.length > 0 && { warning: all.join(' ') }),
  };
}

function changeWarnings({ changed, moreChanged, gone, isGoneCut }: Changes): string[] {
  if (changed === null) return [ONLY_NEW];
  return [
    ...(gone === null ? [NOT_GONE] : []),
    ...(moreChanged > 0 ? [`The flags of ${moreChanged} older messages have changed too.`] : []),
    ...(isGoneCut ? ['More messages are gone than `gone` names.'] : []),
  ];
}

const ONLY_NEW = 'This mail server reports new messages only, not changed flags or messages that are gone.';
const NOT_GONE = 'This mail server does not report which messages are gone.';
const NOT_UNDERSTOOD =
  'since: pass the `cursor` of an earlier answer, a time such as 2026-03-01T20:00:00Z or 2026-03-01, or "now" for a new cursor.';
