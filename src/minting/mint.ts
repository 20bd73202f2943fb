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
import { mintClient, type NewClient } from '../oauth/client/mint-client.ts';
import { DEFAULT_PRESETS, PRESETS } from '../oauth/client/presets.ts';
import type { Keyring } from '../oauth/sealed/jwe.ts';
import type { Policy } from '../policy.ts';
import { isTimeZone } from '../text/time-zone.ts';
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
  const { methods, tags, tools, folders, recipients, ...others } = AnyFlags.parse(flags);
  const lists = Object.entries({ methods, tags, tools, folders, recipients });
  const split = lists.filter(([, value]) => value !== undefined).map(([name, value]) => [name, splitList(value)]);
  return { ...others, ...Object.fromEntries(split) };
}

function splitList(value: unknown): unknown {
  const texts = z.array(z.string()).safeParse(value);
  if (!texts.success) return value;
  const entries = texts.data.flatMap((text) => text.split(/(?<!\\),/));
  return entries.map((one) => one.replaceAll('\\,', ',').trim()).filter((entry) => entry !== '');
}

/** Validates all flags. `faults` are sentences; `parsed` is defined if there are none. */
export function readFlags(
  flags: unknown,
  { now, nameOf }: { now: Date; nameOf: (flag: string) => string },
): { parsed: Flags | undefined; limits: Limits; faults: string[] } {
  const result = Flags.safeParse(flags);
  const { servers, faults: serverFaults } = readServers(flags);
  const tools = toolsOf(result.data?.missive ? 'missive' : 'mail');
  const limits = readPolicy(LimitFlags.safeParse(flags).data ?? {}, { tools, now, nameOf });
  const unseen = Object.entries(AnyFlags.parse(flags)).flatMap(([name, value]) =>
    hasUnseen(name, value) ? [`${nameOf(name)} has a character that cannot be seen.`] : [],
  );
  const ofFlags = (result.error?.issues ?? []).map(({ message }) => message);
  const faults = [...unseen, ...ofFlags, ...serverFaults, ...limits.faults];
  const isGood = faults.length === 0 && result.data !== undefined && servers !== undefined;
  return { parsed: isGood ? { ...result.data, servers } : undefined, limits, faults };
}

/** @throws {ConfigError} if the client cannot be minted, with one sentence per line */
export async function mint(keyring: Keyring, flags: Flags, limits: Limits, now: Date) {
  const client = newClient(flags, limits);
  return { client, minted: await mintClient(keyring, client, now) };
}

export function newClient(flags: Flags, { policy, expiresAt }: Limits): NewClient {
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
  throw new ConfigError(
    `The preset ${withoutSecret[0]} sends no client secret: mint a client for it alone, or add --public for all presets.`,
  );
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
