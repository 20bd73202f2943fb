/**
 * Denies clients that the operator names: in the settings (`DENIED_CLIENTS`), or with `mail-mcp deny`, which marks them in the state.
 *
 * Clients.resolve() refuses a denied client at every OAuth endpoint; grant/revocation.ts refuses its access tokens at every request.
 */
import { ConfigError } from '../../errors.ts';
import type { State } from '../../state/state.ts';
import { sha256 } from '../http/constant-time.ts';
import type { Keyring } from '../sealed/jwe.ts';
import { createTokens } from '../sealed/sealed-types.ts';

/** @param deniedClients `jti` of clients that the settings deny; the state has those of `mail-mcp deny` */
export async function isClientDenied(jti: string, deniedClients: ReadonlySet<string>, state: State): Promise<boolean> {
  if (deniedClients.has(jti)) return true;
  const [denied] = await state.readMarks([deniedClientKey(jti)]);
  return denied !== null;
}

/** The key in the state that denies a client. */
export const deniedClientKey = (jti: string): string => `denied:client:${jti}`;

/**
 * Checks whether a text has the form of a `jti`: 128 random bits, or the SHA-256 of a URL, in base64url. The length is checked because denying a
 * mistyped `jti` would have no effect and report no error.
 */
const isJti = (text: string): boolean => /^(?:[\w-]{22}|[\w-]{43})$/.test(text);

/**
 * Finds the `jti` of a client or a connection that the operator wants to deny or allow.
 *
 * @param named the client_id or the sealed connection, which may have expired, or the `jti`, which logs contain
 * @returns the `jti`
 * @throws {ConfigError} if it is neither a client_id or connection that one of these keys decrypts nor has the form of a `jti`
 */
export async function jtiOfClient(named: string, keyring: Keyring): Promise<string> {
  if (isJti(named)) return named;
  // The URL of a metadata document.
  if (/^https:\/\//.test(named)) return sha256(named);
  const tokens = createTokens(keyring);
  const found = await Promise.allSettled([
    tokens.client.inspect(named),
    tokens.registered.inspect(named),
    tokens.connection.inspect(named),
  ]);
  const [jti] = found.flatMap((result) => (result.status === 'fulfilled' ? [result.value.jti] : []));
  if (jti === undefined) {
    throw new ConfigError(
      `${named.slice(0, 20)}… is neither a client id or connection that ENCRYPTION_KEY or one of the earlier keys decrypts, nor the jti of a client.`,
    );
  }
  return jti;
}
