import { describe, expect, test } from 'vitest';
import { UpstreamError } from '../../../src/errors.ts';
import { createRecentResults } from '../../../src/mail/send-once/recent-results.ts';

function recentResults(limits?: { calls: number; chars: number }) {
  const clock = { time: Date.parse('2026-11-21T12:00:00Z') };
  const now = () => new Date(clock.time);
  return { clock, calls: createRecentResults({ now, maxWaitMs: 50, ...(limits && { limits }) }) };
}
const unknown = () => Promise.reject(new UpstreamError('SMTP', 'unknown_outcome', 'nobody knows'));

describe('a call with a key', () => {
  test('runs once for a day; whoever asks again gets the first result', async () => {
    const { calls, clock } = recentResults();
    let times = 0;
    const ask = () => calls.once('a', 'f', async () => ({ times: ++times }));
    expect(await ask()).toEqual({ result: { times: 1 }, isRepeat: false });
    clock.time += 86_399_999;
    expect(await ask()).toEqual({ result: { times: 1 }, isRepeat: true });
    clock.time += 1;
    expect(await ask()).toEqual({ result: { times: 2 }, isRepeat: false });
  });

  test('with something else about it is refused, while the first runs and afterwards', async () => {
    const { calls } = recentResults();
    const { promise, resolve } = Promise.withResolvers<number>();
    const first = calls.once('a', 'f', () => promise);
    await expect(calls.once('a', 'g', async () => 2)).rejects.toThrow('another message');
    resolve(1);
    await first;
    await expect(calls.once('a', 'g', async () => 2)).rejects.toThrow('another message');
    expect(await calls.once('b', 'g', async () => 2)).toEqual({ result: 2, isRepeat: false });
  });

  test('waits for the one that runs', async () => {
    const { calls } = recentResults();
    const { promise, resolve } = Promise.withResolvers<number>();
    const both = [1, 2].map((n) => calls.once('a', 'f', () => (n === 1 ? promise : Promise.resolve(2))));
    resolve(1);
    expect(await Promise.all(both)).toEqual([
      { result: 1, isRepeat: false },
      { result: 1, isRepeat: true },
    ]);
  });

  test('does not wait for ever', async () => {
    const { calls } = recentResults();
    const { promise, resolve } = Promise.withResolvers<number>();
    const first = calls.once('a', 'f', () => promise);
    await expect(calls.once('a', 'f', async () => 2)).rejects.toThrow('still running');
    resolve(1);
    await first;
  });

  test('is made again when the one that ran has failed', async () => {
    const { calls } = recentResults();
    const { promise, reject } = Promise.withResolvers<number>();
    const first = calls.once('a', 'f', () => promise);
    const second = calls.once('a', 'f', async ({ mayHaveHappened }) => ({ mayHaveHappened }));
    reject(new Error('no'));
    await expect(first).rejects.toThrow('no');
    expect(await second).toEqual({ result: { mayHaveHappened: false }, isRepeat: false });
  });

  test('is told when nobody knows how an earlier one ended', async () => {
    const { calls } = recentResults();
    await expect(calls.once('a', 'f', unknown)).rejects.toThrow('nobody knows');
    await expect(calls.once('a', 'g', async () => 1)).rejects.toThrow('another message');
    expect(await calls.once('a', 'f', async ({ mayHaveHappened }) => mayHaveHappened)).toMatchObject({ result: true });
  });

  test.each([
    ['in number', { calls: 3, chars: 1000 }],
    ['in size', { calls: 1000, chars: 30 }],
  ])('is forgotten when there are too many, %s, the oldest first and never one that runs', async (_what, limits) => {
    const { calls } = recentResults(limits);
    const { promise, resolve } = Promise.withResolvers<string>();
    const running = calls.once('running', 'f', () => promise);
    for (const key of ['a', 'b', 'c', 'd']) await calls.once(key, 'f', async () => '12345678');
    const isRepeat = async (key: string) => (await calls.once(key, 'f', async () => 'x')).isRepeat;
    expect(await isRepeat('d')).toBe(true);
    expect(await isRepeat('a')).toBe(false);
    const waiting = calls.once('running', 'f', async () => 'twice');
    resolve('once');
    expect([await running, await waiting].map(({ result }) => result)).toEqual(['once', 'once']);
  });
});
