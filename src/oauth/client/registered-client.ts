/** A client that registered itself: reading back what it said, and its secret, which is kept nowhere. */
import { createHmac } from 'node:crypto';
import { OAuthError } from '../../errors.ts';
import { sha256 } from '../http/constant-time.ts';
import { redirectHost } from '../http/redirect-uri.ts';
import { type Keyring, sealingKeyOf } from '../sealed/jwe.ts';
import type { Tokens } from '../sealed/sealed-types.ts';
import type { Client } from './client.ts';
import type { DefaultConnection } from './default-connection.ts';

/** Made of its id, under the key that sealed it: a change of `ENCRYPTION_KEY` does not change it. 32 bytes in hex. */
export function registeredSecret(keyring: Keyring, client: { id: string; jti: string }): string {
  const key = sealingKeyOf(keyring, client.id).derive('registered-secret');
  return createHmac('sha256', key).update(client.jti).digest('hex');
}

/** @throws {OAuthError} `invalid_client` if it did not register here, or too long ago: the client then registers anew */
export async function unsealRegisteredClient(
  id: string,
  services: { tokens: Tokens; keyring: Keyring; connection: DefaultConnection },
  now: Date,
): Promise<Client> {
  const { tokens, keyring, connection } = services;
  const registered = await tokens.registered.unseal(id, now).catch((cause) => {
    throw new OAuthError('invalid_client', 'The client_id is not known here.', { cause });
  });
  const { jti, redirect_uris: redirectUris, exp = 0 } = registered;
  return {
    origin: 'registered',
    jti,
    name: registered.name ?? redirectUris.slice(0, 1).map(redirectHost).join(),
    documentHost: null,
    servers: connection.servers,
    redirectUris,
    secretHash: registered.auth_method === 'none' ? null : sha256(registeredSecret(keyring, { id, jti })),
    policy: connection.policy,
    expiresAt: new Date(Math.min(exp * 1000, connection.expiresAt?.getTime() ?? Infinity)),
    id,
  };
}
