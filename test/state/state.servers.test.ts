import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createMemoryState } from '../../src/state/memory.ts';
import { connectRedisState } from '../../src/state/redis.ts';
import type { State } from '../../src/state/state.ts';
import { waitUntil } from '../support/app/wait-until.ts';
import { startRedis, type TestRedis } from '../support/servers/redis.ts';

let redis: TestRedis;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis[Symbol.asyncDispose]());

const now = () => new Date();
const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1000);

describe.each([
  ['in memory', async () => createMemoryState({ now })],
  ['in Redis', () => connectRedisState({ url: redis.url, now })],
])('state %s', (_where, create) => {
  let state: State;
  beforeAll(async () => {
    state = await create();
  });
  afterAll(() => state.close());

  test('of many callers at once exactly one may use a key', async () => {
    const answers = await Promise.all(Array.from({ length: 50 }, () => state.claim('code:1', inSeconds(60))));
    expect(answers.filter((answer) => answer === null)).toHaveLength(1);
  });

  test('who comes later is told when the key was claimed', async () => {
    const before = Date.now();
    await state.claim('code:2', inSeconds(60));
    const after = Date.now();
    const claimedAt = (await state.claim('code:2', inSeconds(60)))?.getTime();
    expect(claimedAt).toBeGreaterThanOrEqual(before);
    expect(claimedAt).toBeLessThanOrEqual(after);
    expect((await state.claimed(['code:2']))[0]?.getTime()).toBe(claimedAt);
  });

  test('a claim ends when its time is over, and a later caller does not make it longer', async () => {
    await state.claim('short', inSeconds(2));
    await state.claim('short', inSeconds(3600));
    expect(await waitUntil(20_000, async () => (await state.claimed(['short']))[0] === null)).toBe(true);
    expect(await state.claim('short', inSeconds(60))).toBeNull();
  });

  test('a mark is set again, at the time of now, and for as long as told last', async () => {
    await state.claim('marked', inSeconds(0.3));
    const [first] = await state.claimed(['marked']);
    await waitUntil(20_000, async () => Date.now() > (first?.getTime() ?? 0));
    await state.mark('marked', inSeconds(60));
    const [second] = await state.claimed(['marked']);
    expect(second?.getTime()).toBeGreaterThan(first?.getTime() ?? 0);
    // Longer than the claim would have lived.
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(await state.claimed(['marked'])).toEqual([second]);
  });

  test('several keys are looked up in the order that was asked', async () => {
    await state.mark('known', inSeconds(60));
    expect(await state.claimed(['unknown', 'known', 'other'])).toEqual([null, expect.any(Date), null]);
    expect(await state.claimed([])).toEqual([]);
  });

  test('what was released can be claimed again', async () => {
    await state.claim('released', inSeconds(60));
    await state.release('released');
    expect(await state.claim('released', inSeconds(60))).toBeNull();
    await state.release('never claimed');
  });

  test('callers at once are counted one by one, each key and each length of window for itself', async () => {
    const counts = await Promise.all(Array.from({ length: 20 }, () => state.count('a', 60)));
    expect(counts.map(({ count }) => count).sort((one, other) => one - other)).toEqual(
      Array.from({ length: 20 }, (_, index) => index + 1),
    );
    expect((await state.count('b', 60)).count).toBe(1);
    expect((await state.count('a', 600)).count).toBe(1);
    expect((await state.counted('a', 60))?.count).toBe(20);
  });

  test('a window ends when it was told to, counted from the first, and then counting starts anew', async () => {
    expect(await state.counted('window', 1)).toBeNull();
    const start = Date.now();
    const first = await state.count('window', 1);
    expect(first.endsAt.getTime()).toBeGreaterThan(start);
    expect(first.endsAt.getTime()).toBeLessThanOrEqual(Date.now() + 1000);
    expect(await waitUntil(20_000, async () => (await state.counted('window', 1)) === null)).toBe(true);
    expect((await state.count('window', 1)).count).toBe(1);
  });

  test('something can count for more, and be taken back', async () => {
    await state.count('points', 60, 20);
    expect((await state.count('points', 60)).count).toBe(21);
    expect((await state.count('points', 60, -20)).count).toBe(1);
    await state.resetCount('points', 60);
    expect(await state.counted('points', 60)).toBeNull();
  });

  test('a list holds one note of each name until its end', async () => {
    await state.note('list', 'one', 'first text', inSeconds(60));
    await state.note('list', 'one', 'text with spaces\nand lines', inSeconds(60));
    await state.note('list', 'two', 'другой', inSeconds(60));
    await state.note('list', 'three', 'soon over', inSeconds(0.2));
    await state.note('another list', 'one', 'elsewhere', inSeconds(60));
    expect(await waitUntil(20_000, async () => (await state.notes('list')).length === 2)).toBe(true);
    expect((await state.notes('list')).sort()).toEqual(['text with spaces\nand lines', 'другой']);
    expect(await state.notes('unknown list')).toEqual([]);
  });

  test('a list lives as long as its longest note, whichever came last', async () => {
    await state.note('mixed', 'long', 'long', inSeconds(60));
    await state.note('mixed', 'short', 'short', inSeconds(0.2));
    expect(await waitUntil(20_000, async () => (await state.notes('mixed')).length === 1)).toBe(true);
    expect(await state.notes('mixed')).toEqual(['long']);
  });
});
