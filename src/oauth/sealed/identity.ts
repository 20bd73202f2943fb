/** Identifies the account of a sign-in in sealed values: by its credentials where the account is used, by a keyed hash elsewhere. */
import { createHmac } from 'node:crypto';
import { z } from 'zod';
import type { Account, Servers } from '../../account.ts';
import { OAuthError } from '../../errors.ts';
import type { InboxIdentity, Login, MailServer, MailServers, ProviderSignIn } from '../../mail/account.ts';
import type { MissiveAccount } from '../../missive/account.ts';
import { sha256 } from '../http/constant-time.ts';
import { hashOfName } from './audience.ts';
import type { MasterKey } from './content.ts';
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

/** What the tokens of a sign-in at a provider have in the place of a password. */
export const ApprovalFacts = z.object({
  /** The provider. Absent: the account owner has signed in with a password. */
  sign_in: z.string().optional(),
  /** From providerHashOf(), so that no other provider gets what this one has issued. Absent: `sign_in` is enough. */
  provider_hash: z.string().optional(),
  /** Its refresh token. */
  provider_token: z.string().optional(),
  /** Names what the account owner has approved there. */
  approval: z.string().optional(),
  /** In the place of the refresh token, if that is too long: one of the two keys to it in the state. The other is the encryption key. */
  custody: z.string().optional(),
});
export type ApprovalFacts = z.output<typeof ApprovalFacts>;

/**
 * Combines credentials with the servers of a client.
 *
 * @throws {OAuthError} `invalid_grant` if the services or the ways to sign in differ: the default connection of dynamic clients may have changed
 */
export function accountOf(credentials: MailCredentials, servers: MailServers, facts?: ApprovalFacts): MailboxAccount;
export function accountOf(credentials: Credentials, servers: Servers, facts?: ApprovalFacts): Account;
export function accountOf(credentials: Credentials, servers: Servers, facts: ApprovalFacts = {}): Account {
  if ('missive_token' in credentials && 'missive' in servers) {
    return { service: 'missive', url: servers.missive.url, token: credentials.missive_token };
  }
  if ('email' in credentials && 'imap' in servers) return mailboxOf(credentials, servers, facts);
  throw new OAuthError('invalid_grant', 'The login is one for another kind of account.');
}

function mailboxOf(credentials: MailCredentials, servers: MailServers, facts: ApprovalFacts): MailboxAccount {
  const { name: fullName, email } = credentials;
  const username = credentials.imap.username ?? email;
  const login = loginOf(username, credentials.imap.password, servers, facts);
  const smtpLogin = credentials.smtp ? { kind: 'password' as const, ...credentials.smtp } : login;
  return {
    service: 'mail',
    fullName,
    email,
    imap: { server: servers.imap, login },
    smtp: { server: servers.smtp, login: smtpLogin },
    ...(servers.sentCopy && { sentCopy: servers.sentCopy }),
    ...(servers.authservIds && { authservIds: servers.authservIds }),
  };
}

function loginOf(
  username: string,
  password: string,
  { signIn }: MailServers,
  { sign_in, provider_hash, provider_token: refreshToken, approval, custody }: ApprovalFacts,
): Login {
  if (sign_in === undefined) return { kind: 'password', username, password };
  const key = refreshToken === undefined ? custody && { custody } : { refreshToken };
  const isSame = signIn?.provider === sign_in && providerHashOf(signIn) === provider_hash;
  if (!isSame || key === undefined || approval === undefined) {
    throw new OAuthError('invalid_grant', 'The login is one for another way to sign in.');
  }
  return { kind: 'provider', username, signIn, ...key, approval };
}

/** @returns which one of all OpenID providers it is: 8 bytes of the hash of its issuer in base64url. `undefined` for a provider that is known by its name */
export const providerHashOf = ({ provider, issuer = '' }: ProviderSignIn): string | undefined =>
  provider === 'openid' ? hashOfName(issuer).toString('base64url') : undefined;

interface MailboxName {
  /** From mailboxIdOf(); absent where the server has not said which mailbox the login opens. */
  mailbox?: string | undefined;
  imap: { server: Pick<MailServer, 'host' | 'port'>; login: Pick<Login, 'username'> };
}

/** An API token is the only known attribute of its owner, and its hash is sufficient. */
type MissiveName = MissiveAccount | { url: string; tokenHash: string };

