/** Opens an IMAP connection of the code under test, and closes it after use. */
import type { MailAccount } from '../../../src/mail/account.ts';
import { type ConnectOptions, connectImap, type OwnedImapConnection } from '../../../src/mail/imap/imap-connection.ts';

export async function withImap<T>(
  account: Pick<MailAccount['imap'], 'server'> | MailAccount,
  use: (imap: OwnedImapConnection) => Promise<T>,
  options: ConnectOptions = {},
): Promise<T> {
  const endpoint =
    'imap' in account
      ? account.imap
      : { server: account.server, login: { kind: 'password' as const, username: 'ada', password: 'secret' } };
  const imap = await connectImap(endpoint, options);
  try {
    return await use(imap);
  } finally {
    imap.end();
  }
}
