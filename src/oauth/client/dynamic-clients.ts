/**
 * Reads the operator's settings for dynamic clients (registered, or by metadata document): the accepted kinds, the trusted hosts and the default
 * connection.
 */
import { ConfigError } from '../../errors.ts';
import type { Config } from '../../settings/config.ts';
import { redirectUriProblem } from '../http/redirect-uri.ts';
import { isSealedTooEarly, type Keyring } from '../sealed/jwe.ts';
import { createTokens, type Tokens } from '../sealed/sealed-types.ts';
import type { DefaultConnection } from './client.ts';
import { connectionFaults } from './connection-choice.ts';
import { DOCUMENT_HOSTS, PRESETS } from './presets.ts';

/**
 * Hosts whose metadata documents and redirect URIs are accepted from dynamic clients, spelled as in URLs (with the port unless it is 443); `any`: all
 * hosts.
 */
export type TrustedHosts = ReadonlySet<string> | 'any';

export interface DynamicClients {
  /** At least one. The address of an account decides among several. */
  connections: readonly DefaultConnection[];
  trustedHosts: TrustedHosts;
  /** Whether clients may register (RFC 7591). */
  acceptsRegistration: boolean;
  /** Whether a client_id may be the URL of a metadata document (draft-ietf-oauth-client-id-metadata-document). */
  acceptsDocuments: boolean;
  /** Whether a document of any host is accepted if its redirect URIs lead to the user's computer: such a client could register as well. */
  acceptsLoopbackDocuments?: boolean;
}

const PRESET_URIS: readonly string[] = Object.values(PRESETS).flatMap(({ redirectUris }) => redirectUris);

/** The hosts of the known clients' callbacks and metadata documents. */
export const PRESET_HOSTS: ReadonlySet<string> = new Set([
  ...PRESET_URIS.filter((uri) => uri.startsWith('https:')).map((uri) => new URL(uri).host),
  ...DOCUMENT_HOSTS,
]);

/** Callbacks of known clients under private-use schemes. Other URIs under these schemes may lead to another application. */
const PRIVATE_USE_URIS: ReadonlySet<string> = new Set(PRESET_URIS.filter((uri) => !/^https?:/.test(uri)));

export const isTrusted = (trusted: TrustedHosts, host: string): boolean => trusted === 'any' || trusted.has(host);

/**
 * Checks whether a dynamic client may have a redirect URI. Unless every host is trusted, codes reach only trusted hosts, the user's computer, and the
 * callbacks of known applications.
 */
export function isOpenToDynamicClients(uri: string, trusted: TrustedHosts): boolean {
  if (redirectUriProblem(uri) !== null) return false;
  const { protocol, host } = new URL(uri);
  if (protocol === 'http:' || trusted === 'any') return true;
  return protocol === 'https:' ? isTrusted(trusted, host) : PRIVATE_USE_URIS.has(uri);
}

/**
 * @returns `undefined` if only minted clients are accepted
 * @throws {ConfigError} if a sealed connection is not valid or has expired, or the address of an account could not decide among them
 */
export async function readDynamicClients(
  settings: Config['dynamicClients'],
  keyring: Keyring,
  now: Date,
): Promise<DynamicClients | undefined> {
  if (settings === undefined) return undefined;
  const sealed = settings.connections;
  const connections = await Promise.all(
    sealed.map((one, index) => {
      const setting = sealed.length === 1 ? 'DEFAULT_CONNECTION' : `DEFAULT_CONNECTION, number ${index + 1},`;
      return readConnection(setting, one, { keyring, now });
    }),
  );
  const faults = connectionFaults(connections).map((sentence) => `DEFAULT_CONNECTION: ${sentence}`);
  if (faults.length > 0) throw new ConfigError(faults.join('\n'));
  return withConnections(settings, connections);
}

