/** Every `folder` and `destination` takes a path or a role. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
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

const Rows = z.object({ folder: z.string(), messages: z.array(z.object({ uid: z.number(), subject: z.string() })) });
const written = { to: 'bo@example.test', subject: 'new', text_body: 'x' };

/** An account with one message in each of these mailboxes, named as the mailbox. */
async function accountWith<Mailbox extends string>(...mailboxes: Mailbox[]) {
  const account = newAccount();
  const contents = Object.fromEntries(mailboxes.map((subject) => [subject, [message({ subject })]]));
  const uids: Record<string, number[]> = await appendMessages(account, contents);
  return { account, uids };
}

const ROLES = [
  ['inbox', 'INBOX'],
  ['Inbox', 'INBOX'],
  ['sent', 'Sent'],
  ['SENT', 'Sent'],
  ['drafts', 'Drafts'],
  ['archive', 'Archive'],
  ['trash', 'Trash'],
  ['Junk', 'Junk'],
] as const;

describe('a role', () => {
  test.each(ROLES)('%s is the mailbox %s for tools that read', async (role, path) => {
    const { account, uids } = await accountWith(path);
    await using assistant = await app.assistant(account);
    const row = { folder: path, messages: [{ subject: path }] };
    expect(await assistant.call('list_mail_messages', { folder: role })).toMatchObject(row);
    expect(await assistant.call('search_mail_messages', { folder: role, query: 'UNSEEN' })).toMatchObject(row);
    const uid = uids[path]?.[0];
    expect(await assistant.call('get_mail_message', { folder: role, uid })).toMatchObject({
      folder: path,
      subject: path,
    });
  });

  test('names the folder and the destination of tools that change something', async () => {
    const { account, uids } = await accountWith('INBOX', 'Archive', 'Drafts');
    await using assistant = await app.assistant(account);
    const moved = { folder: 'inbox', uid: uids.INBOX?.[0], destination: 'archive' };
    expect(await assistant.call('move_mail_message', moved)).toMatchObject({ destination: 'Archive' });
    const [uid] = uids.Archive ?? [];
    await assistant.call('update_mail_message_flags', { folder: 'archive', uid, add: ['\\Flagged'] });
    expect((await messagesIn(account, 'Archive')).map(({ flags }) => flags.includes('\\Flagged'))).toEqual([
      true,
      false,
    ]);
    await assistant.call('delete_mail_message', { folder: 'drafts', uid: uids.Drafts?.[0] });
    expect(await messagesIn(account, 'Drafts')).toEqual([]);
    expect(await assistant.call('create_draft_mail_message', { ...written, folder: 'archive' })).toMatchObject({
      folder: 'Archive',
    });
  });
});

describe('a path that is also the name of a role', () => {
  test('takes precedence if it is written exactly so, and the role otherwise', async () => {
    const { account } = await accountWith('Sent', 'sent', 'JUNK', 'Junk');
    await using assistant = await app.assistant(account);
    const folderOf = async (folder: string) =>
      Rows.parse(await assistant.call('list_mail_messages', { folder })).folder;
    expect(await folderOf('sent')).toBe('sent');
    expect(await folderOf('Sent')).toBe('Sent');
    expect(await folderOf('SENT')).toBe('Sent');
    expect(await folderOf('JUNK')).toBe('JUNK');
    expect(await folderOf('junk')).toBe('Junk');
  });
});

describe('limits of folders', () => {
  test('hold for the mailbox that has the role', async () => {
    const { account, uids } = await accountWith('INBOX', 'Archive', 'Sent');
    await using assistant = await app.assistant(account, { flags: { folders: ['INBOX', 'Archive'] } });
    expect(await assistant.call('list_mail_messages', { folder: 'archive' })).toMatchObject({ folder: 'Archive' });
    for (const [tool, args] of [
      ['list_mail_messages', { folder: 'sent' }],
      ['search_mail_messages', { folder: 'SENT', query: 'ALL' }],
      ['get_mail_message', { folder: 'sent', uid: uids.Sent?.[0] }],
      ['move_mail_message', { folder: 'inbox', uid: uids.INBOX?.[0], destination: 'trash' }],
      ['move_mail_message', { folder: 'sent', uid: uids.Sent?.[0], destination: 'inbox' }],
    ] as const) {
      expect(await assistant.failure(tool, args)).toContain('Call list_mailboxes');
    }
    expect(await messagesIn(account, 'Trash')).toEqual([]);
    expect(await messagesIn(account, 'Sent')).toHaveLength(1);
  });

  test('a move to the trash by its role needs the right to delete', async () => {
    const { account, uids } = await accountWith('INBOX');
    await using assistant = await app.assistant(account, { flags: { methods: ['read,update'] } });
    const move = { folder: 'INBOX', uid: uids.INBOX?.[0] };
    expect(await assistant.failure('move_mail_message', { ...move, destination: 'trash' })).toContain('delete');
    expect(await assistant.call('move_mail_message', { ...move, destination: 'archive' })).toMatchObject({
      destination: 'Archive',
    });
  });
});

test.each([
  ['list_mail_messages', { folder: '*' }],
  ['get_mail_message', { folder: '*', uid: 1 }],
  ['move_mail_message', { folder: 'INBOX', uid: 1, destination: '*' }],
  ['update_mail_message_flags', { folder: '*', uid: 1, add: ['\\Seen'] }],
  ['delete_mail_message', { folder: '*', uid: 1 }],
  ['unsubscribe_mail', { folder: '*', uid: 1 }],
  ['create_draft_mail_message', { ...written, folder: '*' }],
] as const)('%s refuses "*" with the way to do it: %j', async (tool, args) => {
  await using assistant = await app.assistant(newAccount());
  expect(await assistant.failure(tool, args)).toMatch(
    /^There is no mailbox "\*": .* takes one folder. .*search_mail_messages.*, then repeat/,
  );
});
