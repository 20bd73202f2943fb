/** Declares the environment variables: schema, default and description of each. */
import { Buffer } from 'node:buffer';
import { isIP } from 'node:net';
import { z } from 'zod';
import { OPERATOR_VARIABLES } from './operator.ts';
import { REGISTRATION_VARIABLES } from './registrations.ts';

/** 32 bytes in base64. Published sample keys are refused. */
const Key = z
  .base64('must be 32 bytes in base64: openssl rand -base64 32')
  .transform((text) => Buffer.from(text, 'base64'))
  .refine((key) => key.length === 32, 'must be 32 bytes in base64: openssl rand -base64 32')
  .refine((key) => !isSampleKey(key), 'is a published sample key; generate one: openssl rand -base64 32');

const NOT_A_MINTING_KEY = 'must be 32 bytes in base64, as mail-mcp minting-key prints them';
const MintingKey = z
  .base64(NOT_A_MINTING_KEY)
  .transform((text) => Buffer.from(text, 'base64'))
  .refine((key) => key.length === 32, NOT_A_MINTING_KEY);

/** Describes a secret: its value may also be in a file, whose path is in the variable with `_FILE` at its end. */
const secret = (description: string) => ({ description, isSecret: true });

export const LOOPBACK_HOSTS = new Set(['localhost', '127.0.0.1', '[::1]']);

/** Clients compare the issuer byte by byte (RFC 8414 §3.3), so it is normalized here. */
const Issuer = z
  .url({ protocol: /^https?$/, error: 'must be a URL such as https://mail.example.com' })
  .transform((text) => new URL(text))
  .refine((url) => url.pathname === '/' && !url.search && !url.hash, 'must be an origin: no path, query or fragment')
  .refine((url) => !url.username && !url.password, 'must not carry a user name or password')
  .refine(
    (url) => url.protocol === 'https:' || LOOPBACK_HOSTS.has(url.hostname),
    'must be https; http is only for localhost, 127.0.0.1 and [::1]',
  )
  .transform((url) => url.origin);

const NOT_A_PORT = 'must be a port number: 1 to 65535';
const Port = z.coerce.number(NOT_A_PORT).int(NOT_A_PORT).min(1, NOT_A_PORT).max(65535, NOT_A_PORT);

/** A zone is required: without one the time would depend on the machine. */
const Time = z.union(
  [
    z
      .string()
      .regex(/^\d{1,12}$/)
      .transform((seconds) => new Date(Number(seconds) * 1000)),
    z.iso.datetime({ offset: true }).transform((text) => new Date(text)),
  ],
  'must be a time such as 2026-11-21T12:00:00Z, or seconds since 1970',
);

const KEY_VARIABLES = {
  ENCRYPTION_KEY: Key.meta(
    secret(
      'Encrypts client ids, tokens and attachment links: 32 bytes in base64 (`openssl rand -base64 32`). Changing it invalidates all of them, unless the earlier key is in `ENCRYPTION_KEYS_PREVIOUS`.',
    ),
  ),
  ENCRYPTION_KEYS_PREVIOUS: z
    .string()
    .default('')
    .transform((text) => text.split(/[\s,]+/).filter(Boolean))
    .pipe(z.array(Key))
    .meta(
      secret(
        'Earlier keys, separated by commas. They decrypt what they encrypted; new values are encrypted with `ENCRYPTION_KEY`.',
      ),
    ),
  TOKEN_LAYOUT: z
    .enum(['1', '2'], 'must be 1 or 2')
    .default('2')
    .transform((layout): 1 | 2 => (layout === '1' ? 1 : 2))
    .describe(
      'Layout of client ids and tokens that are sealed from now on. `1` is that of release 0.1.0: set it while replicas of that release still run, which cannot read the smaller layout 2. Both are always accepted.',
    ),
  MINTING_PUBLIC_KEY: z
    .string()
    .transform((text) => text.split(/[\s,]+/).filter(Boolean))
    .pipe(z.array(MintingKey).min(1))
    .optional()
    .describe(
      'Public key of the pair that `mail-mcp minting-key` prints; several are separated by commas. Client ids and connections must then be signed by `generate`, which needs `MINTING_PRIVATE_KEY`; `ENCRYPTION_KEY` alone mints nothing. `POST /admin/clients` does not exist then, and `/admin` only says so.',
    ),
  MINTING_SINCE: Time.optional().describe(
    'With `MINTING_PUBLIC_KEY`: a time. Unsigned client ids and connections that were sealed before it are accepted. A thief of `ENCRYPTION_KEY` can write any time: mint clients again and remove this setting.',
  ),
  TOKENS_NOT_BEFORE: Time.optional().describe(
    'A time such as `2026-11-21T12:00:00Z`, or seconds since 1970. Everything encrypted before it is invalid: client ids, connections that no setting names, sign-ins, tokens and attachment links (except links to S3).',
  ),
};

