import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApp, type TestApp } from '../../../support/app/start-app.ts';
import { newAccount, onBasicServer } from '../../../support/mail/accounts.ts';
import { message } from '../../../support/mail/build-message.ts';
import { appendMessages } from '../../../support/mail/mailboxes.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.stop());

describe('list_mailboxes', () => {
  test('every mailbox has path, delimiter, role and subscription', async () => {
    const account = newAccount();
    await appendMessages(account, { 'Projekte/Größe': [message()] });
    await using assistant = await app.assistant(account);
    const { mailboxes } = await assistant.call('list_mailboxes');
    expect(mailboxes).toContainEqual({
      path: 'INBOX',
      delimiter: '/',
      role: 'inbox',
      subscribed: false,
      selectable: true,
    });
    expect(mailboxes).toContainEqual({
      path: 'Sent',
      delimiter: '/',
      role: 'sent',
      subscribed: true,
      selectable: true,
    });
    expect(mailboxes).toContainEqual(expect.objectContaining({ path: 'Projekte/Größe', role: null, selectable: true }));
  });

  test.each([
    ['with LIST-STATUS', (account: ReturnType<typeof newAccount>) => account],
    ['without it', onBasicServer],
  ])('counts come when they are asked for, from a server %s', async (_, at) => {
    const account = newAccount();
    await appendMessages(account, { INBOX: [message({ flags: ['\\Seen'] }), message(), message()] });
    await using assistant = await app.assistant(at(account));
    const { mailboxes } = await assistant.call('list_mailboxes', { with_counts: true });
    expect(mailboxes).toContainEqual(expect.objectContaining({ path: 'INBOX', messages: 3, unseen: 2 }));
    expect(mailboxes).toContainEqual(expect.objectContaining({ path: 'Drafts', messages: 0, unseen: 0 }));
  });

  test('roles are derived from names where the server has none', async () => {
    await using assistant = await app.assistant(onBasicServer(newAccount()));
    const { mailboxes } = await assistant.call('list_mailboxes');
    expect(mailboxes).toContainEqual(expect.objectContaining({ path: 'Trash', role: 'trash' }));
  });
});
