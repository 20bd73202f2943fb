import { domainToASCII } from 'node:url';
import { z } from 'zod';
import { readKeys } from './config.ts';
import { ConfigError } from './errors.ts';
import { type MailServer, type MailServers, SentCopy } from './mail/account.ts';
import { readPolicy } from './mcp/policy-input.ts';
import { mailTools } from './mcp/tools/mail.ts';
import { mintClient, type NewClient } from './oauth/client.ts';
import { sealConnection } from './oauth/connection.ts';
import { createKeyring, type Keyring } from './oauth/jwe.ts';
import { defaultPresets, presets } from './oauth/presets.ts';
import type { Policy } from './policy.ts';

/** `mail-mcp generate`: flags → a minted client → what is printed. */

const host = (flag: string) =>
  z
    .string(`${flag} is required.`)
    .transform((name) => domainToASCII(name.replace(/^\[(.*)\]$/, '$1')) || name)
    .pipe(z.union([z.hostname(), z.ipv4(), z.ipv6()], `${flag} must be a host name or an address, nothing else.`));

const port = (flag: string, standard: number) => {
  const sentence = `${flag} must be a port number: 1 to 65535.`;
  return z
    .string()
    .regex(/^\d{1,5}$/, sentence)
    .transform(Number)
    .pipe(z.number().min(1, sentence).max(65535, sentence))
    .default(standard);
};

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
  imapHost: host('--imap-host'),
  imapPort: port('--imap-port', 993),
  imapSsl: z.boolean().optional(),
  smtpHost: host('--smtp-host'),
  smtpPort: port('--smtp-port', 465),
  smtpSsl: z.boolean().optional(),
  allowCleartext: z.boolean().default(false),
  sentCopy: z.enum(SentCopy.options, `--sent-copy must be one of ${SentCopy.options.join(', ')}.`).default('auto'),
  preset: z.array(z.string()).default([]),
  redirectUri: z.array(z.string()).default([]),
  public: z.boolean().default(false),
  connection: z.boolean().default(false),
  name: z.string().optional(),
  json: z.boolean().default(false),
});

type Flags = z.output<typeof Flags>;

/**
 * @param flags what the command line parser read; any shape
 * @returns the text to print, with its line ends
 * @throws {ConfigError} with one sentence a line for every flag or variable that is missing or wrong
 */
export async function generate(flags: unknown, env: NodeJS.ProcessEnv, now: Date): Promise<string> {
  const { keys, parsed, limits } = readAll(flags, env, now);
  if (parsed.connection) return connection(parsed, limits, createKeyring(keys), now);
  const client = newClient(parsed, limits);
  const minted = await mintClient(createKeyring(keys), client, now);
  return parsed.json
    ? asJson({ ...asObject(client, minted), ...limitsObject(limits) })
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
  const { imap, smtp } = servers;
  return flags.json
    ? asJson({ default_connection: sealed, imap: withSsl(imap), smtp: withSsl(smtp), ...limitsObject(limits) })
    : [`Default connection: ${sealed}`, '', ...serverLines(servers), ...limitLines(limits), ''].join('\n');
}

interface Minted {
  clientId: string;
  clientSecret: string | null;
}

/** What the operator allows, and until when. */
interface Limits {
  policy: Policy;
  expiresAt: Date | undefined;
}

/** `maxSendsPerHour` → `--max-sends-per-hour` */
const flagOf = (name: string): string => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

/** Reads flags and keys, and tells the faults of both at once. */
function readAll(flags: unknown, env: NodeJS.ProcessEnv, now: Date) {
  const faults: string[] = [];
  const result = Flags.safeParse(flags);
  const limits = readPolicy(LimitFlags.safeParse(flags).data ?? {}, { tools: mailTools, now, nameOf: flagOf });
  if (!result.success) faults.push(...result.error.issues.map(({ message }) => message));
  faults.push(...limits.faults);
  try {
    const keys = readKeys(env);
    if (result.success && faults.length === 0) return { keys, parsed: result.data, limits };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    faults.push(error.message);
  }
  throw new ConfigError(faults.join('\n'));
}

function newClient(flags: Flags, { policy, expiresAt }: Limits): NewClient {
  const chosen = flags.preset.length + flags.redirectUri.length === 0 ? [...defaultPresets] : flags.preset;
  return {
    servers: {
      imap: mailServer(flags.imapHost, flags.imapPort, flags.imapSsl ?? flags.imapPort === 993, flags.allowCleartext),
      smtp: mailServer(flags.smtpHost, flags.smtpPort, flags.smtpSsl ?? flags.smtpPort === 465, flags.allowCleartext),
      ...(flags.sentCopy !== 'auto' && { sentCopy: flags.sentCopy }),
    },
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
  const withoutSecret = chosen.filter((name) => presets[name]?.kind === 'public');
  if (withoutSecret.length === 0) return false;
  if (withoutSecret.length === chosen.length && flags.redirectUri.length === 0) return true;
  throw new ConfigError(
    `The preset ${withoutSecret[0]} sends no client secret: mint it on its own, or add --public for all of them.`,
  );
}

function mailServer(name: string, portNumber: number, ssl: boolean, allowCleartext: boolean): MailServer {
  const security = ssl ? 'tls' : allowCleartext ? 'cleartext' : 'starttls';
  return { host: name, port: portNumber, security };
}

function redirectUrisOf({ presets: names, redirectUris }: NewClient): string[] {
  return [...new Set([...names.flatMap((name) => presets[name]?.redirectUris ?? []), ...redirectUris])];
}

function asObject(client: NewClient, { clientId, clientSecret }: Minted): object {
  return {
    client_id: clientId,
    client_secret: clientSecret,
    imap: withSsl(client.servers.imap),
    smtp: withSsl(client.servers.smtp),
    redirect_uris: redirectUrisOf(client),
  };
}

const withSsl = (server: MailServer) => ({ ...server, ssl: server.security === 'tls' });

const asJson = (value: object): string => `${JSON.stringify(value, null, 2)}\n`;

const limitsObject = ({ policy, expiresAt }: Limits) => ({
  policy,
  expires_at: expiresAt?.toISOString() ?? null,
});

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
    ...serverLines(client.servers),
    ...limitLines(limits),
    '',
    'Redirect URIs:',
    ...redirectUrisOf(client).map((uri) => `  ${uri}`),
    '',
  ].join('\n');
}

function serverLines(servers: MailServers): string[] {
  const { imap, smtp } = servers;
  return [
    `IMAP: ${imap.host}:${imap.port} (ssl=${imap.security === 'tls'})`,
    `SMTP: ${smtp.host}:${smtp.port} (ssl=${smtp.security === 'tls'})`,
    ...securityNotes(servers),
  ];
}

function securityNotes({ imap, smtp }: MailServers): string[] {
  const used = new Set([imap.security, smtp.security]);
  return [
    ...(used.has('starttls') ? ['Where ssl is false, STARTTLS is required.'] : []),
    ...(used.has('cleartext')
      ? ['Where ssl is false, nothing is encrypted: passwords and mail can be read on the way.']
      : []),
  ];
}
