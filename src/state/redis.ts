/** Keeps the state in Redis or Valkey: the same for all replicas. The only file that imports ioredis. */
import { Redis } from 'ioredis';
import { RateLimiterRedis } from 'rate-limiter-flexible';
import { z } from 'zod';
import { UpstreamError } from '../errors.ts';
import { createCounters } from './counters.ts';
import type { State } from './state.ts';

/** A slower response counts as a failure: account owners wait for it, and mail tools work without Redis. */
const MAX_WAIT_MS = 1000;
const MAX_RECONNECT_PAUSE_MS = 2000;

/** KEYS: the mark. ARGV: its text, its lifetime in milliseconds. Returns the text that existed before, and then changes nothing. */
const CLAIM = `
local before = redis.call('GET', KEYS[1])
if not before then redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]) end
return before`;

/**
 * KEYS: the list. ARGV: id, `<end of the note in ms> <text>`, the present in ms, lifetime of the note in milliseconds, `replace` if the note must be there.
 * Notes that have expired or have no end are removed, and the list lives as long as its last note. Returns 0 if the note is not there, and then writes none.
 */
const NOTE = `
local entries = redis.call('HGETALL', KEYS[1])
for i = 1, #entries, 2 do
  local ends = tonumber(string.match(entries[i + 1], '^%d+'))
  if not ends or ends <= tonumber(ARGV[3]) then redis.call('HDEL', KEYS[1], entries[i]) end
end
if ARGV[5] == 'replace' and redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[4]) then redis.call('PEXPIRE', KEYS[1], ARGV[4]) end
return 1`;

export interface RedisOptions {
  /** `redis://` or `rediss://`, with user name, password and database number where needed. */
  url: string;
  now: () => Date;
  /** Called once when Redis becomes unreachable, and once when it is reachable again. */
  onChange?: (isReachable: boolean, cause?: unknown) => void;
}

/**
 * Waits at most a second for the first connection, and reconnects without end whenever it is lost. All waits are short, and nothing is
 * queued: without Redis, every method throws at once.
 */
export async function connectRedisState({ url, now, onChange }: RedisOptions): Promise<State> {
  const redis = createClient(url);
  reportChanges(redis, onChange);
  await firstAttempt(redis);
  return {
    isShared: true,
    isReachable: () => redis.status === 'ready',
    ...createMarks(redis, now),
    ...createCheckedCounters(redis, now),
    ...createNotes(redis, now),
    async close() {
      redis.disconnect();
    },
  };
}

function createClient(url: string): Redis {
  return new Redis(url, {
    keyPrefix: 'mail-mcp:',
    connectionName: 'mail-mcp',
    connectTimeout: MAX_WAIT_MS,
    commandTimeout: MAX_WAIT_MS,
    // Detects a server that has stopped without closing its connections.
    socketTimeout: MAX_WAIT_MS,
    enableOfflineQueue: false,
    // A command under way when the connection is lost may have been executed: it fails, and is not sent again.
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (attempts) => Math.min(50 * 2 ** Math.min(attempts, 10), MAX_RECONNECT_PAUSE_MS),
    // READONLY means that another server has become the primary.
    reconnectOnError: ({ message }) => message.startsWith('READONLY'),
  });
}

function createMarks(redis: Redis, now: () => Date): Pick<State, 'claim' | 'mark' | 'readMarks' | 'release'> {
  const present = (): string => String(now().getTime());
  return {
    async claim(key, until) {
      const before = await checked(() => redis.eval(CLAIM, 1, key, present(), lifetimeMs(until, now())));
      return toDate(before);
    },
    async mark(key, until) {
      await checked(() => redis.set(key, present(), 'PX', lifetimeMs(until, now())));
    },
    async readMarks(keys) {
      return keys.length === 0 ? [] : (await checked(() => redis.mget(...keys))).map(toDate);
    },
    async release(key) {
      await checked(() => redis.del(key));
    },
  };
}

function createCheckedCounters(redis: Redis, now: () => Date): Pick<State, 'count' | 'readCount' | 'resetCount'> {
  const counters = createCounters(
    now,
    (window) => new RateLimiterRedis({ ...window, storeClient: redis, keyPrefix: `count:${window.duration}` }),
  );
  return {
    count: (...args) => checked(() => counters.count(...args)),
    readCount: (...args) => checked(() => counters.readCount(...args)),
    resetCount: (...args) => checked(() => counters.resetCount(...args)),
  };
}

