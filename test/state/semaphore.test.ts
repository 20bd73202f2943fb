import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createSemaphore } from '../../src/state/semaphore.ts';

/** Waits until promises without pending I/O or timers have settled. */
const settle = () => new Promise(setImmediate);

/** Records the calls that run, and ends them one by one in the order of their start. */
function recorder() {
  const started: string[] = [];
  const ends: (() => void)[] = [];
  return {
    started,
    /** Runs until ended. */
    hold: (name: string) => () => {
      started.push(name);
      return new Promise<void>((resolve) => void ends.push(resolve));
    },
    endFirst: () => ends.shift()?.(),
    endAll: () => {
      for (const end of ends.splice(0)) end();
    },
  };
}

describe('the limits', () => {
  test('no more calls run at once than there are places, in the order of arrival, and a failure frees its place', async () => {
    const semaphore = createSemaphore({ places: 2, placesPerKey: 2, maxWaitMs: 5_000 });
    const started: number[] = [];
    let running = 0;
    let most = 0;
    const work = (n: number) =>
      semaphore.run('alice', async () => {
        started.push(n);
        running += 1;
        most = Math.max(most, running);
        await sleep(5);
        running -= 1;
        if (n === 1) throw new Error('failed');
        return n;
      });
    const settled = await Promise.allSettled([0, 1, 2, 3, 4].map(work));
    expect(settled.map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
      'fulfilled',
      'fulfilled',
    ]);
    expect(started).toEqual([0, 1, 2, 3, 4]);
    expect(most).toBe(2);
    expect(await work(5)).toBe(5);
  });

  test('one key cannot take all places, and calls that wait for a place of their key do not hold up other keys', async () => {
    const semaphore = createSemaphore({ places: 3, placesPerKey: 2, maxWaitMs: 5_000 });
    const { started, hold, endFirst, endAll } = recorder();
    const all = ['alice', 'alice', 'alice', 'bob', 'carol'].map((key) => semaphore.run(key, hold(key)));
    await Promise.resolve();
    expect(started).toEqual(['alice', 'alice', 'bob']);
    while (started.length < all.length) {
      endFirst();
      await settle();
    }
    expect(started).toEqual(['alice', 'alice', 'bob', 'alice', 'carol']);
    endAll();
    await Promise.all(all);
  });

  test('no more calls of one key run at once than it has places, and calls of other keys do not wait', async () => {
    const semaphore = createSemaphore({ placesPerKey: 2 });
    const { started, hold, endFirst, endAll } = recorder();
    const run = (key: string, name: string) => semaphore.run(key, hold(name));
    const all = [run('a', 'a1'), run('a', 'a2'), run('a', 'a3'), run('b', 'b1')];
    await Promise.resolve();
    expect(started).toEqual(['a1', 'a2', 'b1']);
    endFirst();
    await all[0];
    await expect.poll(() => started).toEqual(['a1', 'a2', 'b1', 'a3']);
    endAll();
    await Promise.all(all);
  });

  test('a call that fails frees its place', async () => {
    const semaphore = createSemaphore({ placesPerKey: 1 });
    await expect(semaphore.run('a', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await semaphore.run('a', async () => 'yes')).toBe('yes');
  });

  test('a free place goes to the call that waited longest, whatever its key, if the key has places left', async () => {
    const semaphore = createSemaphore({ places: 2, placesPerKey: 1 });
    const { started, hold, endFirst, endAll } = recorder();
    const all = [
      ['a', 'a1'],
      ['b', 'b1'],
      ['a', 'a2'],
      ['c', 'c1'],
      ['b', 'b2'],
    ].map(([key = '', name = '']) => semaphore.run(key, hold(name)));
    // a1 ends: a2 has waited longest. b1 ends: b2 came after c1.
    for (const expected of [['a1', 'b1'], ['a2'], ['c1']]) {
      expect(started.splice(0)).toEqual(expected);
      endFirst();
      await settle();
    }
    expect(started).toEqual(['b2']);
    endAll();
    await Promise.all(all);
  });

  test('the limit of a key may fall while its calls run: calls wait until fewer run than it says', async () => {
    let limit = 2;
    const semaphore = createSemaphore({ placesPerKey: (key) => (key === 'a' ? limit : 1) });
    const { started, hold, endFirst, endAll } = recorder();
    const all = ['a1', 'a2', 'a3'].map((name) => semaphore.run('a', hold(name)));
    limit = 1;
    endFirst();
    await settle();
    expect(started).toEqual(['a1', 'a2']);
    endFirst();
    await settle();
    expect(started).toEqual(['a1', 'a2', 'a3']);
    endAll();
    await Promise.all(all);
  });
});