export const KeyEnvironment = z.object(KEY_VARIABLES);

/** What `generate` reads. A server does not start with the private key. */
export const MintingEnvironment = KeyEnvironment.extend({
  MINTING_PRIVATE_KEY: MintingKey.optional().meta(secret('Signs what `generate` mints.')),
});

export const STATE_VARIABLES = {
  REDIS_URL: z
    .url({ protocol: /^rediss?$/, error: 'must be a URL such as redis://localhost:6379 or rediss://…' })
    .optional()
    .meta(
      secret(
        'Redis for the state that replicas share: used codes, revocations, counts. The URL may contain a user name, a password and a database number.',
      ),
    ),
};

export const Switch = z.stringbool({ error: 'must be true or false' }).default(false);

/** Compared byte by byte with the Origin header (RFC 6454 §6.2): no path, no default port, lower case. */
const Origins = z
  .string()
  .transform((text) => text.split(/[\s,]+/).filter(Boolean))
  .refine((origins) => origins.every(isOrigin), 'must be origins such as https://app.example.com, separated by commas')
  .transform((origins): ReadonlySet<string> => new Set(origins));

/** `*` for all hosts; otherwise hosts as in URLs, with the port unless it is 443. */
const Hosts = z
  .string()
  .transform((text) => text.split(/[\s,]+/).filter(Boolean))
  .refine((hosts) => hosts.every(isHostOrAll), 'must be host names separated by commas, or *')
  .transform((hosts) => (hosts.includes('*') ? ('any' as const) : new Set(hosts.map(hostInUrl))));

/** `host=connection`; hosts as in URLs, with the port unless it is 443. */
const Connections = z
  .string()
  .transform((text) => text.split(/[\s,]+/).filter(Boolean))
  .transform((entries) => entries.map((entry) => /^([^=]*)=(.+)$/.exec(entry)?.slice(1) ?? []))
  .refine(
    (entries) => entries.every(([host = '', sealed]) => sealed !== undefined && host !== '*' && isHostOrAll(host)),
    'must be host=connection, separated by commas: hosts as in URLs, and connections as generate --connection prints them',
  )
  .refine(
    (entries) => new Set(entries.map(([host = '']) => hostInUrl(host))).size === entries.length,
    'has a host more than once: each host has one connection',
  )
  .transform((entries): ReadonlyMap<string, string> => {
    return new Map(entries.map(([host = '', sealed = '']) => [hostInUrl(host), sealed]));
  });

/** Several are chosen by the address of the account. */
const ConnectionList = z
  .string()
  .transform((text) => text.split(/[\s,]+/).filter(Boolean))
  .refine((connections) => connections.length > 0, 'must be what generate --connection prints');

