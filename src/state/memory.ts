/** State that may be lost without harm to anyone's mail: used-once marks and counters, in this process's memory. */

/** The few facts that several requests must agree on. Keys are ours; they hold no secret and no address. */
export interface State {
  /** True for the first caller that uses the key; false for all others until `expiresAt`. Atomic. */
  useOnce(key: string, expiresAt: Date): Promise<boolean>;
  /** Counts one more, and returns how many it makes in the window that the first of them opened. */
  count(key: string, windowSeconds: number): Promise<number>;
}

/** Expired entries are swept when as many again have come, so memory stays within twice of what is alive. */
const smallestSweep = 1000;

/** @returns state of one process: right for one replica, unshared between several */
export function createMemoryState({ now }: { now: () => Date }): State {
  const marks = expiringMap<true>(now);
  const counters = expiringMap<{ count: number }>(now);
  return {
    async useOnce(key, expiresAt) {
      if (marks.get(key)) return false;
      marks.set(key, true, expiresAt.getTime());
      return true;
    },
    async count(key, windowSeconds) {
      const counter = counters.get(key);
      if (counter) return ++counter.count;
      counters.set(key, { count: 1 }, now().getTime() + windowSeconds * 1000);
      return 1;
    },
  };
}

function expiringMap<T>(now: () => Date) {
  const entries = new Map<string, { value: T; expiresAt: number }>();
  let sweepAt = smallestSweep;

  function sweep(): void {
    const time = now().getTime();
    for (const [key, entry] of entries) if (entry.expiresAt <= time) entries.delete(key);
    sweepAt = Math.max(smallestSweep, entries.size * 2);
  }

  return {
    get(key: string): T | undefined {
      const entry = entries.get(key);
      return entry && entry.expiresAt > now().getTime() ? entry.value : undefined;
    },
    set(key: string, value: T, expiresAt: number): void {
      if (entries.size >= sweepAt) sweep();
      entries.set(key, { value, expiresAt });
    },
  };
}
