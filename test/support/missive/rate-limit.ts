/** How many requests the stand-in for Missive takes: so many at once, in a minute, and in a quarter of an hour. */

export interface RateLimit {
  /** The headers of a 429 if there is no room for one more; undefined if there is, and then it counts. */
  enter(now: number): Record<string, string> | undefined;
  leave(): void;
  forget(): void;
  /** What an answer may say about the minute. */
  headers(now: number): Record<string, string>;
}

const MOST_AT_ONCE = 5;

/** Requests in a window of so many seconds. */
const WINDOWS = [
  { seconds: 60, most: 300 },
  { seconds: 900, most: 900 },
];

export function createRateLimit(): RateLimit {
  let times: number[] = [];
  let inFlight = 0;

  const since = (start: number) => times.filter((time) => time > start);

  function headersOf(limit: number, remaining: number, reset: number): Record<string, string> {
    return {
      'X-RateLimit-Limit': String(limit),
      'X-RateLimit-Remaining': String(remaining),
      'X-RateLimit-Reset': String(reset),
    };
  }

  return {
    enter(now) {
      times = since(now - 900);
      if (inFlight >= MOST_AT_ONCE) return { 'Retry-After': '1', ...headersOf(MOST_AT_ONCE, 0, now + 1) };
      for (const { seconds, most } of WINDOWS) {
        const [oldest = now] = since(now - seconds);
        if (since(now - seconds).length < most) continue;
        const reset = oldest + seconds;
        return { 'Retry-After': String(Math.max(1, reset - now)), ...headersOf(most, 0, reset) };
      }
      times.push(now);
      inFlight += 1;
      return undefined;
    },
    leave() {
      inFlight -= 1;
    },
    forget() {
      times = [];
    },
    headers(now) {
      const used = since(now - 60);
      return headersOf(300, 300 - used.length, (used[0] ?? now) + 60);
    },
  };
}
