import { describe, expect, test } from 'vitest';
import type { InboxIdentity } from '../../../src/mail/account.ts';
import { connectImap } from '../../../src/mail/imap/imap-connection.ts';
import { readInboxIdentity } from '../../../src/mail/mailbox/inbox-identity.ts';
import { verifyLogin } from '../../../src/mail/verify-login.ts';
import { startScriptedImap } from '../../support/mail/scripted-imap.ts';

const login = { kind: 'password', username: 'ada', password: 'secret' } as const;

/** @param status the answer to STATUS; `undefined`: none */
async function startServer(status: string | undefined, capabilities = 'IMAP4rev1') {
  return startScriptedImap(
    (command) => {
      if (command.startsWith('LOGIN')) return `TAG OK [CAPABILITY ${capabilities}] logged in`;
      return command.startsWith('STATUS') ? (status ?? '') : undefined;
    },
    { capabilities },
  );
}

async function identityOf(status: string | undefined, capabilities?: string): Promise<InboxIdentity | undefined> {
  await using imap = await startServer(status, capabilities);
  const connection = await connectImap({ server: imap.server, login });
  try {
    return await readInboxIdentity(connection, 300);
  } finally {
    connection.close();
  }
}

describe('what a server says of the INBOX of a login', () => {
  test.each([
    ['UIDVALIDITY', '* STATUS INBOX (UIDVALIDITY 1763726400)\nTAG OK done', { uidValidity: '1763726400' }],
    ['a name in another case', '* STATUS "Inbox" (uidvalidity 7)\nTAG OK done', { uidValidity: '7' }],
    ['another mailbox too', '* STATUS X (UIDVALIDITY 1)\n* STATUS INBOX (UIDVALIDITY 2)\nTAG OK', { uidValidity: '2' }],
  ])('is read from an answer with %s', async (_what, status, identity) => {
    expect(await identityOf(status)).toEqual(identity);
  });

  test('includes MAILBOXID where the server offers it', async () => {
    const status = '* STATUS INBOX (UIDVALIDITY 9 MAILBOXID (F2212ea87-6097-4256-9d51-71338625))\nTAG OK done';
    expect(await identityOf(status, 'IMAP4rev1 OBJECTID')).toEqual({
      uidValidity: '9',
      mailboxId: 'F2212ea87-6097-4256-9d51-71338625',
    });
  });

  test.each([
    ['refused', 'TAG NO not here'],
    ['an error', 'TAG BAD what'],
    ['without a value', 'TAG OK done'],
    ['no number', '* STATUS INBOX (UIDVALIDITY none)\nTAG OK done'],
    ['about another mailbox', '* STATUS Archive (UIDVALIDITY 7)\nTAG OK done'],
    ['a list', '* STATUS INBOX (UIDVALIDITY (7))\nTAG OK done'],
    ['never sent', undefined],
  ])('is nothing if the answer is %s', async (_what, status) => {
    expect(await identityOf(status)).toBeUndefined();
  });

  test.each([
    ['is refused', 'TAG NO not here'],
    ['is not answered', undefined],
  ])('a login works where STATUS %s, and nothing is asked where no one wants to know', async (_what, status) => {
    await using imap = await startServer(status);
    const side = { server: imap.server, login };
    const account = { fullName: 'Ada', email: 'ada@example.com', imap: side, smtp: side };
    const found: InboxIdentity[] = [];
    expect(await verifyLogin(account, { only: 'imap', identify: (inbox) => void found.push(inbox) })).toEqual([]);
    expect(found).toEqual([]);
    const asked = () => imap.commands.filter((command) => command.startsWith('STATUS')).length;
    expect(asked()).toBe(1);
    expect(await verifyLogin(account, { only: 'imap' })).toEqual([]);
    expect(asked()).toBe(1);
  });
});
