/** Fills mailboxes with messages. */
import { chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MailAccount } from '../../../src/mail/account.ts';
import { MAIL_UID } from '../servers/dovecot.ts';
import { type TestServers, testServers } from '../servers/servers.ts';
import type { TestMessage } from './build-message.ts';
import { withKeptImapFlow } from './with-imapflow.ts';

/**
 * Appends the messages in the given order, creating mailboxes that do not exist.
 *
 * @param contents by mailbox path, with `/` between levels, in plain Unicode
 * @returns the UIDs by mailbox, in the given order
 */
export async function appendMessages<Mailbox extends string>(
  account: MailAccount,
  contents: Record<Mailbox, readonly (TestMessage | Promise<TestMessage>)[]>,
  servers: TestServers = testServers(),
): Promise<Record<Mailbox, number[]>> {
  // Always through the server with UIDPLUS, because it reports the UIDs, even if the account names the other server.
  const { host, tlsPort: port } = servers.imap;
  const direct: MailAccount = { ...account, imap: { ...account.imap, server: { host, port, security: 'tls' } } };
  return withKeptImapFlow('append', direct, async (imap) => {
    const uids: Partial<Record<Mailbox, number[]>> = {};
    const existing = new Set((await imap.list()).map(({ path }) => path));
    for (const mailbox of mailboxesOf(contents)) {
      if (!existing.has(mailbox)) await imap.mailboxCreate(mailbox);
      const appended: number[] = [];
      for (const { raw, flags, date } of await Promise.all(contents[mailbox])) {
        const answer = await imap.append(mailbox, raw, flags, date);
        if (answer === false || answer.uid === undefined) throw new Error(`APPEND to ${mailbox} was refused`);
        appended.push(answer.uid);
      }
      uids[mailbox] = appended;
    }
    return uids as Record<Mailbox, number[]>;
  });
}

function mailboxesOf<Mailbox extends string>(contents: Record<Mailbox, unknown>): Mailbox[] {
  return Object.keys(contents) as Mailbox[];
}

/**
 * Writes many small messages straight into the Maildir of a user who has not logged in yet: 100,000 take some ten seconds.
 * Message n of count has the subject `Message n`, and a date n minutes after the start of 2025.
 *
 * @param mailbox without `/`
 */
export function fillMailbox(
  account: MailAccount,
  mailbox: string,
  count: number,
  servers: TestServers = testServers(),
): void {
  const home = join(servers.store.homes, account.imap.login.username);
  const maildir = join(home, 'Maildir');
  const folder = mailbox === 'INBOX' ? maildir : join(maildir, `.${mailbox}`);
  for (const made of [home, maildir, folder, ...['cur', 'new', 'tmp'].map((name) => join(folder, name))]) {
    mkdirSync(made, { recursive: true });
    chownSync(made, MAIL_UID, MAIL_UID);
  }
  const start = Date.UTC(2025, 0, 1);
  for (let n = 1; n <= count; n += 1) {
    const date = new Date(start + n * 60_000);
    // Dovecot numbers new files in the order of their names; `S` is \Seen.
    const name = `${Math.floor(date.getTime() / 1000)}.M${n}.fill:2,${n % 3 === 0 ? '' : 'S'}`;
    const file = join(folder, 'cur', name);
    writeFileSync(file, smallMessage(n, date, account.email));
    chownSync(file, MAIL_UID, MAIL_UID);
  }
}

function smallMessage(n: number, date: Date, to: string): string {
  return [
    `From: Sender ${n % 97} <sender-${n % 97}@example.test>`,
    `To: ${to}`,
    `Subject: Message ${n}`,
    `Date: ${date.toUTCString().replace('GMT', '+0000')}`,
    `Message-ID: <${n}.fill@example.test>`,
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=utf-8',
    '',
    `This is message number ${n}.`,
    '',
  ].join('\n');
}
