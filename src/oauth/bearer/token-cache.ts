/** What tokens held that were opened a moment ago: a conversation sends the same one with every call. */
import { createHash } from 'node:crypto';

/** Long enough for the calls of one turn of a model; a login that nobody uses is not kept around. */
const KEPT_MS = 10_000;
const MAX_TOKENS = 10_000;

export interface TokenCache<T> {
  get(token: string): T | undefined;
  put(token: string, content: T): void;
  /** How many are kept. */
  readonly size: number;
}

/**
 * Found by their hash: a copy of the memory gives nobody a token. Nothing is found once the clock says that it has expired, or when the
 * clock has gone back to before it was opened.
 *
 * @param limits.most entries; the oldest one makes room
 */
export function createTokenCache<T extends { expiresAt: Date }>(
  now: () => Date,
  limits: { keptMs: number; most: number } = { keptMs: KEPT_MS, most: MAX_TOKENS },
): TokenCache<T> {
  /** In the order they were put, which is that of their ends. */
  const entries = new Map<string, { content: T; openedAt: number }>();
  let sweep: NodeJS.Timeout | undefined;

  function dropOld(): void {
    for (const [hash, { openedAt }] of entries) {
      if (now().getTime() < openedAt + limits.keptMs && entries.size <= limits.most) break;
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
      const { content, openedAt } = entry;
      const isGood = time >= openedAt && time < openedAt + limits.keptMs && time < content.expiresAt.getTime();
      return isGood ? content : undefined;
    },
    put(token, content) {
      const hash = hashOf(token);
      entries.delete(hash);
      entries.set(hash, { content, openedAt: now().getTime() });
      dropOld();
    },
    get size() {
      return entries.size;
    },
  };
}

const hashOf = (token: string): string => createHash('sha256').update(token).digest('base64');
