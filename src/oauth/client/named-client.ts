/** The clients that an operator names to shut them out: by the id itself, or by the `jti` that logs show. */
import { ConfigError } from '../../errors.ts';
import { sha256 } from '../http/constant-time.ts';
import type { Keyring } from '../sealed/jwe.ts';
import { createTokens } from '../sealed/sealed-types.ts';

/** 128 random bits, or the hash of a URL. Nothing else: of a mistyped one the operator would believe that it is shut out. */
const isJti = (text: string): boolean => /^(?:[\w-]{22}|[\w-]{43})$/.test(text);

/**
 * @param named a client_id, which may have expired, or a `jti`
 * @returns the `jti`
 * @throws {ConfigError} if it looks like a client_id and is none that these keys open, or like neither of the two
 */
export async function jtiOfClient(named: string, keyring: Keyring): Promise<string> {
  if (isJti(named)) return named;
  // A client that is known by the URL of a document about it.
  if (/^https:\/\//.test(named)) return sha256(named);
  const tokens = createTokens(keyring);
  const found = await Promise.allSettled([tokens.client.inspect(named), tokens.registered.inspect(named)]);
  const [jti] = found.flatMap((result) => (result.status === 'fulfilled' ? [result.value.jti] : []));
  if (jti === undefined) {
    throw new ConfigError(
      `${named.slice(0, 20)}… is no client id that ENCRYPTION_KEY or one of the earlier keys opens, and no jti of one.`,
    );
  }
  return jti;
}
