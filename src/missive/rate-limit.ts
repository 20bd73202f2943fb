/** Reads Missive's rate limit from its response headers, and passes it on: as headers of our response, and as the error for a 429. */
import { z } from 'zod';
import { ToolError } from '../errors.ts';

/** Named as in the IETF draft "RateLimit header fields for HTTP". Null: not reported by Missive. */
export interface Quota {
  /** Requests allowed in the window. */
  limit: number | null;
  remaining: number | null;
  /** Seconds until the window ends. */
  resetSeconds: number | null;
  /** Seconds to wait before the next request (RFC 9110 §10.2.3). */
  retryAfterSeconds: number | null;
}

const Whole = z.coerce.number().int().min(0).nullable().catch(null);

/** @returns undefined if the response has none of the headers */
export function readQuota(headers: Headers, now: Date): Quota | undefined {
  const whole = (name: string): number | null => {
    const text = headers.get(name);
    return text === null || text.trim() === '' ? null : Whole.parse(text);
  };
  const retryAfterSeconds = whole('retry-after');
  const resetAt = whole('x-ratelimit-reset');
  const resetSeconds = resetAt === null ? retryAfterSeconds : Math.max(0, resetAt - Math.floor(now.getTime() / 1000));
  const quota = {
    limit: whole('x-ratelimit-limit'),
    remaining: whole('x-ratelimit-remaining'),
    resetSeconds,
    retryAfterSeconds,
  };
  return Object.values(quota).every((value) => value === null) ? undefined : quota;
}

/** The headers with which our response reports the quota; the same for a 429 and for a success. */
export function quotaHeaders({ limit, remaining, resetSeconds, retryAfterSeconds }: Quota): Record<string, string> {
  const pairs = {
    'ratelimit-limit': limit,
    'ratelimit-remaining': remaining,
    'ratelimit-reset': resetSeconds,
    'retry-after': retryAfterSeconds,
  };
  return Object.fromEntries(
    Object.entries(pairs).flatMap(([name, value]) => (value === null ? [] : [[name, String(value)]])),
  );
}

/** The tool error for a 429. The caller decides when to try again: the server neither waits nor repeats the request. */
export function rateLimitError(quota: Quota | undefined): ToolError {
  const { limit = null, remaining = null, resetSeconds = null, retryAfterSeconds = null } = quota ?? {};
  const wait = retryAfterSeconds ?? resetSeconds;
  const advice = wait === null ? 'Wait a minute' : `Wait ${wait} seconds`;
  return new ToolError(`Missive takes no more requests just now (429). ${advice} before the next call.`, {
    details: {
      status: 429,
      retry_after: wait,
      ratelimit_limit: limit,
      ratelimit_remaining: remaining,
      ratelimit_reset: resetSeconds,
    },
  });
}
