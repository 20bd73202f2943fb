/** Opens an imapflow connection, with which tests fill and read mailboxes independently of the code under test. */
import { ImapFlow } from 'imapflow';
import type { MailAccount } from '../../../src/mail/account.ts';

/** Logs in, runs `use` with the connection, and logs out in every case. */
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
