/** Opens the state that all requests share: in Redis for several replicas, otherwise in the memory of this process. */
import { createMemoryState } from './memory.ts';
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
