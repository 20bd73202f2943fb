import { ConfigError } from '../errors.ts';
import {
  type Flags,
  type Limits,
  type Minted,
  mint,
  newClient,
  readFlags,
  redirectUrisOf,
  toClientJson,
  toLimitsJson,
} from '../minting/mint.ts';
import { toFlagName, toServerLines, toServersJson } from '../minting/server-flags.ts';
import type { NewClient } from '../oauth/client/client.ts';
import { sealConnection } from '../oauth/client/default-connection.ts';
import { createKeyring, type Keyring } from '../oauth/sealed/jwe.ts';
import { readKeys } from '../settings/config.ts';

/** `mail-mcp generate`: flags → a minted client → what is printed. */

/**
 * @param flags what the command line parser read; any shape
 * @returns the text to print, with its line ends
 * @throws {ConfigError} with one sentence a line for every flag or variable that is missing or wrong
 */
export async function generate(flags: unknown, env: NodeJS.ProcessEnv, now: Date): Promise<string> {
  const { keys, parsed, limits } = readAll(flags, env, now);
  if (parsed.connection) return connection(parsed, limits, createKeyring(keys), now);
  const { client, minted } = await mint(createKeyring(keys), parsed, limits, now);
  return parsed.json
    ? asJson({ ...toClientJson(client, minted), ...toLimitsJson(limits) })
    : asText(client, minted, limits);
}

/** What `DEFAULT_CONNECTION` takes: servers and limits alone, of nobody's client. */
async function connection(flags: Flags, limits: Limits, keyring: Keyring, now: Date): Promise<string> {
  if (flags.preset.length + flags.redirectUri.length > 0 || flags.public || flags.name !== undefined) {
    throw new ConfigError(
      '--connection is of no client: it goes without --preset, --redirect-uri, --public and --name.',
    );
  }
  const { servers } = newClient(flags, limits);
  const { policy, expiresAt = null } = limits;
  const sealed = await sealConnection(keyring, { servers, policy, expiresAt }, now);
  return flags.json
    ? asJson({ default_connection: sealed, ...toServersJson(servers), ...toLimitsJson(limits) })
    : [`Default connection: ${sealed}`, '', ...toServerLines(servers), ...limitLines(limits), ''].join('\n');
}

/** Reads flags and keys, and tells the faults of both at once. */
function readAll(flags: unknown, env: NodeJS.ProcessEnv, now: Date) {
  const { parsed, limits, faults } = readFlags(flags, { now, nameOf: toFlagName });
  try {
    const keys = readKeys(env);
    if (parsed !== undefined) return { keys, parsed, limits };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    faults.push(error.message);
  }
  throw new ConfigError(faults.join('\n'));
}

const asJson = (value: object): string => `${JSON.stringify(value, null, 2)}\n`;

const asEntry = (value: string | number): string => String(value).replaceAll(',', '\\,');

/** The limits as they are sealed, after their words and names have been brought into one form. */
function limitLines({ policy, expiresAt }: Limits): string[] {
  const limits = Object.entries(policy).map(
    ([name, value]) => `  ${name.replaceAll('_', ' ')}: ${[value ?? []].flat().map(asEntry).join(', ')}`,
  );
  return [
    ...(limits.length > 0 ? ['', 'Limited to:', ...limits] : []),
    ...(expiresAt === undefined ? [] : ['', `Ends: ${expiresAt.toISOString()}`]),
  ];
}

function asText(client: NewClient, { clientId, clientSecret }: Minted, limits: Limits): string {
  return [
    `Client ID: ${clientId}`,
    `Client Secret: ${clientSecret ?? 'none (public client)'}`,
    '',
    ...toServerLines(client.servers),
    ...limitLines(limits),
    '',
    'Redirect URIs:',
    ...redirectUrisOf(client).map((uri) => `  ${uri}`),
    '',
  ].join('\n');
}
