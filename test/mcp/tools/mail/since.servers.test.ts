/** `since` of list_mail_messages, on a server with QRESYNC and on one without extensions. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { MailAccount } from '../../../../src/mail/account.ts';
import { type Assistant, startApp, type TestApp } from '../../../support/app/start-app.ts';
import { newAccount, onBasicServer } from '../../../support/mail/accounts.ts';
import { message } from '../../../support/mail/build-message.ts';
import { appendMessages } from '../../../support/mail/mailboxes.ts';
import { withImapFlow } from '../../../support/mail/with-imapflow.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.stop());

const subjects = (...names: string[]) => names.map((subject) => message({ subject }));

async function cursorOf(assistant: Assistant, since = 'now'): Promise<string> {
  const { cursor } = await assistant.call('list_mail_messages', { since });
  expect(cursor).toMatch(/^\d+\.\d+\.\d+$/);
  return String(cursor);
}

/** Changes that another mail client makes. */
async function change(account: MailAccount, make: { flag?: number[]; remove?: number[] }): Promise<void> {
  await withImapFlow(account, async (imap) => {
    await imap.mailboxOpen('INBOX');
    if (make.flag) await imap.messageFlagsAdd(make.flag.join(','), ['\\Flagged'], { uid: true });
    if (make.remove) await imap.messageDelete(make.remove.join(','), { uid: true });
  });
}

