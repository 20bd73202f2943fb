/**
 * Answers about a conversation: its messages, comments and posts in the order of time, in so many characters.
 *
 * Invariant: nothing is left out without a cursor that leads to it.
 */
import { z } from 'zod';
import type { MissiveApi } from '../../../missive/api.ts';
import { createOutgoing } from '../../outgoing.ts';
import { withoutEmpty } from '../../without-empty.ts';
import { unreadable } from '../answers/unreadable.ts';
import { toConversationRow } from '../conversation-result.ts';
import { type Position, readCursor, writeCursor } from '../cursor.ts';
import type { MissiveSession } from '../missive-session.ts';
import { ThingLists } from '../thing-lists.ts';
import { ApiPerson, personOf } from './api-rows.ts';
import { attachedFields, readAttachedText } from './attached-text.ts';
import { EntryRow, RowPeople, textsOf, toEntryRow } from './entry-rows.ts';
import { fitEntries } from './fit-entries.ts';
import { withLabelPaths } from './label-paths.ts';
import { type OwnPeople, readOwnPeople } from './own-people.ts';
import { type Entry, readEntries, withLimit } from './read-entries.ts';

export const Timeline = {
  conversation: z.string().optional().describe('Its id; another one if it was merged.'),
  subject: z.string().optional(),
  team: z.string().optional(),
  assignees: z.array(z.string()).optional(),
  shared_labels: z.array(z.string()).optional(),
  outside: z.array(z.string()).optional().describe('Who wrote and does not belong to the organization.'),
  people: z.record(z.string(), z.string()).optional().describe('Addresses of those who are named.'),
  entries: z.array(EntryRow).optional().describe('Oldest first.'),
  next_cursor: z.string().nullable().optional().describe('Older entries. Null: that was all.'),
  ...attachedFields,
};

export interface TimelineRequest {
  conversation_id: string;
  max_chars: number;
  next_cursor?: string | undefined;
  /** The text of this file in the place of the entries. */
  attachment?: string | undefined;
  body_offset: number;
}

const TOOL = 'get_missive_conversation_timeline';
/** Around the rows. */
const RESERVED_SHARE = 0.03;
/** Of a cursor, with the ids of one second. */
const CURSOR_CHARS = 260;

export async function timeline(
  { conversation_id: given, max_chars: maxChars, next_cursor: cursor, attachment, body_offset }: TimelineRequest,
  session: MissiveSession,
): Promise<Record<string, unknown>> {
  const filters = { conversation: given };
  const from = cursor === undefined ? null : readCursor(TOOL, filters, cursor);
  const api = withLimit(session.api);
  if (attachment !== undefined) {
    const { entries } = await readEntries(given, from, api);
    return readAttachedText(
      { attachments: filesOf(entries) },
      { attachment, max_chars: maxChars, body_offset },
      session,
    );
  }
  const [head, own, { entries, hasMore }] = await Promise.all([
    readHead(given, session, api),
    readOwnPeople(api),
    readEntries(given, from, api),
  ]);
  const texts = await textsOf(entries, session);
  const people = new RowPeople();
  const { timeZone } = session;
  const fitting = entries.map((entry, index) => ({
    ...{ text: '', isCut: false, hidden: 0, ...texts[index] },
    row: toEntryRow(entry, { people, own, subject: head.subject ?? '', timeZone }),
  }));
  const about = { ...head, ...withoutEmpty({ outside: outsiders(entries, own) }) };
  const named = (rows: readonly EntryRow[]) => addressesOf(rows, people);
  const around = JSON.stringify({ ...about, people: named(fitting.map(({ row }) => row)) }).length + CURSOR_CHARS;
  return fitted(maxChars, (chars) => {
    const rows = fitEntries(fitting, (1 - RESERVED_SHARE) * chars - around);
    const first = entries[entries.length - rows.length];
    const isCut = hasMore || rows.length < entries.length;
    return {
      ...about,
      ...peopleField(named(rows)),
      entries: rows,
      next_cursor:
        isCut && first !== undefined ? writeCursor(TOOL, filters, positionBefore(first, entries, from)) : null,
    };
  });
}

/** Of messages and posts, and the one of each comment. */
const filesOf = (entries: readonly Entry[]): unknown[] =>
  entries
    .flatMap(({ item }) => [item.attachments, item.attachment].flat())
    .filter((file) => z.object({ url: z.string() }).safeParse(file).success);

const outgoing = createOutgoing(z.object(Timeline));
const MIN_CHARS = 100;

/** Warnings of deceiving texts are added to the answer on its way out. */
function fitted<Answer extends Record<string, unknown>>(
  maxChars: number,
  answerWithin: (chars: number) => Answer,
): Answer {
  for (let chars = maxChars; ; ) {
    const answer = answerWithin(chars);
    const over = JSON.stringify(outgoing(answer)).length - maxChars;
    if (over <= 0 || chars < MIN_CHARS) return answer;
    chars -= over + 20;
  }
}

const peopleField = (people: Record<string, string>) => (Object.keys(people).length > 0 ? { people } : {});

/** The position of what is older than an entry; others of its second that were shown are not repeated. */
function positionBefore(first: Entry, entries: readonly Entry[], from: Position | null): Position {
  const shown = entries.slice(entries.indexOf(first));
  const seen = shown.filter(({ seconds }) => seconds === first.seconds).map(({ id }) => id);
  const earlier = from !== null && 'until' in from && from.until === first.seconds ? from.seen : [];
  return { until: first.seconds, seen: [...earlier, ...seen] };
}

const Head = z.object({
  conversations: z.union([z.array(z.looseObject({ id: z.string() })), z.looseObject({ id: z.string() })]),
});

async function readHead(id: string, session: MissiveSession, api: MissiveApi) {
  const content = await api.request({ http: 'GET', path: `/conversations/${encodeURIComponent(id)}` });
  const { data } = Head.safeParse(content);
  const item = data && [data.conversations].flat()[0];
  if (item === undefined) throw unreadable();
  const [whole] = await withLabelPaths([item], new ThingLists({ api }));
  const { subject, team, assignees, shared_labels } = toConversationRow({ ...whole }, session);
  return { conversation: item.id, ...withoutEmpty({ subject, team, assignees, shared_labels }) };
}

function outsiders(entries: readonly Entry[], own: OwnPeople): string[] {
  const authors = entries.flatMap(({ kind, item }) => {
    const { data } = ApiPerson.safeParse(item.from_field);
    const isOutside =
      kind === 'message' && data !== undefined && (data.address === undefined || !own.isOwn(data.address));
    return isOutside ? [personOf(data)] : [];
  });
  return [...new Set(authors)].slice(0, 10);
}

function addressesOf(rows: readonly EntryRow[], people: RowPeople): Record<string, string> {
  const keys = new Set(
    rows.flatMap(({ from, to = [], cc = [] }) => [...(from === undefined ? [] : [from]), ...to, ...cc]),
  );
  return Object.fromEntries(
    [...keys].flatMap((key) => {
      const address = people.addressOf(key);
      return address === undefined ? [] : [[key, address]];
    }),
  );
}