describe('waiting', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
  afterEach(() => void vi.useRealTimers());

  test('a call that has waited too long fails without having run, and leaks no place', async () => {
    const semaphore = createSemaphore({ places: 1, placesPerKey: 1, maxWaitMs: 20 });
    const { hold, endAll } = recorder();
    const first = semaphore.run('alice', hold('first'));
    const refused = expect(semaphore.run('bob', async () => expect.unreachable())).rejects.toThrow('no place');
    vi.advanceTimersByTime(20);
    await refused;
    endAll();
    await first;
    expect(await semaphore.run('bob', async () => 'free again')).toBe('free again');
    expect(vi.getTimerCount()).toBe(0);
  });

  test('a call that gets its place just before its time limit keeps it', async () => {
    const semaphore = createSemaphore({ placesPerKey: 1, maxWaitMs: 1_000 });
    const { started, hold, endAll } = recorder();
    const first = semaphore.run('a', hold('first'));
    const second = semaphore.run('a', hold('second'));
    vi.advanceTimersByTime(999);
    endAll();
    await first;
    await settle();
    vi.advanceTimersByTime(10_000);
    expect(started).toEqual(['first', 'second']);
    endAll();
    await second;
  });

  test('at most maxWaitingPerKey calls of one key wait; the next fails at once, with the error of createError', async () => {
    const createError = () => new Error('busy');
    const semaphore = createSemaphore({ placesPerKey: 1, maxWaitingPerKey: 1, createError });
    const { started, hold, endFirst, endAll } = recorder();
    const all = [semaphore.run('a', hold('a1')), semaphore.run('a', hold('a2'))];
    await expect(semaphore.run('a', hold('a3'))).rejects.toThrow('busy');
    all.push(semaphore.run('b', hold('b1')), semaphore.run('b', hold('b2')));
    endFirst();
    await all[0];
    all.push(semaphore.run('a', hold('a4')));
    await settle();
    expect(started).toEqual(['a1', 'b1', 'a2']);
    while (started.length < all.length) {
      endAll();
      await settle();
    }
    expect(started).toEqual(['a1', 'b1', 'a2', 'b2', 'a4']);
    endAll();
    await Promise.all(all);
  });

  test('all calls that wait can be rejected; those that run are not affected', async () => {
    const semaphore = createSemaphore({ places: 1, maxWaitMs: 1_000 });
    const { hold, endAll } = recorder();
    const first = semaphore.run('a', hold('first'));
    const waiting = ['a', 'b'].map((key) => semaphore.acquire(key));
    semaphore.rejectWaiting(new Error('closing'));
    for (const one of waiting) await expect(one).rejects.toThrow('closing');
    expect(vi.getTimerCount()).toBe(0);
    endAll();
    await first;
    expect(semaphore.taken).toBe(0);
  });
});

describe('a place that is taken without waiting', () => {
  test('is counted until it is released', () => {
    const semaphore = createSemaphore({ placesPerKey: 2 });
    const tries = ['a', 'a', 'a', 'b'].map((key) => semaphore.tryAcquire(key));
    expect(tries).toEqual([true, true, false, true]);
    expect([semaphore.taken, semaphore.takenBy('a'), semaphore.takenBy('b')]).toEqual([3, 2, 1]);
    semaphore.release('a');
    expect(semaphore.tryAcquire('a')).toBe(true);
  });

  test('is never one that was assigned to a waiting call', async () => {
    const semaphore = createSemaphore({ placesPerKey: 1 });
    semaphore.tryAcquire('a');
    const waiting = semaphore.acquire('a');
    semaphore.release('a');
    expect(semaphore.tryAcquire('a')).toBe(false);
    await waiting;
    semaphore.release('a');
    expect(semaphore.tryAcquire('a')).toBe(true);
  });

  test('can be released once only', () => {
    const semaphore = createSemaphore({ places: 1 });
    semaphore.tryAcquire('a');
    semaphore.release('a');
    expect(() => semaphore.release('a')).toThrow('not taken');
  });

  test('leaves no entry for its key after its release', async () => {
    const semaphore = createSemaphore({ placesPerKey: 1, maxWaitingPerKey: 0 });
    semaphore.tryAcquire('a');
    expect(semaphore.isInUse('a')).toBe(true);
    await expect(semaphore.acquire('a')).rejects.toThrow('no place');
    semaphore.release('a');
    expect([semaphore.isInUse('a'), semaphore.isInUse('b')]).toEqual([false, false]);
  });
});
