/** Refuses UIDs that were read under another UIDVALIDITY (RFC 9051 §2.3.1.1). */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApp, type TestApp } from '../../../support/app/start-app.ts';
import { newAccount } from '../../../support/mail/accounts.ts';
import { message } from '../../../support/mail/build-message.ts';
import { messagesIn } from '../../../support/mail/mailbox-contents.ts';
import { appendMessages } from '../../../support/mail/mailboxes.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.stop());

const CALLS: [string, Record<string, unknown>][] = [
  ['get_mail_message', {}],
  ['update_mail_message_flags', { add: ['\\Flagged'] }],
  ['move_mail_message', { destination: 'Archive' }],
  ['delete_mail_message', {}],
  ['delete_mail_message', { permanent: false }],
  ['unsubscribe_mail', {}],
];

describe.each(CALLS)('%s %j', (tool, args) => {
  test('another uid_validity is refused with the way to find the message again, and nothing changes', async () => {
    const account = newAccount();
    const { INBOX } = await appendMessages(account, { INBOX: [message({ subject: 'a' })] });
    await using assistant = await app.assistant(account);
    const call = { folder: 'INBOX', uid: INBOX[0], uid_validity: '1', ...args };
    expect(await assistant.failure(tool, call)).toMatch(/Nothing was done.*search_mail_messages.*Message-ID/);
    const [kept] = await messagesIn(account, 'INBOX');
    expect(kept).toMatchObject({ uid: INBOX[0], subject: 'a' });
    expect(kept?.flags).not.toContain('\\Flagged');
  });

  test('the uid_validity that a list returned is accepted', async () => {
    const account = newAccount();
    const { INBOX } = await appendMessages(account, { INBOX: [message({ subject: 'a' })] });
    await using assistant = await app.assistant(account);
    const { uid_validity } = await assistant.call('list_mail_messages', { folder: 'INBOX' });
    await assistant.call(tool, { folder: 'INBOX', uid: INBOX[0], uid_validity, ...args });
  });
});

test('a uid_validity that is not a number is an invalid argument', async () => {
  await using assistant = await app.assistant(newAccount());
  const call = { folder: 'INBOX', uid: 1, uid_validity: 'x' };
  expect(await assistant.failure('get_mail_message', call)).toContain('uid_validity');
});
