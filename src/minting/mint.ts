/**
 * Mints a client from flags or from the JSON of the admin endpoint.
 *
 * Invariant: flags and JSON are validated by the same code.
 */
import { z } from 'zod';
import type { Servers } from '../account.ts';
import { ConfigError } from '../errors.ts';
import { readPolicy } from '../mcp/permit/policy-input.ts';
import { toolsOf } from '../mcp/services.ts';
import { ClientFaults, mintClient, type NewClient, sealConnection } from '../oauth/client/mint-client.ts';
import { DEFAULT_PRESETS, PRESETS } from '../oauth/client/presets.ts';
import type { Keyring } from '../oauth/sealed/jwe.ts';
import type { Policy } from '../policy.ts';
import { isTimeZone } from '../text/time-zone.ts';
import { type Fault, FLAG_LIST, type FlagName, toFaults } from './flag-table.ts';
import { readServers, toServersJson } from './server-flags.ts';
import { hasUnseen } from './unseen-characters.ts';

/** One value in each element. */
const Entries = z.array(z.string()).optional();

const LimitFlags = z.object({
  methods: Entries,
  tags: Entries,
  tools: Entries,
  folders: Entries,
  recipients: Entries,
  maxSendsPerHour: z.string().optional(),
  maxChangesPerHour: z.string().optional(),
  expiresAt: z.string().optional(),
});

const WRONG_TIME_ZONE = '--time-zone must be a name of the IANA database, such as Europe/Berlin.';

/** The flags of the command line, after splitLists(), or the same from JSON. */
const Flags = LimitFlags.extend({
  missive: z.boolean().default(false),
  preset: z.array(z.string()).default([]),
  redirectUri: z.array(z.string()).default([]),
  public: z.boolean().default(false),
  connection: z.boolean().default(false),
  probe: z.boolean().default(true),
  name: z.string().optional(),
  timeZone: z.string().refine(isTimeZone, WRONG_TIME_ZONE).optional(),
  json: z.boolean().default(false),
});

export type Flags = z.output<typeof Flags> & { servers: Servers };

export interface Minted {
  clientId: string;
  clientSecret: string | null;
}

/** The limits of a client: its policy and its end. */
export interface Limits {
  policy: Policy;
  expiresAt: Date | undefined;
}

const AnyFlags = z.record(z.string(), z.unknown()).catch({});

/**
 * Splits the lists of the command line: their entries are separated by commas, in one flag or in several; `\,` is a comma in a name. In JSON one
 * element is one value, and nothing is split.
 */
export function splitLists(flags: unknown): object {
  const given = AnyFlags.parse(flags);
  const lists = FLAG_LIST.filter(({ kind, name }) => kind === 'list' && given[name] !== undefined);
  return { ...given, ...Object.fromEntries(lists.map(({ name }) => [name, splitList(given[name])])) };
}

function splitList(value: unknown): unknown {
  const texts = z.array(z.string()).safeParse(value);
  if (!texts.success) return value;
  const entries = texts.data.flatMap((text) => text.split(/(?<!\\),/));
  return entries.map((one) => one.replaceAll('\\,', ',').trim()).filter((entry) => entry !== '');
}

/** Validates all flags. `parsed` is defined if there are no faults. */
export function readFlags(
  flags: unknown,
  { now, nameOf }: { now: Date; nameOf: (flag: string) => string },
): { parsed: Flags | undefined; limits: Limits; faults: Fault[] } {
  const result = Flags.safeParse(flags);
  const { servers, faults: serverFaults } = readServers(flags);
  const tools = toolsOf(result.data?.missive ? 'missive' : 'mail');
  const limits = readPolicy(LimitFlags.safeParse(flags).data ?? {}, { tools, now, nameOf });
  const given = AnyFlags.parse(flags);
  const unseen = FLAG_LIST.filter(({ name }) => hasUnseen(name, given[name])).map(({ name }) => ({
    flag: name,
    sentence: `${nameOf(name)} has a character that cannot be seen.`,
  }));
  const ofLimits = limits.faults.map(({ limit, sentence }) => ({ flag: limit, sentence }));
  const faults = [...unseen, ...toFaults(result.error), ...serverFaults, ...ofLimits];
  const isGood = faults.length === 0 && result.data !== undefined && servers !== undefined;
  return { parsed: isGood ? { ...result.data, servers } : undefined, limits, faults };
}

