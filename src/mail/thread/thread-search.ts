/** Makes the search for the messages of a conversation. */
import { baseSubjectOf } from '../../text/base-subject.ts';
import type { SearchKey } from '../search/parse.ts';
import { type FoundMessage, timeOf } from './found-message.ts';
import { rootOf } from './link-messages.ts';

/** What a server can search for: its own threads on Gmail or of RFC 8474, else ids and the subject. */
export type ThreadKind = 'X-GM-THRID' | 'THREADID' | 'ids';

const MAX_ID_CHARS = 500;
/** Ids beside the root, for messages whose References were cut. */
const MAX_IDS = 6;

/** @returns null if nothing of the message can be searched for */
export function threadSearch(seed: FoundMessage, kind: ThreadKind): SearchKey | null {
  const { threadId: id, inReplyTo, messageId } = seed;
  if (kind !== 'ids' && id !== null && /^[\w-]{1,255}$/.test(id)) return { key: kind, id };
  return anyOf([...keysOfIds([rootOf(seed), messageId, inReplyTo]), ...subjectKeys(seed)]);
}

/** A search for messages that have or name one of the ids. */
export function idSearch(ids: readonly string[]): SearchKey | null {
  return anyOf(keysOfIds(ids));
}

function anyOf(keys: readonly SearchKey[]): SearchKey | null {
  return keys.length === 0 ? null : keys.reduceRight((right, left): SearchKey => ({ key: 'OR', left, right }));
}

function keysOfIds(ids: readonly (string | null)[]): SearchKey[] {
  const searched = [...new Set(ids)].filter((id) => id !== null && isSearchable(id)).slice(0, MAX_IDS);
  const header = (field: string) => (text: string | null) => ({ key: 'HEADER' as const, field, text: text ?? '' });
  return searched.flatMap((id) => [header('MESSAGE-ID')(id), header('REFERENCES')(id), header('IN-REPLY-TO')(id)]);
}

function isSearchable(id: string): boolean {
  return id.length <= MAX_ID_CHARS && /^[\x21-\x7e]{3,}$/.test(id);
}

const MAX_SUBJECT_CHARS = 60;
const MIN_SUBJECT_CHARS = 4;
/** Answers without References are looked for so long before and after the message. */
const MAX_DISTANCE_MS = 180 * 86_400_000;

/** Messages of the same subject, sent about the same time, by which answers are found that refer to nothing. */
function subjectKeys(seed: FoundMessage): SearchKey[] {
  const { base } = baseSubjectOf(seed.subject);
  // Servers differ in how they compare other letters, and some refuse to.
  const [longest = ''] = (base.match(/[\x20-\x7e]+/g) ?? [])
    .map((run) => run.trim())
    .sort((a, b) => b.length - a.length);
  const text = longest.length >= MIN_SUBJECT_CHARS ? longest : base;
  const time = seed.sentAt === null ? timeOf(seed) : Date.parse(seed.sentAt);
  if (text === '' || time === 0) return [];
  const cut = text.slice(0, MAX_SUBJECT_CHARS).trim();
  const operands: SearchKey[] = [
    { key: 'SENTSINCE', date: searchDate(time - MAX_DISTANCE_MS) },
    { key: 'SENTBEFORE', date: searchDate(time + MAX_DISTANCE_MS) },
    { key: 'SUBJECT', text: cut },
  ];
  return [{ key: 'AND', operands }];
}

/** `1-Jan-2026` (RFC 9051 §9). */
function searchDate(time: number): string {
  const [, day = '', month = '', year = ''] = /, (\d\d) (\w{3}) (\d{4})/.exec(new Date(time).toUTCString()) ?? [];
  return `${Number(day)}-${month}-${year}`;
}
