import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Assistant, startApp, type TestApp } from '../../../support/app/start-app.ts';
import { newAccount } from '../../../support/mail/accounts.ts';
import { message } from '../../../support/mail/build-message.ts';
import { appendMessages } from '../../../support/mail/mailboxes.ts';

let app: TestApp;
let assistant: Assistant;
/** Subject → UID. */
const uid: Record<string, number> = {};

beforeAll(async () => {
  app = await startApp();
  const account = newAccount();
  const subjects = ['Quarterly report', 'report quarterly', 'Größenänderung 変更', 'Lunch', 'Lunch again'];
  const { INBOX } = await appendMessages(account, {
    INBOX: [
      message({
        subject: 'Quarterly report',
        from: 'ann@example.test',
        date: new Date('2025-01-10T12:00:00Z'),
        flags: ['\\Seen'],
      }),
      message({ subject: 'report quarterly', from: 'bob@example.test', date: new Date('2025-02-10T12:00:00Z') }),
      message({ subject: 'Größenänderung 変更', date: new Date('2025-03-10T12:00:00Z'), flags: ['$Label1'] }),
      message({ subject: 'Lunch', text: 'x'.repeat(5000), date: new Date('2025-04-10T12:00:00Z') }),
      message({ subject: 'Lunch again', headers: { 'X-Topic': 'food' }, date: new Date('2025-05-10T12:00:00Z') }),
    ],
  });
  for (const [index, subject] of subjects.entries()) uid[subject] = INBOX[index] ?? 0;
  assistant = await app.assistant(account);
});
afterAll(async () => {
  await assistant.client.close();
  await app.stop();
});

describe('search_mail_messages', () => {
  test.each([
    ['ALL', ['Lunch again', 'Lunch', 'Größenänderung 変更', 'report quarterly', 'Quarterly report']],
    ['SUBJECT "quarterly report"', ['Quarterly report']],
    ['subject quarterly subject report', ['report quarterly', 'Quarterly report']],
    ['OR FROM ann@example.test SUBJECT "Lunch again"', ['Lunch again', 'Quarterly report']],
    ['SUBJECT lunch NOT (LARGER 3000)', ['Lunch again']],
    ['SENTSINCE 1-Feb-2025 SENTBEFORE 11-Mar-2025', ['Größenänderung 変更', 'report quarterly']],
    ['UNSEEN SENTBEFORE 1-Mar-2025', ['report quarterly']],
    ['KEYWORD $Label1', ['Größenänderung 変更']],
    ['HEADER X-Topic food', ['Lunch again']],
    ['SUBJECT größenänderung', ['Größenänderung 変更']],
    ['SUBJECT "変更"', ['Größenänderung 変更']],
    ['SEEN 1:2', ['Quarterly report']],
    ['SUBJECT "nowhere to be found"', []],
  ])('%s finds UIDs, newest first', async (query, subjects) => {
    const found = await assistant.call('search_mail_messages', { folder: 'INBOX', query, with_envelopes: false });
    expect(found).toMatchObject({ count: subjects.length, uids: subjects.map((subject) => uid[subject]) });
    expect(found).not.toHaveProperty('messages');
  });

  test('a UID set finds those messages', async () => {
    const query = `UID ${uid.Lunch}:*`;
    expect(await assistant.call('search_mail_messages', { folder: 'INBOX', query })).toMatchObject({
      messages: [{ uid: uid['Lunch again'] }, { uid: uid.Lunch }],
    });
  });

  test('a page has some of the UIDs, and count is the number of all', async () => {
    const page = (number: number) =>
      assistant.call('search_mail_messages', {
        ...{ folder: 'INBOX', query: 'ALL', page: number, per_page: 2 },
        with_envelopes: false,
      });
    expect(await page(1)).toMatchObject({ count: 5, uids: [uid['Lunch again'], uid.Lunch], next_page: 2 });
    expect(await page(3)).toMatchObject({ count: 5, uids: [uid['Quarterly report']] });
    expect(await page(3)).not.toHaveProperty('next_page');
    expect(await page(4)).toMatchObject({ count: 5, uids: [] });
  });

  test.each([[{}], [{ with_envelopes: true }]])(
    'with %j it returns rows, newest first, in place of UIDs',
    async (args) => {
      const found = await assistant.call('search_mail_messages', { folder: 'INBOX', query: 'SUBJECT lunch', ...args });
      expect(found).toMatchObject({
        folder: 'INBOX',
        messages: [
          { uid: uid['Lunch again'], date: '2025-05-10T12:00:00Z', subject: 'Lunch again', unread: true },
          { uid: uid.Lunch, subject: 'Lunch' },
        ],
      });
      expect(found).not.toHaveProperty('uids');
    },
  );

  test.each([
    ['SUBJECT quarterly report', 'report'],
    ['SINCE yesterday', 'yesterday'],
    ['UNSEEN FROBNICATE', 'FROBNICATE'],
  ])('%s is no SEARCH: it is read as words, and the answer says which is wrong', async (query, word) => {
    const { warning } = await assistant.call('search_mail_messages', { query });
    expect(warning).toMatch(/^Read as words\. As IMAP SEARCH criteria: /);
    expect(warning).toContain(`"${word}"`);
  });

  test.each([
    ['FROM ann@example.test (UNSEEN', '('],
    ['from:ann "quarterly', '"'],
    ['after:soon', 'after:soon'],
  ])('%s: the error names the word', async (query, word) => {
    expect(await assistant.failure('search_mail_messages', { folder: 'INBOX', query })).toContain(word);
  });

  test.each([['ALL\r\nA1 DELETE INBOX'], ['SUBJECT {4}\r\nlong'], ['SUBJECT "a\nb"']])(
    '%j never becomes a second command',
    async (query) => {
      await assistant.failure('search_mail_messages', { folder: 'INBOX', query });
      expect(await assistant.call('list_mail_messages', { folder: 'INBOX' })).toMatchObject({ total: 5 });
    },
  );
});
