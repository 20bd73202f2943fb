/** Checks that the state reads what earlier releases wrote to Redis: marks, claims and notes. */
import { Redis } from 'ioredis';
import { expect, test } from 'vitest';
import { connectRedisState } from '../../../src/state/redis.ts';
import { ofType, sealedFixtures } from '../../support/app/sealed-fixtures.ts';
import { startRedis } from '../../support/servers/redis.ts';

test.each(sealedFixtures)('reads the values that release $release wrote to Redis', async (fixtures) => {
  const { redis: left } = fixtures.derived;
  await using server = await startRedis();
  const raw = new Redis(server.url);
  for (const entry of left.entries) {
    if ('value' in entry) await raw.set(entry.key, entry.value);
    else await raw.hset(entry.key, entry.fields);
  }
  raw.disconnect();
  const state = await connectRedisState({ url: server.url, now: () => fixtures.sealed_at });
  try {
    const marks = await state.readMarks(['revoked:grant:noted-current', 'refresh:fixture', 'revoked:grant:another']);
    expect(marks).toEqual([left.marked_at, left.marked_at, null]);
    const notes = ofType(fixtures, 'grant');
    for (const list of new Set(notes.map((note) => note.list))) {
      const expected = notes.filter((note) => note.list === list).map(({ token }) => token);
      expect((await state.notes(list)).sort()).toEqual(expected.sort());
    }
  } finally {
    await state.close();
  }
});