/** @throws {ConfigError} if the client cannot be minted, with one sentence per line */
export async function mint(keyring: Keyring, flags: Flags, limits: Limits, now: Date) {
  const client = newClient(flags, limits);
  return { client, minted: await mintClient(keyring, client, now) };
}

/**
 * Seals servers and limits without a client: a value for `DEFAULT_CONNECTION`.
 *
 * @throws {ConfigError}
 */
export async function mintConnection(keyring: Keyring, flags: Flags, limits: Limits, now: Date) {
  if (flags.preset.length + flags.redirectUri.length > 0 || flags.public || flags.name !== undefined) {
    const sentence = '--connection mints no client and excludes --preset, --redirect-uri, --public and --name.';
    throw new ClientFaults([{ part: 'presets', sentence }]);
  }
  const { servers, timeZone } = flags;
  const { policy, expiresAt = null } = limits;
  return sealConnection(keyring, { servers, policy, timeZone, expiresAt }, now);
}

const FLAG_OF_PART: Readonly<Record<keyof NewClient, FlagName>> = {
  servers: 'imapHost',
  presets: 'preset',
  redirectUris: 'redirectUri',
  kind: 'public',
  policy: 'methods',
  expiresAt: 'expiresAt',
  timeZone: 'timeZone',
  name: 'name',
};

/** The faults that `mint` or `mintConnection` has found. @throws the error if it is another one */
export function toMintingFaults(error: unknown): Fault[] {
  if (error instanceof ClientFaults) {
    return error.faults.map(({ part, sentence }) => ({ flag: FLAG_OF_PART[part], sentence }));
  }
  if (!(error instanceof ConfigError)) throw error;
  return error.message.split('\n').map((sentence) => ({ flag: 'connection', sentence }));
}

function newClient(flags: Flags, { policy, expiresAt }: Limits): NewClient {
  const presetNames = flags.preset.length + flags.redirectUri.length === 0 ? [...DEFAULT_PRESETS] : flags.preset;
  return {
    servers: flags.servers,
    presets: presetNames,
    redirectUris: flags.redirectUri,
    kind: isPublic(flags, presetNames) ? 'public' : 'confidential',
    name: flags.name,
    timeZone: flags.timeZone,
    policy,
    expiresAt,
  };
}

/** Whether the client has no secret. Some applications never send one and could not use a client with a secret. */
function isPublic(flags: Flags, presetNames: readonly string[]): boolean {
  if (flags.public) return true;
  const withoutSecret = presetNames.filter((name) => PRESETS[name]?.kind === 'public');
  if (withoutSecret.length === 0) return false;
  if (withoutSecret.length === presetNames.length && flags.redirectUri.length === 0) return true;
  const sentence = `The preset ${withoutSecret[0]} sends no client secret: mint a client for it alone, or add --public for all presets.`;
  throw new ClientFaults([{ part: 'presets', sentence }]);
}

export function redirectUrisOf({ presets: names, redirectUris }: NewClient): string[] {
  return [...new Set([...names.flatMap((name) => PRESETS[name]?.redirectUris ?? []), ...redirectUris])];
}

/** The client as --json prints it and the admin endpoint returns it. */
export function toClientJson(client: NewClient, { clientId, clientSecret }: Minted): object {
  return {
    client_id: clientId,
    client_secret: clientSecret,
    ...toServersJson(client.servers),
    redirect_uris: redirectUrisOf(client),
    ...(client.timeZone !== undefined && { time_zone: client.timeZone }),
  };
}

export const toLimitsJson = ({ policy, expiresAt }: Limits) => ({
  policy,
  expires_at: expiresAt?.toISOString() ?? null,
});
