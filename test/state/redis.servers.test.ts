import { Redis } from 'ioredis';
import { describe, expect, test } from 'vitest';
import { connectRedisState, type RedisOptions } from '../../src/state/redis.ts';
import type { State } from '../../src/state/state.ts';
import { waitUntil } from '../support/app/wait-until.ts';
import { startRedis } from '../support/servers/redis.ts';
import { testServers } from '../support/servers/servers.ts';

const now = () => new Date();
const soon = () => new Date(Date.now() + 60_000);

/** More than every wait of ours together, and far less than for ever. */
const BOUND_MS = 10_000;

async function connected(url: string, onChange?: RedisOptions['onChange']): Promise<State & AsyncDisposable> {
  const state = await connectRedisState({ url, now, ...(onChange && { onChange }) });
  return { ...state, [Symbol.asyncDispose]: state.close };
}

const questions: [string, (state: State) => Promise<unknown>][] = [
  ['claim', (state) => state.claim('key', soon())],
  ['mark', (state) => state.mark('key', soon())],
  ['claimed', (state) => state.claimed(['key', 'other'])],
  ['release', (state) => state.release('key')],
  ['count', (state) => state.count('key', 60)],
  ['counted', (state) => state.counted('key', 60)],
  ['resetCount', (state) => state.resetCount('key', 60)],
  ['note', (state) => state.note('list', 'id', 'text', soon())],
  ['notes', (state) => state.notes('list')],
];

const unreachable = { name: 'UpstreamError', service: 'Redis', fault: 'unreachable' };

function withinBound<T>(work: Promise<T>): Promise<T> {
  const late = new Promise<never>((_, reject) => setTimeout(() => reject(new Error('It waits for ever')), BOUND_MS));
  return Promise.race([work, late]);
}

describe('two replicas with one Redis', () => {
  test('claim, count and note for each other', async () => {
    await using redis = await startRedis();
    await using a = await connected(redis.url);
    await using b = await connected(redis.url);
    expect([await a.claim('code', soon()), await b.claim('code', soon())]).toEqual([null, expect.any(Date)]);
    expect([(await a.count('login', 60)).count, (await b.count('login', 60)).count]).toEqual([1, 2]);
    await a.note('list', 'id', 'text', soon());
    expect(await b.notes('list')).toEqual(['text']);
  });

  test('every key is ours by its name, and none stays for ever', async () => {
    await using redis = await startRedis();
    await using state = await connected(redis.url);
    for (const [, ask] of questions) await ask(state);
    await state.mark('key', soon());
    await state.count('key', 60);
    const client = new Redis(redis.url);
    try {
      const keys = await client.keys('*');
      expect(keys.sort()).toEqual(['mail-mcp:count:60:key', 'mail-mcp:key', 'mail-mcp:list']);
      expect(await Promise.all(keys.map((key) => client.pttl(key)))).toEqual(
        keys.map(() => expect.toSatisfy(isMinute)),
      );
    } finally {
      client.disconnect();
    }
  });

  const isMinute = (ms: number) => ms > 0 && ms <= 60_000;
});

describe('Redis over TLS', () => {
  const { certificates } = testServers();

  test('is used when its certificate is good', async () => {
    await using redis = await startRedis(certificates.server);
    await using state = await connected(redis.url);
    expect(await state.claim('key', soon())).toBeNull();
  });

  test.each([
    ['another host', certificates.wrongHost],
    ['nobody', certificates.selfSigned],
  ])('is told nothing when its certificate is that of %s', async (_whose, certificate) => {
    await using redis = await startRedis(certificate);
    await using state = await connected(redis.url);
    await expect(state.claim('key', soon())).rejects.toMatchObject(unreachable);
  });
});

describe('when Redis goes away', () => {
  test('every question fails with one error that says so, and soon', async () => {
    await using redis = await startRedis();
    await using state = await connected(redis.url);
    await redis.stop();
    for (const [name, ask] of questions) {
      await expect(withinBound(ask(state)), name).rejects.toMatchObject(unreachable);
    }
  });

  test('a server that holds the connection and says nothing counts as gone', async () => {
    await using redis = await startRedis();
    await using state = await connected(redis.url);
    await redis.freeze();
    for (const [name, ask] of questions) {
      await expect(withinBound(ask(state)), name).rejects.toMatchObject(unreachable);
    }
  });

  test('the connection comes back by itself, and each change is told once', async () => {
    await using redis = await startRedis();
    const changes: boolean[] = [];
    await using state = await connected(redis.url, (isReachable) => void changes.push(isReachable));
    const works = () =>
      state.claimed(['key']).then(
        () => true,
        () => false,
      );
    await redis.stop();
    expect(await waitUntil(BOUND_MS, async () => !(await works()))).toBe(true);
    await redis.start();
    expect(await waitUntil(BOUND_MS, works)).toBe(true);
    expect(changes).toEqual([true, false, true]);
  });

  test('a server that is not there at the start is found when it comes', async () => {
    await using redis = await startRedis();
    await redis.stop();
    await using state = await withinBound(connected(redis.url));
    await expect(state.claim('key', soon())).rejects.toMatchObject(unreachable);
    await redis.start();
    const claims = () =>
      state.claim('key', soon()).then(
        () => true,
        () => false,
      );
    expect(await waitUntil(BOUND_MS, claims)).toBe(true);
  });

  test('a closed state asks nobody, and does not connect again', async () => {
    await using redis = await startRedis();
    const changes: boolean[] = [];
    const state = await connectRedisState({
      url: redis.url,
      now,
      onChange: (isReachable) => changes.push(isReachable),
    });
    await state.close();
    await expect(state.claimed(['key'])).rejects.toMatchObject(unreachable);
    expect(changes).toEqual([true]);
  });

  test('what Redis refuses carries its code, for the log of the operator', async () => {
    await using redis = await startRedis();
    await using state = await connected(redis.url);
    const client = new Redis(redis.url);
    await client.config('SET', 'maxmemory', '1');
    client.disconnect();
    await expect(state.mark('key', soon())).rejects.toMatchObject({ ...unreachable, code: 'OOM' });
    await expect(state.claim('key', soon())).rejects.toMatchObject({ ...unreachable, code: 'OOM' });
  });

  test('a wrong password is a Redis that cannot be asked, and is quoted nowhere', async () => {
    await using redis = await startRedis();
    const secret = 'a-password-of-nobody';
    const causes: unknown[] = [];
    await using state = await connected(redis.url.replace('//', `//nobody:${secret}@`), (_, cause) =>
      causes.push(cause),
    );
    const error = await state.claimed(['key']).catch((fault: unknown) => fault);
    expect(error).toMatchObject(unreachable);
    expect(error instanceof Error ? error.message : '').not.toContain(secret);
    expect(causes).toHaveLength(1);
  });
});
