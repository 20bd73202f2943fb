import { expect, test } from 'vitest';
import { newAccount, onPoorServer, overStarttls, withPassword } from './accounts.ts';
import { imapWith } from './mailboxes.ts';
import { message } from './messages.ts';
import { withRawImap } from './raw-imap.ts';

test('a new account logs in over TLS, over STARTTLS and on the poor server', async () => {
  const account = newAccount();
  const { INBOX } = await imapWith(account, { INBOX: [message({ subject: 'first' })], Work: [] });
  expect(INBOX).toEqual([1]);
  for (const variant of [account, overStarttls(account), onPoorServer(account)]) {
    const paths = await withRawImap(variant, async (imap) => (await imap.list()).map(({ path }) => path));
    expect(paths.sort()).toEqual(['Archive', 'Drafts', 'INBOX', 'Junk', 'Sent', 'Trash', 'Work']);
  }
});

test('a wrong password is refused', async () => {
  const account = withPassword(newAccount(), 'wrong');
  await expect(withRawImap(account, async () => 'in')).rejects.toMatchObject({ authenticationFailed: true });
});
