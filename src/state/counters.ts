/** Counts in windows of time, with rate limiters that keep the counts in memory or in Redis. */
import type { RateLimiterAbstract } from 'rate-limiter-flexible';
import type { Count, State } from './state.ts';

export type Counters = Pick<State, 'count' | 'readCount' | 'resetCount'>;

/** @param createLimiter creates the limiter of all windows of one length. Its `points` exceed every count, so it counts and never refuses. */
export function createCounters(
  now: () => Date,
  createLimiter: (window: { duration: number; points: number }) => RateLimiterAbstract,
): Counters {
  const limiters = new Map<number, RateLimiterAbstract>();

  function limiterOf(windowSeconds: number): RateLimiterAbstract {
    const known = limiters.get(windowSeconds);
    if (known !== undefined) return known;
    const limiter = createLimiter({ duration: windowSeconds, points: Number.MAX_SAFE_INTEGER });
    limiters.set(windowSeconds, limiter);
    return limiter;
  }

  const toCount = (result: { consumedPoints: number; msBeforeNext: number }): Count => ({
    count: result.consumedPoints,
    endsAt: new Date(now().getTime() + result.msBeforeNext),
  });

  return {
    count: async (key, windowSeconds, points = 1) => toCount(await limiterOf(windowSeconds).consume(key, points)),
    async readCount(key, windowSeconds) {
      const result = await limiterOf(windowSeconds).get(key);
      return result === null ? null : toCount(result);
    },
    async resetCount(key, windowSeconds) {
      await limiterOf(windowSeconds).delete(key);
    },
  };
}
