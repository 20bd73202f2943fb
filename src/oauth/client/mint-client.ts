/** Mints a client with the redirect URIs, servers and limits that the operator chooses, or seals the default connection of dynamic clients. */
import { randomBytes } from 'node:crypto';
import { Servers } from '../../account.ts';
import { ConfigError } from '../../errors.ts';
import type { Policy } from '../../policy.ts';
import { didYouMean } from '../../text/did-you-mean.ts';
import { sha256 } from '../http/constant-time.ts';
import { plainText } from '../http/plain-text.ts';
import { redirectHost, redirectUriProblem } from '../http/redirect-uri.ts';
import type { Keyring } from '../sealed/jwe.ts';
import { type ClientPayload, createTokens } from '../sealed/sealed-types.ts';
import type { DefaultConnection } from './client.ts';
import { joinedTitles, MAX_NAME_LENGTH } from './client.ts';
import { PRESETS } from './presets.ts';

const WRONG_SERVERS = 'A mail server needs a host name and a port from 1 to 65535, and Missive the URL of its API.';

/** What is wrong with a part of a client. */
export interface ClientFault {
  part: keyof NewClient;
  sentence: string;
}

/** The client cannot be minted: every fault, one a line. */
export class ClientFaults extends ConfigError {
  readonly faults: readonly ClientFault[];

  constructor(faults: readonly ClientFault[]) {
    super(faults.map(({ sentence }) => sentence).join('\n'));
    this.faults = faults;
  }
}

export interface NewClient {
  servers: Servers;
  /** Keys of PRESETS. */
  presets: readonly string[];
  redirectUris: readonly string[];
  /** `public` clients get no secret (RFC 6749 §2.1). */
  kind: 'confidential' | 'public';
  /** Left out: no limits. */
  policy?: Policy | undefined;
  expiresAt?: Date | undefined;
  /** Name in the IANA time zone database. Left out: UTC. */
  timeZone?: string | undefined;
  /** Shown on the sign-in page. Left out: the titles of the presets, or the host of the first redirect URI. */
  name?: string | undefined;
}

/**
 * Mints a client. Both returned values consist of unreserved characters, so form-encoding them for HTTP Basic changes nothing.
 *
 * @returns `clientSecret`: 32 random bytes in hex, returned here only and stored nowhere; `null` for a public client
 * @throws {ClientFaults}
 */
export async function mintClient(
  keyring: Keyring,
  client: NewClient,
  now: Date,
): Promise<{ clientId: string; clientSecret: string | null }> {
  const faults = [...clientFaults(client), ...serverFaults(client)];
  if (faults.length > 0) throw new ClientFaults(faults);
  const clientSecret = client.kind === 'confidential' ? randomBytes(32).toString('hex') : null;
  const payload: ClientPayload = {
    v: 1,
    name: client.name ?? defaultName(client),
    ...(clientSecret && { secret_hash: sha256(clientSecret) }),
    ...(client.presets.length > 0 && { presets: [...client.presets] }),
    ...(client.redirectUris.length > 0 && { redirect_uris: [...client.redirectUris] }),
    servers: client.servers,
    ...(client.policy && Object.keys(client.policy).length > 0 && { policy: client.policy }),
    ...(client.timeZone !== undefined && { time_zone: client.timeZone }),
  };
  try {
    return { clientId: await createTokens(keyring).client.seal(payload, now, client.expiresAt), clientSecret };
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    const sentence =
      'The client_id would be longer than 1500 characters; use fewer or shorter redirect URIs and limits.';
    throw new ClientFaults([{ part: 'redirectUris', sentence }]);
  }
}

/** @returns what is wrong with presets, redirect URIs and name */
export function clientFaults(client: Pick<NewClient, 'presets' | 'redirectUris' | 'name'>): ClientFault[] {
  return [...presetFaults(client), ...redirectUriFaults(client), ...nameFaults(client)];
}

/** @throws {ConfigError} if the servers are not valid, or the limits make the result too long */
export async function sealConnection(keyring: Keyring, connection: DefaultConnection, now: Date): Promise<string> {
  const { servers, policy, timeZone, domains, expiresAt } = connection;
  if (!Servers.safeParse(servers).success) throw new ConfigError(WRONG_SERVERS);
  const payload = {
    ...{ v: 1 as const, servers },
    ...(Object.keys(policy).length > 0 && { policy }),
    ...(timeZone !== undefined && { time_zone: timeZone }),
    ...(domains !== undefined && { domains: [...domains] }),
  };
  try {
    return await createTokens(keyring).connection.seal(payload, now, expiresAt ?? undefined);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new ConfigError('The connection would be longer than 4000 characters; name fewer limits or domains.');
  }
}

function defaultName(client: NewClient): string {
  const titles = joinedTitles(client.presets.flatMap((preset) => PRESETS[preset] ?? []));
  if (titles !== '') return titles;
  return client.redirectUris.slice(0, 1).map(redirectHost).join();
}

function presetFaults(client: Pick<NewClient, 'presets'>): ClientFault[] {
  return client.presets
    .filter((preset) => !Object.hasOwn(PRESETS, preset))
    .map((preset) => ({
      part: 'presets',
      sentence: `There is no preset "${plainText(preset, 40)}".${didYouMean(preset, Object.keys(PRESETS))} Known are: ${Object.keys(PRESETS).join(', ')}.`,
    }));
}

function redirectUriFaults(client: Pick<NewClient, 'presets' | 'redirectUris'>): ClientFault[] {
  // An unknown preset is reported separately.
  if (
    client.redirectUris.length === 0 &&
    client.presets.every((preset) => PRESETS[preset]?.redirectUris.length === 0)
  ) {
    return [{ part: 'redirectUris', sentence: 'The client needs a redirect URI, or a preset that has one.' }];
  }
  return client.redirectUris.flatMap((uri) => {
    const problem = redirectUriProblem(uri);
    if (problem === null) return [];
    return [{ part: 'redirectUris' as const, sentence: `The redirect URI ${plainText(uri, 80)} ${problem}.` }];
  });
}

function nameFaults({ name }: Pick<NewClient, 'name'>): ClientFault[] {
  if (name === undefined) return [];
  const shown = plainText(name, MAX_NAME_LENGTH);
  if (shown === '') return [{ part: 'name', sentence: 'The name of the client is empty.' }];
  const sentence = `The name must be at most ${MAX_NAME_LENGTH} characters, without control characters.`;
  return shown === name ? [] : [{ part: 'name', sentence }];
}

function serverFaults({ servers }: NewClient): ClientFault[] {
  return Servers.safeParse(servers).success ? [] : [{ part: 'servers', sentence: WRONG_SERVERS }];
}
