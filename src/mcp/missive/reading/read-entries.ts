/** Reads the messages, comments and posts of a conversation, newest first, as many as one call takes, with a few requests at a time. */
import { z } from 'zod';
import type { MissiveApi } from '../../../missive/api.ts';
import { createSemaphore } from '../../../state/semaphore.ts';
import { unreadable } from '../answers/unreadable.ts';
import type { Position } from '../cursor.ts';
import { fetchPage } from '../paging.ts';
import { readMessages } from './read-messages.ts';

type Kind = 'message' | 'comment' | 'post';

/** One row of the API. */
export interface Entry {
  kind: Kind;
  id: string;
  /** Unix time. */
  seconds: number;
  item: Record<string, unknown>;
}

export interface Entries {
  /** Oldest first. */
  entries: Entry[];
  /** True if there are older ones. */
  hasMore: boolean;
}

/** Of each kind, in one call, with the rest of the last page. As many messages take 18 requests of the 300 in a minute. */
const MAX_ROWS = 60;
const PAGE_ROWS = 10;
/** One less than the API accepts at the same time. */
const MAX_CONCURRENT = 4;

const LISTS: readonly { kind: Kind; key: string; field: string }[] = [
  { kind: 'message', key: 'messages', field: 'delivered_at' },
  { kind: 'comment', key: 'comments', field: 'created_at' },
  { kind: 'post', key: 'posts', field: 'created_at' },
];

const Rows = z.array(z.record(z.string(), z.unknown()));

/** @returns the API with a limit for concurrent requests of one call */
export function withLimit(api: MissiveApi): MissiveApi {
  const places = createSemaphore({ places: MAX_CONCURRENT });
  return { request: (request) => places.run('', () => api.request(request)) };
}

/** @param from where an earlier call ended; null: at the newest */
export async function readEntries(conversation: string, from: Position | null, api: MissiveApi): Promise<Entries> {
  const lists = await Promise.all(LISTS.map((list) => readList(conversation, list, from, api)));
  // What is older than the end of a list that goes on is left to the next call, so that the order is that of time.
  const end = Math.max(...lists.map(({ end: own }) => own));
  const entries = lists.flatMap((list) => list.entries);
  return {
    entries: entries.filter(({ seconds }) => seconds >= end).sort((one, other) => one.seconds - other.seconds),
    hasMore: lists.some((list) => list.end > Number.NEGATIVE_INFINITY),
  };
}

interface List {
  entries: Entry[];
  /** The time of the oldest row, if there are older ones that were not read. */
  end: number;
}

async function readList(
  conversation: string,
  { kind, key, field }: (typeof LISTS)[number],
  from: Position | null,
  api: MissiveApi,
): Promise<List> {
  const path = `/conversations/${encodeURIComponent(conversation)}/${key}`;
  const fetchRows = async (query: Record<string, string>) => {
    const content = await api.request({ http: 'GET', path, query });
    const rows = z.object({ [key]: Rows }).safeParse(content).data?.[key];
    if (rows === undefined) throw unreadable();
    return rows;
  };
  const paging = { style: 'until', field, minLimit: 2, defaultLimit: PAGE_ROWS, maxLimit: PAGE_ROWS } as const;
  const pages: Promise<Entry[]>[] = [];
  let count = 0;
  let end = Number.NEGATIVE_INFINITY;
  for (let at = from; ; ) {
    const { rows, next } = await fetchPage(paging, PAGE_ROWS, at, fetchRows);
    const entries = rows.map((item) => toEntry(kind, item, field));
    pages.push(kind === 'message' ? withBodies(entries, api) : Promise.resolve(entries));
    // Rejected while the next page is read: the error is thrown below.
    pages.at(-1)?.catch(() => undefined);
    count += rows.length;
    if (next === null || rows.length === 0) break;
    if (count >= MAX_ROWS) {
      end = 'until' in next ? next.until : end;
      break;
    }
    at = next;
  }
  return { entries: (await Promise.all(pages)).flat(), end };
}

function toEntry(kind: Kind, item: Record<string, unknown>, field: string): Entry {
  const time = item[field] ?? item.created_at;
  return { kind, id: String(item.id), seconds: typeof time === 'number' ? time : 0, item };
}

/** Messages that cannot be read by themselves have the row of the list, with its preview. */
async function withBodies(entries: readonly Entry[], api: MissiveApi): Promise<Entry[]> {
  const messages = await readMessages(
    entries.map(({ id }) => id),
    api,
  );
  const byId = new Map(messages.map((message) => [message.id, message]));
  return entries.map((entry) => ({ ...entry, item: { ...entry.item, ...byId.get(entry.id) } }));
}
