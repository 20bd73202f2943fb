/** Keeps access tokens in memory until shortly before they expire, and remembers those that a server has refused. */
import type { ProviderToken } from '../../mail/access-tokens.ts';

export interface KeptTokens {
  get(key: string): ProviderToken | undefined;
  /** @returns the token as one that was just issued */
  put(key: string, token: string, time: { leftMs: number; lifetimeMs: number }): ProviderToken;
  refuse(key: string, token: string): void;
  isRefused(key: string, token: string): boolean;
}

interface Kept {
  token: string;
  /** By the monotonic clock. */
  expiresAtMs: number;
  /** It is not used any more after this time: a command may take a while. */
  usedUntilMs: number;
}

const MAX_KEPT = 10_000;
const MAX_MARGIN_MS = 60_000;

export function createKeptTokens(): KeptTokens {
  /** In the order in which they were put. */
  const kept = new Map<string, Kept>();
  const refused = new Map<string, string>();

  function makeRoom(now: number): void {
    for (const [key, { expiresAtMs }] of kept) if (expiresAtMs <= now || kept.size >= MAX_KEPT) kept.delete(key);
    for (const key of refused.keys()) if (refused.size >= MAX_KEPT) refused.delete(key);
  }

  return {
    get(key) {
      const known = kept.get(key);
      if (known === undefined || known.usedUntilMs <= performance.now()) return undefined;
      return { token: known.token, expiresAtMs: known.expiresAtMs, isNew: false };
    },
    put(key, token, { leftMs, lifetimeMs }) {
      const now = performance.now();
      makeRoom(now);
      const expiresAtMs = now + leftMs;
      kept.delete(key);
      kept.set(key, { token, expiresAtMs, usedUntilMs: expiresAtMs - Math.min(MAX_MARGIN_MS, lifetimeMs / 4) });
      return { token, expiresAtMs, isNew: true };
    },
    refuse(key, token) {
      makeRoom(performance.now());
      refused.set(key, token);
      if (kept.get(key)?.token === token) kept.delete(key);
    },
    isRefused: (key, token) => refused.get(key) === token,
  };
}
