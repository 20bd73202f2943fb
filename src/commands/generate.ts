/** `mail-mcp generate`: mints a client from flags and prints it, after a probe of its mail servers. */
import { ConfigError } from '../errors.ts';
import { probeServers } from '../mail/probe/probe.ts';
import { toFlagName } from '../minting/flag-table.ts';
import {
  type Flags,
  type Limits,
  type Minted,
  mint,
  mintConnection,
  readFlags,
  redirectUrisOf,
  splitLists,
  toClientJson,
  toLimitsJson,
} from '../minting/mint.ts';
import { toServerLines, toServersJson } from '../minting/server-flags.ts';
import type { NewClient } from '../oauth/client/mint-client.ts';
import { createKeyring, type Keyring } from '../oauth/sealed/jwe.ts';
import { readMintingKeys } from '../settings/config.ts';
import { nextAtProvider, nextForClient, nextForConnection } from './next-steps.ts';

interface GenerateServices {
  probe?: typeof probeServers;
  /** Gets what to do next, for people: lines that are not part of the result. */
  say?: (lines: string) => void;
}

/**
 * @param flags the output of the command line parser, of any shape
 * @returns the text to print, with line ends
 * @throws {ConfigError} with one sentence per line for every flag or variable that is missing or wrong, and for a server that cannot be used
 */
export async function generate(
  flags: unknown,
  env: NodeJS.ProcessEnv,
  now: Date,
  { probe = probeServers, say = () => {} }: GenerateServices = {},
): Promise<string> {
  const { keys, parsed, limits } = readFlagsAndKeys(flags, env, now);
  const keyring = createKeyring(keys);
  const { text, next } = parsed.connection
    ? await generateConnection(parsed, limits, keyring, now)
    : await generateClient(parsed, limits, keyring, now);
  if (parsed.probe && !('missive' in parsed.servers)) requireUsable(await probe(parsed.servers));
  if (!parsed.json) say(nextAtProvider(parsed.servers, env.BASE_URL) + next(env.BASE_URL));
  return text;
}

/** What to print, and what to do next, at the server with this BASE_URL. */
interface Generated {
  text: string;
  next(baseUrl: string | undefined): string;
}

/** @throws {ConfigError} with a sentence and its remedy for each server that cannot be used */
function requireUsable(probes: Awaited<ReturnType<typeof probeServers>>): void {
  const faults = probes.flatMap(({ fault }) => fault ?? []);
  if (faults.length === 0) return;
  const lines = faults.map(({ sentence, remedy }) => `${sentence} ${remedy}`);
  throw new ConfigError(
    [...lines, 'Nothing was minted. To mint without trying the servers, add --no-probe.'].join('\n'),
  );
}

async function generateClient(flags: Flags, limits: Limits, keyring: Keyring, now: Date): Promise<Generated> {
  const { client, minted } = await mint(keyring, flags, limits, now);
  return {
    text: flags.json
      ? toJson({ ...toClientJson(client, minted), ...toLimitsJson(limits) })
      : toText(client, minted, limits),
    next: (baseUrl) => nextForClient(client.presets, minted, baseUrl),
  };
}

/** Prints a value for `DEFAULT_CONNECTION`: servers and limits without a client. */
async function generateConnection(flags: Flags, limits: Limits, keyring: Keyring, now: Date): Promise<Generated> {
  const sealed = await mintConnection(keyring, flags, limits, now);
  const { servers, timeZone, domain: domains } = flags;
  const text = flags.json
    ? toJson({
        default_connection: sealed,
        ...toServersJson(servers),
        ...(timeZone !== undefined && { time_zone: timeZone }),
        ...(domains !== undefined && { domains }),
        ...toLimitsJson(limits),
      })
    : [
        `Default connection: ${sealed}`,
        '',
        ...toServerLines(servers),
        ...toTimeZoneLines(timeZone),
        ...(domains === undefined ? [] : [`For addresses at: ${domains.join(', ')}`]),
        ...toLimitLines(limits),
        '',
      ].join('\n');
  return { text, next: (baseUrl) => nextForConnection(sealed, baseUrl) };
}

/** Reads flags and keys, and reports the faults of both at once. */
function readFlagsAndKeys(flags: unknown, env: NodeJS.ProcessEnv, now: Date) {
  const { parsed, limits, faults } = readFlags(splitLists(flags), { now, nameOf: toFlagName });
  const sentences = faults.map(({ sentence }) => sentence);
  try {
    const keys = readMintingKeys(env);
    if (parsed !== undefined) return { keys, parsed, limits };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    sentences.push(error.message);
  }
  throw new ConfigError(sentences.join('\n'));
}

const toJson = (value: object): string => `${JSON.stringify(value, null, 2)}\n`;

const escapeComma = (value: string | number): string => String(value).replaceAll(',', '\\,');

/** The lines that print the limits, normalized as they are sealed. */
function toLimitLines({ policy, expiresAt }: Limits): string[] {
  const limits = Object.entries(policy).map(
    ([name, value]) => `  ${name.replaceAll('_', ' ')}: ${[value ?? []].flat().map(escapeComma).join(', ')}`,
  );
  return [
    ...(limits.length > 0 ? ['', 'Limited to:', ...limits] : []),
    ...(expiresAt === undefined ? [] : ['', `Ends: ${expiresAt.toISOString()}`]),
  ];
}

const toTimeZoneLines = (timeZone: string | undefined): string[] =>
  timeZone === undefined ? [] : [`Time zone, if none is given at the sign-in: ${timeZone}`];

function toText(client: NewClient, { clientId, clientSecret }: Minted, limits: Limits): string {
  return [
    `Client ID: ${clientId}`,
    `Client Secret: ${clientSecret ?? 'none (public client)'}`,
    '',
    ...toServerLines(client.servers),
    ...toTimeZoneLines(client.timeZone),
    ...toLimitLines(limits),
    '',
    'Redirect URIs:',
    ...redirectUrisOf(client).map((uri) => `  ${uri}`),
    '',
  ].join('\n');
}
