/** Describes an OAuth client, and unseals the client_id of a minted one. The client_id contains the whole client: nothing is stored. */
import type { Servers } from '../../account.ts';
import { OAuthError } from '../../errors.ts';
import type { Policy } from '../../policy.ts';
import { plainText } from '../http/plain-text.ts';
import type { AccessPayload, Tokens } from '../sealed/sealed-types.ts';
import { PRESETS } from './presets.ts';

/** In characters. Longer names are cut where they are shown. */
export const MAX_NAME_LENGTH = 64;

/** A client, resolved from its client_id. */
export interface Client {
  /** The source of its metadata: the operator who minted it, the client itself, or the document at the URL that is its id. */
  origin: 'minted' | 'registered' | 'document';
  /** Identifies the client in tokens and logs. */
  jti: string;
  /** For display: at most 64 characters, without control and bidirectional ones. Other than minted clients choose their names themselves. */
  name: string;
  /** Host of its metadata document; null for other clients. */
  documentHost: string | null;
  servers: Servers;
  redirectUris: readonly string[];
  /** Those of the redirect URIs that the client may extend by an id; absent: none. */
  redirectUrisWithId?: readonly string[];
  /** SHA-256 of the secret, base64url; `null` for a public client. */
  secretHash: string | null;
  /** The operator's limits. */
  policy: Policy;
  /** The time zone of accounts that give none at the sign-in. */
  timeZone?: string | undefined;
  /** The end of the client and of everything that was granted to it; null: never. */
  expiresAt: Date | null;
  /** The client_id itself. */
  id: string;
}

/** @throws {OAuthError} `invalid_client` if the client_id was not minted with these keys, or has expired */
export async function unsealClient(tokens: Tokens, clientId: string, now: Date): Promise<Client> {
  try {
    const { jti, name, servers, exp, ...sealed } = await tokens.client.unseal(clientId, now);
    const presets = (sealed.presets ?? []).flatMap((preset) => PRESETS[preset] ?? []);
    const ofPresets = presets.flatMap(({ redirectUris }) => redirectUris);
    return {
      origin: 'minted',
      jti,
      name: plainText(name, MAX_NAME_LENGTH),
      documentHost: null,
      servers,
      redirectUris: [...new Set([...ofPresets, ...(sealed.redirect_uris ?? [])])],
      redirectUrisWithId: presets.filter(({ appendsId }) => appendsId).flatMap(({ redirectUris }) => redirectUris),
      secretHash: sealed.secret_hash ?? null,
      policy: sealed.policy ?? {},
      timeZone: sealed.time_zone,
      expiresAt: exp === undefined ? null : new Date(exp * 1000),
      id: clientId,
    };
  } catch (cause) {
    throw new OAuthError('invalid_client', 'The client_id is not known here.', { cause });
  }
}

/** The `client` claim of access tokens. */
export function clientInToken({ jti, name, origin }: Pick<Client, 'jti' | 'name' | 'origin'>): AccessPayload['client'] {
  return { jti, name, ...(origin !== 'minted' && { minted: false as const }) };
}
