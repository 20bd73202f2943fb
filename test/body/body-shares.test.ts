import { describe, expect, test } from 'vitest';
import type { BodyError } from '../../src/body/body-error.ts';
import { createBodyShares } from '../../src/body/body-shares.ts';

/** Bodies of 1 take no share. */
function create() {
  const shares = createBodyShares({ perKey: 10, overall: 30, freeBytes: 1 });
  const dropped: [string, number][] = [];
  const open = (key: string, name = key) =>
    shares.open(key, (error: BodyError) => void dropped.push([name, error.status]));
  return { shares, dropped, open };
}

describe('HTTP-03 the memory of bodies from strangers', () => {
  test('is not used by what was only announced', () => {
    const { shares, open } = create();
    for (let body = 0; body < 100; body += 1) open(`network ${body}`);
    expect(shares.taken).toBe(0);
  });

  test('is not used by small bodies, however many there are', () => {
    const { shares, dropped, open } = create();
    for (let body = 0; body < 100; body += 1) open('network').add(1);
    expect([shares.taken, dropped]).toEqual([0, []]);
  });

  test('goes to the newcomer: of one network, the body that has been arriving for the longest time is dropped', () => {
    const { shares, dropped, open } = create();
    for (const name of ['first', 'second']) open('network', name).add(5);
    open('network', 'third').add(5);
    expect([shares.taken, dropped]).toEqual([10, [['first', 429]]]);
  });

  test('goes to the newcomer: of all networks, one body of the network that uses most is dropped', () => {
    const { shares, dropped, open } = create();
    open('modest').add(9);
    for (const network of ['a', 'b']) open(network).add(10);
    open('newcomer').add(5);
    expect([shares.taken, dropped]).toEqual([24, [['a', 503]]]);
  });

  test('a complete body is not dropped, so that what is being worked on is not lost', () => {
    const { dropped, open } = create();
    for (const network of ['a', 'b', 'c']) {
      const body = open(network);
      body.add(10);
      body.complete();
    }
    expect(() => open('newcomer').add(5)).toThrow(expect.objectContaining({ status: 503 }));
    expect(dropped).toEqual([]);
  });

  test('is free again when a body is, once', () => {
    const { shares, open } = create();
    const body = open('network');
    body.add(4);
    body.add(4);
    expect(shares.taken).toBe(8);
    body.free();
    body.free();
    body.add(4);
    expect(shares.taken).toBe(0);
  });

  test('never exceeds its limits, whatever arrives', () => {
    const { shares, open } = create();
    for (let turn = 0; turn < 2_000; turn += 1) {
      const body = open(`network ${turn % 7}`);
      try {
        for (let piece = 0; piece < turn % 5; piece += 1) body.add(3);
        if (turn % 11 === 0) body.complete();
      } catch {
        body.free();
      }
      expect(shares.taken).toBeLessThanOrEqual(30);
    }
  });
});
