/**
 * Answers about a conversation, in so many characters.
 *
 * Invariant: no message is left out without being counted.
 */
import { z } from 'zod';
import { sequenceSet } from '../../../mail/imap/data-formats.ts';
import { ME } from '../../../mail/thread/participants.ts';
import type { Thread, ThreadMessage } from '../../../mail/thread/thread.ts';
import { cutText } from '../../../text/cut-text.ts';
import { toLocalTime } from '../../../text/time.ts';
import { createOutgoing, Name } from '../../outgoing.ts';
import type { MailSession } from '../mail-session.ts';
import { type FittingRow, fitRows } from './fit-rows.ts';
import { createPeopleKeys, type PeopleKeys } from './people-keys.ts';
import { placeText, ThreadRow, toBareRow, toThreadRow } from './thread-rows.ts';

export const ThreadAnswer = z.object({
  subject: z.string(),
  people: z
    .record(z.string(), z.string())
    .describe('Who the keys in `from`, `to`, `cc` and `turn` are. "me": the account owner.'),
  turn: z
    .string()
    .describe(
      'Who is to write next: the people addressed by the last message, and those who were asked and have not written since. "none": no one.',
    ),
  newest: Name.optional().describe('Place of the newest message.'),
  searched: z.string(),
  not_searched: z.string().optional(),
  by: z.string().optional().describe('"subject": no References connect these messages.'),
  other_threads: z.array(z.object({ subject: z.string(), at: Name })).optional(),
  older: z
    .object({
      count: z.number(),
      from: z.string().optional(),
      until: z.string().optional(),
      uids: z.array(z.object({ folder: Name, uids: z.string() })).describe('As many as there is room for.'),
    })
    .optional()
    .describe('Older messages that are not shown: a larger max_chars shows more of them.'),
  messages: z.array(ThreadRow).describe('Oldest first.'),
  warning: z.string().optional(),
});
export type ThreadAnswer = z.output<typeof ThreadAnswer>;

const MAX_SUBJECT_CHARS = 200;
/** Recipients that a row shows of each field, of short, long and very long conversations. */
const MAX_RECIPIENTS: readonly (readonly [messages: number, recipients: number])[] = [
  [60, 6],
  [200, 3],
  [Number.POSITIVE_INFINITY, 2],
];
const MAX_TURN = 6;

/** What the answer says beside the conversation. */
export type AnswerExtras = Partial<Pick<ThreadAnswer, 'other_threads' | 'not_searched' | 'warning'>> &
  Pick<ThreadAnswer, 'searched'>;

/** @returns at most `maxChars` characters of JSON, if that is at least 500 */
export function threadAnswer(
  thread: Thread,
  extras: AnswerExtras,
  { session, maxChars }: { session: Pick<MailSession, 'account' | 'timeZone'>; maxChars: number },
): ThreadAnswer {
  const prepared = prepare(thread, extras, session);
  const outgoing = createOutgoing(ThreadAnswer);
  for (let room = maxChars; ; ) {
    const answer = answerWithin(prepared, room);
    // Making a text visible may add words.
    const over = JSON.stringify(outgoing(answer)).length - maxChars;
    if (over <= 0 || room < MIN_CHARS) return answer;
    room -= over + 20;
  }
}

const MIN_CHARS = 100;

interface Prepared {
  /** The answer without people and messages. */
  head: Omit<ThreadAnswer, 'people' | 'messages' | 'older'>;
  messages: readonly ThreadMessage[];
  fitting: readonly FittingRow[];
  keys: PeopleKeys;
  /** Keys of people who are named in any case. */
  always: readonly string[];
  timeZone: string;
}

function prepare(
  { messages, turn }: Thread,
  extras: AnswerExtras,
  { account, timeZone }: Pick<MailSession, 'account' | 'timeZone'>,
): Prepared {
  const newest = messages.findLast(({ counts }) => counts) ?? messages.at(-1);
  const keys = createPeopleKeys({ messages }, account);
  const subject = messages[0]?.message.subject ?? '';
  const maxRecipients = MAX_RECIPIENTS.find(([count]) => messages.length <= count)?.[1] ?? 1;
  const fitting = messages.map((each) => toFitting(each, { keys, timeZone, subject, maxRecipients }));
  const turnKeys = turn.slice(0, MAX_TURN).map((person) => keys.keyOf(person));
  const more = turn.length - turnKeys.length;
  const isBySubject = messages.length > 1 && messages.filter((each) => !each.isBySubject).length === 1;
  const head = {
    subject,
    turn: turnKeys.length === 0 ? 'none' : [...turnKeys, ...(more > 0 ? [`${more} more`] : [])].join(', '),
    ...(newest && { newest: placeText(newest.message) }),
    ...extras,
    ...(isBySubject && { by: 'subject' }),
  };
  return { head, messages, fitting, keys, always: [ME, ...turnKeys], timeZone };
}

