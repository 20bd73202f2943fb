/** Denies a client on all replicas at once (`mail-mcp deny`), or allows it again (`mail-mcp allow`). */

import { ConfigError, UpstreamError } from '../errors.ts';
import { deniedClientKey, jtiOfClient } from '../oauth/client/denied-clients.ts';
import { createKeyring } from '../oauth/sealed/jwe.ts';
import { readStateAccess } from '../settings/config.ts';
import { openState } from '../state/open-state.ts';
import type { State } from '../state/state.ts';

/** A denial has no end, but the state requires one. */
const CENTURY_MS = 100 * 365 * 24 * 3_600_000;

/**
 * @param named a client_id or its `jti`
 * @returns the sentence to print
 * @throws {ConfigError} if there is no Redis, or no such client
 */
export async function deny(named: string, env: NodeJS.ProcessEnv, now: Date): Promise<string> {
  const jti = await changeDenial(named, env, (state, key) => state.mark(key, new Date(now.getTime() + CENTURY_MS)));
  return `Client ${jti} is denied, with everything that was granted to it. The denial is lost if Redis loses its data; DENIED_CLIENTS is permanent.\n`;
}

/** Reverses `deny`. */
export async function allow(named: string, env: NodeJS.ProcessEnv): Promise<string> {
  const jti = await changeDenial(named, env, (state, key) => state.release(key));
  return `Client ${jti} is allowed again, unless DENIED_CLIENTS names it.\n`;
}

/** @returns the `jti` of the client */
async function changeDenial(
  named: string,
  env: NodeJS.ProcessEnv,
  apply: (state: State, key: string) => Promise<void>,
): Promise<string> {
  const { keys, redisUrl } = readStateAccess(env);
  const jti = await jtiOfClient(named.trim(), createKeyring(keys));
  const state = await openState({ redisUrl, now: () => new Date() });
  try {
    await apply(state, deniedClientKey(jti));
  } catch (cause) {
    if (!(cause instanceof UpstreamError)) throw cause;
    throw new ConfigError('Nothing was changed: the Redis of REDIS_URL cannot be reached, or refuses the login.', {
      cause,
    });
  } finally {
    await state.close();
  }
  return jti;
}
