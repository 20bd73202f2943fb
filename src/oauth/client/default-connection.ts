/** The connection that clients nobody minted get: servers, limits and an end, sealed by the operator. */
import { Servers } from '../../account.ts';
import { ConfigError } from '../../errors.ts';
import type { Policy } from '../../policy.ts';
import type { Keyring } from '../sealed/jwe.ts';
import { createTokens, type Tokens } from '../sealed/sealed-types.ts';
import { WRONG_SERVERS } from './client.ts';

export interface DefaultConnection {
  servers: Servers;
  /** What the operator allows at most. */
  policy: Policy;
  /** When every client of this connection, and everything that was given to it, ends. */
  expiresAt: Date | null;
}

/** @throws {ConfigError} if a server is none, or the limits do not fit */
export async function sealConnection(keyring: Keyring, connection: DefaultConnection, now: Date): Promise<string> {
  const { servers, policy, expiresAt } = connection;
  if (!Servers.safeParse(servers).success) throw new ConfigError(WRONG_SERVERS);
  const payload = { v: 1 as const, servers, ...(Object.keys(policy).length > 0 && { policy }) };
  try {
    return await createTokens(keyring).connection.seal(payload, now, expiresAt ?? undefined);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new ConfigError('The connection would be longer than 4000 characters; name fewer limits.');
  }
}

/**
 * It comes from the operator's settings, so it may be as old as they like: `TOKENS_NOT_BEFORE` does not end it.
 *
 * @param text a sealed connection, or a client_id, of which the connection is taken and nothing else
 * @throws {OAuthError} `invalid_token` if it is neither
 * @throws {RangeError} if it has expired
 */
export async function unsealConnection(tokens: Tokens, text: string, now: Date): Promise<DefaultConnection> {
  const { servers, policy = {}, exp } = await tokens.connection.inspect(text).catch(() => tokens.client.inspect(text));
  const expiresAt = exp === undefined ? null : new Date(exp * 1000);
  if (expiresAt !== null && expiresAt <= now) throw new RangeError('expired');
  return { servers, policy, expiresAt };
}