/** Of the answer, for the subject. */
const SUBJECT_SHARE = 0.2;
/** What is kept for the messages that are not shown. */
const MIN_OLDER_CHARS = 120;
const OLDER_SHARE = 0.2;

function answerWithin({ head, messages, fitting, keys, always, timeZone }: Prepared, maxChars: number): ThreadAnswer {
  const { subject: whole, ...rest } = head;
  const subject = cutText(whole, Math.min(MAX_SUBJECT_CHARS, Math.floor(maxChars * SUBJECT_SHARE)));
  const empty = { subject, people: peopleOf(always, keys), ...rest, messages: [] };
  const room = maxChars - JSON.stringify(empty).length;
  const answerWith = (reserve: number): ThreadAnswer => {
    const { rows, omitted } = fitRows(fitting, room, reserve);
    const people = peopleOf([...always, ...rows.flatMap(keysIn)], keys);
    const answer = { ...empty, people, messages: rows };
    return omitted === 0 ? answer : withOlder(answer, olderOf(messages.slice(0, omitted), timeZone), maxChars);
  };
  const reserve = Math.max(MIN_OLDER_CHARS, Math.floor(room * OLDER_SHARE));
  const first = answerWith(reserve);
  // What the UIDs of older messages leave is for further rows.
  const needed = first.older === undefined ? reserve : JSON.stringify(first.older).length + MIN_OLDER_CHARS / 2;
  return needed < reserve ? answerWith(needed) : first;
}

function toFitting(each: ThreadMessage, options: Parameters<typeof toThreadRow>[1]): FittingRow {
  const { keys } = options;
  const row = toThreadRow(each, options);
  const named = keysIn(row).filter((key) => keys.has(key));
  const sizes = named.map((key) => [key, JSON.stringify({ [key]: keys.textOf(key) }).length] as const);
  // What has neither text nor files says something else: a report, an invitation, a container.
  const isBlank = each.text?.trim() === '' && row.files === undefined;
  const isCut = each.isCut || isBlank;
  return { row, bare: toBareRow(each, options), text: each.text, isCut, extras: new Map(sizes) };
}

/** What the row names people by. Addresses and counts of further people are among it. */
function keysIn({ from, to = [], cc = [] }: ThreadRow): string[] {
  return [...(from === undefined ? [] : [from]), ...to, ...cc];
}

function peopleOf(used: Iterable<string>, keys: PeopleKeys): Record<string, string> {
  const known = [...new Set(used)].filter((key) => keys.has(key));
  return Object.fromEntries(known.map((key) => [key, keys.textOf(key)]));
}

interface Older {
  summary: { count: number; from?: string; until?: string };
  left: readonly ThreadMessage[];
}

function olderOf(left: readonly ThreadMessage[], timeZone: string): Older {
  const times = left.map(({ time }) => time).filter((time) => time > 0);
  const day = (time: number | undefined) =>
    time === undefined ? undefined : toLocalTime(new Date(time), timeZone).slice(0, 10);
  const [from, until] = [day(times[0]), day(times.at(-1))];
  return { summary: { count: left.length, ...(from && { from }), ...(until && { until }) }, left };
}

/** Adds where the messages are that are left out: as many of their UIDs as there is room for, those of the newest first. */
function withOlder(answer: ThreadAnswer, { summary, left }: Older, maxChars: number): ThreadAnswer {
  const { messages, ...head } = answer;
  for (let shown = left; ; ) {
    const whole = { ...head, older: { ...summary, uids: uidsOf(shown) }, messages };
    const over = JSON.stringify(whole).length - maxChars;
    if (over <= 0 || shown.length === 0) return whole;
    shown = shown.slice(Math.min(shown.length, Math.ceil(over / MAX_UID_CHARS) + 1));
  }
}

const MAX_UID_CHARS = 12;

function uidsOf(messages: readonly ThreadMessage[]): { folder: string; uids: string }[] {
  const byFolder = new Map<string, number[]>();
  for (const { message } of messages) {
    const uids = byFolder.get(message.mailbox) ?? [];
    uids.push(message.uid);
    byFolder.set(message.mailbox, uids);
  }
  return [...byFolder].map(([folder, uids]) => {
    const set = sequenceSet(uids);
    return { folder, uids: 'value' in set ? String(set.value) : '' };
  });
}
