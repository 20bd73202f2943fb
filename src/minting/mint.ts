/**
 * Mints a client from flags, JSON or the form at `/admin`.
 *
 * Invariant: flags, JSON and form are validated by the same code.
 */
import { z } from 'zod';
import type { Servers } from '../account.ts';
import { ConfigError } from '../errors.ts';
import { readPolicy } from '../mcp/permit/policy-input.ts';
import { toolsOf } from '../mcp/services.ts';
import {
  type ClientFault,
  ClientFaults,
  clientFaults,
  mintClient,
  type NewClient,
  sealConnection,
} from '../oauth/client/mint-client.ts';
import { DEFAULT_PRESETS, PRESETS } from '../oauth/client/presets.ts';
import type { Keyring } from '../oauth/sealed/jwe.ts';
import type { Policy } from '../policy.ts';
import { isTimeZone } from '../text/time-zone.ts';
import { type Fault, FLAG_LIST, type FlagName, toFaults } from './flag-table.ts';
import { asciiHost, readServers, toServersJson } from './server-flags.ts';
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

const MAX_DOMAINS = 50;
const WRONG_DOMAIN = `--domain must be domains of addresses, one in each, such as example.com; ${MAX_DOMAINS} at most.`;

/** As A-labels in lower case (RFC 5890 §2.3.2.1). */
const Domain = z
  .string()
  .transform((name) => asciiHost(name.trim()))
  .refine(
    (name) => /^(?=.{1,253}$)([a-z0-9-]{1,63}\.)+[a-z0-9-]{1,63}$/.test(name) && !/\.\d+$/.test(name),
    WRONG_DOMAIN,
  );

/** What a client is, beside its servers and limits. */
const ClientFlags = z.object({
  preset: z.array(z.string()).min(1, '--preset names nothing. Leave it out for claude and inspector.').default([]),
  redirectUri: z.array(z.string()).default([]),
  public: z.boolean().default(false),
  connection: z.boolean().default(false),
  name: z.string().optional(),
});
type ClientFlags = z.output<typeof ClientFlags>;

/** The flags of the command line, after splitLists(), or the same from JSON. */
const Flags = LimitFlags.extend({
  ...ClientFlags.shape,
  missive: z.boolean().default(false),
  probe: z.boolean().default(true),
  timeZone: z.string().refine(isTimeZone, WRONG_TIME_ZONE).optional(),
  domain: z
    .array(Domain)
    .transform((domains) => [...new Set(domains)])
    .refine(({ length }) => length > 0 && length <= MAX_DOMAINS, WRONG_DOMAIN)
    .optional(),
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
  const client = ClientFlags.safeParse(flags).data;
  const ofClient = client === undefined ? [] : faultsOfClient(client).map(toFault);
  const faults = [
    ...unseen,
    ...toFaults(result.error),
    ...serverFaults,
    ...ofLimits,
    ...ofClient,
    ...domainFaults(given),
  ];
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
  const { servers, timeZone, domain: domains } = flags;
  const { policy, expiresAt = null } = limits;
  return sealConnection(keyring, { servers, policy, timeZone, domains, expiresAt }, now);
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
    return error.faults.map(toFault);
  }
  if (!(error instanceof ConfigError)) throw error;
  return error.message.split('\n').map((sentence) => ({ flag: 'connection', sentence }));
}

const toFault = ({ part, sentence }: ClientFault): Fault => ({ flag: FLAG_OF_PART[part], sentence });

/** With --missive, it is refused as a flag of mailboxes: the sign-in page has a button of its own for Missive accounts. */
function domainFaults({ domain, connection, missive }: z.output<typeof AnyFlags>): Fault[] {
  if (domain === undefined || connection === true || missive === true) return [];
  return [{ flag: 'domain', sentence: '--domain requires --connection.' }];
}

/** What is wrong with the flags of the client itself, beside its servers and limits. */
function faultsOfClient(flags: ClientFlags): ClientFault[] {
  if (flags.connection) {
    const { preset, redirectUri, name } = flags;
    if (preset.length + redirectUri.length === 0 && !flags.public && name === undefined) return [];
    const sentence = '--connection mints no client and excludes --preset, --redirect-uri, --public and --name.';
    return [{ part: 'presets', sentence }];
  }
  return [
    ...clientFaults({ presets: presetsOf(flags), redirectUris: flags.redirectUri, name: flags.name }),
    ...secretFaults(flags),
  ];
}

const presetsOf = ({ preset, redirectUri }: ClientFlags): readonly string[] =>
  preset.length + redirectUri.length === 0 ? DEFAULT_PRESETS : preset;

/** Some applications never send a secret and could not use a client with one. */
const withoutSecret = (flags: ClientFlags): readonly string[] =>
  presetsOf(flags).filter((name) => PRESETS[name]?.kind === 'public');

function secretFaults(flags: ClientFlags): ClientFault[] {
  const [first] = withoutSecret(flags);
  if (first === undefined || isPublic(flags)) return [];
  const sentence = `The preset ${first} sends no client secret: mint a client for it alone, or add --public for all presets.`;
  return [{ part: 'presets', sentence }];
}

/** Whether the client has no secret. */
function isPublic(flags: ClientFlags): boolean {
  const count = withoutSecret(flags).length;
  return flags.public || (count > 0 && count === presetsOf(flags).length && flags.redirectUri.length === 0);
}

function newClient(flags: Flags, { policy, expiresAt }: Limits): NewClient {
  return {
    servers: flags.servers,
    presets: [...presetsOf(flags)],
    redirectUris: flags.redirectUri,
    kind: isPublic(flags) ? 'public' : 'confidential',
    name: flags.name,
    timeZone: flags.timeZone,
    policy,
    expiresAt,
  };
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
