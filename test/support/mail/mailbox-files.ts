/** Writes messages into an INBOX that no server accepts from a client: NUL, bare line feeds, broken MIME. */
import { chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MAIL_UID } from '../servers/dovecot.ts';
import { type TestServers, testServers } from '../servers/servers.ts';

/** The user must not have logged in yet. The messages get the UIDs 1, 2, 3 and so on. */
export function storeInInbox(
  { imap }: { imap: { login: { username: string } } },
  messages: readonly (string | Buffer)[],
  { store }: Pick<TestServers, 'store'> = testServers(),
): void {
  const home = join(store.homes, imap.login.username);
  const maildir = join(home, 'Maildir');
  for (const folder of [home, maildir, ...['cur', 'new', 'tmp'].map((name) => join(maildir, name))]) {
    mkdirSync(folder, { recursive: true });
    chownSync(folder, MAIL_UID, MAIL_UID);
  }
  for (const [index, message] of messages.entries()) {
    // Dovecot numbers new files in the order of their names.
    const file = join(maildir, 'cur', `${1_700_000_000 + index}.M${index}.bad:2,`);
    writeFileSync(file, message);
    chownSync(file, MAIL_UID, MAIL_UID);
  }
}
