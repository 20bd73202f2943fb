import { describe, expect, test } from 'vitest';
import { createMemoryState } from '../../src/state/memory.ts';

function stateAt(start: string) {
  const clock = { time: Date.parse(start) };
  const state = createMemoryState({ now: () => new Date(clock.time) });
  return { state, clock, inSeconds: (seconds: number) => new Date(clock.time + seconds * 1000) };
}

describe('useOnce', () => {
  test('of many callers at once exactly one may use a key', async () => {
    const { state, inSeconds } = stateAt('2026-11-21T12:00:00Z');
    const until = inSeconds(60);
    const answers = await Promise.all(Array.from({ length: 50 }, () => state.useOnce('code:1', until)));
    expect(answers.filter(Boolean)).toHaveLength(1);
  });

  test('a key is used until its time is over, and another key is not affected', async () => {
    const { state, clock, inSeconds } = stateAt('2026-11-21T12:00:00Z');
    await state.useOnce('code:1', inSeconds(60));
    clock.time += 59_999;
    expect(await state.useOnce('code:1', inSeconds(60))).toBe(false);
    expect(await state.useOnce('code:2', inSeconds(60))).toBe(true);
    clock.time += 1;
    expect(await state.useOnce('code:1', inSeconds(60))).toBe(true);
  });

  test('many expired marks do not push out one that is alive', async () => {
    const { state, clock, inSeconds } = stateAt('2026-11-21T12:00:00Z');
    await state.useOnce('alive', inSeconds(3600));
    for (let index = 0; index < 5000; index++) {
      clock.time += 10;
      await state.useOnce(`short:${index}`, inSeconds(0.005));
    }
    expect(await state.useOnce('alive', inSeconds(3600))).toBe(false);
  });
});

describe('count', () => {
  test('counts within the window that the first opened, and starts anew after it', async () => {
    const { state, clock } = stateAt('2026-11-21T12:00:00Z');
    expect([await state.count('a', 60), await state.count('a', 60), await state.count('b', 60)]).toEqual([1, 2, 1]);
    clock.time += 59_999;
    expect(await state.count('a', 60)).toBe(3);
    clock.time += 1;
    expect(await state.count('a', 60)).toBe(1);
  });
});
