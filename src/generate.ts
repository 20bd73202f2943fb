import { domainToASCII } from 'node:url';
import { z } from 'zod';
import { readKeys } from './config.ts';
import { ConfigError } from './errors.ts';
import { type MailServer, type MailServers, SentCopy } from './mail/account.ts';
import { mintClient, type NewClient } from './oauth/client.ts';
import { sealConnection } from './oauth/connection.ts';
import { createKeyring, type Keyring } from './oauth/jwe.ts';
import { defaultPresets, presets } from './oauth/presets.ts';

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

/** The flags as the command line parser hands them over. */
const Flags = z.object({
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
  const { keys, parsed } = readAll(flags, env);
  if (parsed.connection) return connection(parsed, createKeyring(keys), now);
  const client = newClient(parsed);
  const minted = await mintClient(createKeyring(keys), client, now);
  return parsed.json ? `${JSON.stringify(asObject(client, minted), null, 2)}\n` : asText(client, minted);
}

/** What `DEFAULT_CONNECTION` takes: servers and limits alone, of nobody's client. */
async function connection(flags: Flags, keyring: Keyring, now: Date): Promise<string> {
  if (flags.preset.length + flags.redirectUri.length > 0 || flags.public || flags.name !== undefined) {
    throw new ConfigError(
      '--connection is of no client: it goes without --preset, --redirect-uri, --public and --name.',
    );
  }
  const { servers, policy = {}, expiresAt = null } = newClient(flags);
  const sealed = await sealConnection(keyring, { servers, policy, expiresAt }, now);
  const { imap, smtp } = servers;
  return flags.json
    ? `${JSON.stringify({ default_connection: sealed, imap: withSsl(imap), smtp: withSsl(smtp) }, null, 2)}\n`
    : [`Default connection: ${sealed}`, '', ...serverLines(servers), ''].join('\n');
}

interface Minted {
  clientId: string;
  clientSecret: string | null;
}

/** Reads flags and keys, and tells the faults of both at once. */
function readAll(flags: unknown, env: NodeJS.ProcessEnv) {
  const faults: string[] = [];
  const result = Flags.safeParse(flags);
  if (!result.success) faults.push(...result.error.issues.map(({ message }) => message));
  try {
    const keys = readKeys(env);
    if (result.success) return { keys, parsed: result.data };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    faults.push(error.message);
  }
  throw new ConfigError(faults.join('\n'));
}

function newClient(flags: Flags): NewClient {
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

function asText(client: NewClient, { clientId, clientSecret }: Minted): string {
  return [
    `Client ID: ${clientId}`,
    `Client Secret: ${clientSecret ?? 'none (public client)'}`,
    '',
    ...serverLines(client.servers),
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
