/** The environment variables: what each may be, and what it is for. */
import { Buffer } from 'node:buffer';
import { z } from 'zod';

/** 32 bytes in base64, and not one that everybody knows: a published key seals nothing. */
const Key = z
  .base64('must be 32 bytes in base64: openssl rand -base64 32')
  .transform((text) => Buffer.from(text, 'base64'))
  .refine((key) => key.length === 32, 'must be 32 bytes in base64: openssl rand -base64 32')
  .refine((key) => !isSampleKey(key), 'is a sample key that everybody knows; make your own: openssl rand -base64 32');

export const LOOPBACK_HOSTS = new Set(['localhost', '127.0.0.1', '[::1]']);

/** The issuer is compared byte by byte by clients (RFC 8414 §3.3), so it is brought into one form here, once. */
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

/** With a zone: a time without one would mean another moment on another machine. */
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
  ENCRYPTION_KEY: Key.describe(
    'Seals client ids, tokens and attachment links: 32 bytes in base64 (`openssl rand -base64 32`). Another key makes all of them unreadable.',
  ),
  ENCRYPTION_KEYS_PREVIOUS: z
    .string()
    .default('')
    .transform((text) => text.split(/[\s,]+/).filter(Boolean))
    .pipe(z.array(Key))
    .describe('Earlier keys, separated by commas. They only open what they sealed; new things use `ENCRYPTION_KEY`.'),
  TOKENS_NOT_BEFORE: Time.optional().describe(
    'A time such as `2026-11-21T12:00:00Z`, or seconds since 1970. What was sealed earlier is dead: client ids, sign-ins, tokens and attachment links (not those of S3).',
  ),
};

export const KeyEnvironment = z.object(KEY_VARIABLES);

export const STATE_VARIABLES = {
  REDIS_URL: z
    .url({ protocol: /^rediss?$/, error: 'must be a URL such as redis://localhost:6379 or rediss://…' })
    .optional()
    .describe(
      'Redis, for what replicas have to know of each other: used codes, revocations, counts. May carry user name, password and number of a database.',
    ),
};

export const Switch = z.stringbool({ error: 'must be true or false' }).default(false);

/** Compared byte by byte with what browsers send (RFC 6454 §6.2): no path, no default port, lower case. */
const Origins = z
  .string()
  .transform((text) => text.split(/[\s,]+/).filter(Boolean))
  .refine((origins) => origins.every(isOrigin), 'must be origins such as https://app.example.com, separated by commas')
  .transform((origins): ReadonlySet<string> => new Set(origins));

