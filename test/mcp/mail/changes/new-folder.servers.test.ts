/** Moving into a folder that does not exist yet. */
import { describe, expect, test } from 'vitest';
import { createCatalog } from '../../../../src/mcp/catalog.ts';
import { mailTools } from '../../../../src/mcp/tools/mail.ts';
import { UNLIMITED } from '../../../../src/policy.ts';
import { openMailTools } from '../../../support/app/mail-tools.ts';
import { newAccount, onBasicServer } from '../../../support/mail/accounts.ts';
import { message } from '../../../support/mail/build-message.ts';
import { subjectsIn } from '../../../support/mail/mailbox-contents.ts';
import { appendMessages } from '../../../support/mail/mailboxes.ts';
import { withImapFlow } from '../../../support/mail/with-imapflow.ts';

async function stage() {
  const account = newAccount();
  await appendMessages(account, { INBOX: [message({ subject: 'a' }), message({ subject: 'b' })] });
  return account;
}

const foldersOf = (account: ReturnType<typeof newAccount>) =>
  withImapFlow(account, async (imap) =>
    (await imap.list()).map(({ path, subscribed }) => `${path}${subscribed ? '' : ' (not subscribed)'}`),
  );

describe('move_mail_message with create', () => {
  test.each([
    ['uids, with extensions', { uids: '1:2' }, (account: ReturnType<typeof newAccount>) => account],
    ['uids, without extensions', { uids: '1:2' }, onBasicServer],
    ['query', { query: 'subject:a OR subject:b' }, (account: ReturnType<typeof newAccount>) => account],
  ])('makes the folder and its parents and subscribes to them: %s', async (_, named, on) => {
    const account = await stage();
    await using tools = openMailTools(on(account));
    const args = { folder: 'INBOX', ...named, destination: 'Projekte/Größe/2026', create: true };
    const moved = await tools.call('move_mail_message', args);
    expect(moved).toMatchObject({ moved: 2, undo_note: expect.stringContaining('folders stay') });
    expect(moved.created).toEqual(['Projekte', 'Projekte/Größe', 'Projekte/Größe/2026']);
    expect(await subjectsIn(account, 'Projekte/Größe/2026')).toEqual(['a', 'b']);
    expect(await foldersOf(account)).toEqual(
      expect.arrayContaining(['Projekte', 'Projekte/Größe', 'Projekte/Größe/2026']),
    );
  });

  test('with a single uid makes it too, and with a folder that exists makes nothing', async () => {
    const account = await stage();
    await using tools = openMailTools(account);
    const args = { folder: 'INBOX', destination: 'New', create: true };
    expect(await tools.call('move_mail_message', { ...args, uid: 1 })).toMatchObject({ created: ['New'] });
    expect(await tools.call('move_mail_message', { ...args, uid: 2 })).not.toHaveProperty('created');
    expect(await subjectsIn(account, 'New')).toEqual(['a', 'b']);
  });

  test('a plan makes nothing', async () => {
    const account = await stage();
    await using tools = openMailTools(account);
    const args = { folder: 'INBOX', uids: '1:2', destination: 'New', create: true, dry_run: true };
    expect(await tools.call('move_mail_message', args)).toMatchObject({ would_move: 2, would_create: ['New'] });
    expect((await foldersOf(account)).join()).not.toContain('New');
  });

  test.each([
    ['a name with *', { destination: 'a*b' }, 'name of a new folder'],
    ['an empty level', { destination: 'a//b' }, 'name of a new folder'],
    ['dots', { destination: 'a/../b' }, 'name of a new folder'],
    ['a line end', { destination: 'a\nb' }, 'name of a new folder'],
    ['eleven levels', { destination: 'a/b/c/d/e/f/g/h/i/j/k' }, 'name of a new folder'],
    ['messages that do not exist', { destination: 'New', uids: '77' }, '77'],
  ])('%s: nothing is made', async (_, wrong, named) => {
    const account = await stage();
    const before = await foldersOf(account);
    await using tools = openMailTools(account);
    const args = { folder: 'INBOX', uids: '1:2', create: true, ...wrong };
    expect(String(await tools.failure('move_mail_message', args))).toContain(named);
    expect(await foldersOf(account)).toEqual(before);
    expect(await subjectsIn(account, 'INBOX')).toEqual(['a', 'b']);
  });

  test.each(['Trash/new', 'Outbox', 'new/Outbox'])(
    '%s needs the power that moving there needs',
    async (destination) => {
      const account = await stage();
      await using tools = openMailTools(account);
      const permit = { ...UNLIMITED, scope: ['mail.read', 'mail.write'] };
      const args = { folder: 'INBOX', uids: '1', destination, create: true };
      const call = createCatalog(mailTools).call('move_mail_message', args, permit, tools.session);
      await expect(call).rejects.toMatchObject({ code: 'insufficient_scope' });
      expect((await foldersOf(account)).join()).not.toMatch(/Outbox|new/);
    },
  );
});
