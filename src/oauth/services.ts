/** What the authorization server needs from outside. */
import type { Log } from '../log.ts';
import type { MailAccount } from '../mail/account.ts';
import type { State } from '../state/memory.ts';
import type { Keyring } from './jwe.ts';

/** One reason why a login does not work, found by trying it. */
export interface LoginProblem {
  service: 'imap' | 'smtp';
  fault: 'credentials' | 'app_password' | 'unreachable' | 'certificate' | 'timeout' | 'no_starttls' | 'refused';
}

/** Tries both logins; an empty list means that both work. Never takes longer than a person waits for a page. */
export type VerifyLogin = (account: MailAccount) => Promise<LoginProblem[]>;

export interface OAuthServices {
  /** Public origin without a trailing slash; compared byte by byte by clients (RFC 8414 §3.3). */
  issuer: string;
  keyring: Keyring;
  now: () => Date;
  log: Log;
  state: State;
  verifyLogin: VerifyLogin;
}
