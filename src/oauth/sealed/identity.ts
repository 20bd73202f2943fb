/** Identifies the account of a sign-in in sealed values: by its credentials where the account is used, by a keyed hash elsewhere. */
import { createHmac } from 'node:crypto';
import { z } from 'zod';
import type { Account, Servers } from '../../account.ts';
import { OAuthError } from '../../errors.ts';
import type { Login, MailServer, MailServers } from '../../mail/account.ts';
import type { MissiveAccount } from '../../missive/account.ts';
import { sha256 } from '../http/constant-time.ts';
import type { Keyring } from './jwe.ts';

/** The credentials of a mailbox as they were typed; the servers come from the client. Repeated values are left out to keep URLs short. */
const MailCredentials = z.object({
  name: z.string(),
  email: z.string(),
  imap: z.object({
    /** Absent: the email address. */
    username: z.string().optional(),
    password: z.string(),
  }),
  /** Absent: the same as IMAP. */
  smtp: z.object({ username: z.string(), password: z.string() }).optional(),
});
export type MailCredentials = z.output<typeof MailCredentials>;

export const Credentials = z.union([MailCredentials, z.object({ missive_token: z.string() })]);
export type Credentials = z.output<typeof Credentials>;

type MailboxAccount = Extract<Account, { service: 'mail' }>;

/**
 * Combines credentials with the servers of a client.
 *
 * @throws {OAuthError} `invalid_grant` if the services differ: the default connection of dynamic clients may have changed to another service
 */
export function accountOf(credentials: MailCredentials, servers: MailServers): MailboxAccount;
export function accountOf(credentials: Credentials, servers: Servers): Account;
export function accountOf(credentials: Credentials, servers: Servers): Account {
  if ('missive_token' in credentials && 'missive' in servers) {
    return { service: 'missive', url: servers.missive.url, token: credentials.missive_token };
  }
  if ('email' in credentials && 'imap' in servers) return mailboxOf(credentials, servers);
  throw new OAuthError('invalid_grant', 'The login is one for another kind of account.');
}

function mailboxOf(credentials: MailCredentials, servers: MailServers): MailboxAccount {
  const { name: fullName, email } = credentials;
  const username = credentials.imap.username ?? email;
  const login = { kind: 'password' as const, username, password: credentials.imap.password };
  const smtpLogin = credentials.smtp ? { kind: 'password' as const, ...credentials.smtp } : login;
  return {
    service: 'mail',
    fullName,
    email,
    imap: { server: servers.imap, login },
    smtp: { server: servers.smtp, login: smtpLogin },
    ...(servers.sentCopy && { sentCopy: servers.sentCopy }),
  };
}

interface MailboxName {
  imap: { server: Pick<MailServer, 'host' | 'port'>; login: Pick<Login, 'username'> };
}

/** An API token is the only known attribute of its owner, and its hash is sufficient. */
type MissiveName = MissiveAccount | { url: string; tokenHash: string };

/** The attributes that distinguish an account from others. */
export type AccountName = MailboxName | MissiveName;

/** @returns the `sub` of an account: the same for the same user name at the same server; keyed, so that logs do not reveal the account */
export const subjectOf = (keyring: Keyring, account: AccountName): string => subjectUnder(keyring.current, account);

/** @returns the subjects of an account under all keys of the keyring, the current one first */
export const subjectsOf = (keyring: Keyring, account: AccountName): string[] =>
  keyring.all.map((key) => subjectUnder(key, account));

function subjectUnder(key: Keyring['current'], account: AccountName): string {
  const parts = 'imap' in account ? partsOfMailbox(account) : ['missive', account.url, tokenHashOf(account)];
  return createHmac('sha256', key.derive('subject')).update(JSON.stringify(parts)).digest('base64url').slice(0, 22);
}

/** Normalised: servers accept user names in any case, and the subject must not depend on how one is typed. */
function partsOfMailbox({ imap: { server, login } }: MailboxName): unknown[] {
  return [server.host, server.port, login.username.normalize('NFKC').toLowerCase()];
}

export const tokenHashOf = (account: MissiveName): string =>
  'tokenHash' in account ? account.tokenHash : sha256(account.token);
