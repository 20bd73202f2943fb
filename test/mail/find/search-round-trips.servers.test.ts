import { expect, test } from 'vitest';
import { openMailTools } from '../../support/app/mail-tools.ts';
import { newAccount } from '../../support/mail/accounts.ts';
import { message } from '../../support/mail/build-message.ts';
import { appendMessages } from '../../support/mail/mailboxes.ts';
import { startDelayProxy } from '../../support/servers/proxies.ts';
import { testServers } from '../../support/servers/servers.ts';

const NOW = new Date('2026-11-28T20:00:00Z');
const hoursAgo = (hours: number) => new Date(NOW.getTime() - hours * 3_600_000);
const pdf = { filename: 'Plan.pdf', contentType: 'application/pdf', content: 'x' };

/** An account with eight folders, or more, and messages in each. */
async function seeded(folders: number) {
  const account = { ...newAccount(), email: 'ida@example.test' };
  const usual = ['INBOX', 'Sent', 'Drafts', 'Archive'];
  const names = [...usual, ...Array.from({ length: folders - usual.length }, (_, n) => `Folder ${n}`)];
  const one = (name: string, hours: number) =>
    message({
      ...{ subject: `Kräne in ${name}`, text: 'Can you come?', date: hoursAgo(hours), to: 'ida@example.test' },
      attachments: hours < 30 ? [pdf] : [],
    });
  await appendMessages(account, Object.fromEntries(names.map((name) => [name, [one(name, 40), one(name, 20)]])));
  return account;
}

test.each([
  ['a search in one folder', 8, { query: 'Kräne' }, 2],
  ['its previews', 8, { query: 'Kräne', preview: 100 }, 3],
  ['a search by time', 8, { query: 'Kräne newer_than:30h' }, 2],
  ['a search by file', 8, { query: 'Kräne has:pdf' }, 2],
  ['eight folders', 8, { query: 'Kräne', folder: '*' }, 3],
  ['eight folders by time and file', 8, { query: 'Kräne has:pdf newer_than:30h', folder: '*' }, 3],
  ['eight folders with previews', 8, { query: 'Kräne', folder: '*', preview: 100 }, 4],
  ['nine folders', 9, { query: 'Kräne', folder: '*' }, 4],
  ['what waits', 8, { query: 'is:waiting' }, 3],
  ['what waits in eight folders', 8, { query: 'is:waiting', folder: '*' }, 3],
])('%s: on a warm connection, a fixed number of round trips', async (_name, folders, args, expected) => {
  const account = await seeded(folders);
  const { host, tlsPort: port } = testServers().imap;
  await using proxy = await startDelayProxy({ target: { host, port }, delayMs: 40 });
  const server = { host: proxy.host, port: proxy.port, security: 'tls' as const };
  const imap = { ...account.imap, server };
  await using tools = openMailTools({ ...account, imap }, { now: () => NOW });
  await tools.call('search_mail_messages', args);
  const before = proxy.roundTrips();
  const { count } = await tools.call('search_mail_messages', args);
  expect(count).toBeGreaterThan(0);
  expect(proxy.roundTrips() - before).toBe(expected);
});