function createNotes(
  redis: Redis,
  now: () => Date,
): Pick<State, 'note' | 'replaceNote' | 'removeNotes' | 'notes' | 'notesById'> {
  async function write(list: string, id: string, entry: { text: string; until: Date; mode: 'any' | 'replace' }) {
    const { text, until, mode } = entry;
    const present = now();
    const values = [id, `${until.getTime()} ${text}`, String(present.getTime()), lifetimeMs(until, present), mode];
    return (await checked(() => redis.eval(NOTE, 1, list, ...values))) === 1;
  }

  return {
    async note(list, id, text, until) {
      await write(list, id, { text, until, mode: 'any' });
    },
    replaceNote: (list, id, text, until) => write(list, id, { text, until, mode: 'replace' }),
    async removeNotes(list) {
      await checked(() => redis.del(list));
    },
    notesById,
    notes: async (list) => [...(await notesById(list)).values()],
  };

  async function notesById(list: string): Promise<ReadonlyMap<string, string>> {
    const entries = Object.entries(await checked(() => redis.hgetall(list)));
    const present = now().getTime();
    return new Map(
      entries.flatMap(([id, entry]) => {
        const [end, text] = splitEntry(entry);
        return Number(end) > present ? [[id, text]] : [];
      }),
    );
  }
}

/** Runs a command. @throws {UpstreamError} if it fails, with the code of Redis if Redis refused it */
async function checked<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (cause) {
    throw new UpstreamError(
      'Redis',
      'unreachable',
      'What was used, counted or revoked cannot be looked up at the moment. Try again in a minute.',
      { cause, code: refusalCode(cause) },
    );
  }
}

/** Redis gets a lifetime instead of a point in time, because its clock may differ from ours. */
function lifetimeMs(until: Date, now: Date): number {
  return Math.max(1, until.getTime() - now.getTime());
}

/** `OOM`, `NOPERM`, `READONLY` and the like, if Redis answered with an error. */
function refusalCode(cause: unknown): string | undefined {
  return cause instanceof Error && cause.name === 'ReplyError' ? /^[A-Z]+/.exec(cause.message)?.[0] : undefined;
}

/** An error of the connection is reported by the event `error` alone, which precedes `close`. */
function reportChanges(redis: Redis, onChange: RedisOptions['onChange']): void {
  let isReachable: boolean | undefined;
  let cause: unknown;
  const change = (to: boolean) => {
    if (isReachable !== to) onChange?.(to, cause);
    isReachable = to;
    cause = undefined;
  };
  redis.on('error', (error) => {
    cause = error;
  });
  redis.on('ready', () => change(true));
  // `end` is not reported: it follows our own close().
  redis.on('reconnecting', () => change(false));
}

/** Waits until the first connection is ready or has failed. */
function firstAttempt(redis: Redis): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, MAX_WAIT_MS);
    for (const event of ['ready', 'close']) {
      redis.once(event, () => {
        clearTimeout(timer);
        resolve();
      });
    }
  });
}

export interface RedisReport {
  pingMs: number;
  /** Append-only file, snapshots, or neither; `unknown` where the configuration may not be read. */
  persistence: 'aof' | 'rdb' | 'none' | 'unknown';
  /** `maxmemory-policy`, where it may be read. */
  eviction: string | undefined;
}

/** Connects once, for the operator. */
export async function reportOfRedis(url: string): Promise<RedisReport | { fault: string }> {
  const redis = createClient(url);
  let failure: unknown;
  redis.on('error', (error) => {
    failure ??= error;
  });
  await firstAttempt(redis);
  try {
    const startedAt = performance.now();
    await redis.ping();
    const pingMs = Math.round(performance.now() - startedAt);
    const info = await redis.info().catch(() => '');
    const eviction = /^maxmemory_policy:([\w-]+)/m.exec(info)?.[1];
    return { pingMs, persistence: await persistenceOf(redis, info), eviction };
  } catch (error) {
    const cause = failure ?? error;
    const code: unknown = cause instanceof Error ? Reflect.get(cause, 'code') : undefined;
    return { fault: refusalCode(cause) ?? (typeof code === 'string' ? code : 'no connection') };
  } finally {
    redis.disconnect();
  }
}

/** Managed services refuse CONFIG. */
async function persistenceOf(redis: Redis, info: string): Promise<RedisReport['persistence']> {
  if (/^aof_enabled:1/m.test(info)) return 'aof';
  const save = z.tuple([z.string(), z.string()]).safeParse(await redis.config('GET', 'save').catch(() => undefined));
  if (!save.success) return 'unknown';
  return save.data[1] === '' ? 'none' : 'rdb';
}

function toDate(text: unknown): Date | null {
  return typeof text === 'string' ? new Date(Number(text)) : null;
}

function splitEntry(entry: string): [end: string, text: string] {
  const space = entry.indexOf(' ');
  return [entry.slice(0, space), entry.slice(space + 1)];
}
