/** Counts events of each network within a minute, in this process alone. */

export interface AddressCounts {
  isFull(block: string): boolean;
  /** @returns a function that takes the event back; to be called once */
  add(block: string): () => void;
}

const MINUTE_MS = 60_000;

/** Networks that are counted in one minute; beyond it, all others count as one. */
const MAX_NETWORKS = 10_000;

export function createAddressCounts(now: () => Date, limit: number): AddressCounts {
  let counts = new Map<string, number>();
  let minute = 0;

  function current(): Map<string, number> {
    const time = Math.floor(now().getTime() / MINUTE_MS);
    if (time !== minute) {
      minute = time;
      counts = new Map();
    }
    return counts;
  }

  const keyOf = (block: string): string => (counts.has(block) || counts.size < MAX_NETWORKS ? block : 'others');

  return {
    isFull: (block) => (current().get(keyOf(block)) ?? 0) >= limit,
    add(block) {
      const ofMinute = current();
      const key = keyOf(block);
      const change = (by: number): void => void ofMinute.set(key, (ofMinute.get(key) ?? 0) + by);
      change(1);
      return () => change(-1);
    },
  };
}
