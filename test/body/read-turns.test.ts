import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createReadTurns } from '../../src/body/read-turns.ts';

/** Reads all bodies as the server does. @returns the most bytes that were handled in one turn of the event loop, and the bytes of each body */
async function read(pieces: readonly (readonly Buffer[])[]) {
  const read = pieces.map(() => 0);
  let ofTurn = 0;
  let most = 0;
  const ends = pieces.map(async (own, index) => {
    const source = Readable.from(own, { objectMode: false });
    const turns = createReadTurns(source);
    source.on('data', (piece: Buffer) => {
      read[index] = (read[index] ?? 0) + piece.length;
      ofTurn += piece.length;
      most = Math.max(most, ofTurn);
      source.pause();
      turns.resume(piece.length);
    });
    await new Promise((resolve) => source.once('end', resolve));
  });
  const state = { isDone: false };
  const all = Promise.all(ends).then(() => {
    state.isDone = true;
  });
  // The first piece of each is handled when it arrives.
  await nextTurn();
  most = 0;
  while (!state.isDone) {
    ofTurn = 0;
    await nextTurn();
  }
  await all;
  return { read, most };
}

const KB = 1024;

test.each([
  ['in large pieces', 64 * KB, 30],
  ['in pieces of a packet', 1400, 600],
  ['in single bytes', 1, 2_000],
])('of fifty bodies a few have their turn at a time, and each is read to its end: %s', async (_, size, count) => {
  const bodies = Array.from({ length: 50 }, () => Array.from({ length: count }, () => Buffer.alloc(size)));
  const { read: lengths, most } = await read(bodies);
  expect(new Set(lengths)).toEqual(new Set([size * count]));
  expect(most).toBeLessThanOrEqual(4 * 128 * KB);
});

test('a long body does not keep a short one waiting', async () => {
  const order: string[] = [];
  const readOne = async (name: string, count: number) => {
    const source = Readable.from(
      Array.from({ length: count }, () => Buffer.alloc(64 * KB)),
      { objectMode: false },
    );
    const turns = createReadTurns(source);
    source.on('data', (piece: Buffer) => {
      source.pause();
      turns.resume(piece.length);
    });
    await new Promise((resolve) => source.once('end', resolve));
    order.push(name);
  };
  await Promise.all([...Array.from({ length: 8 }, () => readOne('long', 100)), readOne('short', 2)]);
  expect(order[0]).toBe('short');
});