const SERVER_VARIABLES = {
  BASE_URL: Issuer.describe(
    'Public URL of this server, e.g. `https://mail.mcp.example.com`. It is also the OAuth issuer. `http` only for loopback.',
  ),
  ...KEY_VARIABLES,
  ...STATE_VARIABLES,
  REPLICAS: z.coerce
    .number('must be a number')
    .int('must be a whole number')
    .min(1, 'must be at least 1')
    .default(1)
    .describe(
      'Number of processes that serve `BASE_URL`. With more than one, set `REDIS_URL` so that they share their state.',
    ),
  DENIED_CLIENTS: z
    .string()
    .default('')
    .transform((text) => text.split(/[\s,]+/).filter(Boolean))
    .describe(
      'Denied clients, separated by commas: client ids or their `jti`. Their tokens and codes are refused too. With Redis, `mail-mcp deny` denies a client without a restart.',
    ),
  AWS_ACCESS_KEY_ID: z.string().optional().meta(secret('Credentials for the S3 service that stores attachments.')),
  AWS_SECRET_ACCESS_KEY: z.string().optional().meta(secret('Credentials for the S3 service that stores attachments.')),
  AWS_REGION: z.string().optional().describe('Region of the bucket, e.g. `us-east-1`.'),
  AWS_S3_BUCKET: z
    .string()
    .optional()
    .describe('Bucket for attachments. Without it this server serves attachments through encrypted links.'),
  AWS_ENDPOINT_URL_S3: z
    .url({ protocol: /^https?$/, error: 'must be a URL' })
    .optional()
    .describe('Endpoint of an S3 service other than AWS, e.g. `https://s3.example.com`.'),
  AWS_S3_FORCE_PATH_STYLE: z
    .stringbool({ error: 'must be true or false' })
    .default(false)
    .describe(
      '`true` puts the bucket name in the path instead of the host name. Many S3 services other than AWS require it.',
    ),
  PORT: Port.default(3000).describe('TCP port to listen on.'),
  HOST: z
    .string()
    .optional()
    .describe(
      'Address to listen on; `*` is every address. Default: every address, but `127.0.0.1` if `BASE_URL` is a loopback URL. The container image sets `*`.',
    ),
  TRUST_PROXY: z
    .string()
    .refine(isProxyList, 'must be the number of proxies, or their addresses or networks, separated by commas')
    .optional()
    .describe('Reverse proxies whose `X-Forwarded-For` is trusted: their number, or their addresses or networks.'),
  DEFAULT_CONNECTION: ConnectionList.optional().describe(
    'Servers and limits of dynamic clients (registered, or by metadata document), as `generate --connection` prints them; or a client id whose servers and limits apply. Several connections, separated by commas: [the address of the account decides](connections.md#by-address).',
  ),
  CONNECTIONS: Connections.default(new Map()).describe(
    'Further connections by host, `sales.mcp.example.com=<connection>`, separated by commas. Each host serves `/mcp` with servers, sign-in and limits of its own to dynamic clients: [connections](connections.md).',
  ),
  CLIENT_REGISTRATION: Switch.describe(
    '`true` enables dynamic client registration (RFC 7591). Requires `DEFAULT_CONNECTION` or `CONNECTIONS`.',
  ),
  CLIENT_ID_METADATA_DOCUMENTS: Switch.describe(
    '`true` accepts a URL as client id and fetches the metadata document there (OAuth Client ID Metadata Documents). Requires `DEFAULT_CONNECTION` or `CONNECTIONS`.',
  ),
  TRUSTED_CLIENT_HOSTS: Hosts.optional().describe(
    'Hosts, separated by commas, whose metadata documents and redirect URIs are accepted from dynamic clients. Default: the hosts of the presets, and with `CLIENT_REGISTRATION` documents of any host whose redirect URIs are on the account owner’s computer. `*` accepts every host; any website can then pose as any application.',
  ),
  ...OPERATOR_VARIABLES,
  ...REGISTRATION_VARIABLES,
  ADMIN_TOKEN: z
    .string()
    .min(32, 'must be at least 32 characters: openssl rand -hex 32')
    .optional()
    .meta(
      secret(
        'Token of the operator, at least 32 characters (`openssl rand -hex 32`): it opens the minting page at `/admin`, and authorizes `POST /admin/clients`. Without it neither exists; leave it unset if clients are minted on the command line.',
      ),
    ),
  ALLOWED_ORIGINS: Origins.default(new Set()).describe(
    'Origins, separated by commas, of web pages that may call `/mcp`, e.g. `https://app.example.com`. `null` is allowed only if it is listed.',
  ),
  METADATA_ALIASES: z
    .stringbool({ error: 'must be true or false' })
    .default(true)
    .describe(
      '`false` serves the authorization server metadata at its standard URL only: not as OpenID configuration, and not at the URLs of clients that use `/mcp` as the issuer.',
    ),
  OPENAI_APPS_CHALLENGE: z
    .string()
    .trim()
    .max(1000, 'must be at most 1000 characters')
    .regex(/^[\x21-\x7e]+$/, 'must be one word of printable ASCII characters')
    .optional()
    .describe(
      'Text that `/.well-known/openai-apps-challenge` returns, by which the app directory of OpenAI verifies that you own the domain.',
    ),
  STRICT_VERSIONS: Switch.describe(
    '`true` refuses every request whose header and body name different protocol versions, as the specification requires. By default two pairs that hosted clients send are served: 2025-11-25 in the header with a complete envelope of 2026-07-28, and 2026-07-28 in the header of a call without an envelope.',
  ),
  TOLERATE_VERSION_MISMATCH: z
    .stringbool({ error: 'must be true or false' })
    .optional()
    .describe('Earlier name: `false` means the same as `STRICT_VERSIONS=true`, and `true` is the default.'),
  NODE_ENV: z
    .enum(['development', 'production', 'test'], 'must be development or production')
    .default('production')
    .describe('`development` also allows web pages on this machine (MCP Inspector) to call `/mcp`.'),
  EXTRACTION_PROCESSES: z.coerce
    .number('must be a number')
    .int('must be a whole number')
    .min(0, 'must be 0 or more')
    .max(16, 'must be at most 16')
    .optional()
    .describe(
      'Attachments that are read as text at the same time, each in a process of its own. `0` turns that off. Default: 2; 1 below 768 MB of memory.',
    ),
  EXTRACTION_MEMORY_MB: z.coerce
    .number('must be a number')
    .int('must be a whole number')
    .min(128, 'must be at least 128')
    .max(4096, 'must be at most 4096')
    .optional()
    .describe(
      'Megabytes of memory of such a process; beyond that it is ended. Default: 256; 128 below 768 MB of memory of the server.',
    ),
  MAIL_MCP_LOG_LEVEL: z
    .enum(['DEBUG', 'INFO', 'WARN', 'ERROR'], 'must be DEBUG, INFO, WARN or ERROR')
    .default('INFO')
    .describe('Lowest level that is logged. The log is JSON lines on standard output.'),
};

