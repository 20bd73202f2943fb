/** Reads the servers of a client from the flags of `generate`: two mail servers, or Missive. */
import { isIPv4 } from 'node:net';
import { domainToASCII } from 'node:url';
import { z } from 'zod';
import type { Servers } from '../account.ts';
import { type MailServer, type ProviderSignIn, SentCopy } from '../mail/account.ts';
import { MAIL_PROVIDERS, type MailProvider, mailProviderOf } from '../mail/providers.ts';
import { MISSIVE_URL } from '../missive/account.ts';
import { providerOf } from '../oauth/upstream/providers.ts';
import { didYouMean } from '../text/did-you-mean.ts';
import { type Fault, FLAG_LIST, type FlagName, toFaults, toFlagName } from './flag-table.ts';
import { SignInFlags, signInFaults, signInOf } from './sign-in-flags.ts';

const host = (flag: string) =>
  z
    .string(`${flag} is required.`)
    .transform((name) => asciiHost(name.replace(/^\[(.*)\]$/, '$1')))
    .pipe(
      z.union(
        [z.hostname(), z.ipv4(), z.ipv6()],
        `${flag} must be a host name or an IP address, without scheme, port or path.`,
      ),
    );

/**
 * Puts a host name into ASCII. domainToASCII would repair what is not a name: it drops line ends, reads `127.1` and `0x7f000001` as addresses and
 * wide letters as narrow ones.
 *
 * @returns the empty string if the name is not what would be connected to
 */
export function asciiHost(name: string): string {
  if (name.includes(':')) return name;
  const ascii = domainToASCII(name);
  const isAscii = /^[\x21-\x7e]*$/.test(name);
  const isFaithful = isAscii
    ? ascii === name.toLowerCase()
    : name.normalize('NFKC') === name.normalize('NFC') &&
      !isIPv4(ascii) &&
      !/[\s\p{Default_Ignorable_Code_Point}]/u.test(name);
  return isFaithful ? ascii : '';
}

const port = (flag: string, standard: number) => {
  const sentence = `${flag} must be a port number: 1 to 65535.`;
  return z
    .string()
    .regex(/^\d{1,5}$/, sentence)
    .transform(Number)
    .pipe(z.number().min(1, sentence).max(65535, sentence))
    .default(standard);
};

const MAX_AUTHSERV_IDS = 10;
const WRONG_AUTHSERV_ID = `--authserv-id must be the first word of an Authentication-Results field, such as mail.example.com; ${MAX_AUTHSERV_IDS} at most.`;

