/**
 * Lets only so many run at once, and fewer for one person. The others wait their turn, first come, first served; who has all of their
 * places does not hold up those behind them.
 *
 * @param options.waitMs how long a turn is waited for; then the promise is rejected and nothing was run
 */
export function createGate(options: {
  places: number;
  perPerson: number;
  waitMs: number;
}): <T>(person: string, run: () => Promise<T>) => Promise<T> {
  let free = options.places;
  const taken = new Map<string, number>();
  const waiting = new Set<{ person: string; enter: () => void }>();

  const mayEnter = (person: string) => free > 0 && (taken.get(person) ?? 0) < options.perPerson;

  function enter(person: string): void {
    free -= 1;
    taken.set(person, (taken.get(person) ?? 0) + 1);
  }

  function leave(person: string): void {
    free += 1;
    const left = (taken.get(person) ?? 1) - 1;
    if (left > 0) taken.set(person, left);
    else taken.delete(person);
    for (const next of waiting) if (mayEnter(next.person)) next.enter();
  }

  function turn(person: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const place = {
        person,
        enter: () => {
          clearTimeout(timer);
          waiting.delete(place);
          enter(person);
          resolve();
        },
      };
      const timer = setTimeout(() => {
        waiting.delete(place);
        reject(new Error('no place became free in time'));
      }, options.waitMs);
      waiting.add(place);
    });
  }

  return async (person, run) => {
    if (mayEnter(person)) enter(person);
    else await turn(person);
    try {
      return await run();
    } finally {
      leave(person);
    }
  };
}
