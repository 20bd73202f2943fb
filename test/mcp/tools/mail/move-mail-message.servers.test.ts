import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApp, type TestApp } from '../../../support/app/start-app.ts';
import { newAccount, onBasicServer } from '../../../support/mail/accounts.ts';
import { message } from '../../../support/mail/build-message.ts';
import { subjectsIn } from '../../../support/mail/mailbox-contents.ts';
import { appendMessages } from '../../../support/mail/mailboxes.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.stop());

const three = () => ({ INBOX: ['a', 'b', 'c'].map((subject) => message({ subject })) });

describe('move_mail_message', () => {
  test('moves that message only, and returns its new UID', async () => {
    const account = newAccount();
    const { INBOX } = await appendMessages(account, three());
    await using assistant = await app.assistant(account);
    const moved = await assistant.call('move_mail_message', { folder: 'INBOX', uid: INBOX[1], destination: 'Archive' });
    const { uid_validity } = await assistant.call('list_mail_messages', { folder: 'Archive' });
    const undo = { folder: 'Archive', uids: `${moved.new_uid}`, uid_validity, destination: 'INBOX' };
    expect(moved).toEqual({
      ...{ destination: 'Archive', new_uid: expect.any(Number), uid_validity },
      undo: [{ tool: 'move_mail_message', arguments: undo }],
    });
    expect(await subjectsIn(account, 'INBOX')).toEqual(['a', 'c']);
    expect(await assistant.call('get_mail_message', { folder: 'Archive', uid: moved.new_uid })).toMatchObject({
      subject: 'b',
    });
  });

  test('without MOVE and UIDPLUS, and with others marked as deleted, no other message is removed', async () => {
    const account = newAccount();
    const { INBOX } = await appendMessages(account, {
      INBOX: [message({ subject: 'kept', flags: ['\\Deleted'] }), message({ subject: 'moved' })],
    });
    await using assistant = await app.assistant(onBasicServer(account));
    const moved = await assistant.call('move_mail_message', { folder: 'INBOX', uid: INBOX[1], destination: 'Archive' });
    expect(moved.warning).toContain('marked as deleted');
    expect(await subjectsIn(account, 'INBOX')).toContain('kept');
    expect(await subjectsIn(account, 'Archive')).toEqual(['moved']);
  });

  test.each([
    ['UID', { uid: 4_000_000 }, '4000000'],
    ['folder', { folder: 'Nowhere' }, 'Nowhere'],
    ['destination', { destination: 'Nowhere' }, 'Nowhere'],
  ])('an unknown %s is named, and nothing moves', async (_, wrong, named) => {
    const account = newAccount();
    const { INBOX } = await appendMessages(account, three());
    await using assistant = await app.assistant(account);
    const sentence = await assistant.failure('move_mail_message', {
      folder: 'INBOX',
      uid: INBOX[0],
      destination: 'Archive',
      ...wrong,
    });
    expect(sentence).toContain(named);
    expect(await subjectsIn(account, 'INBOX')).toEqual(['a', 'b', 'c']);
  });
});
