/** An IMAP connection of the tests' own, to fill mailboxes and to look at them without the code under test. */
import { ImapFlow } from 'imapflow';
import type { MailAccount } from '../../../src/mail/account.ts';

/** Logs in, lends the connection, logs out whatever happened. */
export async function withImapFlow<T>(account: MailAccount, use: (imap: ImapFlow) => Promise<T>): Promise<T> {
  const { server, login } = account.imap;
  const imap = new ImapFlow({
    host: server.host,
    port: server.port,
    secure: server.security === 'tls',
    doSTARTTLS: server.security === 'starttls',
    auth: { user: login.username, pass: login.password },
    logger: false,
  });
  imap.on('error', () => {});
  await imap.connect();
  try {
    return await use(imap);
  } finally {
    // A test may have cut the connection on purpose.
    if (imap.usable) await imap.logout();
    else imap.close();
  }
}
