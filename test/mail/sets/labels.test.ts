/** Labels of a set of messages: X-GM-LABELS where the server has them, keywords elsewhere. */
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { MailServer } from '../../../src/mail/account.ts';
import { createCatalog } from '../../../src/mcp/catalog.ts';
import { mailTools } from '../../../src/mcp/tools/mail.ts';
import { UNLIMITED } from '../../../src/policy.ts';
import { openMailTools } from '../../support/app/mail-tools.ts';
import { startLabelImap } from '../../support/mail/label-imap.ts';
import { startScriptedImap } from '../../support/mail/scripted-imap.ts';

const TOOL = 'update_mail_message_flags';
const Undo = z.array(z.object({ tool: z.string(), arguments: z.record(z.string(), z.unknown()) }));

function account(server: MailServer) {
  const login = { kind: 'password' as const, username: 'ada', password: 'secret' };
  return { fullName: 'Ada', email: 'ada@example.test', imap: { server, login }, smtp: { server, login } };
}

const stores = (commands: string[]) => commands.filter((command) => command.startsWith('UID STORE'));

describe('label:Name on a server with X-GM-EXT-1', () => {
  test('is added where it is missing, and undo removes it there only', async () => {
    await using server = await startLabelImap({ 1: [], 2: ['Work'], 3: ['\\Inbox', 'Home'] });
    await using tools = openMailTools(account(server.server));
    const changed = await tools.call(TOOL, {
      folder: 'INBOX',
      uids: '1:3',
      add: ['label:Work'],
      remove: ['label:Home'],
    });
    expect(changed).toMatchObject({ changed: 2, uids: '1,3' });
    expect([...server.labels.values()].map((own) => [...own])).toEqual([['Work'], ['Work'], ['\\Inbox', 'Work']]);
    expect(stores(server.commands)).toEqual([
      'UID STORE 1,3 +X-GM-LABELS ("Work")',
      'UID STORE 3 -X-GM-LABELS ("Home")',
    ]);
    for (const { tool, arguments: args } of Undo.parse(changed.undo)) await tools.call(tool, args);
    expect([...server.labels.values()].map((own) => [...own])).toEqual([[], ['Work'], ['\\Inbox', 'Home']]);
  });

  test('is written in modified UTF-7, and compared without case', async () => {
    await using server = await startLabelImap({ 1: [], 2: ['R&AOk-union'] });
    await using tools = openMailTools(account(server.server));
    const changed = await tools.call(TOOL, { folder: 'INBOX', uids: '1:2', add: ['label:réunion'] });
    expect(changed).toMatchObject({ changed: 1, uids: '1' });
    expect(stores(server.commands)).toEqual(['UID STORE 1 +X-GM-LABELS ("r&AOk-union")']);
  });

  test('goes together with flags, and with a single uid', async () => {
    await using server = await startLabelImap({ 1: [] });
    await using tools = openMailTools(account(server.server));
    const changed = await tools.call(TOOL, { folder: 'INBOX', uid: 1, add: ['label:Two words', 'Seen'] });
    expect(changed).toMatchObject({ changed: 1, undo: [{ arguments: { remove: ['label:Two words', '\\Seen'] } }] });
    expect([server.labels.get(1), server.flags.get(1)]).toEqual([new Set(['Two words']), new Set(['\\Seen'])]);
  });

  test('in a query finds the messages that have it', async () => {
    await using server = await startLabelImap({ 1: ['Work'], 2: [], 3: ['Work'] });
    await using tools = openMailTools(account(server.server));
    const args = { folder: 'INBOX', query: 'label:Work', add: ['label:Done'], remove: ['label:Work'] };
    expect(await tools.call(TOOL, args)).toMatchObject({ changed: 2 });
    expect([...server.labels.values()].map((own) => [...own])).toEqual([['Done'], [], ['Done']]);
  });

  test('that was added when the connection dropped is undone', async () => {
    await using server = await startLabelImap({ 1: [], 2: [] }, (command, socket) => {
      if (!command.startsWith('UID STORE')) return undefined;
      server.labels.get(1)?.add('Work');
      socket.destroy();
      return '';
    });
    await using tools = openMailTools(account(server.server));
    const changed = await tools.call(TOOL, { folder: 'INBOX', uids: '1:2', add: ['label:Work'] });
    expect(changed).toMatchObject({ changed: 1, unknown: '2', undo: [{ arguments: { uids: '1' } }] });
  });

  test.each(['\\Trash', '\\Inbox', '[Gmail]/Trash', 'trash', 'Spam', 'Inbox', 'INBOX', '', 'a\nb'])(
    'that is a folder or a state of the server is refused: %j',
    async (label) => {
      await using server = await startLabelImap({ 1: [] });
      await using tools = openMailTools(account(server.server));
      const error = await tools.failure(TOOL, { folder: 'Work', uids: '1', add: [`label:${label}`] });
      expect(String(error)).toContain('Nothing was done');
      expect(stores(server.commands)).toEqual([]);
    },
  );

  test('of the folder itself is refused', async () => {
    await using server = await startLabelImap({ 1: [] });
    await using tools = openMailTools(account(server.server));
    for (const change of [{ add: ['label:work'] }, { remove: ['label:Work'] }]) {
      expect(String(await tools.failure(TOOL, { folder: 'Work', uids: '1', ...change }))).toContain(
        'move_mail_message',
      );
    }
    expect(stores(server.commands)).toEqual([]);
  });

  test('that means a folder which this connection may not use is refused', async () => {
    await using server = await startLabelImap({ 1: ['Secret'] });
    const { imap, ...policy } = { imap: server.server, folders: ['INBOX', 'Work'] };
    await using tools = openMailTools(account(imap), { policy });
    for (const change of [{ add: ['label:Secret'] }, { remove: ['label:Secret'] }, { add: ['label:New'] }]) {
      expect(String(await tools.failure(TOOL, { folder: 'INBOX', uids: '1', ...change }))).toContain('may not use');
    }
    expect(await tools.call(TOOL, { folder: 'INBOX', uids: '1', add: ['label:Work'] })).toMatchObject({ changed: 1 });
    expect(stores(server.commands)).toHaveLength(1);
  });

  test.each(['Outbox', 'Later/Outbox'])('%s is an outbox, for which the scope mail.send is needed', async (label) => {
    await using server = await startLabelImap({ 1: [] });
    await using tools = openMailTools(account(server.server));
    const permit = { ...UNLIMITED, scope: ['mail.read', 'mail.write', 'mail.delete'] };
    const args = { folder: 'INBOX', uids: '1', add: [`label:${label}`] };
    const call = createCatalog(mailTools).call(TOOL, args, permit, tools.session);
    await expect(call).rejects.toMatchObject({ code: 'insufficient_scope' });
  });
});

