/** Settings of a client, from flags or from JSON → a minted client. */
import { z } from 'zod';
import type { Servers } from '../account.ts';
import { ConfigError } from '../errors.ts';
import { type PolicyInput, readPolicy } from '../mcp/permit/policy-input.ts';
import { toolsOf } from '../mcp/services.ts';
import { mintClient, type NewClient } from '../oauth/client/client.ts';
import { DEFAULT_PRESETS, PRESETS } from '../oauth/client/presets.ts';
import type { Keyring } from '../oauth/sealed/jwe.ts';
import type { Policy } from '../policy.ts';
import { readServers, toServersJson } from './server-flags.ts';

/** Separated by commas, in one flag or in several; `\\,` is a comma of a name. */
const Entries = z
  .array(z.string())
  .transform((texts) => texts.flatMap((text) => text.split(/(?<!\\),/).map((one) => one.replaceAll('\\,', ',').trim())))
  .transform((entries) => entries.filter((entry) => entry !== ''))
  .optional();

const LimitFlags = z.object({
  methods: Entries,
  tags: Entries,
  tools: Entries,
  folders: Entries,
  recipients: Entries,
  maxSendsPerHour: z.string().optional(),
  expiresAt: z.string().optional(),
});

/** The flags as the command line parser hands them over. */
const Flags = LimitFlags.extend({
  missive: z.boolean().default(false),
  preset: z.array(z.string()).default([]),
  redirectUri: z.array(z.string()).default([]),
  public: z.boolean().default(false),
  connection: z.boolean().default(false),
  name: z.string().optional(),
  json: z.boolean().default(false),
});

export type Flags = z.output<typeof Flags> & { servers: Servers };

export interface Minted {
  clientId: string;
  clientSecret: string | null;
}

/** What the operator allows, and until when. */
export interface Limits {
  policy: Policy;
  expiresAt: Date | undefined;
}

/** Everything that flags can be wrong about. `faults` are sentences; `parsed` is there if there are none. */
export function readFlags(
  flags: unknown,
  { now, nameOf }: { now: Date; nameOf: (limit: keyof PolicyInput) => string },
): { parsed: Flags | undefined; limits: Limits; faults: string[] } {
  const result = Flags.safeParse(flags);
  const { servers, faults: serverFaults } = readServers(flags);
  const tools = toolsOf(result.data?.missive ? 'missive' : 'mail');
  const limits = readPolicy(LimitFlags.safeParse(flags).data ?? {}, { tools, now, nameOf });
  const faults = [...(result.error?.issues ?? []).map(({ message }) => message), ...serverFaults, ...limits.faults];
  const isGood = faults.length === 0 && result.data !== undefined && servers !== undefined;
  return { parsed: isGood ? { ...result.data, servers } : undefined, limits, faults };
}

/** @throws {ConfigError} for what the flags leave open, one sentence a line */
export async function mint(keyring: Keyring, flags: Flags, limits: Limits, now: Date) {
  const client = newClient(flags, limits);
  return { client, minted: await mintClient(keyring, client, now) };
}

export function newClient(flags: Flags, { policy, expiresAt }: Limits): NewClient {
  const chosen = flags.preset.length + flags.redirectUri.length === 0 ? [...DEFAULT_PRESETS] : flags.preset;
  return {
    servers: flags.servers,
    presets: chosen,
    redirectUris: flags.redirectUri,
    kind: isPublic(flags, chosen) ? 'public' : 'confidential',
    name: flags.name,
    policy,
    expiresAt,
  };
}

/** Some clients never send a secret; a client that has one would lock them out. */
function isPublic(flags: Flags, chosen: readonly string[]): boolean {
  if (flags.public) return true;
  const withoutSecret = chosen.filter((name) => PRESETS[name]?.kind === 'public');
  if (withoutSecret.length === 0) return false;
  if (withoutSecret.length === chosen.length && flags.redirectUri.length === 0) return true;
  throw new ConfigError(
    `The preset ${withoutSecret[0]} sends no client secret: mint it on its own, or add --public for all of them.`,
  );
}

export function redirectUrisOf({ presets: names, redirectUris }: NewClient): string[] {
  return [...new Set([...names.flatMap((name) => PRESETS[name]?.redirectUris ?? []), ...redirectUris])];
}

/** What is printed with --json, and answered by the admin endpoint. */
export function toClientJson(client: NewClient, { clientId, clientSecret }: Minted): object {
  return {
    client_id: clientId,
    client_secret: clientSecret,
    ...toServersJson(client.servers),
    redirect_uris: redirectUrisOf(client),
  };
}

export const toLimitsJson = ({ policy, expiresAt }: Limits) => ({
  policy,
  expires_at: expiresAt?.toISOString() ?? null,
});
