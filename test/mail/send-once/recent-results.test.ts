import { describe, expect, test } from 'vitest';
import { UpstreamError } from '../../../src/errors.ts';
import { createRecentResults } from '../../../src/mail/send-once/recent-results.ts';

function recentResults(limits?: { calls: number; chars: number }) {
  const clock = { time: Date.parse('2026-11-21T12:00:00Z') };
  const now = () => new Date(clock.time);
  return { clock, calls: createRecentResults({ now, maxWaitMs: 50, ...(limits && { limits }) }) };
}
const unknown = () => Promise.reject(new UpstreamError('SMTP', 'unknown_outcome', 'the outcome is unknown'));

describe('a call with a key', () => {
  test('runs once a day; the same call again returns the first result', async () => {
    const { calls, clock } = recentResults();
    let times = 0;
    const ask = () => calls.once('a', 'f', async () => ({ times: ++times }));
    expect(await ask()).toEqual({ result: { times: 1 }, isRepeat: false });
    clock.time += 86_399_999;
    expect(await ask()).toEqual({ result: { times: 1 }, isRepeat: true });
    clock.time += 1;
    expect(await ask()).toEqual({ result: { times: 2 }, isRepeat: false });
  });

  test('with another fingerprint is refused, while the first runs and afterwards', async () => {
    const { calls } = recentResults();
    const { promise, resolve } = Promise.withResolvers<number>();
    const first = calls.once('a', 'f', () => promise);
    await expect(calls.once('a', 'g', async () => 2)).rejects.toThrow('another message');
    resolve(1);
    await first;
    await expect(calls.once('a', 'g', async () => 2)).rejects.toThrow('another message');
    expect(await calls.once('b', 'g', async () => 2)).toEqual({ result: 2, isRepeat: false });
  });

  test('waits for a running call', async () => {
    const { calls } = recentResults();
    const { promise, resolve } = Promise.withResolvers<number>();
    const both = [1, 2].map((n) => calls.once('a', 'f', () => (n === 1 ? promise : Promise.resolve(2))));
    resolve(1);
    expect(await Promise.all(both)).toEqual([
      { result: 1, isRepeat: false },
      { result: 1, isRepeat: true },
    ]);
  });

  test('waits for a limited time', async () => {
    const { calls } = recentResults();
    const { promise, resolve } = Promise.withResolvers<number>();
    const first = calls.once('a', 'f', () => promise);
    await expect(calls.once('a', 'f', async () => 2)).rejects.toThrow('still running');
    resolve(1);
    await first;
  });

  test('runs again if the running call has failed', async () => {
    const { calls } = recentResults();
    const { promise, reject } = Promise.withResolvers<number>();
    const first = calls.once('a', 'f', () => promise);
    const second = calls.once('a', 'f', async ({ mayHaveHappened }) => ({ mayHaveHappened }));
    reject(new Error('no'));
    await expect(first).rejects.toThrow('no');
    expect(await second).toEqual({ result: { mayHaveHappened: false }, isRepeat: false });
  });

  test('is passed the fact that the outcome of an earlier call is unknown', async () => {
    const { calls } = recentResults();
    await expect(calls.once('a', 'f', unknown)).rejects.toThrow('the outcome is unknown');
    await expect(calls.once('a', 'g', async () => 1)).rejects.toThrow('another message');
    expect(await calls.once('a', 'f', async ({ mayHaveHappened }) => mayHaveHappened)).toMatchObject({ result: true });
  });

  test.each([
    ['on their number', { calls: 3, chars: 1000 }],
    ['on their size', { calls: 1000, chars: 30 }],
  ])('is forgotten when the limit %s is reached, the oldest first and never a running one', async (_what, limits) => {
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
