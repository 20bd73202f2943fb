/** Names a mailbox without telling which it is. */
import { createHmac } from 'node:crypto';
import type { Login, MailServer } from '../mail/account.ts';
import type { Keyring } from './jwe.ts';

/** As much of an account as tells it from others. */
export interface MailboxName {
  imap: { server: Pick<MailServer, 'host' | 'port'>; login: Pick<Login, 'username'> };
}

/** The same for the same login at the same server; keyed, so that it tells nothing to whoever sees it in a log. */
export const subjectOf = (keyring: Keyring, account: MailboxName): string => subjectUnder(keyring.current, account);

/** The subjects that this mailbox has had under all keys that open something, the current one first. */
export const subjectsOf = (keyring: Keyring, account: MailboxName): string[] =>
  keyring.all.map((key) => subjectUnder(key, account));

function subjectUnder(key: Keyring['current'], { imap }: MailboxName): string {
  return (
    createHmac('sha256', key.derive('subject'))
      // Servers take names in any case, and an owner who types theirs in another way must find everything.
      .update(JSON.stringify([imap.server.host, imap.server.port, imap.login.username.normalize('NFKC').toLowerCase()]))
      .digest('base64url')
      .slice(0, 22)
  );
}
