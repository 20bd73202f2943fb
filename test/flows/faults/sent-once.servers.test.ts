/** Sends with an idempotency key while the network fails at one command, and repeats the call on another replica. */
import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { MailServer } from '../../../src/mail/account.ts';
import { openMailTools } from '../../support/app/mail-tools.ts';
import { waitUntil } from '../../support/app/wait-until.ts';
import { newAccount, overCleartext } from '../../support/mail/accounts.ts';
import { subjectsIn } from '../../support/mail/mailbox-contents.ts';
import { startFaultProxy } from '../../support/servers/fault-proxy.ts';
import { testServers } from '../../support/servers/servers.ts';
import { sendWithFault } from './keyed-sends.ts';

describe.each(['cut before', 'cut after', 'silent after'] as const)('%s', (moment) => {
  test.each([
    ['imap', 'full'],
    ['smtp', 'full'],
    ['imap', 'basic'],
    ['imap', 'no UIDs'],
  ] as const)(
    'each %s command in turn, %s server: at most one message is sent, and every reported outcome is true',
    async (protocol, kind) => {
      // Silent attempts take time but little CPU: more of them run at once.
      const step = moment.startsWith('silent') ? 10 : 4;
      const outcomes: string[] = [];
      for (let command = 0; command < 80; command += step) {
        const several = Array.from({ length: step }, (_, n) => command + n);
        const attempts = await Promise.all(
          several.map((one) => sendWithFault({ protocol, command: one, moment, kind })),
        );
        for (const [n, attempt] of attempts.entries()) {
          const { first, again, arrived, inSent, inDrafts, hasFailed } = attempt;
          const context = `command ${command + n}: ${JSON.stringify(attempt)}`;
          if (hasFailed) outcomes.push(`${first}, then ${again[0]}`);
          expect(arrived, context).toBeLessThanOrEqual(1);
          expect(again[1], context).toBe(again[0]);
          const isSent = [first, ...again].includes('sent');
          // After "sent" there is one copy in Sent; after any other outcome the text is in Sent or Drafts.
          if (isSent) expect({ arrived, inSent, inDrafts }, context).toEqual({ arrived: 1, inSent: 1, inDrafts: 0 });
          else expect(inSent + inDrafts, context).toBeGreaterThanOrEqual(1);
          if (first === 'sent') expect(again, context).toEqual(['sent', 'sent']);
        }
        if (attempts.some(({ hasFailed }) => !hasFailed)) break;
      }
      expect(outcomes.length).toBeGreaterThan(5);
      // Only a lost answer to APPEND leaves it unknown whether there is a draft, and the key cannot be used again.
      if (kind !== 'no UIDs')
        expect(outcomes.filter((one) => one === 'nothing sent, then unknown').length).toBeLessThanOrEqual(1);
    },
    240_000,
  );
});

test('a draft of an interrupted attempt that appears after a later one was sent is removed by the next call', async () => {
  const [sender, recipient] = [newAccount(), newAccount()];
  const direct = overCleartext(sender);
  await using proxy = await startFaultProxy({
    target: { host: direct.imap.server.host, port: testServers().imap.starttlsPort },
    protocol: 'imap',
  });
  const server: MailServer = { host: proxy.host, port: proxy.port, security: 'cleartext' };
  const account = { ...direct, imap: { ...direct.imap, server } };
  const messageIdSecret = randomBytes(32);
  const call = { to: recipient.email, subject: 'once', text_body: 'x', idempotency_key: 'k' };
  await using first = openMailTools(account, { messageIdSecret });
  proxy.arm(/^APPEND\b/, 'late');
  expect(String(await first.failure('send_mail_message', call))).toMatch(/Nothing was sent/);
  await using second = openMailTools(account, { messageIdSecret });
  await second.call('send_mail_message', call);
  proxy.release();
  await waitUntil(20_000, async () => (await subjectsIn(sender, 'Drafts')).length > 0);
  expect(await subjectsIn(sender, 'Sent')).toEqual(['once']);

  await using third = openMailTools(account, { messageIdSecret });
  expect(await third.call('send_mail_message', call)).toMatchObject({ already_sent: true, folder: 'Sent' });
  expect(await subjectsIn(sender, 'Drafts')).toEqual([]);
  expect(await subjectsIn(sender, 'Sent')).toEqual(['once']);
  await third.call('send_mail_message', { to: recipient.email, subject: 'last', text_body: '' });
  await waitUntil(20_000, async () => (await subjectsIn(recipient, 'INBOX')).includes('last'));
  expect(await subjectsIn(recipient, 'INBOX')).toEqual(['once', 'last']);
});

test('nothing is sent or left behind if SEARCH of the server finds nothing', async () => {
  const [sender, recipient] = [newAccount(), newAccount()];
  const direct = overCleartext(sender);
  await using imap = await startFaultProxy({
    target: { host: direct.imap.server.host, port: testServers().imap.starttlsPort },
    protocol: 'imap',
    rewrite: (line) => line.replace(/(ESEARCH \(TAG [^)]*\) UID) ALL .*\r\n/, '$1\r\n'),
  });
  const server: MailServer = { host: imap.host, port: imap.port, security: 'cleartext' };
  await using tools = openMailTools({ ...direct, imap: { ...direct.imap, server } });
  const call = { to: recipient.email, subject: 'once', text_body: 'x' };
  const error = await tools.failure('send_mail_message', { ...call, idempotency_key: 'k' });
  expect(String(error)).toMatch(/Nothing was sent.*without idempotency_key/);
  expect(await subjectsIn(sender, 'Drafts')).toEqual([]);
  await tools.call('send_mail_message', { ...call, subject: 'without' });
  await waitUntil(20_000, async () => (await subjectsIn(recipient, 'INBOX')).length > 0);
  expect(await subjectsIn(recipient, 'INBOX')).toEqual(['without']);
});
