/** Connects imapflow, the IMAP client that the benchmarks compare mail-mcp with. */

import { ImapFlow } from 'imapflow';
import type { MailAccount } from '../src/mail/account.ts';
import { passwordOf } from '../test/support/mail/accounts.ts';

export const SUMMARY = { envelope: true, flags: true, size: true, bodyStructure: true } as const;

/** Connects with the default options of imapflow. */
export async function connectImapFlow({ imap: { server, login } }: MailAccount): Promise<ImapFlow> {
  const auth = { user: login.username, pass: passwordOf(login) };
  const imap = new ImapFlow({ host: server.host, port: server.port, secure: true, auth, logger: false });
  imap.on('error', () => undefined);
  await imap.connect();
  return imap;
}
