/** How much of Missive's rate limit is left, as Missive says it in headers. */
import { z } from 'zod';
import { ToolError } from '../errors.ts';

/** In the words of the IETF's RateLimit header fields. Null: Missive did not say. */
export interface Quota {
  /** Requests that fit into the window. */
  limit: number | null;
  remaining: number | null;
  /** Seconds until the window is over. */
  resetSeconds: number | null;
  /** Seconds to wait before the next request (RFC 9110 §10.2.3). */
  retryAfterSeconds: number | null;
}

const Whole = z.coerce.number().int().min(0).nullable().catch(null);

/** @returns undefined if the answer says nothing about limits */
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

/** The same as response headers of our own. */
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

/** For the caller, who alone decides when to try again: nothing here waits or repeats. */
export function rateLimited(quota: Quota | undefined): ToolError {
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
