/**
 * Lets only so many run at once; the others wait their turn, first come, first served.
 *
 * @param options.waitMs how long a turn is waited for; then the promise is rejected and nothing was run
 */
export function createGate(options: { places: number; waitMs: number }): <T>(run: () => Promise<T>) => Promise<T> {
  let free = options.places;
  const waiting = new Set<() => void>();

  function turn(): Promise<void> {
    return new Promise((resolve, reject) => {
      const take = () => {
        clearTimeout(timer);
        waiting.delete(take);
        resolve();
      };
      const timer = setTimeout(() => {
        waiting.delete(take);
        reject(new Error('no place became free in time'));
      }, options.waitMs);
      waiting.add(take);
    });
  }

  return async (run) => {
    if (free > 0) free -= 1;
    else await turn();
    try {
      return await run();
    } finally {
      const [next] = waiting;
      if (next) next();
      else free += 1;
    }
  };
}
