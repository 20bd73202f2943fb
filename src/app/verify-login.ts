/** Verifies the credentials of an account at the servers of its service. */
import type { VerifyLogin } from '../account.ts';
import type { AccessTokens } from '../mail/access-tokens.ts';
import type { MailAccount } from '../mail/account.ts';
import type { OwnedImapConnection } from '../mail/imap/imap-connection.ts';
import { createSharedProbe } from '../mail/probe/shared-probe.ts';
import { verifyLogin as verifyMail } from '../mail/verify-login.ts';
import { verifyToken } from '../missive/verify-token.ts';

/** @param options.adopt takes over the IMAP connection of a login that works */
export function createVerifyLogin(options: {
  now: () => Date;
  adopt?: (account: MailAccount, imap: OwnedImapConnection) => void;
  accessTokens?: AccessTokens;
}): VerifyLogin {
  const { now, adopt, accessTokens } = options;
  const probe = createSharedProbe(now);
  return (account, { only, totalMs, isDiagnosed = false, identify, onLogin } = {}) => {
    const limit = totalMs === undefined ? {} : { totalMs };
    if (account.service === 'missive') return verifyToken(account, { ...limit, now });
    const onImap = adopt && ((imap: OwnedImapConnection) => adopt(account, imap));
    const options = {
      ...(only && { only }),
      ...(identify && { identify }),
      ...(onLogin && { onLogin }),
      ...(onImap && { onImap }),
      ...(accessTokens && { accessTokens }),
    };
    return verifyMail(account, { ...limit, ...options, ...(isDiagnosed && { probe }) });
  };
}
