import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectRedisState, type RedisOptions } from '../../src/state/redis.ts';
import type { State } from '../../src/state/state.ts';
import { waitUntil } from '../support/app/wait-until.ts';
import { startRedis, type TestRedis } from '../support/servers/redis.ts';
import { testServers } from '../support/servers/servers.ts';
import { describeStateRules } from '../support/state-rules.ts';

const now = () => new Date();
const soon = () => new Date(Date.now() + 60_000);

/** Longer than all waits of the state together. */
const BOUND_MS = 10_000;

async function connected(url: string, onChange?: RedisOptions['onChange']): Promise<State & AsyncDisposable> {
  const state = await connectRedisState({ url, now, ...(onChange && { onChange }) });
  return { ...state, [Symbol.asyncDispose]: state.close };
}

const methods: [string, (state: State) => Promise<unknown>][] = [
  ['claim', (state) => state.claim('key', soon())],
  ['mark', (state) => state.mark('key', soon())],
  ['readMarks', (state) => state.readMarks(['key', 'other'])],
  ['release', (state) => state.release('key')],
  ['count', (state) => state.count('key', 60)],
  ['readCount', (state) => state.readCount('key', 60)],
  ['resetCount', (state) => state.resetCount('key', 60)],
  ['note', (state) => state.note('list', 'id', 'text', soon())],
  ['notes', (state) => state.notes('list')],
];

const unreachable = { name: 'UpstreamError', service: 'Redis', fault: 'unreachable' };

function withinBound<T>(work: Promise<T>): Promise<T> {
  const late = new Promise<never>((_, reject) => setTimeout(() => reject(new Error('It takes too long')), BOUND_MS));
  return Promise.race([work, late]);
}

describe('one Redis', () => {
  let redis: TestRedis;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis[Symbol.asyncDispose]());

  describeStateRules('in Redis', () => connectRedisState({ url: redis.url, now }));

  test('a note without its end counts as absent, and keeps no other from being written', async () => {
    await using state = await connected(redis.url);
    const client = new Redis(redis.url);
    try {
      const damage = () => client.hset('mail-mcp:damaged', 'one', 'text', 'two', '');
      await damage();
      expect(await state.notes('damaged')).toEqual([]);
      expect(await state.replaceNote('damaged', 'one', 'new', soon())).toBe(false);
      await damage();
      await state.note('damaged', 'one', 'new', soon());
      expect([...(await state.notesById('damaged'))]).toEqual([['one', 'new']]);
    } finally {
      client.disconnect();
    }
  });
});

describe('two replicas with one Redis', () => {
  test('share claims, counts and notes', async () => {
    await using redis = await startRedis();
    await using a = await connected(redis.url);
    await using b = await connected(redis.url);
    expect([await a.claim('code', soon()), await b.claim('code', soon())]).toEqual([null, expect.any(Date)]);
    expect([(await a.count('login', 60)).count, (await b.count('login', 60)).count]).toEqual([1, 2]);
    await a.note('list', 'id', 'text', soon());
    expect(await b.notes('list')).toEqual(['text']);
  });

  test('every key has the prefix of this server, and every key expires', async () => {
    await using redis = await startRedis();
    await using state = await connected(redis.url);
    for (const [, call] of methods) await call(state);
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

  test('is used if its certificate is valid', async () => {
    await using redis = await startRedis(certificates.server);
    await using state = await connected(redis.url);
    expect(await state.claim('key', soon())).toBeNull();
  });

  test.each([
    ['another host', certificates.wrongHost],
    ['an unknown issuer', certificates.selfSigned],
  ])('receives no command if its certificate is that of %s', async (_subject, certificate) => {
    await using redis = await startRedis(certificate);
    await using state = await connected(redis.url);
    await expect(state.claim('key', soon())).rejects.toMatchObject(unreachable);
  });
});

describe('when Redis is unreachable', () => {
  test('every method soon fails with the same error', async () => {
    await using redis = await startRedis();
    await using state = await connected(redis.url);
    await redis.stop();
    for (const [name, call] of methods) {
      await expect(withinBound(call(state)), name).rejects.toMatchObject(unreachable);
    }
  });

  test('a server that keeps the connection and does not answer counts as unreachable', async () => {
    await using redis = await startRedis();
    await using state = await connected(redis.url);
    await redis.freeze();
    for (const [name, call] of methods) {
      await expect(withinBound(call(state)), name).rejects.toMatchObject(unreachable);
    }
  });

  test('the connection is restored automatically, and each change is reported once', async () => {
    await using redis = await startRedis();
    const changes: boolean[] = [];
    await using state = await connected(redis.url, (isReachable) => void changes.push(isReachable));
    const works = () =>
      state.readMarks(['key']).then(
        () => true,
        () => false,
      );
    await redis.stop();
    expect(await waitUntil(BOUND_MS, async () => !(await works()))).toBe(true);
    await redis.start();
    expect(await waitUntil(BOUND_MS, works)).toBe(true);
    expect(changes).toEqual([true, false, true]);
  });

  test('a server that is unreachable at the start is used once it is reachable', async () => {
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

  test('a closed state sends nothing, and does not connect again', async () => {
    await using redis = await startRedis();
    const changes: boolean[] = [];
    const state = await connectRedisState({
      url: redis.url,
      now,
      onChange: (isReachable) => changes.push(isReachable),
    });
    await state.close();
    await expect(state.readMarks(['key'])).rejects.toMatchObject(unreachable);
    expect(changes).toEqual([true]);
  });

  test('an error of Redis has its code, for the log', async () => {
    await using redis = await startRedis();
    await using state = await connected(redis.url);
    const client = new Redis(redis.url);
    await client.config('SET', 'maxmemory', '1');
    client.disconnect();
    await expect(state.mark('key', soon())).rejects.toMatchObject({ ...unreachable, code: 'OOM' });
    await expect(state.claim('key', soon())).rejects.toMatchObject({ ...unreachable, code: 'OOM' });
  });

  test('a wrong password makes Redis unreachable, and appears in no error', async () => {
    await using redis = await startRedis();
    const secret = 'a-password-of-no-user';
    const causes: unknown[] = [];
    await using state = await connected(redis.url.replace('//', `//unknown:${secret}@`), (_, cause) =>
      causes.push(cause),
    );
    const error = await state.readMarks(['key']).catch((fault: unknown) => fault);
    expect(error).toMatchObject(unreachable);
    expect(error instanceof Error ? error.message : '').not.toContain(secret);
    expect(causes).toHaveLength(1);
  });
});
