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

/** @returns at most `maxChars` characters of JSON, as far as it has at least 500 */
export function threadAnswer(
  thread: Thread,
  extras: AnswerExtras,
  { session, maxChars }: { session: Pick<MailSession, 'account' | 'timeZone'>; maxChars: number },
): ThreadAnswer {
  const outgoing = createOutgoing(ThreadAnswer);
  let room = maxChars;
  for (;;) {
    const answer = answerWithin(thread, extras, { session, maxChars: room });
    // Making a text visible may add words.
    const over = JSON.stringify(outgoing(answer)).length - maxChars;
    if (over <= 0 || room < MIN_CHARS) return answer;
    room -= over + 20;
  }
}

const MIN_CHARS = 100;

function answerWithin(
  { messages, turn }: Thread,
  extras: AnswerExtras,
  { session: { account, timeZone }, maxChars }: Parameters<typeof threadAnswer>[2],
): ThreadAnswer {
  const [first] = messages;
  const newest = messages.findLast(({ counts }) => counts) ?? messages.at(-1);
  const keys = createPeopleKeys({ messages }, account);
  const subject = first?.message.subject ?? '';
  const maxRecipients = MAX_RECIPIENTS.find(([count]) => messages.length <= count)?.[1] ?? 1;
  const options = { keys, timeZone, subject, maxRecipients };
  const fitting = messages.map((each) => toFitting(each, options));
  const turnKeys = turn.slice(0, MAX_TURN).map((person) => keys.keyOf(person));
  const more = turn.length - turnKeys.length;
  const head = {
    subject: cutText(subject, Math.min(MAX_SUBJECT_CHARS, Math.floor(maxChars / 5))),
    turn: turnKeys.length === 0 ? 'none' : [...turnKeys, ...(more > 0 ? [`${more} more`] : [])].join(', '),
    ...(newest && { newest: placeText(newest.message) }),
    ...extras,
    ...(messages.length > 1 && messages.filter(({ isBySubject }) => !isBySubject).length === 1 && { by: 'subject' }),
  };
  const always = [ME, ...turnKeys];
  const room = maxChars - JSON.stringify({ ...head, people: peopleOf(always, keys), messages: [] }).length;
  const { rows, omitted } = fitRows(fitting, room);
  const used = new Set([...always, ...rows.flatMap(keysIn)]);
  const answer = { ...head, people: peopleOf(used, keys), messages: rows };
  const {
    subject: shown,
    people,
    ...rest
  } = omitted === 0 ? answer : withOlder(answer, messages.slice(0, omitted), { timeZone, maxChars });
  return { subject: shown, people, ...rest };
}

function toFitting(each: ThreadMessage, options: Parameters<typeof toThreadRow>[1]): FittingRow {
  const { keys } = options;
  const row = toThreadRow(each, options);
  const named = keysIn(row).filter((key) => keys.has(key));
  const sizes = named.map((key) => [key, JSON.stringify({ [key]: keys.textOf(key) }).length] as const);
  return { row, bare: toBareRow(each, options), text: each.text, isCut: each.isCut, extras: new Map(sizes) };
}

/** What the row names people by. Addresses and counts of further people are among it. */
function keysIn({ from, to = [], cc = [] }: ThreadRow): string[] {
  return [...(from === undefined ? [] : [from]), ...to, ...cc];
}

function peopleOf(used: Iterable<string>, keys: PeopleKeys): Record<string, string> {
  const known = [...new Set(used)].filter((key) => keys.has(key));
  return Object.fromEntries(known.map((key) => [key, keys.textOf(key)]));
}

/** Adds where the messages are that are left out: as many of their UIDs as there is room for, those of the newest first. */
function withOlder(
  answer: ThreadAnswer,
  left: readonly ThreadMessage[],
  { timeZone, maxChars }: { timeZone: string; maxChars: number },
): ThreadAnswer {
  const times = left.map(({ time }) => time).filter((time) => time > 0);
  const day = (time: number | undefined) =>
    time === undefined ? undefined : toLocalTime(new Date(time), timeZone).slice(0, 10);
  const [from, until] = [day(times[0]), day(times.at(-1))];
  const older = { count: left.length, ...(from && { from }), ...(until && { until }) };
  let shown = left;
  for (;;) {
    const whole = { ...answer, older: { ...older, uids: uidsOf(shown) } };
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
