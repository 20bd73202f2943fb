import type { Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import type { ImapConnection } from '../../../src/mail/imap/imap-connection.ts';
import { createListing } from '../../../src/mail/mailbox/list-mailboxes.ts';
import { encodeSearch } from '../../../src/mail/search/encode-search.ts';
import { parseSearch } from '../../../src/mail/search/parse.ts';
import { uidSearchCommand } from '../../../src/mail/search/uid-search.ts';
import { newAccount, onBasicServer } from '../../support/mail/accounts.ts';
import { message } from '../../support/mail/build-message.ts';
import { appendMessages } from '../../support/mail/mailboxes.ts';
import { startScriptedImap } from '../../support/mail/scripted-imap.ts';
import { withImap } from '../../support/mail/with-imap.ts';

const limitMs = 5_000;

function searchFor(imap: ImapConnection, criteria: string) {
  const { tokens, needsUtf8 } = encodeSearch(parseSearch(criteria));
  return uidSearchCommand(imap, tokens, { charset: needsUtf8 ? 'UTF-8' : undefined });
}

const seed = (account: ReturnType<typeof newAccount>) =>
  appendMessages(account, {
    INBOX: [message({ subject: 'Kräne' }), message({ subject: 'lights' })],
    Über: [message({ subject: 'lights' })],
    Work: [message({ subject: 'Kräne, lights' })],
  });

describe('opening mailboxes one after another', () => {
  test.each([
    ['a server with extensions', (account: ReturnType<typeof newAccount>) => account],
    ['a server without extensions', onBasicServer],
  ])('each search is that of its mailbox, on %s', async (_name, on) => {
    const account = newAccount();
    await seed(account);
    const found = await withImap(on(account), async (imap) => {
      const visit = (name: string, criteria: string) => ({ name, commands: [searchFor(imap, criteria)] });
      const visits = [visit('INBOX', 'SUBJECT "Kräne"'), visit('Über', 'SUBJECT lights'), visit('INBOX', 'ALL')];
      const { visited } = await imap.openEach(visits, { limitMs });
      return visited.map(({ selected, outcomes: [outcome] }) => [
        selected?.path,
        outcome?.status === 'fulfilled' ? outcome.value.newest(0, 9) : outcome?.reason,
      ]);
    });
    expect(found).toEqual([
      ['INBOX', [1]],
      ['Über', [1]],
      ['INBOX', [2, 1]],
    ]);
  });

  test('a mailbox that is refused does not affect the others, and none is open after a refusal', async () => {
    const account = newAccount();
    await seed(account);
    await withImap(account, async (imap) => {
      const visit = (name: string) => ({ name, commands: [searchFor(imap, 'ALL')] });
      const { visited } = await imap.openEach([visit('Work'), visit('Nowhere'), visit('INBOX'), visit('None')], {
        limitMs,
      });
      expect(visited.map(({ selected }) => selected?.path ?? null)).toEqual(['Work', null, 'INBOX', null]);
      expect(visited.map(({ outcomes }) => outcomes[0]?.status)).toEqual([
        'fulfilled',
        'rejected',
        'fulfilled',
        'rejected',
      ]);
      expect(imap.selected).toBeNull();
      expect((await imap.select('INBOX', { readOnly: true, fresh: false })).exists).toBe(2);
    });
  });

  test('a list in front has roles and counts', async () => {
    const account = newAccount();
    await seed(account);
    await withImap(account, async (imap) => {
      const listing = createListing(imap);
      const { listed } = await imap.openEach([{ name: 'INBOX', commands: [] }], { limitMs, list: listing });
      const mailboxes = await listing.read(listed);
      expect(mailboxes.find(({ path }) => path === 'INBOX')).toMatchObject({ messages: 2, uidNext: 3, role: 'inbox' });
      expect(mailboxes.find(({ role }) => role === 'trash')?.path).toBe('Trash');
    });
  });

  test('what has not ended within the limit is rejected, and the connection is closed', async () => {
    let isSilent = false;
    await using server = await startScriptedImap((command) => {
      isSilent ||= /^EXAMINE "?Slow/.test(command);
      return isSilent ? '' : undefined;
    });
    await withImap({ server: server.server }, async (imap) => {
      const visit = (name: string) => ({ name, commands: [searchFor(imap, 'ALL')] });
      const startedAt = performance.now();
      const { visited } = await imap.openEach([visit('INBOX'), visit('Slow'), visit('Work')], { limitMs: 300 });
      expect(performance.now() - startedAt).toBeLessThan(2_000);
      expect(visited.map(({ selected }) => selected?.path ?? null)).toEqual(['INBOX', null, null]);
      expect(visited[1]?.refusal).toMatchObject({ fault: 'timeout' });
      expect(imap.isUsable).toBe(false);
    });
  });

  test('everything is written at once, text beyond ASCII too where the server takes it unasked', async () => {
    const waiting: string[] = [];
    const answerAllAtOnce = (command: string, socket: Socket, tag = '') => {
      if (!/^(?:EXAMINE|UID SEARCH|.{1,20}$)/.test(command) || /^(?:LOGIN|LOGOUT|CAPABILITY)/.test(command))
        return undefined;
      if (!command.startsWith('EXAMINE') && !command.startsWith('UID SEARCH')) return '';
      waiting.push(`${tag} OK done`);
      if (waiting.length === 4) socket.write(`${waiting.join('\r\n')}\r\n`);
      return '';
    };
    await using server = await startScriptedImap(answerAllAtOnce, { capabilities: 'IMAP4rev1 LITERAL-' });
    await withImap({ server: server.server }, async (imap) => {
      const visits = ['INBOX', 'Work'].map((name) => ({ name, commands: [searchFor(imap, 'TEXT "Kräne"')] }));
      const { visited } = await imap.openEach(visits, { limitMs });
      expect(visited.map(({ outcomes: [outcome] }) => outcome?.status)).toEqual(['fulfilled', 'fulfilled']);
    });
    expect(server.commands.filter((command) => command.includes('{6+}'))).toHaveLength(2);
  });
});
