/** Keeps the state in the memory of this process: correct for one replica, not shared between several. */
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { createCounters } from './counters.ts';
import type { State } from './state.ts';

/** Expired entries are removed when the number of entries has doubled, so memory stays within twice of what is valid. */
const MIN_SWEEP_ENTRIES = 1000;

interface Note {
  text: string;
  until: Date;
}

export function createMemoryState({ now }: { now: () => Date }): State {
  const claims = createExpiringMap<Date>(now);
  const lists = createExpiringMap<Map<string, Note>>(now);

  const notesOf = (list: string) =>
    new Map(
      [...(lists.get(list) ?? [])]
        .filter(([, { until }]) => until > now())
        .map(([id, { text }]) => [id, text] as const),
    );

  /** As in Redis, which refuses a key of another type. */
  function requireUnused(map: { get(key: string): unknown }, key: string): void {
    if (map.get(key) !== undefined) throw new Error('A key is that of a claim and of a list');
  }

  function write(list: string, id: string, note: Note): void {
    requireUnused(claims, list);
    const notes = lists.get(list) ?? new Map<string, Note>();
    for (const [other, { until }] of notes) if (until <= now()) notes.delete(other);
    notes.set(id, note);
    const lastEnd = Math.max(...[...notes.values()].map(({ until }) => until.getTime()));
    lists.set(list, notes, new Date(lastEnd));
  }

  return {
    isShared: false,
    isReachable: () => true,
    async claim(key, until) {
      requireUnused(lists, key);
      const before = claims.get(key);
      if (before === undefined) claims.set(key, now(), until);
      return before ?? null;
    },
    async mark(key, until) {
      requireUnused(lists, key);
      claims.set(key, now(), until);
    },
    readMarks: async (keys) => keys.map((key) => claims.get(key) ?? null),
    async release(key) {
      claims.delete(key);
    },
    ...createCounters(now, (window) => new RateLimiterMemory(window)),
    note: async (list, id, text, until) => write(list, id, { text, until }),
    async replaceNote(list, id, text, until) {
      const isThere = notesOf(list).has(id);
      if (isThere) write(list, id, { text, until });
      return isThere;
    },
    async removeNotes(list) {
      lists.delete(list);
    },
    notesById: async (list) => notesOf(list),
    notes: async (list) => [...notesOf(list).values()],
    async close() {},
  };
}

function createExpiringMap<T>(now: () => Date) {
  const entries = new Map<string, { value: T; until: number }>();
  let sweepAt = MIN_SWEEP_ENTRIES;

  function sweep(): void {
    const time = now().getTime();
    for (const [key, entry] of entries) if (entry.until <= time) entries.delete(key);
    sweepAt = Math.max(MIN_SWEEP_ENTRIES, entries.size * 2);
  }

  return {
    get(key: string): T | undefined {
      const entry = entries.get(key);
      return entry && entry.until > now().getTime() ? entry.value : undefined;
    },
    set(key: string, value: T, until: Date): void {
      if (entries.size >= sweepAt) sweep();
      entries.set(key, { value, until: until.getTime() });
    },
    delete(key: string): void {
      entries.delete(key);
    },
  };
}
