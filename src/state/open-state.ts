/** Opens the state that all requests share: in Redis for several replicas, otherwise in the memory of this process. */
import { createMemoryState } from './memory.ts';
import type { RedisReport } from './redis.ts';
import type { State } from './state.ts';

export interface StateOptions {
  /** `redis://` or `rediss://`, with user name, password and database number where needed. Absent: the memory of this process. */
  redisUrl: string | undefined;
  now: () => Date;
  /** Called once when Redis becomes unreachable, and once when it is reachable again. */
  onChange?: (isReachable: boolean, cause?: unknown) => void;
}

export async function openState({ redisUrl, now, onChange }: StateOptions): Promise<State> {
  if (redisUrl === undefined) return createMemoryState({ now });
  // Loaded only where it is used, for the memory that it takes.
  const { connectRedisState } = await import('./redis.ts');
  return connectRedisState({ url: redisUrl, now, ...(onChange && { onChange }) });
}

/** What Redis says of itself: how fast it answers, and whether it keeps what it was given. `fault`: the code of the error. */
export async function inspectRedis(url: string): Promise<RedisReport | { fault: string }> {
  const { reportOfRedis } = await import('./redis.ts');
  return reportOfRedis(url);
}
