/** Keys that tell mail accounts apart. */
import { createHmac, randomBytes } from 'node:crypto';
import type { MailAccount } from '../account.ts';

/** As much of an account as a connection depends on. */
export type ImapAccount = Pick<MailAccount, 'imap'>;

/** @returns the same key for the same servers with the same login; it tells nobody a password, not even from a heap dump of another process */
export function createAccountKeys(): (account: ImapAccount) => string {
  const secret = randomBytes(32);
  // The same account object comes with every call of a conversation, and making its key costs more than the rest of a lease.
  const known = new WeakMap<ImapAccount, string>();
  return (account) => {
    const before = known.get(account);
    if (before !== undefined) return before;
    const identity = JSON.stringify([account.imap.server, account.imap.login]);
    const key = createHmac('sha256', secret).update(identity).digest('base64');
    known.set(account, key);
    return key;
  };
}
