import { afterAll, describe, expect, test } from 'vitest';
import { createWorkers, defineJob, JobError, threadsFor } from '../../src/workers/workers.ts';
import { waitUntil } from '../support/app/wait-until.ts';

const job = <Input, Output>(name: string) => defineJob<Input, Output>(import.meta.url, './sample-jobs', name);
const double = job<number, number>('double');
const describeThread = job<null, { thread: number; environment: string[]; stdin: number }>('describeThread');
const loopForEver = job<null, never>('loopForEver');
const matchForEver = job<null, boolean>('matchForEver');
const useMemory = job<null, number>('useMemory');
const throwText = job<string, never>('throwText');
const busyFor = job<number, number>('busyFor');

const workers = createWorkers({ threads: 2 });
const SMALL = { budgetMs: 5000, isLarge: false };
const LARGE = { budgetMs: 5000, isLarge: true };
afterAll(() => workers.close());

const faultOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'none',
    (error: unknown) => (error instanceof JobError ? error.fault : String(error)),
  );

describe('a job in a worker thread', () => {
  test('returns its result', async () => {
    expect(await workers.run(double, 21, { ...SMALL, key: 'ada' })).toBe(42);
  });

  test('has no environment, no input and a thread of its own', async () => {
    const { thread, environment, stdin } = await workers.run(describeThread, null, { ...SMALL, key: 'ada' });
    expect(thread).toBeGreaterThan(0);
    expect(environment).toEqual([]);
    expect(stdin).toBe(0);
  });

  test.each([
    ['loops', loopForEver],
    ['backtracks', matchForEver],
  ])('that %s for ever ends at its budget, and the next job of the same key runs', async (_what, endless) => {
    expect(await faultOf(workers.run(endless, null, { ...SMALL, key: 'ada', budgetMs: 200 }))).toBe('time');
    expect(await workers.run(double, 4, { ...SMALL, key: 'ada' })).toBe(8);
  });

  test('that needs too much memory ends, and this process goes on', async () => {
    expect(await faultOf(workers.run(useMemory, null, { ...SMALL, key: 'ada', budgetMs: 30_000 }))).toBe('memory');
    expect(await workers.run(double, 5, { ...SMALL, key: 'ada' })).toBe(10);
  });

  test('that throws reports no text of its error', async () => {
    const error: unknown = await workers.run(throwText, 'private words', { ...SMALL, key: 'ada' }).catch((e) => e);
    expect(error).toBeInstanceOf(JobError);
    expect(`${error} ${error instanceof Error ? error.stack : ''}`).not.toContain('private');
    expect(error).not.toHaveProperty('cause');
  });

  test.each(['missing', 'toString'])('that does not exist (%s) fails', async (name) => {
    expect(await faultOf(workers.run(job<null, null>(name), null, { ...SMALL, key: 'ada' }))).toBe('failed');
  });

  test('ends when it is cancelled', async () => {
    const signal = AbortSignal.timeout(200);
    expect(await faultOf(workers.run(loopForEver, null, { ...SMALL, key: 'ada', budgetMs: 60_000, signal }))).toBe(
      'cancelled',
    );
  });

  test('that was cancelled before it ran does not run', async () => {
    const signal = AbortSignal.abort();
    expect(await faultOf(workers.run(double, 1, { ...SMALL, key: 'ada', signal }))).toBe('cancelled');
  });
});

describe('keys take turns', () => {
  test.each([
    ['its jobs are large', LARGE],
    ['all are small', SMALL],
  ])('one job of a key runs at a time, and another key does not wait for the others: %s', async (_what, needs) => {
    const hostile = Array.from({ length: 4 }, () => workers.run(busyFor, 400, { ...needs, key: 'eve' }));
    await workers.run(double, 1, { ...SMALL, key: 'ada' });
    const order = await Promise.race([Promise.all(hostile), workers.run(double, 2, { ...SMALL, key: 'ada' })]);
    expect(order).toBe(4);
    const starts = (await Promise.all(hostile)).sort((a, b) => a - b);
    for (const [index, start] of starts.slice(1).entries()) expect(start - (starts[index] ?? 0)).toBeGreaterThan(390);
  });

  test('large jobs of all keys run one at a time, which limits memory; small jobs run beside them', async () => {
    const large = ['eve', 'mallory'].map((key) => workers.run(busyFor, 400, { ...LARGE, key }));
    const small = workers.run(busyFor, 1, { ...SMALL, key: 'ada' });
    const [first = 0, second = 0] = (await Promise.all(large)).sort((a, b) => a - b);
    expect(second - first).toBeGreaterThan(390);
    expect(await small).toBeLessThan(second);
  });

  test('with every thread in use, a new key waits for one job and not for all that came before', async () => {
    await using one = disposable(createWorkers({ threads: 1 }));
    await one.workers.run(double, 0, { ...SMALL, key: 'ada' });
    const ended: string[] = [];
    const add = (key: string) => one.workers.run(busyFor, 100, { ...SMALL, key }).then(() => ended.push(key));
    const all = [add('eve'), add('eve'), add('eve'), add('mallory'), add('mallory'), add('ada')];
    await Promise.all(all);
    expect(ended.indexOf('ada')).toBeLessThanOrEqual(2);
  });

  test('more jobs of one key than may wait are refused at once', async () => {
    await using one = disposable(createWorkers({ threads: 1, maxWaitingPerKey: 1 }));
    const jobs = Array.from({ length: 3 }, () => faultOf(one.workers.run(busyFor, 100, { ...SMALL, key: 'eve' })));
    expect((await Promise.all(jobs)).sort()).toEqual(['busy', 'none', 'none']);
  });

  test('a job that finds no thread in time is refused', async () => {
    await using one = disposable(createWorkers({ threads: 1, maxWaitMs: 100 }));
    const first = faultOf(one.workers.run(busyFor, 1500, { ...SMALL, key: 'eve' }));
    expect(await faultOf(one.workers.run(double, 1, { ...SMALL, key: 'ada' }))).toBe('busy');
    expect(await first).toBe('none');
  });
});

test('closing ends running jobs', async () => {
  const closing = createWorkers({ threads: 1 });
  const running = faultOf(closing.run(loopForEver, null, { ...SMALL, key: 'ada', budgetMs: 60_000 }));
  const waiting = faultOf(closing.run(double, 1, { ...SMALL, key: 'eve', budgetMs: 60_000 }));
  await closing.close();
  expect([await running, await waiting]).toEqual(['cancelled', 'cancelled']);
});

test('an idle thread ends', async () => {
  await using idle = disposable(createWorkers({ threads: 1, idleMs: 50 }));
  const first = await idle.workers.run(describeThread, null, { ...SMALL, key: 'ada' });
  await waitUntil(5000, async () => {
    const { thread } = await idle.workers.run(describeThread, null, { ...SMALL, key: 'ada' });
    await new Promise((resolve) => setTimeout(resolve, 300));
    return thread !== first.thread;
  });
});

test('a process with little memory has one thread, any other two', () => {
  expect([128, 384, 767, 768, 4096].map((mb) => threadsFor(mb * 1024 * 1024))).toEqual([1, 1, 1, 2, 2]);
});

function disposable(workers: ReturnType<typeof createWorkers>) {
  return { workers, [Symbol.asyncDispose]: () => workers.close() };
}
