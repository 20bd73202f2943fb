/** Opens the state that the settings ask for, and says what goes without it. */

import { describeError, type Log } from '../log.ts';
import type { Config } from '../settings/config.ts';
import { createMemoryState } from '../state/memory.ts';
import type { State } from '../state/state.ts';

export async function openState(
  { redisUrl: url }: Pick<Config, 'redisUrl'>,
  { now, log }: { now: () => Date; log: Log },
): Promise<State> {
  if (url === undefined) return createMemoryState({ now });
  // Only those who use it pay for the memory that it takes.
  const { connectRedisState } = await import('../state/redis.ts');
  return connectRedisState({
    url,
    now,
    onChange(isReachable, cause) {
      if (isReachable) return log.info({}, 'Redis is there');
      const error = cause === undefined ? {} : { error: describeError(cause) };
      log.error(error, 'Redis is gone: nobody can sign in, get or revoke tokens until it is back; mail goes on');
    },
  });
}

/** For the operator, a sentence each: what the server does not do, or does for each process alone, with these settings. */
export function notOffered({ redisUrl, replicas }: Pick<Config, 'redisUrl' | 'replicas'>): string[] {
  if (redisUrl !== undefined) return [];
  return [
    'Nothing can be revoked: clients have no revocation endpoint, owners no button, and mail-mcp deny does not work (DENIED_CLIENTS does).',
    ...(replicas > 1
      ? [
          'A code is used once in each process, so it can be used once on each replica.',
          'Public clients get no refresh tokens: reuse of an old one could not be noticed.',
          'Limits count in each process alone: of sign-ins, of token requests, of messages sent.',
        ]
      : ['A restart forgets which codes and refresh tokens were used, and what was counted.']),
  ];
}
