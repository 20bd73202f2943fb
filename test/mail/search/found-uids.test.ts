import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FoundUids } from '../../../src/mail/search/uid-search.ts';

const sets = fc.uniqueArray(fc.integer({ min: 1, max: 40 }), { maxLength: 30 });
const found = (uids: readonly number[]) => new FoundUids(uids.map((uid) => [uid, uid] as const));
const uidsOf = (result: FoundUids) => result.newest(0, 100).reverse();
const sorted = (uids: Iterable<number>) => [...uids].sort((a, b) => a - b);

describe('results of searches', () => {
  test('are subtracted, joined and looked up as sets are', () => {
    fc.assert(
      fc.property(sets, sets, (one, other) => {
        const [a, b] = [found(one), found(other)];
        expect(uidsOf(a.without(b))).toEqual(sorted(one.filter((uid) => !other.includes(uid))));
        expect(uidsOf(a.with(b))).toEqual(sorted(new Set([...one, ...other])));
        expect(a.with(b).count).toBe(new Set([...one, ...other]).size);
        for (let uid = 1; uid <= 40; uid += 1) expect(a.has(uid)).toBe(one.includes(uid));
      }),
    );
  });

  test('of half a million separate UIDs are joined in their order, in linear time', () => {
    const even = new FoundUids(Array.from({ length: 500_000 }, (_, n) => [2 * n + 2, 2 * n + 2] as const));
    const joined = even.with(found([5, 999_999]));
    expect(joined.count).toBe(500_002);
    expect(joined.without(even).newest(0, 3)).toEqual([999_999, 5]);
  });
});
