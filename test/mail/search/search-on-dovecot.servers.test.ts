import { expect, test } from 'vitest';
import { searchMessages } from '../../../src/mail/messages/search-messages.ts';
import { parseSearch } from '../../../src/mail/search/parse.ts';
import { newAccount } from '../../support/mail/accounts.ts';
import { message } from '../../support/mail/build-message.ts';
import { appendMessages } from '../../support/mail/mailboxes.ts';
import { withImap } from '../../support/mail/with-imap.ts';

/** Checks that Dovecot accepts the encoded keys and finds the messages that the criteria describe. */
test('every kind of key finds the messages it describes', async () => {
  const account = newAccount();
  const long = 'x'.repeat(5_000);
  const { INBOX } = await appendMessages(account, {
    INBOX: [
      message({
        subject: 'Invoice 42',
        from: 'Ann <ann@example.test>',
        date: new Date('2024-02-01T12:00:00Z'),
        text: 'two words',
      }),
      message({
        subject: 'Grüße aus 日本',
        from: 'Öz <oez@example.test>',
        date: new Date('2025-03-01T12:00:00Z'),
        flags: ['\\Seen', '$Label1'],
      }),
      message({
        subject: 'say "hi" \\ bye',
        cc: 'carl@example.test',
        date: new Date('2025-04-01T12:00:00Z'),
        text: long,
        headers: { 'X-Odd': '50% (of) {3}' },
      }),
    ],
  });
  const table: [string, number[]][] = [
    ['ALL', [2, 1, 0]],
    ['UNSEEN', [2, 0]],
    ['NOT SEEN NOT (FROM ann)', [2]],
    ['OR FROM ann FROM oez', [1, 0]],
    ['OR (FROM ann SUBJECT invoice) (KEYWORD $Label1 SEEN)', [1, 0]],
    ['SUBJECT Grüße', [1]],
    ['SUBJECT "aus 日本"', [1]],
    ['NOT SUBJECT Grüße', [2, 0]],
    ['OR SUBJECT 日本 (SUBJECT invoice BODY "two words")', [1, 0]],
    ['SUBJECT "say \\"hi\\" \\\\"', [2]],
    ['HEADER X-Odd "50% (of) {3}"', [2]],
    ['HEADER X-Odd ""', [2]],
    ['CC carl@example.test', [2]],
    ['BEFORE 2024-12-31', [0]],
    ['SINCE 1-Mar-2025 SENTBEFORE "2-Mar-2025"', [1]],
    ['ON 1-apr-2025', [2]],
    ['LARGER 5000', [2]],
    ['SMALLER 5000', [1, 0]],
    ['1:2', [1, 0]],
    ['*', [2]],
    [`UID ${INBOX[0]},${INBOX[2]}`, [2, 0]],
    ['UNKEYWORD $Label1 UNANSWERED UNDELETED UNDRAFT UNFLAGGED', [2, 0]],
    ['OLDER 3600', [2, 1, 0]],
    ['YOUNGER 3600', []],
    [`${'NOT '.repeat(50)}SEEN`, [1]],
    [`${'OR SUBJECT nothing '.repeat(50)}SEEN`, [1]],
    [`${'NOT (DRAFT '.repeat(25)}SEEN${')'.repeat(25)}`, [2, 1, 0]],
  ];
  await withImap(account, async (imap) => {
    for (const [criteria, found] of table) {
      const { uids } = await searchMessages(imap, 'INBOX', parseSearch(criteria), { page: 1, perPage: 100 });
      expect(uids, criteria).toEqual(found.map((index) => INBOX[index]));
    }
  });
});
