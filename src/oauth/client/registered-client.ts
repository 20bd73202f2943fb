/** Registers a client (RFC 7591) and unseals its client_id. Neither the client nor its secret is stored: the secret is computed from the client_id. */
import { createHmac } from 'node:crypto';
import { OAuthError } from '../../errors.ts';
import { sha256 } from '../http/constant-time.ts';
import { redirectHost } from '../http/redirect-uri.ts';
import { PageError } from '../pages/page-error.ts';
import { type Keyring, sealingKeyOf } from '../sealed/jwe.ts';
import type { RegisteredPayload, Tokens } from '../sealed/sealed-types.ts';
import type { DefaultConnection, RequestingClient } from './client.ts';

interface Services {
  tokens: Tokens;
  keyring: Keyring;
  connections: readonly DefaultConnection[];
}

/** The values of a registration response (RFC 7591 §3.2.1). Times in seconds since 1970. */
export interface Registration {
  id: string;
  jti: string;
  issuedAtSeconds: number;
  expiresAtSeconds: number | undefined;
  /** `null` for a public client. */
  secret: string | null;
}

/** @throws {OAuthError} `invalid_client_metadata` if the client_id would be too long */
export async function registerClient(
  metadata: RegisteredPayload,
  { tokens, keyring, connections }: Services,
  now: Date,
): Promise<Registration> {
  const id = await tokens.registered.seal(metadata, now, lastEndOf(connections)).catch((cause) => {
    if (!(cause instanceof RangeError)) throw cause;
    throw new OAuthError('invalid_client_metadata', 'The redirect URIs are too long together.', { cause });
  });
  const { jti, iat, exp } = await tokens.registered.unseal(id, now);
  const secret = metadata.auth_method === 'none' ? null : registeredSecret(keyring, { id, jti });
  return { id, jti, issuedAtSeconds: iat, expiresAtSeconds: exp, secret };
}

/** Computed with the key that sealed the client_id, so that a change of `ENCRYPTION_KEY` does not change it. 32 bytes in hex. */
export function registeredSecret(keyring: Keyring, client: { id: string; jti: string }): string {
  const key = sealingKeyOf(keyring, client.id).derive('registered-secret');
  return createHmac('sha256', key).update(client.jti).digest('hex');
}

/** @throws {OAuthError} `invalid_client` if the client did not register here, or too long ago: the client then registers anew */
export async function unsealRegisteredClient(id: string, services: Services, now: Date): Promise<RequestingClient> {
  const { tokens, keyring, connections } = services;
  const registered = await tokens.registered.unseal(id, now).catch((cause) => {
    throw new PageError('invalid_client', (t) => t.errors.clientUnknown, { cause });
  });
  const { jti, redirect_uris: redirectUris, exp = 0 } = registered;
  return {
    origin: 'registered',
    jti,
    name: registered.name ?? redirectUris.slice(0, 1).map(redirectHost).join(),
    documentHost: null,
    redirectUris,
    secretHash: registered.auth_method === 'none' ? null : sha256(registeredSecret(keyring, { id, jti })),
    expiresAt: new Date(exp * 1000),
    id,
    connections,
  };
}

/** @returns `undefined` if one of the connections never ends */
function lastEndOf(connections: readonly DefaultConnection[]): Date | undefined {
  const ends = connections.map(({ expiresAt }) => expiresAt?.getTime() ?? Infinity);
  const last = Math.max(...ends);
  return last === Infinity ? undefined : new Date(last);
}
