import { describe, expect, test } from 'vitest';
import { createBodyBudget } from '../../src/body/body-budget.ts';

const create = (limits = {}) =>
  createBodyBudget({ perKey: 10, overall: 20, maxWaitMs: 60, maxWaitingPerKey: 2, ...limits });

describe('HTTP-03 the memory of request bodies', () => {
  test('is shared: a sender that has used up its share delays no other one', async () => {
    const budget = create();
    await budget.reserve('greedy', 10);
    const waiting = budget.reserve('greedy', 5);
    await budget.reserve('other', 5);
    expect(budget.reserved).toBe(15);
    await expect(waiting).rejects.toMatchObject({ status: 429, retryAfterSeconds: 5 });
  });

  test('is free again when a body is', async () => {
    const budget = create();
    const free = await budget.reserve('one', 10);
    const waiting = budget.reserve('one', 8);
    free();
    free();
    await waiting;
    expect(budget.reserved).toBe(8);
  });

  test('is never more than the limit of all', async () => {
    const budget = create();
    await budget.reserve('one', 10);
    await budget.reserve('two', 10);
    await expect(budget.reserve('three', 1)).rejects.toMatchObject({ status: 503, retryAfterSeconds: 5 });
    expect(budget.reserved).toBe(20);
  });

  test('is given in the order of arrival, so that small bodies do not keep a large one waiting', async () => {
    const budget = create({ maxWaitMs: 5_000 });
    const free = await budget.reserve('one', 10);
    await budget.reserve('two', 6);
    const admitted: string[] = [];
    const large = budget.reserve('three', 10).then(() => admitted.push('large'));
    const small = budget.reserve('four', 4).then(() => admitted.push('small'));
    free();
    await Promise.all([large, small]);
    expect(admitted).toEqual(['large', 'small']);
  });

  test('has a limit of the bodies that wait for one sender', async () => {
    const budget = create();
    await budget.reserve('one', 10);
    const waiting = [budget.reserve('one', 1), budget.reserve('one', 1)];
    const startedAt = performance.now();
    await expect(budget.reserve('one', 1)).rejects.toMatchObject({ status: 429 });
    expect(performance.now() - startedAt).toBeLessThan(50);
    await Promise.allSettled(waiting);
  });
});
