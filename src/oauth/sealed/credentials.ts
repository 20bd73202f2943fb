/** Who signed in and with what, as it is sealed, and the account that it opens. */
import { z } from 'zod';
import type { Account, Servers } from '../../account.ts';
import { OAuthError } from '../../errors.ts';
import type { MailServers } from '../../mail/account.ts';

/** What was typed for a mailbox, without the servers: those come from the client. Repeated values are left out to keep URLs short. */
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
 * The account that credentials open on the servers of a client.
 *
 * @throws {OAuthError} `invalid_grant` if they are of another kind: what clients get that nobody minted was another service before
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
