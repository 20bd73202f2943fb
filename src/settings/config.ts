/**
 * Reads the settings from the environment, once.
 *
 * Invariant: all faults are reported together, by the names of variables and without their values.
 */
import type { z } from 'zod';
import { ConfigError } from '../errors.ts';
import {
  ENVIRONMENT,
  KeyEnvironment,
  LOOPBACK_HOSTS,
  MintingEnvironment,
  STATE_VARIABLES,
  Switch,
  secretsOf,
} from './environment.ts';
import { type MintingSettings, publicKeyOf } from './minting-keys.ts';
import { operatorOf } from './operator.ts';
import { registrationFaults, registrationsOf } from './registrations.ts';
import { type Given, readGiven } from './secret-files.ts';

const REQUIRE_DEFAULT_CONNECTION = ['CLIENT_REGISTRATION', 'CLIENT_ID_METADATA_DOCUMENTS'] as const;

const REQUIRED_WITH_BUCKET = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_REGION'] as const;

const ServerEnvironment = ENVIRONMENT.transform((env) => ({
  issuer: env.BASE_URL,
  isLocal: LOOPBACK_HOSTS.has(new URL(env.BASE_URL).hostname) || env.NODE_ENV === 'development',
  keys: keysOf(env),
  redisUrl: env.REDIS_URL,
  replicas: env.REPLICAS,
  deniedClients: env.DENIED_CLIENTS,
  port: env.PORT,
  host: listenAddress(env),
  trustProxy: trustProxySetting(env.TRUST_PROXY),
  adminToken: env.ADMIN_TOKEN,
  allowedOrigins: env.ALLOWED_ORIGINS,
  hasMetadataAliases: env.METADATA_ALIASES,
  openaiAppsChallenge: env.OPENAI_APPS_CHALLENGE,
  areVersionsStrict: env.STRICT_VERSIONS || env.TOLERATE_VERSION_MISMATCH === false,
  logLevel: env.MAIL_MCP_LOG_LEVEL,
  operator: operatorOf(env),
  registrations: registrationsOf(env),
  extraction: { processes: env.EXTRACTION_PROCESSES, memoryMb: env.EXTRACTION_MEMORY_MB },
  dynamicClients:
    env.DEFAULT_CONNECTION === undefined ? undefined : { connections: env.DEFAULT_CONNECTION, ...acceptedClients(env) },
  connections:
    env.DEFAULT_CONNECTION === undefined && env.CONNECTIONS.size === 0
      ? undefined
      : { byHost: env.CONNECTIONS, ...acceptedClients(env) },
  s3:
    env.AWS_S3_BUCKET === undefined
      ? undefined
      : {
          bucket: env.AWS_S3_BUCKET,
          region: env.AWS_REGION ?? '',
          accessKeyId: env.AWS_ACCESS_KEY_ID ?? '',
          secretAccessKey: env.AWS_SECRET_ACCESS_KEY ?? '',
          endpoint: env.AWS_ENDPOINT_URL_S3,
          forcePathStyle: env.AWS_S3_FORCE_PATH_STYLE,
        },
}));

const acceptedClients = (env: z.output<typeof ENVIRONMENT>) => ({
  acceptsRegistration: env.CLIENT_REGISTRATION,
  acceptsDocuments: env.CLIENT_ID_METADATA_DOCUMENTS,
  trustedHosts: env.TRUSTED_CLIENT_HOSTS,
});

export type Config = Readonly<z.output<typeof ServerEnvironment>>;
export type Keys = Config['keys'];

/** @throws {ConfigError} naming every variable that is missing or wrong, never its value */
export function readConfig(env: NodeJS.ProcessEnv): Config {
  const given = readGiven(env, secretsOf(ENVIRONMENT));
  const { values } = given;
  const missing =
    values.AWS_S3_BUCKET === undefined ? [] : REQUIRED_WITH_BUCKET.filter((name) => !isGiven(given, name));
  const withoutConnection =
    values.DEFAULT_CONNECTION === undefined && values.CONNECTIONS === undefined
      ? REQUIRE_DEFAULT_CONNECTION.filter((name) => Switch.safeParse(values[name]).data === true)
      : [];
  return Object.freeze(
    parse(ServerEnvironment, given, [
      ...mintingFaults(given),
      ...registrationFaults(given.values),
      ...missing.map((name) => `${name} is required with AWS_S3_BUCKET`),
      ...hostFaults(values),
      ...withoutConnection.map(
        (name) => `${name} requires DEFAULT_CONNECTION or CONNECTIONS: the servers and limits of such clients`,
      ),
    ]),
  );
}

/** A host of `CONNECTIONS` would otherwise take the place of `BASE_URL`. */
function hostFaults({ BASE_URL, CONNECTIONS }: NodeJS.ProcessEnv): string[] {
  const hosts = ENVIRONMENT.shape.CONNECTIONS.safeParse(CONNECTIONS).data;
  const isTaken = BASE_URL !== undefined && URL.canParse(BASE_URL) && hosts?.has(new URL(BASE_URL).host);
  return isTaken ? ['CONNECTIONS must not have the host of BASE_URL, whose connection is DEFAULT_CONNECTION'] : [];
}

