/** Sets of messages on a connection that is limited to certain folders. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApp, type TestApp } from '../../../support/app/start-app.ts';
import { newAccount } from '../../../support/mail/accounts.ts';
import { message } from '../../../support/mail/build-message.ts';
import { subjectsIn } from '../../../support/mail/mailbox-contents.ts';
import { appendMessages } from '../../../support/mail/mailboxes.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.stop());

async function stage() {
  const account = newAccount();
  const one = (subject: string) => [message({ subject })];
  await appendMessages(account, { INBOX: one('mine'), Secret: one('hidden'), Trash: one('old'), 'Projects/A': [] });
  const assistant = await app.assistant(account, { flags: { folders: ['INBOX', 'Projects/*'] } });
  return { account, assistant };
}

describe('a limit to folders', () => {
  test.each([
    ['folder', { folder: 'Secret', destination: 'INBOX' }, 'Secret'],
    ['destination', { folder: 'INBOX', destination: 'Secret' }, 'Secret'],
    ['destination, as a plan', { folder: 'INBOX', destination: 'Secret', dry_run: true }, 'Secret'],
    ['new destination', { folder: 'INBOX', destination: 'Fresh', create: true }, 'Fresh'],
    ['trash', { folder: 'trash', destination: 'INBOX' }, 'trash'],
  ])('holds for sets and queries: %s', async (_, args, named) => {
    const { account, assistant } = await stage();
    for (const messages of [{ uids: '1' }, { query: 'subject:hidden OR subject:mine OR subject:old' }]) {
      expect(await assistant.failure('move_mail_message', { ...args, ...messages })).toContain(named);
    }
    expect(await subjectsIn(account, 'INBOX')).toEqual(['mine']);
    expect(await subjectsIn(account, 'Secret')).toEqual(['hidden']);
    expect(await subjectsIn(account, 'Trash')).toEqual(['old']);
    await assistant.client.close();
  });

  test('what is deleted goes to the trash, from where this connection cannot move it', async () => {
    const { account, assistant } = await stage();
    const deleted = await assistant.call('delete_mail_message', { folder: 'INBOX', uids: '1' });
    expect(deleted).toMatchObject({ deleted: 1, trash: 'Trash', undo: null });
    expect(await subjectsIn(account, 'Trash')).toEqual(['old', 'mine']);
    await assistant.client.close();
  });

  test('a folder below an allowed one can be made', async () => {
    const { account, assistant } = await stage();
    const args = { folder: 'INBOX', uids: '1', destination: 'Projects/B', create: true };
    expect(await assistant.call('move_mail_message', args)).toMatchObject({ moved: 1, created: ['Projects/B'] });
    expect(await subjectsIn(account, 'Projects/B')).toEqual(['mine']);
    await assistant.client.close();
  });
});
