/** Reads the contents of mailboxes as another mail client does. */
import type { FetchMessageObject, FetchQueryObject } from 'imapflow';
import type { MailAccount } from '../../../src/mail/account.ts';
import { withKeptImapFlow } from './with-imapflow.ts';

/** Subjects in the order of the UIDs, including messages with \\Deleted. */
export async function subjectsIn(account: MailAccount, mailbox: string): Promise<string[]> {
  return (await fetchAll(account, mailbox, { envelope: true })).map(({ envelope }) => envelope?.subject ?? '');
}

export interface StoredMessage {
  uid: number;
  subject: string;
  flags: string[];
  raw: string;
}

export async function messagesIn(account: MailAccount, mailbox: string): Promise<StoredMessage[]> {
  const found = await fetchAll(account, mailbox, { uid: true, flags: true, envelope: true, source: true });
  return found.map(({ uid, flags, envelope, source }) => ({
    uid,
    subject: envelope?.subject ?? '',
    flags: [...(flags ?? [])],
    raw: source?.toString('utf8') ?? '',
  }));
}

function fetchAll(account: MailAccount, mailbox: string, query: FetchQueryObject): Promise<FetchMessageObject[]> {
  return withKeptImapFlow('read', account, async (imap) => {
    const { exists } = await imap.mailboxOpen(mailbox, { readOnly: true });
    return exists === 0 ? [] : await imap.fetchAll('1:*', query);
  });
}
