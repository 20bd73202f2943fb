/** Counts in windows of time, wherever a rate limiter keeps them. */
import type { RateLimiterAbstract } from 'rate-limiter-flexible';
import type { Count, State } from './state.ts';

type Counters = Pick<State, 'count' | 'counted' | 'resetCount'>;

/** @param limiterOf makes the keeper of all windows of one length; its `points` must be out of reach, or it would refuse to count */
export function createCounters(
  now: () => Date,
  limiterOf: (window: { duration: number; points: number }) => RateLimiterAbstract,
): Counters {
  const limiters = new Map<number, RateLimiterAbstract>();

  function limiter(windowSeconds: number): RateLimiterAbstract {
    const known = limiters.get(windowSeconds);
    if (known !== undefined) return known;
    const made = limiterOf({ duration: windowSeconds, points: Number.MAX_SAFE_INTEGER });
    limiters.set(windowSeconds, made);
    return made;
  }

  const countOf = (result: { consumedPoints: number; msBeforeNext: number }): Count => ({
    count: result.consumedPoints,
    endsAt: new Date(now().getTime() + result.msBeforeNext),
  });

  return {
    count: async (key, windowSeconds, points = 1) => countOf(await limiter(windowSeconds).consume(key, points)),
    async counted(key, windowSeconds) {
      const result = await limiter(windowSeconds).get(key);
      return result === null ? null : countOf(result);
    },
    async resetCount(key, windowSeconds) {
      await limiter(windowSeconds).delete(key);
    },
  };
}