describe('list_mail_messages with since', () => {
  test('"now" gives a cursor, and no message', async () => {
    const account = newAccount();
    await appendMessages(account, { INBOX: subjects('old') });
    await using assistant = await app.assistant(account);
    for (const since of ['now', 'NOW']) {
      expect(await assistant.call('list_mail_messages', { since })).toEqual({
        folder: 'INBOX',
        uid_validity: expect.any(String),
        new: [],
        cursor: expect.any(String),
      });
    }
  });

  test('a cursor gives what is new, changed and gone since, and the next cursor', async () => {
    const account = newAccount();
    const { INBOX: old } = await appendMessages(account, { INBOX: subjects('one', 'two', 'three', 'four') });
    await using assistant = await app.assistant(account);
    const cursor = await cursorOf(assistant);
    const { INBOX: added } = await appendMessages(account, { INBOX: subjects('five', 'six') });
    await change(account, { flag: [old[1] ?? 0, added[0] ?? 0], remove: [old[0] ?? 0, old[3] ?? 0] });
    const changes = await assistant.call('list_mail_messages', { since: cursor });
    expect(changes).toMatchObject({
      folder: 'INBOX',
      new: [
        { uid: added[1], subject: 'six', unread: true },
        { uid: added[0], subject: 'five', flags: ['\\Flagged'] },
      ],
      changed: [{ uid: old[1], flags: ['\\Flagged'] }],
      gone: `${old[0]},${old[3]}`,
    });
    expect(changes).not.toHaveProperty('warning');
    expect(changes).not.toHaveProperty('messages');
    const nothing = await assistant.call('list_mail_messages', { since: changes.cursor });
    expect(Object.keys(nothing)).toEqual(['folder', 'uid_validity', 'new', 'cursor']);
    expect(nothing.new).toEqual([]);
    // The number of messages is right on the same connection, where VANISHED takes the place of EXPUNGE.
    await change(account, { remove: [old[1] ?? 0] });
    expect(await assistant.call('list_mail_messages', {})).toMatchObject({ total: 3 });
  });

  test('of many new messages the oldest come first, and the cursor goes on behind them', async () => {
    const account = newAccount();
    await using assistant = await app.assistant(account);
    let since = await cursorOf(assistant);
    await appendMessages(account, { INBOX: subjects('1', '2', '3', '4', '5') });
    const seen: string[] = [];
    for (const more of [3, 1, undefined]) {
      const changes = await assistant.call('list_mail_messages', { since, per_page: 2 });
      expect(changes.more).toBe(more);
      seen.push(...(changes.new as { subject: string }[]).map(({ subject }) => subject).toReversed());
      since = String(changes.cursor);
    }
    expect(seen).toEqual(['1', '2', '3', '4', '5']);
  });

  test('new messages are found behind a gap of UIDs', async () => {
    const account = newAccount();
    await using assistant = await app.assistant(account);
    const since = await cursorOf(assistant);
    const { INBOX: gap } = await appendMessages(account, { INBOX: subjects('1', '2', '3', '4') });
    await change(account, { remove: gap });
    const { INBOX } = await appendMessages(account, { INBOX: subjects('behind') });
    expect(await assistant.call('list_mail_messages', { since, per_page: 1 })).toMatchObject({
      new: [{ uid: INBOX[0], subject: 'behind' }],
    });
  });

  test('a server without CONDSTORE gives new messages only, and says so', async () => {
    const account = newAccount();
    const { INBOX: old } = await appendMessages(account, { INBOX: subjects('one', 'two') });
    await using assistant = await app.assistant(onBasicServer(account));
    const since = await cursorOf(assistant);
    await change(account, { flag: [old[0] ?? 0], remove: [old[1] ?? 0] });
    await appendMessages(account, { INBOX: subjects('three') });
    const changes = await assistant.call('list_mail_messages', { since });
    expect(changes).toMatchObject({
      new: [{ subject: 'three' }],
      warning: expect.stringContaining('new messages only'),
    });
    expect(changes).not.toHaveProperty('changed');
    expect(await assistant.call('list_mail_messages', { since: changes.cursor })).toMatchObject({ new: [] });
  });

  test.each([
    ['2025-03-04T12:00:00Z', ['noon', 'evening', 'next day']],
    ['2025-03-04T13:00:00+01:00', ['noon', 'evening', 'next day']],
    ['2025-03-04T12:00:01', ['evening', 'next day']],
    ['2025-03-04 20:00', ['evening', 'next day']],
    ['2025-03-04', ['morning', 'noon', 'evening', 'next day']],
    ['2025-03-05', ['next day']],
    ['2030-01-01', []],
  ])('the time %s gives what has arrived since: %j', async (since, expected) => {
    const account = newAccount();
    const at = (subject: string, date: string) => message({ subject, date: new Date(date) });
    await appendMessages(account, {
      INBOX: [
        at('day before', '2025-03-03T23:59:59Z'),
        at('morning', '2025-03-04T06:00:00Z'),
        at('noon', '2025-03-04T12:00:00Z'),
        at('evening', '2025-03-04T20:00:00Z'),
        at('next day', '2025-03-05T00:00:00Z'),
      ],
    });
    await using assistant = await app.assistant(account);
    const listed = await assistant.call('list_mail_messages', { since });
    expect((listed.new as { subject: string }[]).map(({ subject }) => subject).toReversed()).toEqual(expected);
    expect(listed).toMatchObject({ total: expected.length, cursor: expect.any(String) });
    const page = await assistant.call('list_mail_messages', { since, per_page: 1, page: 2 });
    expect((page.new as { subject: string }[]).map(({ subject }) => subject)).toEqual(expected.slice(0, -1).slice(-1));
    expect(page.next_page).toBe(expected.length > 2 ? 3 : undefined);
  });

  test('a time gives what has arrived since, and a cursor, on a server without extensions', async () => {
    const account = newAccount();
    const { INBOX } = await appendMessages(account, { INBOX: subjects('one', 'two', 'three') });
    await using assistant = await app.assistant(onBasicServer(account));
    const listed = await assistant.call('list_mail_messages', { since: '2025-03-04', per_page: 2 });
    expect(listed).toMatchObject({ total: 3, next_page: 2, new: [{ subject: 'three' }, { subject: 'two' }] });
    expect(String(listed.cursor).split('.')[1]).toBe(`${(INBOX.at(-1) ?? 0) + 1}`);
    const empty = await assistant.call('list_mail_messages', { folder: 'Archive', since: '2025-03-04' });
    expect(empty).toMatchObject({ total: 0, new: [], cursor: expect.any(String) });
  });

  test('a time is compared with the arrival, not with the order of the UIDs', async () => {
    const account = newAccount();
    const at = (subject: string, date: string) => message({ subject, date: new Date(date) });
    await appendMessages(account, {
      INBOX: [
        at('new', '2025-03-05T10:00:00Z'),
        at('old', '2025-03-04T10:00:00Z'),
        at('newer', '2025-03-05T11:00:00Z'),
      ],
    });
    await using assistant = await app.assistant(account);
    const listed = await assistant.call('list_mail_messages', { since: '2025-03-05', per_page: 2 });
    expect(listed).toMatchObject({ total: 2, new: [{ subject: 'newer' }, { subject: 'new' }] });
  });

  test('a cursor of a folder that was created anew is refused', async () => {
    const account = newAccount();
    await appendMessages(account, { Fresh: subjects('one') });
    await using assistant = await app.assistant(account);
    const { cursor } = await assistant.call('list_mail_messages', { folder: 'Fresh', since: 'now' });
    const stale = String(cursor).replace(/^\d+/, '7');
    const sentence = await assistant.failure('list_mail_messages', { folder: 'Fresh', since: stale });
    expect(sentence).toMatch(/created anew.*since "now"/);
  });

  test.each(['last week', '1.2', '2025-02-30', '2025-13-01', '12:00', '-1.1.1', 'x'])(
    '%s is refused with what it may be',
    async (since) => {
      await using assistant = await app.assistant(newAccount());
      expect(await assistant.failure('list_mail_messages', { since })).toMatch(/since: pass the `cursor`.*"now"/);
    },
  );

  test('rows have previews and links as in a list', async () => {
    const account = newAccount();
    await using assistant = await app.assistant(account);
    const since = await cursorOf(assistant);
    const attachments = [{ filename: 'a.txt', content: 'x' }];
    await appendMessages(account, { INBOX: [message({ text: 'Hello Ada.', attachments })] });
    expect(await assistant.call('list_mail_messages', { since, preview: 50, links: true })).toMatchObject({
      new: [{ preview: 'Hello Ada.', files: ['2 a.txt'], links: [expect.any(String)] }],
    });
  });
});
