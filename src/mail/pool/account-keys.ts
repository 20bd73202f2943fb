/** Creates the keys by which the pool distinguishes mail accounts. */
import { createHmac, randomBytes } from 'node:crypto';
import type { Login, MailAccount, ProviderLogin } from '../account.ts';

/** The part of an account on which a connection depends. */
export type ImapAccount = Pick<MailAccount, 'imap'>;

/**
 * @returns a function that returns the same key for the same IMAP server and login, or approval at a provider. A key does not reveal the password: it is an HMAC whose
 *   secret exists in this process only.
 */
export function createAccountKeys(): (account: ImapAccount) => string {
  const secret = randomBytes(32);
  // The calls of a conversation pass the same account object, and making its key costs more than the rest of a warm call to the pool.
  const known = new WeakMap<ImapAccount, string>();
  return (account) => {
    const before = known.get(account);
    if (before !== undefined) return before;
    const identity = JSON.stringify([account.imap.server, identityOf(account.imap.login)]);
    const key = createHmac('sha256', secret).update(identity).digest('base64');
    known.set(account, key);
    return key;
  };
}

/** Of a login at a provider without its refresh token, which changes while connections stay. */
function identityOf(login: Login): Login | Omit<ProviderLogin, 'refreshToken'> {
  if (login.kind === 'password') return login;
  const { refreshToken: _refreshToken, ...identity } = login;
  return identity;
}
