/** What the operator lets clients be that nobody minted: how they may introduce themselves, from where, and what they get. */

import { ConfigError } from '../../errors.ts';
import type { Config } from '../../settings/config.ts';
import type { Keyring } from '../sealed/jwe.ts';
import { createTokens } from '../sealed/payloads.ts';
import { type Connection, openConnection } from './default-connection.ts';
import { presets } from './presets.ts';
import type { TrustedHosts } from './redirect-uri.ts';

export interface SelfRegistration {
  /** The servers and limits of all of them. */
  connection: Connection;
  trustedHosts: TrustedHosts;
  /** Whether clients may register (RFC 7591). */
  acceptsRegistration: boolean;
  /** Whether a client_id may be the URL of a metadata document (draft-ietf-oauth-client-id-metadata-document). */
  acceptsDocuments: boolean;
}

/** Where the known clients have their callbacks; their metadata documents are on the same hosts. */
export const presetHosts: ReadonlySet<string> = new Set(
  Object.values(presets)
    .flatMap(({ redirectUris }) => redirectUris)
    .filter((uri) => uri.startsWith('https:'))
    .map((uri) => new URL(uri).host),
);

/**
 * @returns `undefined` if only minted clients are known here
 * @throws {ConfigError} if the sealed connection is none, or has ended
 */
export async function openSelfRegistration(
  settings: Config['selfRegistration'],
  keyring: Keyring,
  now: Date,
): Promise<SelfRegistration | undefined> {
  if (settings === undefined) return undefined;
  const { acceptsRegistration, acceptsDocuments, trustedHosts = presetHosts } = settings;
  const connection = await openConnection(createTokens(keyring), settings.connection, now).catch((cause) => {
    const sentence =
      'DEFAULT_CONNECTION does not open: it is neither a connection nor a client id that was generated with this ENCRYPTION_KEY, or it has expired.';
    throw new ConfigError(sentence, { cause });
  });
  return { connection, trustedHosts, acceptsRegistration, acceptsDocuments };
}
