/** Creates mail users with empty mailboxes. */
import { randomBytes } from 'node:crypto';
import { utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Login, MailAccount, MailServer, PasswordLogin } from '../../../src/mail/account.ts';
import { waitUntil } from '../app/wait-until.ts';
import { USER_PASSWORD } from '../servers/dovecot.ts';
import { MAIL_DOMAIN } from '../servers/postfix.ts';
import { type TestServers, testServers } from '../servers/servers.ts';
import { withImapFlow } from './with-imapflow.ts';

/** An account whose logins have passwords. */
export interface PasswordAccount extends MailAccount {
  imap: { server: MailServer; login: PasswordLogin };
  smtp: { server: MailServer; login: PasswordLogin };
}

/** Empty for a login without a password. */
export const passwordOf = (login: Login | undefined): string => (login?.kind === 'password' ? login.password : '');

/** A new user, on both servers over TLS. Mail to its address arrives in its INBOX. */
export function newAccount(
  overrides: Partial<PasswordAccount> = {},
  servers: TestServers = testServers(),
): PasswordAccount {
  return { ...toAccount(`u-${randomName()}`, USER_PASSWORD, servers), ...overrides };
}

/** The same user on the IMAP server without extensions. */
export function onBasicServer(account: PasswordAccount, servers: TestServers = testServers()): PasswordAccount {
  const { host, tlsPort: port } = servers.basicImap;
  return { ...account, imap: { ...account.imap, server: { host, port, security: 'tls' } } };
}

/** The same user, with STARTTLS for every connection. */
export function overStarttls(overTls: PasswordAccount, servers: TestServers = testServers()): PasswordAccount {
  const { imap, smtp } = servers;
  return {
    ...overTls,
    imap: { ...overTls.imap, server: { host: imap.host, port: imap.starttlsPort, security: 'starttls' } },
    smtp: { ...overTls.smtp, server: { host: smtp.host, port: smtp.starttlsPort, security: 'starttls' } },
  };
}

/** The same user, with connections in cleartext. */
export function overCleartext(overTls: PasswordAccount, servers: TestServers = testServers()): PasswordAccount {
  const { imap, smtp } = servers;
  return {
    ...overTls,
    imap: { ...overTls.imap, server: { host: imap.host, port: imap.starttlsPort, security: 'cleartext' } },
    smtp: { ...overTls.smtp, server: { host: smtp.host, port: smtp.cleartextPort, security: 'cleartext' } },
  };
}

/** The same user with a wrong password for both servers. */
export function withPassword(known: MailAccount, password: string): PasswordAccount {
  const changed = ({ username }: Login) => ({ kind: 'password' as const, username, password });
  return {
    ...known,
    imap: { ...known.imap, login: changed(known.imap.login) },
    smtp: { ...known.smtp, login: changed(known.smtp.login) },
  };
}

/** A new user with this password, any Unicode text without NUL. */
export function newAccountWithPassword(password: string, servers: TestServers = testServers()): PasswordAccount {
  const created = toAccount(`p-${randomName()}`, password, servers);
  writePassword(created, password, servers);
  return created;
}

export interface ChangeablePasswordAccount {
  account: PasswordAccount;
  /** Replaces the password on the servers; returns the account with the new one. Takes up to a second. */
  changePassword(password: string): Promise<PasswordAccount>;
}

export function changeablePasswordAccount(servers: TestServers = testServers()): ChangeablePasswordAccount {
  const original = newAccountWithPassword('first password', servers);
  return {
    account: original,
    changePassword: async (password) => {
      const changed = withPassword(original, password);
      writePassword(original, password, servers);
      // Dovecot checks at most once per second whether the file has changed.
      await waitUntil(20_000, () => withImapFlow(changed, async () => true));
      return changed;
    },
  };
}

function toAccount(user: string, password: string, { imap, smtp }: TestServers): PasswordAccount {
  const username = `${user}@${MAIL_DOMAIN}`;
  const login = { kind: 'password' as const, username, password };
  return {
    fullName: 'Ada Lovelace',
    email: username,
    imap: { server: { host: imap.host, port: imap.tlsPort, security: 'tls' }, login },
    smtp: { server: { host: smtp.host, port: smtp.tlsPort, security: 'tls' }, login },
  };
}

let timesWritten = 0;

function writePassword({ imap }: MailAccount, password: string, { store }: TestServers): void {
  const { username } = imap.login;
  const encoded = Buffer.from(password).toString('base64');
  const file = join(store.passwords, username);
  writeFileSync(file, `${username}:{PLAIN.b64}${encoded}\n`);
  // Dovecot reads the file again when its size or its date, in seconds, changes. Each write sets another date.
  timesWritten += 1;
  utimesSync(file, timesWritten, timesWritten);
}

function randomName(): string {
  return randomBytes(8).toString('hex');
}
