import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { createMemoryState } from '../../src/state/memory.ts';
import { describeStateRules } from '../support/state-rules.ts';

describeStateRules('in memory', async () => createMemoryState({ now: () => new Date() }));

function stateAt(start: string) {
  const clock = { time: Date.parse(start) };
  const state = createMemoryState({ now: () => new Date(clock.time) });
  return { state, clock, inSeconds: (seconds: number) => new Date(clock.time + seconds * 1000) };
}

describe('claim', () => {
  test('a key is claimed until its time is over, and another key is not affected', async () => {
    const { state, clock, inSeconds } = stateAt('2026-11-21T12:00:00Z');
    await state.claim('code:1', inSeconds(60));
    clock.time += 59_999;
    expect(await state.claim('code:1', inSeconds(60))).toEqual(new Date('2026-11-21T12:00:00Z'));
    expect(await state.claim('code:2', inSeconds(60))).toBeNull();
    clock.time += 1;
    expect(await state.claim('code:1', inSeconds(60))).toBeNull();
  });

  test('many expired claims do not displace a valid one', async () => {
    const { state, clock, inSeconds } = stateAt('2026-11-21T12:00:00Z');
    await state.claim('alive', inSeconds(3600));
    for (let index = 0; index < 5000; index++) {
      clock.time += 10;
      await state.claim(`short:${index}`, inSeconds(0.005));
    }
    expect(await state.claim('alive', inSeconds(3600))).not.toBeNull();
  });
});

describe('count', () => {
  test('counts within the window that the first count opened, and starts anew after it', async () => {
    vi.useFakeTimers({ toFake: ['Date', 'setTimeout', 'clearTimeout'], now: Date.parse('2026-11-21T12:00:00Z') });
    onTestFinished(() => void vi.useRealTimers());
    const state = createMemoryState({ now: () => new Date() });
    const count = async (key: string) => (await state.count(key, 60)).count;
    expect([await count('a'), await count('a'), await count('b')]).toEqual([1, 2, 1]);
    vi.advanceTimersByTime(59_999);
    expect(await state.count('a', 60)).toEqual({ count: 3, endsAt: new Date('2026-11-21T12:01:00Z') });
    vi.advanceTimersByTime(1);
    expect(await state.readCount('a', 60)).toBeNull();
    expect(await count('a')).toBe(1);
  });
});
