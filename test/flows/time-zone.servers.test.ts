/** The time zone of the account owner, from the sign-in page to the times in results. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { signIn } from '../support/app/person.ts';
import { signInFields, startApp, type TestApp } from '../support/app/start-app.ts';
import { newAccount } from '../support/mail/accounts.ts';
import { message } from '../support/mail/build-message.ts';
import { appendMessages } from '../support/mail/mailboxes.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.stop());

test.each([
  ['of the sign-in', { time_zone: 'Asia/Tokyo' }, {}, '2026-01-15T21:00:00+09:00'],
  ['of the client, if the sign-in has none', {}, { timeZone: 'America/New_York' }, '2026-01-15T07:00:00-05:00'],
  [
    'of the sign-in rather than of the client',
    { time_zone: 'Europe/Berlin' },
    { timeZone: 'Asia/Tokyo' },
    '2026-01-15T13:00:00+01:00',
  ],
  ['UTC, if there is none', {}, {}, '2026-01-15T12:00:00Z'],
])('times in rows are in the time zone %s', async (_whose, fields, flags, expected) => {
  const account = newAccount();
  await appendMessages(account, { INBOX: [message({ date: new Date('2026-01-15T12:00:00Z') })] });
  const onSignInPage = (url: URL) => signIn(url, { ...signInFields(account), ...fields });
  await using assistant = await app.assistant(account, { flags, onSignInPage });
  expect(await assistant.call('list_mail_messages', {})).toMatchObject({ messages: [{ date: expected }] });
});
