/** Reads the contents of mailboxes as another mail client does. */
import type { MailAccount } from '../../../src/mail/account.ts';
import { withKeptImapFlow } from './with-imapflow.ts';

/** Subjects in the order of the UIDs, including messages with \\Deleted. */
export async function subjectsIn(account: MailAccount, mailbox: string): Promise<string[]> {
  return (await messagesIn(account, mailbox)).map(({ subject }) => subject);
}

export interface StoredMessage {
  uid: number;
  subject: string;
  flags: string[];
  raw: string;
}

export function messagesIn(account: MailAccount, mailbox: string): Promise<StoredMessage[]> {
  return withKeptImapFlow('read', account, async (imap) => {
    const { exists } = await imap.mailboxOpen(mailbox, { readOnly: true });
    if (exists === 0) return [];
    const found = await imap.fetchAll('1:*', { uid: true, flags: true, envelope: true, source: true });
    return found.map(({ uid, flags, envelope, source }) => ({
      uid,
      subject: envelope?.subject ?? '',
      flags: [...(flags ?? [])],
      raw: source?.toString('utf8') ?? '',
    }));
  });
}
