/** Keeps the work that goes on after its call was answered, so that a server that stops can wait for it. */

/** Work that goes on after its call was answered. */
export interface Background {
  add(work: Promise<unknown>): void;
  /** Waits until all work has ended, at most `limitMs`. */
  settled(limitMs: number): Promise<void>;
}

export function createBackground(): Background {
  const running = new Set<Promise<unknown>>();
  return {
    add(work) {
      const ended = () => void running.delete(work);
      running.add(work);
      work.then(ended, ended);
    },
    async settled(limitMs) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, limitMs);
      await Promise.race([Promise.allSettled([...running]), promise]);
      clearTimeout(timer);
    },
  };
}
