/** Summarises a set of messages: from whom, about what and of which time. */
import { z } from 'zod';
import { atom, type Token } from '../../../mail/imap/data-formats.ts';
import type { FetchedItems } from '../../../mail/imap/fetch.ts';
import { type MessageSummary, toSummary } from '../../../mail/mime/summary.ts';
import { cutText } from '../../../text/cut-text.ts';
import { toLocalTime } from '../../../text/time.ts';
import { personText } from '../../person-text.ts';

export const SummaryFields = {
  from: z.array(z.string()).optional().describe('Senders, with the number of their messages.'),
  subjects: z.array(z.string()).optional(),
  oldest: z.string().optional().describe('Arrival of the oldest message.'),
  newest: z.string().optional(),
};

/** Fetched of each message for its summary. */
export const SUMMARY_OF_SET: readonly Token[] = ['INTERNALDATE', 'ENVELOPE'].map(atom);

const MAX_PEOPLE = 15;
const MAX_NAME_CHARS = 80;
const MAX_SUBJECTS = 5;
const MAX_SUBJECT_CHARS = 100;

/** @returns what is known: nothing if the items were not fetched */
export function summaryOf(
  uids: readonly number[],
  items: ReadonlyMap<number, FetchedItems>,
  timeZone: string,
): { from?: string[]; subjects?: string[]; oldest?: string; newest?: string } {
  const messages = uids
    .toSorted((a, b) => b - a)
    .flatMap((uid) => {
      const fetched = items.get(uid);
      return fetched?.has('ENVELOPE') ? [toSummary(uid, fetched)] : [];
    });
  if (messages.length === 0) return {};
  const times = messages.flatMap(({ arrivedAt }) => arrivedAt ?? []).sort();
  const [oldest, newest] = [times[0], times.at(-1)];
  return {
    from: sendersOf(messages),
    subjects: firstOf(
      messages.map(({ subject }) => cutText(subject, MAX_SUBJECT_CHARS)),
      MAX_SUBJECTS,
    ),
    ...(oldest !== undefined && { oldest: toLocalTime(oldest, timeZone) }),
    ...(newest !== undefined && { newest: toLocalTime(newest, timeZone) }),
  };
}

/** Those with most messages first. By address: a name alone may be that of several people. */
function sendersOf(messages: readonly MessageSummary[]): string[] {
  const byAddress = Map.groupBy(messages, ({ from: [author] }) =>
    (author?.address || author?.name || '').toLowerCase(),
  );
  const senders = [...byAddress].map(([address, own]) => {
    const author = own[0]?.from[0] ?? { name: '', address };
    return { author, name: author.name.trim(), count: own.length };
  });
  const named = Map.groupBy(senders, ({ name }) => name.toLowerCase());
  const texts = senders
    .toSorted((a, b) => b.count - a.count)
    .map(({ author, name, count }) => {
      const isClear = name !== '' && named.get(name.toLowerCase())?.length === 1;
      return `${isClear ? cutText(name, MAX_NAME_CHARS) : personText(author)} (${count})`;
    });
  return firstOf(texts, MAX_PEOPLE);
}

function firstOf(texts: readonly string[], max: number): string[] {
  const more = texts.length - max;
  return more > 0 ? [...texts.slice(0, max), `and ${more} more`] : [...texts];
}
