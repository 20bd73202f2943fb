/** Makes a login wait after attempts in a row: the wait doubles with each further one. An attempt that is refused counts nowhere. */
import type { State } from '../../state/state.ts';

const HOUR_SECONDS = 3600;

const FIRST_WAIT_SECONDS = 60;
const LONGEST_WAIT_SECONDS = HOUR_SECONDS;

/** The count ends after this time, or at success. */
const WINDOW_SECONDS = 24 * HOUR_SECONDS;

interface Limit {
  key: string;
  /** Attempts in a row that need no wait. */
  free: number;
}

export interface LoginLimit {
  /** @returns seconds until an attempt is admitted by all limits; 0 if it is admitted now. Counts nothing */
  wait(limits: readonly Limit[]): Promise<number>;
  /** Counts an attempt. @returns 0, or seconds to wait if one of the limits refuses it: then it is counted nowhere */
  count(limits: readonly Limit[]): Promise<number>;
  /** Subtracts an attempt that was counted. */
  withdraw(limits: readonly Limit[]): Promise<void>;
  /** The next attempt is the first. */
  reset(limits: readonly Limit[]): Promise<void>;
}

export function createLoginLimit({ state, now }: { state: State; now: () => Date }): LoginLimit {
  const inSeconds = (seconds: number): Date => new Date(now().getTime() + seconds * 1000);

  async function triedUnder(key: string): Promise<number> {
    return (await state.readCount(key, WINDOW_SECONDS))?.count ?? 0;
  }

  const secondsLeft = (since: Date, tried: number, free: number): number =>
    Math.max(1, Math.ceil((since.getTime() - now().getTime()) / 1000) + waitAfter(tried, free));

  async function waitOf({ key, free }: Limit): Promise<number> {
    const tried = await triedUnder(key);
    if (tried < free) return 0;
    const [since = null] = await state.readMarks([waitKey(key)]);
    return since === null ? 0 : secondsLeft(since, tried, free);
  }

  async function countOne({ key, free }: Limit): Promise<number> {
    const tried = await triedUnder(key);
    if (tried >= free) {
      // Of several attempts at the same time only the one that claims the next wait is admitted.
      const since = await state.claim(waitKey(key), inSeconds(waitAfter(tried + 1, free)));
      if (since !== null) return secondsLeft(since, tried, free);
      await state.count(key, WINDOW_SECONDS);
      return 0;
    }
    const { count } = await state.count(key, WINDOW_SECONDS);
    if (count > free) {
      await state.count(key, WINDOW_SECONDS, -1);
      return waitAfter(free, free);
    }
    if (count === free) await state.claim(waitKey(key), inSeconds(waitAfter(free, free)));
    return 0;
  }

  async function withdrawOne({ key, free }: Limit): Promise<void> {
    const tried = await triedUnder(key);
    if (tried === 0) return;
    await state.count(key, WINDOW_SECONDS, -1);
    // The wait began with the attempt that is withdrawn, or with a later one.
    if (tried >= free) await state.release(waitKey(key));
  }

  return {
    wait: async (limits) => Math.max(0, ...(await Promise.all(limits.map(waitOf)))),
    async count(limits) {
      const waits = await Promise.all(limits.map(countOne));
      const waitSeconds = Math.max(0, ...waits);
      if (waitSeconds > 0) await Promise.all(limits.filter((_, index) => waits[index] === 0).map(withdrawOne));
      return waitSeconds;
    },
    async withdraw(limits) {
      await Promise.all(limits.map(withdrawOne));
    },
    async reset(limits) {
      await Promise.all(
        limits.flatMap(({ key }) => [state.resetCount(key, WINDOW_SECONDS), state.release(waitKey(key))]),
      );
    },
  };
}

const waitKey = (key: string): string => `${key}:wait`;

/** @param tried attempts in a row, at least `free` */
function waitAfter(tried: number, free: number): number {
  return Math.min(FIRST_WAIT_SECONDS * 2 ** (tried - free), LONGEST_WAIT_SECONDS);
}
