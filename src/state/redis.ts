/** State in Redis or Valkey: the same for all replicas. Door to ioredis. */
import { Redis } from 'ioredis';
import { RateLimiterRedis } from 'rate-limiter-flexible';
import { UpstreamError } from '../errors.ts';
import { createCounters } from './counters.ts';
import type { State } from './state.ts';

/** A person waits for the answer, and mail calls go on without: longer than this is as good as gone. */
const limitMs = 1000;
const longestPauseMs = 2000;

/** KEYS: the mark. ARGV: its text, milliseconds that it lives. Gives what was there, and then changes nothing. */
const CLAIM = `
local before = redis.call('GET', KEYS[1])
if not before then redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]) end
return before`;

/**
 * KEYS: the list. ARGV: id, `<end of the note in ms> <text>`, now in ms, milliseconds that the note lives.
 * Notes that have ended are taken out, and the list lives as long as its last note.
 */
const NOTE = `
local entries = redis.call('HGETALL', KEYS[1])
for i = 1, #entries, 2 do
  local ends = tonumber(string.match(entries[i + 1], '^%d+'))
  if ends <= tonumber(ARGV[3]) then redis.call('HDEL', KEYS[1], entries[i]) end
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[4]) then redis.call('PEXPIRE', KEYS[1], ARGV[4]) end`;

export interface RedisOptions {
  /** `redis://` or `rediss://`, with user name, password and number of the database where needed. */
  url: string;
  now: () => Date;
  /** Is told once when it goes away, and once when it is back. */
  onChange?: (isReachable: boolean, cause?: unknown) => void;
}

/**
 * Waits at most a second for the first connection, and connects again by itself for ever whenever it is lost. All waits are
 * short, and nothing is queued: without Redis, every method throws at once.
 */
export async function connectRedisState({ url, now, onChange }: RedisOptions): Promise<State> {
  const redis = new Redis(url, {
    keyPrefix: 'mail-mcp:',
    connectionName: 'mail-mcp',
    connectTimeout: limitMs,
    commandTimeout: limitMs,
    // A server that has stopped without closing its connections.
    socketTimeout: limitMs,
    enableOfflineQueue: false,
    // What was on the way when the connection was lost may have been done: whoever asked is told so, and nothing is sent again.
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (attempts) => Math.min(50 * 2 ** Math.min(attempts, 10), longestPauseMs),
    // Another one has become the primary.
    reconnectOnError: ({ message }) => message.startsWith('READONLY'),
  });
  tellChanges(redis, onChange);
  await firstAnswer(redis);

  async function ask<T>(question: () => Promise<T>): Promise<T> {
    try {
      return await question();
    } catch (cause) {
      throw new UpstreamError(
        'Redis',
        'unreachable',
        'What was used, counted or revoked cannot be looked up at the moment. Try again in a minute.',
        { cause, code: refusalCode(cause) },
      );
    }
  }

  /** Lifetimes and not times of the clock: that of Redis may differ from ours. */
  const livesMs = (until: Date): number => Math.max(1, until.getTime() - now().getTime());
  const nowText = (): string => String(now().getTime());

  const counters = createCounters(
    now,
    (window) => new RateLimiterRedis({ ...window, storeClient: redis, keyPrefix: `count:${window.duration}` }),
  );

  return {
    isShared: true,
    async claim(key, until) {
      const before = await ask(() => redis.eval(CLAIM, 1, key, nowText(), livesMs(until)));
      return timeOf(before);
    },
    async mark(key, until) {
      await ask(() => redis.set(key, nowText(), 'PX', livesMs(until)));
    },
    async claimed(keys) {
      return keys.length === 0 ? [] : (await ask(() => redis.mget(...keys))).map(timeOf);
    },
    async release(key) {
      await ask(() => redis.del(key));
    },
    count: (...about) => ask(() => counters.count(...about)),
    counted: (...about) => ask(() => counters.counted(...about)),
    resetCount: (...about) => ask(() => counters.resetCount(...about)),
    async note(list, id, text, until) {
      const entry = `${until.getTime()} ${text}`;
      await ask(() => redis.eval(NOTE, 1, list, id, entry, nowText(), livesMs(until)));
    },
    async notes(list) {
      const entries = await ask(() => redis.hvals(list));
      return entries.flatMap((entry) => {
        const [ends = '', text] = split(entry);
        return Number(ends) > now().getTime() ? [text] : [];
      });
    },
    async close() {
      redis.disconnect();
    },
  };
}

/** `OOM`, `NOPERM`, `READONLY` and the like, where Redis answered and said no. */
function refusalCode(cause: unknown): string | undefined {
  return cause instanceof Error && cause.name === 'ReplyError' ? /^[A-Z]+/.exec(cause.message)?.[0] : undefined;
}

/** Errors of the connection have no other way out; each of them is followed by `close`. */
function tellChanges(redis: Redis, onChange: RedisOptions['onChange']): void {
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
  // The end that close() has asked for is no news.
  redis.on('reconnecting', () => change(false));
}

function firstAnswer(redis: Redis): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, limitMs);
    for (const event of ['ready', 'close']) {
      redis.once(event, () => {
        clearTimeout(timer);
        resolve();
      });
    }
  });
}

function timeOf(text: unknown): Date | null {
  return typeof text === 'string' ? new Date(Number(text)) : null;
}

function split(entry: string): [ends: string, text: string] {
  const space = entry.indexOf(' ');
  return [entry.slice(0, space), entry.slice(space + 1)];
}