/** A token (RFC 2045 §5.1): as quoted strings, authserv-ids are not in use. */
const isAuthservId = (id: string): boolean => /^[^\s\p{Cc}()<>@,;:\\"/[\]?=]{1,100}$/u.test(id);

const MailFlags = SignInFlags.extend({
  imapHost: host('--imap-host'),
  imapPort: port('--imap-port', 993),
  imapSsl: z.boolean().optional(),
  smtpHost: host('--smtp-host'),
  smtpPort: port('--smtp-port', 465),
  smtpSsl: z.boolean().optional(),
  allowCleartext: z.boolean().default(false),
  sentCopy: z.enum(SentCopy.options, `--sent-copy must be one of ${SentCopy.options.join(', ')}.`).default('auto'),
  authservId: z
    .array(z.string())
    .transform((ids) => [...new Set(ids.map((id) => id.trim().toLowerCase().replace(/\.$/, '')))])
    .refine((ids) => ids.length <= MAX_AUTHSERV_IDS && ids.every(isAuthservId), WRONG_AUTHSERV_ID)
    .default([]),
});

type MailFlags = z.output<typeof MailFlags>;

const WRONG_URL = `--missive-url must be an https URL without a query. The default is ${MISSIVE_URL}.`;

/** Plain http is allowed for a test server on this machine only: the API token is sent with every request. */
const MissiveFlags = z.object({
  missiveUrl: z
    .url({ protocol: /^https?$/, error: WRONG_URL })
    // A parser drops line ends, and takes a backslash for a slash.
    .refine((url) => /^[\x21-\x5b\x5d-\x7e]+$/.test(url) && URL.canParse(url) && isAllowedUrl(new URL(url)), WRONG_URL)
    .transform((url) => url.replace(/\/+$/, ''))
    .default(MISSIVE_URL),
});

function isAllowedUrl({ protocol, hostname, username, search, hash }: URL): boolean {
  const isLoopback = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
  return (protocol === 'https:' || isLoopback) && username + search + hash === '';
}

/** Flags that apply to mail accounts only; `--no-probe` does no harm. */
const MAIL_ONLY = FLAG_LIST.filter(({ kind, form }) => kind !== 'off' && (form?.group === 'mail' || form?.isForMail));

const Given = z.record(z.string(), z.unknown()).catch({});
type Given = z.output<typeof Given>;

/** What a provider of the table decides. */
const OF_PROVIDER: readonly FlagName[] = [
  ...(['imapHost', 'imapPort', 'imapSsl', 'smtpHost', 'smtpPort', 'smtpSsl', 'allowCleartext'] as const),
];

/** @returns the servers, or every fault */
export function readServers(
  flags: unknown,
): { servers: Servers; faults: [] } | { servers: undefined; faults: Fault[] } {
  const given = Given.parse(flags);
  if (given.missive !== true) {
    const misplaced: Fault[] =
      given.missiveUrl === undefined ? [] : [{ flag: 'missiveUrl', sentence: '--missive-url requires --missive.' }];
    if (given.provider !== undefined) return readProvider(given, misplaced);
    const parsed = MailFlags.safeParse(flags);
    return toResult(parsed, mailServers, [...misplaced, ...faultsOf(parsed)]);
  }
  const misplaced = MAIL_ONLY.filter(({ name }) => given[name] !== undefined).map(({ name }) => ({
    flag: name,
    sentence: `${toFlagName(name)} applies to mail accounts and excludes --missive.`,
  }));
  return toResult(MissiveFlags.safeParse(flags), ({ missiveUrl: url }) => ({ missive: { url } }), misplaced);
}

function readProvider(given: Given, misplaced: readonly Fault[]): ReturnType<typeof readServers> {
  const provider = MAIL_PROVIDERS.find(({ id }) => id === given.provider);
  const excluded = OF_PROVIDER.filter((name) => given[name] !== undefined).map((name) => ({
    flag: name,
    sentence: `--provider decides about the servers and excludes ${toFlagName(name)}.`,
  }));
  const faults = [...misplaced, ...excluded];
  if (provider === undefined) {
    const flag: FlagName = 'provider';
    return { servers: undefined, faults: [{ flag, sentence: unknownProvider(given.provider) }, ...faults] };
  }
  const parsed = MailFlags.safeParse({ ...given, ...flagsOfProvider(provider), ...signInOfProvider(provider, given) });
  return toResult(parsed, mailServers, [...faults, ...faultsOf(parsed)]);
}

const faultsOf = ({ data }: z.ZodSafeParseResult<MailFlags>): Fault[] =>
  data === undefined ? [] : [...signInFaults(data), ...foreignServerFaults(data)];

/** An access token of a known provider opens all of a mailbox there: a thief of `ADMIN_TOKEN` shall not have it sent to an own server, nor past an own ear. */
function foreignServerFaults(flags: MailFlags): Fault[] {
  const { signIn } = flags;
  if (signIn === undefined || signIn === 'openid') return [];
  const { title } = providerOf({ provider: signIn });
  const foreign = (['imapHost', 'smtpHost'] as const)
    .filter((flag) => mailProviderOf(flags[flag])?.title !== title)
    .map((flag) => ({
      flag,
      sentence: `${toFlagName(flag)} must be a mail server of ${title}: --sign-in=${signIn} gives access tokens for those alone.`,
    }));
  if (!flags.allowCleartext) return foreign;
  const flag: FlagName = 'allowCleartext';
  return [...foreign, { flag, sentence: `--sign-in=${signIn} excludes --allow-cleartext: ${title} encrypts.` }];
}

function unknownProvider(given: unknown): string {
  const ids = MAIL_PROVIDERS.map(({ id }) => id);
  return `--provider must be one of ${ids.join(', ')}.${didYouMean(String(given), ids)}`;
}

const flagsOfProvider = ({ imap, smtp }: MailProvider): Given => ({
  ...{ imapHost: imap.host, imapPort: `${imap.port}`, imapSsl: imap.security === 'tls' },
  ...{ smtpHost: smtp.host, smtpPort: `${smtp.port}`, smtpSsl: smtp.security === 'tls' },
});

const signInOfProvider = ({ signIn }: MailProvider, given: Given): Given => ({ signIn: given.signIn ?? signIn });

function toResult<T>(
  parsed: z.ZodSafeParseResult<T>,
  serversOf: (flags: T) => Servers,
  misplaced: readonly Fault[],
): ReturnType<typeof readServers> {
  const faults = [...toFaults(parsed.error), ...misplaced];
  return parsed.success && faults.length === 0
    ? { servers: serversOf(parsed.data), faults: [] }
    : { servers: undefined, faults };
}

function mailServers(flags: z.output<typeof MailFlags>): Servers {
  const signIn = signInOf(flags);
  const server = (name: string, port: number, ssl: boolean): MailServer => {
    return { host: name, port, security: ssl ? 'tls' : flags.allowCleartext ? 'cleartext' : 'starttls' };
  };
  return {
    imap: server(flags.imapHost, flags.imapPort, flags.imapSsl ?? flags.imapPort === 993),
    smtp: server(flags.smtpHost, flags.smtpPort, flags.smtpSsl ?? flags.smtpPort === 465),
    ...(flags.sentCopy !== 'auto' && { sentCopy: flags.sentCopy }),
    ...(flags.authservId.length > 0 && { authservIds: flags.authservId }),
    ...(signIn && { signIn }),
  };
}

/** Servers as --json prints them and the admin endpoint returns them. */
export function toServersJson(servers: Servers): object {
  if ('missive' in servers) return { missive: servers.missive };
  const { imap, smtp, authservIds, signIn } = servers;
  return {
    ...{ imap: withSsl(imap), smtp: withSsl(smtp) },
    ...(authservIds && { authserv_ids: authservIds }),
    ...(signIn && { sign_in: toSignInJson(signIn) }),
  };
}

/** Without the client secret. */
export const toSignInJson = ({ provider, issuer, clientId, tenants, scopes }: ProviderSignIn) => ({
  ...{ provider, issuer, tenants, scopes, client_id: clientId },
});

const withSsl = (server: MailServer) => ({ ...server, ssl: server.security === 'tls' });

/** Servers as `generate` prints them without --json. */
export function toServerLines(servers: Servers): string[] {
  if ('missive' in servers) return [`Missive: ${servers.missive.url}`];
  const { imap, smtp, authservIds, signIn } = servers;
  const used = new Set([imap.security, smtp.security]);
  return [
    `IMAP: ${imap.host}:${imap.port} (ssl=${imap.security === 'tls'})`,
    `SMTP: ${smtp.host}:${smtp.port} (ssl=${smtp.security === 'tls'})`,
    ...(signIn === undefined ? [] : [`Sign-in: at ${signIn.issuer ?? signIn.provider}`]),
    ...(authservIds === undefined ? [] : [`Believed about senders: ${authservIds.join(', ')}`]),
    ...(used.has('starttls') ? ['Where ssl is false, STARTTLS is required.'] : []),
    ...(used.has('cleartext')
      ? ['Where ssl is false, nothing is encrypted: passwords and mail can be read on the network.']
      : []),
  ];
}
