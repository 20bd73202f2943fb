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

describe('delete_mail_message', () => {
  test('deletes that message permanently, also when others are marked as deleted', async () => {
    const account = newAccount();
    const { INBOX } = await appendMessages(account, {
      INBOX: [
        message({ subject: 'kept', flags: ['\\Deleted'] }),
        message({ subject: 'gone' }),
        message({ subject: 'other' }),
      ],
    });
    await using assistant = await app.assistant(account);
    const answer = await assistant.call('delete_mail_message', { folder: 'INBOX', uid: INBOX[1] });
    expect(answer).toEqual({ uid: INBOX[1], uid_validity: expect.any(String), outcome: 'expunged' });
    expect(await subjectsIn(account, 'INBOX')).toEqual(['kept', 'other']);
  });

  test('without UIDPLUS the message is deleted if no other is marked as deleted', async () => {
    const account = newAccount();
    const { INBOX } = await appendMessages(account, {
      INBOX: [message({ subject: 'gone' }), message({ subject: 'other' })],
    });
    await using assistant = await app.assistant(onBasicServer(account));
    expect(await assistant.call('delete_mail_message', { folder: 'INBOX', uid: INBOX[0] })).toMatchObject({
      outcome: 'expunged',
    });
    expect(await subjectsIn(account, 'INBOX')).toEqual(['other']);
  });

  test('without UIDPLUS, and with others marked as deleted, the message is only marked, and the result says so', async () => {
    const account = newAccount();
    const { INBOX } = await appendMessages(account, {
      INBOX: [message({ subject: 'kept', flags: ['\\Deleted'] }), message({ subject: 'marked' })],
    });
    await using assistant = await app.assistant(onBasicServer(account));
    const answer = await assistant.call('delete_mail_message', { folder: 'INBOX', uid: INBOX[1] });
    expect(answer).toMatchObject({ outcome: 'marked_deleted', warning: expect.stringContaining('marked') });
    expect(await subjectsIn(account, 'INBOX')).toEqual(['kept', 'marked']);
  });

  test('permanent: false moves it to the trash', async () => {
    const account = newAccount();
    const { INBOX } = await appendMessages(account, { INBOX: [message({ subject: 'thrown away' })] });
    await using assistant = await app.assistant(account);
    const answer = await assistant.call('delete_mail_message', { folder: 'INBOX', uid: INBOX[0], permanent: false });
    expect(answer).toEqual({
      uid: INBOX[0],
      outcome: 'moved_to_trash',
      trash: 'Trash',
      new_uid: expect.any(Number),
      uid_validity: (await assistant.call('list_mail_messages', { folder: 'Trash' })).uid_validity,
      undo: [
        { tool: 'move_mail_message', arguments: expect.objectContaining({ folder: 'Trash', destination: 'INBOX' }) },
      ],
    });
    expect(await subjectsIn(account, 'Trash')).toEqual(['thrown away']);
  });

  test.each([
    [{ uid: 4_000_000 }, '4000000'],
    [{ folder: 'Nowhere' }, 'Nowhere'],
  ])('%j is named in the error, and nothing is deleted', async (wrong, named) => {
    const account = newAccount();
    const { INBOX } = await appendMessages(account, { INBOX: [message({ subject: 'stays' })] });
    await using assistant = await app.assistant(account);
    expect(await assistant.failure('delete_mail_message', { folder: 'INBOX', uid: INBOX[0], ...wrong })).toContain(
      named,
    );
    expect(await subjectsIn(account, 'INBOX')).toEqual(['stays']);
  });

  test('an unknown argument is refused, so that a misspelled one does not delete permanently', async () => {
    const account = newAccount();
    const { INBOX } = await appendMessages(account, { INBOX: [message({ subject: 'stays' })] });
    await using assistant = await app.assistant(account);
    const args = { folder: 'INBOX', uid: INBOX[0], permanant: false };
    expect(await assistant.failure('delete_mail_message', args)).toContain('permanant');
    expect(await subjectsIn(account, 'INBOX')).toEqual(['stays']);
  });

  test('the folder is required: a UID alone could mean another message', async () => {
    await using assistant = await app.assistant(newAccount());
    expect(await assistant.failure('delete_mail_message', { uid: 1 })).toContain('folder');
  });
});