/** `*` for all of them; else as they stand in URLs, with a port where it is not 443. */
const Hosts = z
  .string()
  .transform((text) => text.split(/[\s,]+/).filter(Boolean))
  .refine((hosts) => hosts.every(isHostOrAll), 'must be host names separated by commas, or *')
  .transform((hosts) => (hosts.includes('*') ? ('any' as const) : new Set(hosts.map(hostInUrl))));

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
      'How many processes serve `BASE_URL`. With more than one, `REDIS_URL` is needed for all of them to act as one.',
    ),
  DENIED_CLIENTS: z
    .string()
    .default('')
    .transform((text) => text.split(/[\s,]+/).filter(Boolean))
    .describe(
      'Clients that are shut out, with everything they were given: client ids, or the `jti` of each, separated by commas. With Redis, `mail-mcp deny` does it without a restart.',
    ),
  AWS_ACCESS_KEY_ID: z.string().optional().describe('Credentials of the S3 service that stores attachments.'),
  AWS_SECRET_ACCESS_KEY: z.string().optional().describe('Credentials of the S3 service that stores attachments.'),
  AWS_REGION: z.string().optional().describe('Region of the bucket, e.g. `us-east-1`.'),
  AWS_S3_BUCKET: z
    .string()
    .optional()
    .describe('Bucket for attachments. Without it attachments are served by this server through sealed links.'),
  AWS_ENDPOINT_URL_S3: z
    .url({ protocol: /^https?$/, error: 'must be a URL' })
    .optional()
    .describe('Another S3 service than that of AWS, e.g. `https://s3.example.com`.'),
  AWS_S3_FORCE_PATH_STYLE: z
    .stringbool({ error: 'must be true or false' })
    .default(false)
    .describe('`true` puts the bucket into the path instead of the host name, as many other S3 services need.'),
  PORT: Port.default(3000).describe('TCP port to listen on.'),
  HOST: z
    .string()
    .optional()
    .describe('Address to listen on. Default: every address; `127.0.0.1` if `BASE_URL` is a loopback URL.'),
  TRUST_PROXY: z
    .string()
    .optional()
    .describe('Reverse proxies whose `X-Forwarded-For` counts: how many there are, or their addresses or networks.'),
  DEFAULT_CONNECTION: z
    .string()
    .optional()
    .describe(
      'What clients get that nobody minted: servers and limits, as `generate --connection` prints them, or a client id of which they are taken.',
    ),
  CLIENT_REGISTRATION: Switch.describe(
    '`true` lets clients register themselves (RFC 7591). Needs `DEFAULT_CONNECTION`.',
  ),
  CLIENT_ID_METADATA_DOCUMENTS: Switch.describe(
    '`true` lets clients name themselves by the URL of a document about them (Client ID Metadata Documents), which is fetched. Needs `DEFAULT_CONNECTION`.',
  ),
  TRUSTED_CLIENT_HOSTS: Hosts.optional().describe(
    'Hosts, separated by commas, whose documents and callbacks are trusted for clients that nobody minted. Default: those of the presets. `*` trusts everybody, who may then pose as any application.',
  ),
  ADMIN_TOKEN: z
    .string()
    .min(32, 'must be at least 32 characters: openssl rand -hex 32')
    .optional()
    .describe(
      'Lets whoever presents it mint clients with `POST /admin/clients`. Without it there is no such endpoint.',
    ),
  ALLOWED_ORIGINS: Origins.default(new Set()).describe(
    'Origins, separated by commas, of web pages elsewhere that may call `/mcp`, e.g. `https://app.example.com`. `null` is allowed only if it is listed.',
  ),
  METADATA_ALIASES: z
    .stringbool({ error: 'must be true or false' })
    .default(true)
    .describe(
      '`false` serves the metadata of the authorization server in its one place only: not as OpenID configuration, nor for clients that take `/mcp` for the issuer.',
    ),
  TOLERATE_VERSION_MISMATCH: Switch.describe(
    '`true` serves clients whose header says 2025-11-25 and whose body says 2026-07-28, as hosted Claude was seen to do. The specification demands to refuse them.',
  ),
  NODE_ENV: z
    .enum(['development', 'production', 'test'], 'must be development or production')
    .default('production')
    .describe('`development` also lets web pages on this machine (MCP Inspector) call `/mcp`.'),
  MAIL_MCP_LOG_LEVEL: z
    .enum(['DEBUG', 'INFO', 'WARN', 'ERROR'], 'must be DEBUG, INFO, WARN or ERROR')
    .default('INFO')
    .describe('How much is logged, as JSON lines on standard output.'),
};

/** The variables by name, in the order of the README's table. */
export const ENVIRONMENT = z.object(SERVER_VARIABLES);

/** True for keys that are printed somewhere (`.env.sample`) or are no secret: one byte repeated, or a run of text. */
function isSampleKey(key: Buffer): boolean {
  const isOneByte = key.every((byte) => byte === key[0]);
  const isText = /^[\x20-\x7e]{32}$/.test(key.toString('latin1'));
  return isOneByte || isText;
}

/** As it stands in a URL: lower case, Punycode, without the usual port. */
const hostInUrl = (text: string): string => (URL.canParse(`https://${text}`) ? new URL(`https://${text}`).host : '');

const isHostOrAll = (text: string): boolean => text === '*' || (/^[^/?#@\\*]+$/.test(text) && hostInUrl(text) !== '');

/** Applications have schemes of their own, whose origins no parser knows (`vscode-file://vscode-app`). */
function isOrigin(text: string): boolean {
  if (text === 'null') return true;
  if (/^https?:/.test(text)) return URL.canParse(text) && new URL(text).origin === text;
  return /^[a-z][a-z0-9+.-]*:\/\/[^\s/?#@]+$/.test(text);
}
