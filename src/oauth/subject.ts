/** Names a mailbox without telling which it is. */
import { createHmac } from 'node:crypto';
import type { MailAccount } from '../mail/account.ts';
import type { Keyring } from './jwe.ts';

/** The same for the same login at the same server; keyed, so that it tells nothing to whoever sees it in a log. */
export const subjectOf = (keyring: Keyring, account: Pick<MailAccount, 'imap'>): string =>
  subjectUnder(keyring.current, account);

/** The subjects that this mailbox has had under all keys that open something, the current one first. */
export const subjectsOf = (keyring: Keyring, account: Pick<MailAccount, 'imap'>): string[] =>
  keyring.all.map((key) => subjectUnder(key, account));

function subjectUnder(key: Keyring['current'], { imap }: Pick<MailAccount, 'imap'>): string {
  return createHmac('sha256', key.derive('subject'))
    .update(JSON.stringify([imap.server.host, imap.server.port, imap.login.username]))
    .digest('base64url')
    .slice(0, 22);
}