describe('label:Name on a server without X-GM-EXT-1', () => {
  async function labelled(permanent: string, label: string) {
    const flags = new Set<string>();
    await using server = await startScriptedImap((command) => {
      if (/^(?:SELECT|EXAMINE)/.test(command))
        return `* 1 EXISTS\n* OK [UIDVALIDITY 7] valid\n* OK [PERMANENTFLAGS (${permanent})] kept\nTAG OK [READ-WRITE] open`;
      if (command.startsWith('UID STORE')) flags.add(/\(([^)]*)\)/.exec(command)?.[1] ?? '');
      return /^UID (?:STORE|FETCH)/.test(command)
        ? `* 1 FETCH (UID 1 FLAGS (${[...flags].join(' ')}))\nTAG OK done`
        : undefined;
    });
    await using tools = openMailTools(account(server.server));
    const args = { folder: 'INBOX', uids: '1', add: [`label:${label}`] };
    return { outcome: await tools.call(TOOL, args).catch(String), flags };
  }

  test.each(['\\Seen \\*', '\\Seen Work', 'work'])('is a keyword if the server keeps it: %s', async (permanent) => {
    const { outcome, flags } = await labelled(permanent, 'Work');
    expect(outcome).toMatchObject({ changed: 1, undo: [{ arguments: { remove: ['label:Work'] } }] });
    expect(flags).toEqual(new Set(['Work']));
  });

  test.each([
    ['\\Seen', 'Work', 'does not keep the flag "Work"'],
    ['\\*', 'Two words', 'ASCII letters and digits without spaces'],
    ['\\*', 'réunion', 'ASCII letters and digits without spaces'],
    ['\\*', 'Deleted', 'no name of a flag'],
    ['\\*', '\\Seen', 'no name of a flag'],
    ['\\*', '', 'ASCII letters'],
  ])('with PERMANENTFLAGS (%s) label:%s is refused', async (permanent, label, why) => {
    const { outcome, flags } = await labelled(permanent, label);
    expect(outcome).toContain(why);
    expect(flags.size).toBe(0);
  });
});
