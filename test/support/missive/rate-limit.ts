/** The rate limit of the stand-in for Missive: concurrent requests, requests in a minute, and requests in a quarter of an hour. */

export interface RateLimit {
  /** Counts a request. @returns the headers of a 429 if the request exceeds a limit, else undefined */
  enter(now: number): Record<string, string> | undefined;
  leave(): void;
  /** Removes all requests so far. */
  reset(): void;
  /** The headers of a successful response, about the limit for a minute. */
  headers(now: number): Record<string, string>;
}

const MAX_CONCURRENT = 5;

/** Maximum of requests in each window. */
const WINDOWS = [
  { seconds: 60, maxRequests: 300 },
  { seconds: 900, maxRequests: 900 },
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
      if (inFlight >= MAX_CONCURRENT) return { 'Retry-After': '1', ...headersOf(MAX_CONCURRENT, 0, now + 1) };
      for (const { seconds, maxRequests } of WINDOWS) {
        const [oldest = now] = since(now - seconds);
        if (since(now - seconds).length < maxRequests) continue;
        const reset = oldest + seconds;
        return { 'Retry-After': String(Math.max(1, reset - now)), ...headersOf(maxRequests, 0, reset) };
      }
      times.push(now);
      inFlight += 1;
      return undefined;
    },
    leave() {
      inFlight -= 1;
    },
    reset() {
      times = [];
    },
    headers(now) {
      const used = since(now - 60);
      return headersOf(300, 300 - used.length, (used[0] ?? now) + 60);
    },
  };
}
