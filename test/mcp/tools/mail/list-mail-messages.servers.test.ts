import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApp, type TestApp } from '../../../support/app/start-app.ts';
import { newAccount } from '../../../support/mail/accounts.ts';
import { message } from '../../../support/mail/build-message.ts';
import { appendMessages } from '../../../support/mail/mailboxes.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.stop());

describe('list_mail_messages', () => {
  test('an envelope has the fields by which a message is chosen', async () => {
    const account = newAccount();
    const { INBOX } = await appendMessages(account, {
      INBOX: [
        message({
          subject: 'Überweisung – fällig ✅',
          from: 'Jürgen Müller <juergen@example.test>',
          replyTo: 'office@example.test',
          to: 'Ada <ada@example.test>, bob@example.test',
          cc: 'carol@example.test',
          date: new Date('2025-03-04T05:06:07Z'),
          messageId: '<one@example.test>',
          inReplyTo: '<zero@example.test>',
          attachments: [{ filename: 'a.pdf', contentType: 'application/pdf', content: 'x' }],
          flags: ['\\Flagged', '$Label1'],
        }),
      ],
    });
    await using assistant = await app.assistant(account);
    const listed = await assistant.call('list_mail_messages', { folder: 'INBOX' });
    expect(listed).toEqual({
      folder: 'INBOX',
      uid_validity: expect.stringMatching(/^\d+$/),
      total: 1,
      page: 1,
      per_page: 20,
      messages: [
        {
          uid: INBOX[0],
          message_id: '<one@example.test>',
          in_reply_to: '<zero@example.test>',
          subject: 'Überweisung – fällig ✅',
          from: [{ name: 'Jürgen Müller', address: 'juergen@example.test' }],
          sender: [{ name: 'Jürgen Müller', address: 'juergen@example.test' }],
          reply_to: [{ address: 'office@example.test' }],
          to: [{ name: 'Ada', address: 'ada@example.test' }, { address: 'bob@example.test' }],
          cc: [{ address: 'carol@example.test' }],
          date: '2025-03-04T05:06:07Z',
          size: expect.any(Number),
          flags: expect.arrayContaining(['\\Flagged', '$Label1']),
          has_attachments: true,
        },
      ],
    });
  });

  test('pages go from the newest message to the oldest, without gap or overlap', async () => {
    const account = newAccount();
    const { INBOX } = await appendMessages(account, {
      INBOX: Array.from({ length: 7 }, (_, n) => message({ subject: `${n}` })),
    });
    await using assistant = await app.assistant(account);
    const pages = [];
    for (const page of [1, 2, 3, 4]) {
      const { messages } = await assistant.call('list_mail_messages', { folder: 'INBOX', page, per_page: 3 });
      pages.push((messages as { uid: number }[]).map(({ uid }) => uid));
    }
    const newestFirst = [...INBOX].reverse();
    expect(pages).toEqual([newestFirst.slice(0, 3), newestFirst.slice(3, 6), newestFirst.slice(6), []]);
  });

  test('an empty folder is an empty list', async () => {
    await using assistant = await app.assistant(newAccount());
    expect(await assistant.call('list_mail_messages', { folder: 'Drafts' })).toMatchObject({ total: 0, messages: [] });
  });

  test('listing does not mark messages as read', async () => {
    const account = newAccount();
    await appendMessages(account, { INBOX: [message()] });
    await using assistant = await app.assistant(account);
    await assistant.call('list_mail_messages', {});
    expect(await assistant.call('list_mail_messages', {})).toMatchObject({ messages: [{ flags: [] }] });
  });

  test('an unknown folder is refused with the call that lists the folders', async () => {
    await using assistant = await app.assistant(newAccount());
    const sentence = await assistant.failure('list_mail_messages', { folder: 'Nowhere' });
    expect(sentence).toContain('"Nowhere"');
    expect(sentence).toContain('list_mailboxes');
  });

  test.each([[{ folder: '' }], [{ folder: null, page: null }], [{ page: '1', per_page: '20' }]])(
    '%j lists the first page of INBOX',
    async (args) => {
      await using assistant = await app.assistant(newAccount());
      expect(await assistant.call('list_mail_messages', args)).toMatchObject({ folder: 'INBOX', page: 1 });
    },
  );

  test.each([[{ page: 0 }], [{ per_page: 0 }], [{ per_page: 101 }], [{ page: 1.5 }], [{ folder: true }]])(
    '%j is refused with the name of the parameter',
    async (args) => {
      await using assistant = await app.assistant(newAccount());
      expect(await assistant.failure('list_mail_messages', args)).toContain(Object.keys(args)[0]);
    },
  );
});