/** The attributes that distinguish an account from others. */
export type AccountName = MailboxName | MissiveName;

/** The id of a mailbox in tokens; see mailboxIdOf(). */
export const MailboxId = z.string().regex(/^[\w-]{22}$/);

/** Has the length of every id: what will be sealed is measured before the mail server has said which mailbox it is. */
export const MAILBOX_ID_TO_COME = '-'.repeat(22);

/** A UIDVALIDITY below it is a number that a server counts up from one: many mailboxes have the same. Above it is a time or a random number. */
const MIN_TELLING_UID_VALIDITY = 1_000_000;

/** A shorter MAILBOXID is unique within one account only. */
const MIN_TELLING_MAILBOX_ID_LENGTH = 8;

/**
 * Identifies a mailbox by itself and not by the name that was typed: a server may accept several names for it. The domain of the name counts only
 * where the server says nothing that distinguishes two mailboxes.
 *
 * @returns 16 bytes of a hash in base64url: the same for every name of the mailbox that has the same local part
 */
export function mailboxIdOf({ imap: { server, login } }: MailboxName, inbox: InboxIdentity): string {
  const name = normalizedUsername(login.username);
  const at = name.lastIndexOf('@');
  const [local, domain] = at < 0 ? [name, ''] : [name.slice(0, at), name.slice(at + 1)];
  const { uidValidity, mailboxId = '' } = inbox;
  const isTelling =
    Number(uidValidity) >= MIN_TELLING_UID_VALIDITY || mailboxId.length >= MIN_TELLING_MAILBOX_ID_LENGTH;
  const parts = [server.host.toLowerCase(), local, uidValidity, mailboxId, ...(isTelling ? [] : [domain])];
  return sha256(JSON.stringify(parts)).slice(0, 22);
}

/**
 * Mail servers ignore case and invisible characters of user names (RFC 4013 §2.1): without normalization, one name would count as several.
 */
export function normalizedUsername(username: string): string {
  return username
    .normalize('NFKC')
    .replace(/\p{Default_Ignorable_Code_Point}/gu, '')
    .toLowerCase();
}

/**
 * @returns the `sub` of an account: the same for the same mailbox, and where it is not known, for the same user name at the same server; keyed, so
 *   that logs do not reveal the account
 */
export const subjectOf = (keyring: Keyring, account: AccountName): string =>
  subjectUnder(keyring.current, partsOf(account));

/**
 * @returns the subjects of an account under all keys of the keyring, those of the current key first. A mailbox has two under each key: its own, and
 *   the one of the user name, which grants have whose sign-in did not find out the mailbox
 */
export const subjectsOf = (keyring: Keyring, account: AccountName): string[] =>
  keyring.all.flatMap((key) => subjectsUnder(key, account));

/** @returns the subjects under the current key: a grant is listed under each of them */
export const currentSubjectsOf = (keyring: Keyring, account: AccountName): string[] =>
  subjectsUnder(keyring.current, account);

/** @returns the subject of a mailbox under one key */
export const subjectOfMailbox = (key: MasterKey, mailbox: string): string => subjectUnder(key, ['mailbox', mailbox]);

/** @returns the subject of an account under one key */
export const subjectUnderKey = (key: MasterKey, account: AccountName): string => subjectUnder(key, partsOf(account));

function subjectsUnder(key: MasterKey, account: AccountName): string[] {
  const ofName = 'imap' in account && account.mailbox !== undefined ? [partsOfMailbox(account)] : [];
  return [partsOf(account), ...ofName].map((parts) => subjectUnder(key, parts));
}

function partsOf(account: AccountName): unknown[] {
  if (!('imap' in account)) return ['missive', account.url, tokenHashOf(account)];
  return account.mailbox === undefined ? partsOfMailbox(account) : ['mailbox', account.mailbox];
}

function subjectUnder(key: MasterKey, parts: readonly unknown[]): string {
  return createHmac('sha256', key.derive('subject')).update(JSON.stringify(parts)).digest('base64url').slice(0, 22);
}

/** Normalised: servers accept user names in any case, and the subject must not depend on how one is typed. */
function partsOfMailbox({ imap: { server, login } }: MailboxName): unknown[] {
  return [server.host, server.port, login.username.normalize('NFKC').toLowerCase()];
}

export const tokenHashOf = (account: MissiveName): string =>
  'tokenHash' in account ? account.tokenHash : sha256(account.token);