/** @throws {ConfigError} if a connection of `CONNECTIONS` is not valid or has expired */
export async function readHostConnections(
  byHost: ReadonlyMap<string, string>,
  services: { keyring: Keyring; now: Date },
): Promise<Map<string, DefaultConnection>> {
  const read = [...byHost].map(async ([host, sealed]) => {
    return [host, await readConnection(settingOf(host), sealed, services)] as const;
  });
  return new Map(await Promise.all(read));
}

/** The part of the setting that has the connection of a host, for errors. */
export const settingOf = (host: string): string => `CONNECTIONS of ${host}`;

/** @returns the dynamic clients of connections, as the settings accept them */
export function withConnections(
  settings: Omit<NonNullable<Config['dynamicClients']>, 'connections'>,
  connections: readonly DefaultConnection[],
): DynamicClients {
  const { acceptsRegistration, acceptsDocuments, trustedHosts = PRESET_HOSTS } = settings;
  // Hosts that the operator names are the only ones that are connected to.
  const acceptsLoopbackDocuments = acceptsRegistration && settings.trustedHosts === undefined;
  return { connections, trustedHosts, acceptsRegistration, acceptsDocuments, acceptsLoopbackDocuments };
}

/**
 * @param setting the setting that has the connection, for the error
 * @throws {ConfigError} if the sealed connection is not valid or has expired
 */
function readConnection(
  setting: string,
  sealed: string,
  { keyring, now }: { keyring: Keyring; now: Date },
): Promise<DefaultConnection> {
  return unsealConnection(createTokens(keyring), sealed, now).catch((cause) => {
    const sentence = `${setting} is not valid: it is neither a connection nor a client id that was generated with this ENCRYPTION_KEY, or it has expired.`;
    const signed = ' With MINTING_PUBLIC_KEY, it must be signed: generate it where MINTING_PRIVATE_KEY is set.';
    throw new ConfigError(sentence + (keyring.minting ? signed : ''), { cause });
  });
}

/**
 * Unseals a default connection. `TOKENS_NOT_BEFORE` does not apply: the operator's own setting is valid at any age.
 *
 * @param text a sealed connection, or a client_id, of which only the connection is used
 * @throws {OAuthError} `invalid_token` if it is neither
 * @throws {RangeError} if it has expired
 */
export async function unsealConnection(tokens: Tokens, text: string, now: Date): Promise<DefaultConnection> {
  const sealed = tokens.connection.unsealSetting(text).then(ownConnection);
  const connection = await sealed.catch(() => connectionOfClient(tokens, text));
  if (connection.expiresAt !== null && connection.expiresAt <= now) throw new RangeError('expired');
  return connection;
}

/**
 * Unseals the connection that a request names, which anyone may have sealed who could mint. It has ended if it has expired, or was sealed before
 * `TOKENS_NOT_BEFORE`.
 *
 * @param settings the connections that the operator's settings name: valid at any age
 * @throws {OAuthError} `invalid_token` if it is none
 */
export async function unsealNamedConnection(
  keyring: Keyring,
  text: string,
  settings: ReadonlySet<string>,
): Promise<DefaultConnection> {
  const content = await createTokens(keyring).connection.unsealSetting(text);
  const hasEnded = !settings.has(text) && isSealedTooEarly(content, keyring);
  return { ...ownConnection(content), ...(hasEnded && { expiresAt: new Date(0) }) };
}

function ownConnection(content: Awaited<ReturnType<Tokens['connection']['inspect']>>): DefaultConnection {
  const { jti: id, exp, servers, policy = {}, time_zone: timeZone, domains } = content;
  return { id, servers, policy, timeZone, domains, expiresAt: endOf(exp) };
}

async function connectionOfClient(tokens: Tokens, text: string): Promise<DefaultConnection> {
  const { servers, policy = {}, time_zone: timeZone, exp } = await tokens.client.unsealSetting(text);
  return { servers, policy, timeZone, expiresAt: endOf(exp) };
}

const endOf = (exp: number | undefined): Date | null => (exp === undefined ? null : new Date(exp * 1000));
