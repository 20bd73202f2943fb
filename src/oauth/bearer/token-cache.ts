/** Caches the content of verified access tokens for a few seconds, because a client sends the same token with each of its calls. */
import { createHash } from 'node:crypto';

/** Long enough for the calls of one turn of a model, and so short that unused credentials soon leave memory. */
const KEPT_MS = 10_000;
const MAX_TOKENS = 10_000;

export interface TokenCache<T> {
  get(token: string): T | undefined;
  put(token: string, content: T): void;
  /** Number of entries. */
  readonly size: number;
}

/**
 * Entries are keyed by the hash of the token, so that a copy of the memory reveals no token. `get` returns nothing after the content has expired, or
 * if the clock was set back to before the `put`.
 *
 * @param limits.maxTokens entries; beyond it the oldest one is dropped
 */
export function createTokenCache<T extends { expiresAt: Date }>(
  now: () => Date,
  limits: { keptMs: number; maxTokens: number } = { keptMs: KEPT_MS, maxTokens: MAX_TOKENS },
): TokenCache<T> {
  /** In the order in which they were put, which is also the order in which they are dropped. */
  const entries = new Map<string, { content: T; putAt: number }>();
  let sweep: NodeJS.Timeout | undefined;

  function dropOld(): void {
    for (const [hash, { putAt }] of entries) {
      if (now().getTime() < putAt + limits.keptMs && entries.size <= limits.maxTokens) break;
      entries.delete(hash);
    }
    clearTimeout(sweep);
    sweep = entries.size === 0 ? undefined : setTimeout(dropOld, limits.keptMs).unref();
  }

  return {
    get(token) {
      const entry = entries.get(hashOf(token));
      if (entry === undefined) return undefined;
      const time = now().getTime();
      const { content, putAt } = entry;
      const isFresh = time >= putAt && time < putAt + limits.keptMs && time < content.expiresAt.getTime();
      return isFresh ? content : undefined;
    },
    put(token, content) {
      const hash = hashOf(token);
      entries.delete(hash);
      entries.set(hash, { content, putAt: now().getTime() });
      dropOld();
    },
    get size() {
      return entries.size;
    },
  };
}

const hashOf = (token: string): string => createHash('sha256').update(token).digest('base64');