/** What the Express setting `trust proxy` takes, except true: every client could then choose its address. */
function isProxyList(text: string): boolean {
  const entries = text.split(',').map((entry) => entry.trim());
  return /^\d{1,3}$/.test(text) || entries.every((entry) => PROXY_NAMES.has(entry) || isNetwork(entry));
}

const PROXY_NAMES = new Set(['loopback', 'linklocal', 'uniquelocal']);

function isNetwork(text: string): boolean {
  const [address = '', range, ...rest] = text.split('/');
  const bits = isIP(address) === 4 ? 32 : 128;
  if (isIP(address) === 0 || rest.length > 0) return false;
  return (
    range === undefined || isIP(range) === isIP(address) || (/^[1-9]\d{0,2}$/.test(range) && Number(range) <= bits)
  );
}

/** The variables by name, in the order of the table in docs/configuration.md. */
export const ENVIRONMENT = z.object(SERVER_VARIABLES);

/** True if the value of the variable may be in a file; see readGiven(). */
export const isSecret = (schema: z.ZodType): boolean => schema.meta()?.isSecret === true;

/** @returns names of the variables that may be in a file */
export const secretsOf = ({ shape }: z.ZodObject): string[] =>
  Object.entries(shape).flatMap(([name, schema]) => (schema instanceof z.ZodType && isSecret(schema) ? [name] : []));

/** True for keys that documents print or that are not random: one byte repeated, or readable text. */
function isSampleKey(key: Buffer): boolean {
  const isOneByte = key.every((byte) => byte === key[0]);
  const isText = /^[\x20-\x7e]{32}$/.test(key.toString('latin1'));
  return isOneByte || isText;
}

/** The host as in a URL: lower case, Punycode, without the default port. */
const hostInUrl = (text: string): string => (URL.canParse(`https://${text}`) ? new URL(`https://${text}`).host : '');

const isHostOrAll = (text: string): boolean => text === '*' || (/^[^/?#@\\*]+$/.test(text) && hostInUrl(text) !== '');

/** URL parsers return no origin for application schemes such as `vscode-file://vscode-app`. */
function isOrigin(text: string): boolean {
  if (text === 'null') return true;
  if (/^https?:/.test(text)) return URL.canParse(text) && new URL(text).origin === text;
  return /^[a-z][a-z0-9+.-]*:\/\/[^\s/?#@]+$/.test(text);
}
