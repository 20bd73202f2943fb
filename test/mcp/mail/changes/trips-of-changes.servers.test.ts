/** Round trips of calls that change messages. */
import { describe, expect, test } from 'vitest';
import { openMailTools } from '../../../support/app/mail-tools.ts';
import { newAccount } from '../../../support/mail/accounts.ts';
import { message } from '../../../support/mail/build-message.ts';
import { appendMessages } from '../../../support/mail/mailboxes.ts';
import { startDelayProxy } from '../../../support/servers/proxies.ts';
import { testServers } from '../../../support/servers/servers.ts';

const NOW = new Date('2026-11-28T20:00:00Z');
const hoursAgo = (hours: number) => new Date(NOW.getTime() - hours * 3_600_000);

/** Messages of the last days, some of them a few hours before and after a day ago. */
const letters = (count: number) =>
  Array.from({ length: count }, (_, index) =>
    message({
      subject: `m${index}`,
      from: 'Shop <shop@example.test>',
      date: hoursAgo(14 + index / 10),
      attachments: index % 2 === 0 ? [] : [{ filename: 'a.pdf', content: Buffer.from('a') }],
    }),
  );

const calls = {
  'a move by uids': ['move_mail_message', { uids: '1:90', destination: 'archive' }, { moved: 90 }],
  'a move by query': ['move_mail_message', { query: 'from:shop', destination: 'archive' }, { moved: 90 }],
  'a move by a query with a time': [
    'move_mail_message',
    { query: 'from:shop older_than:20h', destination: 'archive' },
    { moved: 29 },
  ],
  'a move by a query with files': [
    'move_mail_message',
    { query: 'has:pdf newer_than:20h', destination: 'archive' },
    { moved: 30 },
  ],
  'a move of many that is meant': [
    'move_mail_message',
    { query: 'from:shop older_than:20h', destination: 'trash', dry_run: false },
    { moved: 29 },
  ],
  'flags by query': [
    'update_mail_message_flags',
    { query: 'from:shop newer_than:20h', add: ['\\Seen'] },
    { changed: 61 },
  ],
  'a deletion by uids': ['delete_mail_message', { uids: '1:90' }, { deleted: 90 }],
} as const;

describe('on a warm connection two round trips are enough for uids, and three for a query:', () => {
  test.each(Object.entries(calls))('%s', async (_, [tool, args, changed]) => {
    const account = newAccount();
    await appendMessages(account, { INBOX: [...letters(90), message({ subject: 'other' })], Archive: [], Trash: [] });
    const { host, tlsPort: port } = testServers().imap;
    await using proxy = await startDelayProxy({ target: { host, port }, delayMs: 20 });
    const server = { host: proxy.host, port: proxy.port, security: 'tls' as const };
    const slow = { ...account, imap: { ...account.imap, server } };
    await using tools = openMailTools(slow, { now: () => NOW });
    await tools.call('list_mail_messages', { folder: 'archive' });
    await tools.call('list_mail_messages', { folder: 'INBOX' });
    const before = proxy.roundTrips();
    expect(await tools.call(tool, { folder: 'INBOX', ...args })).toMatchObject(changed);
    expect(proxy.roundTrips() - before).toBe('uids' in args ? 2 : 3);
  });
});
