/** What a client_id holds, minting one, and reading it back. The client_id is the whole client: nothing about it is stored. */
import { randomBytes } from 'node:crypto';
import { Servers } from '../../account.ts';
import { ConfigError, OAuthError } from '../../errors.ts';
import type { Policy } from '../../policy.ts';
import { sha256 } from '../http/constant-time.ts';
import { plainText } from '../http/plain-text.ts';
import { redirectHost, redirectUriProblem } from '../http/redirect-uri.ts';
import type { Keyring } from '../sealed/jwe.ts';
import { type AccessPayload, type ClientPayload, createTokens, type Tokens } from '../sealed/sealed-types.ts';
import { PRESETS } from './presets.ts';

/** For the operator. */
export const WRONG_SERVERS =
  'A mail server needs a host name and a port from 1 to 65535, and Missive the URL of its API.';

/** Names longer than this are cut where they are shown. */
const MAX_NAME_LENGTH = 64;

/** A client as requests see it. */
export interface Client {
  /** Who says what it is: the operator who minted it, nobody but itself, or the document at the URL that is its id. */
  origin: 'minted' | 'registered' | 'document';
  /** Names the client in tokens and logs. */
  jti: string;
  /** For people: no control or bidirectional characters, at most 64 of the others. Only minted clients have one that was checked. */
  name: string;
  /** Where the document about it is; null for clients without. */
  documentHost: string | null;
  servers: Servers;
  redirectUris: readonly string[];
  /** SHA-256 of the secret, base64url; `null` for a public client. */
  secretHash: string | null;
  /** What the operator allows at most. */
  policy: Policy;
  /** When the client, and everything that was given to it, ends. */
  expiresAt: Date | null;
  /** The client_id itself. */
  id: string;
}

export interface NewClient {
  servers: Servers;
  /** Names from the table in presets.ts. */
  presets: readonly string[];
  redirectUris: readonly string[];
  /** `public` clients get no secret (RFC 6749 §2.1). */
  kind: 'confidential' | 'public';
  /** Left out: no limits. */
  policy?: Policy | undefined;
  expiresAt?: Date | undefined;
  /** Shown on the sign-in page. Left out: the titles of the presets, or the host of the first redirect URI. */
  name?: string | undefined;
}

/**
 * Seals a client. Both values consist of unreserved characters, so form-encoding them for HTTP Basic changes nothing.
 *
 * @returns `clientSecret`: 32 random bytes in hex, known to nobody but the caller; `null` for a public client
 * @throws {ConfigError} naming every fault, one a line
 */
export async function mintClient(
  keyring: Keyring,
  client: NewClient,
  now: Date,
): Promise<{ clientId: string; clientSecret: string | null }> {
  const faults = [
    ...presetFaults(client),
    ...redirectUriFaults(client),
    ...nameFaults(client),
    ...serverFaults(client),
  ];
  if (faults.length > 0) throw new ConfigError(faults.join('\n'));
  const clientSecret = client.kind === 'confidential' ? randomBytes(32).toString('hex') : null;
  const payload: ClientPayload = {
    v: 1,
    name: client.name ?? defaultName(client),
    ...(clientSecret && { secret_hash: sha256(clientSecret) }),
    ...(client.presets.length > 0 && { presets: [...client.presets] }),
    ...(client.redirectUris.length > 0 && { redirect_uris: [...client.redirectUris] }),
    servers: client.servers,
    ...(client.policy && Object.keys(client.policy).length > 0 && { policy: client.policy }),
  };
  try {
    return { clientId: await createTokens(keyring).client.seal(payload, now, client.expiresAt), clientSecret };
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new ConfigError(
      'The client_id would be longer than 1500 characters; use fewer or shorter redirect URIs and limits.',
    );
  }
}

/** @throws {OAuthError} `invalid_client` if the client_id is not one that was minted with these keys and is still valid */
export async function unsealClient(tokens: Tokens, clientId: string, now: Date): Promise<Client> {
  try {
    const { jti, name, servers, exp, ...sealed } = await tokens.client.unseal(clientId, now);
    const ofPresets = (sealed.presets ?? []).flatMap((preset) => PRESETS[preset]?.redirectUris ?? []);
    return {
      origin: 'minted',
      jti,
      name: plainText(name, MAX_NAME_LENGTH),
      documentHost: null,
      servers,
      redirectUris: [...new Set([...ofPresets, ...(sealed.redirect_uris ?? [])])],
      secretHash: sealed.secret_hash ?? null,
      policy: sealed.policy ?? {},
      expiresAt: exp === undefined ? null : new Date(exp * 1000),
      id: clientId,
    };
  } catch (cause) {
    throw new OAuthError('invalid_client', 'The client_id is not known here.', { cause });
  }
}

/** What access tokens say of their client. */
export function clientInToken({ jti, name, origin }: Pick<Client, 'jti' | 'name' | 'origin'>): AccessPayload['client'] {
  return { jti, name, ...(origin !== 'minted' && { minted: false as const }) };
}

function defaultName(client: NewClient): string {
  const titles = client.presets.flatMap((preset) => PRESETS[preset]?.title ?? []);
  if (titles.length > 0) return new Intl.ListFormat('en', { type: 'disjunction' }).format(titles);
  return client.redirectUris.slice(0, 1).map(redirectHost).join();
}

function presetFaults(client: NewClient): string[] {
  return client.presets
    .filter((preset) => !Object.hasOwn(PRESETS, preset))
    .map((preset) => `There is no preset "${plainText(preset, 40)}". Known are: ${Object.keys(PRESETS).join(', ')}.`);
}

function redirectUriFaults(client: NewClient): string[] {
  // An unknown preset is a fault of its own.
  if (
    client.redirectUris.length === 0 &&
    client.presets.every((preset) => PRESETS[preset]?.redirectUris.length === 0)
  ) {
    return ['The client needs a redirect URI, or a preset that has one.'];
  }
  return client.redirectUris.flatMap((uri) => {
    const problem = redirectUriProblem(uri);
    return problem ? [`The redirect URI ${plainText(uri, 80)} ${problem}.`] : [];
  });
}

function nameFaults({ name }: NewClient): string[] {
  if (name === undefined) return [];
  const shown = plainText(name, MAX_NAME_LENGTH);
  if (shown === '') return ['The name of the client is empty.'];
  return shown === name ? [] : [`The name must be at most ${MAX_NAME_LENGTH} characters, without control characters.`];
}

function serverFaults({ servers }: NewClient): string[] {
  return Servers.safeParse(servers).success ? [] : [WRONG_SERVERS];
}
