import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createGate } from '../../src/attachments/gate.ts';

test('no more run at once than there are places, in the order they came, and a failure gives its place back', async () => {
  const gate = createGate({ places: 2, perPerson: 2, waitMs: 5_000 });
  const started: number[] = [];
  let running = 0;
  let most = 0;
  const work = (n: number) =>
    gate('alice', async () => {
      started.push(n);
      running += 1;
      most = Math.max(most, running);
      await sleep(5);
      running -= 1;
      if (n === 1) throw new Error('failed');
      return n;
    });
  const settled = await Promise.allSettled([0, 1, 2, 3, 4].map(work));
  expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled', 'fulfilled']);
  expect(started).toEqual([0, 1, 2, 3, 4]);
  expect(most).toBe(2);
  expect(await work(5)).toBe(5);
});

test('who waits too long is turned away without having run, and the gate stays right', async () => {
  const gate = createGate({ places: 1, perPerson: 1, waitMs: 20 });
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const first = gate('alice', () => held);
  await expect(gate('bob', async () => expect.unreachable())).rejects.toThrow('no place');
  release();
  await first;
  expect(await gate('bob', async () => 'free again')).toBe('free again');
});

test('nobody takes all places, and who waits for their own does not hold up others', async () => {
  const gate = createGate({ places: 3, perPerson: 2, waitMs: 5_000 });
  const started: string[] = [];
  const releases: (() => void)[] = [];
  const enter = (person: string) =>
    gate(person, () => {
      started.push(person);
      return new Promise<void>((resolve) => void releases.push(resolve));
    });
  const all = ['alice', 'alice', 'alice', 'bob', 'carol'].map(enter);
  await Promise.resolve();
  expect(started).toEqual(['alice', 'alice', 'bob']);
  while (started.length < all.length) {
    releases.shift()?.();
    await new Promise(setImmediate);
  }
  expect(started).toEqual(['alice', 'alice', 'bob', 'alice', 'carol']);
  for (const release of releases) release();
  await Promise.all(all);
});