/** As `readConfig`, for a process that serves. @throws {ConfigError} also if it has the key that clients are minted with */
export function readServerConfig(env: NodeJS.ProcessEnv): Config {
  if (isGiven(readGiven(env, secretsOf(MintingEnvironment)), 'MINTING_PRIVATE_KEY')) {
    throw new ConfigError('MINTING_PRIVATE_KEY belongs where generate runs, and not on a server: remove it here');
  }
  return readConfig(env);
}

/** Reads the keys alone, which decrypt everything. @throws {ConfigError} */
export function readKeys(env: NodeJS.ProcessEnv): Keys {
  const given = readGiven(env, secretsOf(KeyEnvironment));
  return keysOf(parse(KeyEnvironment, given, mintingFaults(given)));
}

/**
 * Reads the keys that clients are minted with.
 *
 * @throws {ConfigError} also if servers would refuse what is minted: it must be signed where they have MINTING_PUBLIC_KEY
 */
export function readMintingKeys(env: NodeJS.ProcessEnv): Keys {
  const given = readGiven(env, secretsOf(MintingEnvironment));
  const { MINTING_PRIVATE_KEY: privateKey, ...rest } = parse(MintingEnvironment, given, mintingFaults(given));
  const keys = keysOf(rest);
  if (privateKey === undefined) {
    if (keys.minting === undefined) return keys;
    throw new ConfigError(
      'MINTING_PRIVATE_KEY is required: with MINTING_PUBLIC_KEY, servers accept signed clients only',
    );
  }
  const publicKeys = keys.minting?.publicKeys ?? [publicKeyOf(privateKey)];
  if (!publicKeys.some((key) => key.equals(publicKeyOf(privateKey)))) {
    throw new ConfigError('MINTING_PRIVATE_KEY is not of the same pair as MINTING_PUBLIC_KEY');
  }
  return { ...keys, minting: { publicKeys, since: keys.minting?.since, privateKey } };
}

const mintingFaults = ({ values }: Given): string[] =>
  values.MINTING_SINCE !== undefined && values.MINTING_PUBLIC_KEY === undefined
    ? ['MINTING_SINCE requires MINTING_PUBLIC_KEY: without it, nothing has to be signed']
    : [];

/** Reads the keys and the Redis URL, with which a command changes the state that replicas share. @throws {ConfigError} */
export function readStateAccess(env: NodeJS.ProcessEnv): { keys: Keys; redisUrl: string } {
  const schema = KeyEnvironment.extend(STATE_VARIABLES);
  const given = readGiven(env, secretsOf(schema));
  const missing = isGiven(given, 'REDIS_URL') ? [] : ['REDIS_URL is required: replicas share their state only there'];
  const { REDIS_URL = '', ...keys } = parse(schema, given, missing);
  return { keys: keysOf(keys), redisUrl: REDIS_URL };
}

function keysOf(env: z.output<typeof KeyEnvironment>) {
  const { ENCRYPTION_KEY: current, ENCRYPTION_KEYS_PREVIOUS: previous } = env;
  const minting: MintingSettings | undefined = env.MINTING_PUBLIC_KEY && {
    publicKeys: env.MINTING_PUBLIC_KEY,
    since: env.MINTING_SINCE,
  };
  return { current, previous, notBefore: env.TOKENS_NOT_BEFORE, layout: env.TOKEN_LAYOUT, minting };
}

/** True also if the variable names a file that cannot be used, which is a fault of its own. */
const isGiven = ({ values, faults }: Given, name: string): boolean => values[name] !== undefined || faults.has(name);

function parse<T>(schema: z.ZodType<T>, { values, faults }: Given, otherFaults: string[]): T {
  const result = schema.safeParse(values);
  const issues = (result.error?.issues ?? []).filter(({ path: [name] }) => !faults.has(String(name)));
  const sentences = [...faults.values(), ...issues.map((issue) => faultLine(issue, values)), ...otherFaults];
  if (!result.success || sentences.length > 0) throw new ConfigError(sentences.join('\n'));
  return result.data;
}

function faultLine(issue: z.core.$ZodIssue, values: NodeJS.ProcessEnv): string {
  const name = String(issue.path[0]);
  return `${name} ${values[name] === undefined ? 'is required' : issue.message}`;
}

/** @returns undefined for every address */
function listenAddress({ HOST, BASE_URL }: { HOST?: string | undefined; BASE_URL: string }): string | undefined {
  if (HOST === '*') return undefined;
  return HOST ?? (LOOPBACK_HOSTS.has(new URL(BASE_URL).hostname) ? '127.0.0.1' : undefined);
}

/** A value of the Express setting `trust proxy`: a number of hops, or a list of addresses, networks and names such as `loopback`. */
function trustProxySetting(text: string | undefined): number | string | false {
  if (text === undefined) return false;
  return /^\d+$/.test(text) ? Number(text) : text;
}
