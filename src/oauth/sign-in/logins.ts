/** Names the logins of an attempt to sign in, before a server has said which mailbox they open. */
import { isIP } from 'node:net';
import type { MailAccount } from '../../mail/account.ts';
import type { MissiveAccount } from '../../missive/account.ts';
import { normalizedUsername } from '../sealed/identity.ts';

export type Logins = Pick<MailAccount, 'imap' | 'smtp'> | MissiveAccount;

/**
 * @returns the logins that an attempt is counted for, as they were typed. A mailbox has two if the user name for sending differs, both under the host
 *   of its IMAP server. A name at the domain of the mail server counts as the bare name
 */
export function loginsOf(account: Logins): [host: string, login: string][] {
  if ('token' in account) return [[new URL(account.url).host, account.token]];
  const host = account.imap.server.host.toLowerCase();
  const ownDomains = ownDomainsOf(host);
  const names = usernamesOf(account).map((name) => {
    const { local, domain } = parts(name);
    return ownDomains.includes(domain) ? local : name;
  });
  return [...new Set(names)].map((name) => [host, name]);
}

/** @returns the local parts of the logins: names with the same one may lead to one mailbox. None for Missive */
export function aliasesOf(account: Logins): [host: string, local: string][] {
  if ('token' in account) return [];
  const host = account.imap.server.host.toLowerCase();
  return [...new Set(usernamesOf(account).map((name) => parts(name).local))].map((local) => [host, local]);
}

const usernamesOf = ({ imap, smtp }: Pick<MailAccount, 'imap' | 'smtp'>): string[] =>
  [imap, smtp].map(({ login }) => normalizedUsername(login.username).trim());

function parts(name: string): { local: string; domain: string } {
  const at = name.lastIndexOf('@');
  return at < 0 ? { local: name, domain: '' } : { local: name.slice(0, at), domain: name.slice(at + 1) };
}

/** The domains that a mail server itself is in: `imap.example.com` and `example.com`. None for an IP address. */
function ownDomainsOf(host: string): string[] {
  if (isIP(host) !== 0) return [];
  const parent = host.slice(host.indexOf('.') + 1);
  return parent.includes('.') ? [host, parent] : [host];
}
