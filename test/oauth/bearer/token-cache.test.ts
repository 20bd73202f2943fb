import { describe, expect, test } from 'vitest';
import { createTokenCache } from '../../../src/oauth/bearer/token-cache.ts';

const start = Date.UTC(2026, 0, 1);

function cacheWith({ keptMs = 10_000, maxTokens = 100 } = {}) {
  let time = start;
  const tokens = createTokenCache<{ name: string; expiresAt: Date }>(() => new Date(time), { keptMs, maxTokens });
  const put = (name: string, lifetimeMs = 3_600_000) =>
    tokens.put(name, { name, expiresAt: new Date(time + lifetimeMs) });
  return { tokens, put, at: (ms: number) => (time = start + ms) };
}

describe('the cache of verified tokens', () => {
  test('a token that was put is found, another one is not', () => {
    const { tokens, put } = cacheWith();
    put('a');
    expect(tokens.get('a')?.name).toBe('a');
    expect(tokens.get('A')).toBeUndefined();
  });

  test('a token is not found after the time for which it is kept', () => {
    const { tokens, put, at } = cacheWith();
    put('a');
    at(9_999);
    expect(tokens.get('a')).toBeDefined();
    at(10_000);
    expect(tokens.get('a')).toBeUndefined();
  });

  test('a token is never found at or after its expiry, however short that is', () => {
    const { tokens, put, at } = cacheWith();
    put('a', 2_000);
    at(1_999);
    expect(tokens.get('a')).toBeDefined();
    at(2_000);
    expect(tokens.get('a')).toBeUndefined();
  });

  test('a token is not found when the clock has gone back to before it was put', () => {
    const { tokens, put, at } = cacheWith();
    put('a');
    at(-1);
    expect(tokens.get('a')).toBeUndefined();
  });

  test('no more tokens are kept than allowed, and the oldest one is dropped', () => {
    const { tokens, put } = cacheWith({ maxTokens: 3 });
    for (const name of ['a', 'b', 'c', 'd', 'e']) put(name);
    expect(tokens.size).toBe(3);
    expect(tokens.get('b')).toBeUndefined();
    expect(tokens.get('e')).toBeDefined();
  });

  test('expired entries are dropped without a further request', async () => {
    const { tokens, put, at } = cacheWith({ keptMs: 20 });
    put('a');
    at(20);
    await expect.poll(() => tokens.size).toBe(0);
  });
});
