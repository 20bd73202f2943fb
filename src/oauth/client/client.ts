/** Describes an OAuth client, and unseals the client_id of a minted one. The client_id contains the whole client: nothing is stored. */
import type { Servers } from '../../account.ts';
import type { Policy } from '../../policy.ts';
import { plainText } from '../http/plain-text.ts';
import { hasRedirectUri } from '../http/redirect-uri.ts';
import { PageError } from '../pages/page-error.ts';
import type { AccessPayload, Tokens } from '../sealed/sealed-types.ts';
import { PRESETS, type Preset } from './presets.ts';

/** In characters. Longer names are cut where they are shown. */
export const MAX_NAME_LENGTH = 64;

/** The servers and limits that the operator has sealed for all dynamic clients. */
export interface DefaultConnection {
  /** `jti` of the sealed connection, by which it can be denied; absent if the setting is a client id. */
  id?: string | undefined;
  servers: Servers;
  /** The operator's limits. */
  policy: Policy;
  /** The time zone of accounts that give none at the sign-in. */
  timeZone?: string | undefined;
  /** Domains of the addresses that it is for, as A-labels in lower case. Absent: of all that no other connection names. */
  domains?: readonly string[] | undefined;
  /** The end of every dynamic client and of everything that was granted to it. */
  expiresAt: Date | null;
}

/** A client as its client_id describes it, before it is known which connection the account uses. */
export interface RequestingClient {
  /** The source of its metadata: the operator who minted it, the client itself, or the document at the URL that is its id. */
  origin: 'minted' | 'registered' | 'document';
  /** Identifies the client in tokens and logs. */
  jti: string;
  /** For display: at most 64 characters, without control and bidirectional ones. Other than minted clients choose their names themselves. */
  name: string;
  /** The name where one redirect URI is in use: of the known client that it belongs to, if several were minted as one. Absent: the same everywhere. */
  nameAt?(redirectUri: string): string;
  /** Host of its metadata document; null for other clients. */
  documentHost: string | null;
  redirectUris: readonly string[];
  /** Those of the redirect URIs that the client may extend by an id; absent: none. */
  redirectUrisWithId?: readonly string[];
  /** SHA-256 of the secret, base64url; `null` for a public client. */
  secretHash: string | null;
  /** The end of the client and of everything that was granted to it; null: never. */
  expiresAt: Date | null;
  /** The client_id itself. */
  id: string;
  /** What the operator has for it: of a minted client its own servers and limits, otherwise the connections of the settings. At least one. */
  connections: readonly DefaultConnection[];
}

/** A client with the servers and limits of one connection. */
export interface Client extends RequestingClient {
  servers: Servers;
  /** The operator's limits. */
  policy: Policy;
  /** The time zone of accounts that give none at the sign-in. */
  timeZone?: string | undefined;
  /** `jti` of the connection, where there are several. */
  connection?: string | undefined;
}

/** @throws {OAuthError} `invalid_client` if the client_id was not minted with these keys, or has expired */
export async function unsealClient(tokens: Tokens, clientId: string, now: Date): Promise<Client> {
  try {
    const { jti, name, servers, exp, ...sealed } = await tokens.client.unseal(clientId, now);
    const presets = (sealed.presets ?? []).flatMap((preset) => PRESETS[preset] ?? []);
    const own = { servers, policy: sealed.policy ?? {}, timeZone: sealed.time_zone };
    const ofPresets = presets.flatMap(({ redirectUris }) => redirectUris);
    return {
      origin: 'minted',
      jti,
      name: plainText(name, MAX_NAME_LENGTH),
      nameAt: (redirectUri) => plainText(nameAt(redirectUri, name, presets), MAX_NAME_LENGTH),
      documentHost: null,
      redirectUris: [...new Set([...ofPresets, ...(sealed.redirect_uris ?? [])])],
      redirectUrisWithId: presets.filter(({ appendsId }) => appendsId).flatMap(({ redirectUris }) => redirectUris),
      secretHash: sealed.secret_hash ?? null,
      expiresAt: exp === undefined ? null : new Date(exp * 1000),
      id: clientId,
      ...own,
      connections: [{ ...own, expiresAt: null }],
    };
  } catch (cause) {
    throw new PageError('invalid_client', (t) => t.errors.clientUnknown, { cause });
  }
}

/** What the presets of a client are called together, where the operator gives no name. */
export const joinedTitles = (presets: readonly Preset[]): string =>
  new Intl.ListFormat('en', { type: 'disjunction' }).format(presets.map(({ title }) => title));

function nameAt(redirectUri: string, name: string, presets: readonly Preset[]): string {
  if (name !== joinedTitles(presets)) return name;
  const asking = presets.filter(({ redirectUris, appendsId }) =>
    hasRedirectUri({ redirectUris, redirectUrisWithId: appendsId ? redirectUris : [] }, redirectUri),
  );
  return asking.length > 0 ? joinedTitles(asking) : name;
}

/** False if name and redirect URI are the client's own statements (RFC 7591). */
export const isVerified = ({ origin, documentHost }: Pick<RequestingClient, 'origin' | 'documentHost'>): boolean =>
  origin === 'minted' || documentHost !== null;

/** The `client` claim of access tokens. */
export function clientInToken({ jti, name, origin }: Pick<Client, 'jti' | 'name' | 'origin'>): AccessPayload['client'] {
  return { jti, name, ...(origin !== 'minted' && { minted: false as const }) };
}
