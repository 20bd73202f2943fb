/** Names an account without telling which it is. */
import { createHmac } from 'node:crypto';
import type { Login, MailServer } from '../../mail/account.ts';
import type { MissiveAccount } from '../../missive/account.ts';
import { sha256 } from '../http/constant-time.ts';
import type { Keyring } from './jwe.ts';

interface MailboxName {
  imap: { server: Pick<MailServer, 'host' | 'port'>; login: Pick<Login, 'username'> };
}

/** An API token is all that is known of its owner; the hash of it is enough. */
type MissiveName = MissiveAccount | { url: string; tokenHash: string };

/** As much of an account as tells it from others. */
export type AccountName = MailboxName | MissiveName;

/** The same for the same login at the same server; keyed, so that it tells nothing to whoever sees it in a log. */
export const subjectOf = (keyring: Keyring, account: AccountName): string => subjectUnder(keyring.current, account);

/** The subjects that this account has had under all keys that open something, the current one first. */
export const subjectsOf = (keyring: Keyring, account: AccountName): string[] =>
  keyring.all.map((key) => subjectUnder(key, account));

function subjectUnder(key: Keyring['current'], account: AccountName): string {
  const parts = 'imap' in account ? partsOfMailbox(account) : ['missive', account.url, tokenHashOf(account)];
  return createHmac('sha256', key.derive('subject')).update(JSON.stringify(parts)).digest('base64url').slice(0, 22);
}

/** Servers take names in any case, and an owner who types theirs in another way must find everything. */
function partsOfMailbox({ imap: { server, login } }: MailboxName): unknown[] {
  return [server.host, server.port, login.username.normalize('NFKC').toLowerCase()];
}

export const tokenHashOf = (account: MissiveName): string =>
  'tokenHash' in account ? account.tokenHash : sha256(account.token);
