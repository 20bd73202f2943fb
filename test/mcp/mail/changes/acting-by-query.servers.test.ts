/** Acting on what a query finds: plans, brakes and limits. */
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { createCatalog } from '../../../../src/mcp/catalog.ts';
import { mailTools } from '../../../../src/mcp/tools/mail.ts';
import { UNLIMITED } from '../../../../src/policy.ts';
import { type MailTools, openMailTools } from '../../../support/app/mail-tools.ts';
import { newAccount, onBasicServer } from '../../../support/mail/accounts.ts';
import { message } from '../../../support/mail/build-message.ts';
import { messagesIn, subjectsIn } from '../../../support/mail/mailbox-contents.ts';
import { appendMessages, fillMailbox } from '../../../support/mail/mailboxes.ts';

const Call = z.object({ tool: z.string(), arguments: z.record(z.string(), z.unknown()) });

const make = (tools: MailTools, call: unknown) => {
  const { tool, arguments: args } = Call.parse(call);
  return tools.call(tool, args);
};

async function stage() {
  const account = newAccount();
  const old = new Date('2025-01-01T00:00:00Z');
  await appendMessages(account, {
    INBOX: [
      message({ subject: 'offer 1', from: 'Shop <shop@example.test>', date: old }),
      message({ subject: 'offer 2', from: 'Shop <shop@example.test>', flags: ['\\Seen'] }),
      message({ subject: 'letter', from: 'Ann <ann@example.test>' }),
    ],
    Archive: [message({ subject: 'offer 0', from: 'Shop <shop@example.test>' })],
  });
  return account;
}

describe('move_mail_message with a query', () => {
  test.each([
    ['mail language', 'from:shop -is:read'],
    ['SEARCH criteria', 'FROM shop UNSEEN'],
  ])('moves what the query finds, names the hits, and undo moves them to where they were: %s', async (_, query) => {
    const account = await stage();
    await using tools = openMailTools(account);
    const moved = await tools.call('move_mail_message', { folder: 'INBOX', query, destination: 'archive' });
    expect(moved).toMatchObject({ moved: 1, destination: 'Archive', from: ['Shop (1)'], subjects: ['offer 1'] });
    expect(await subjectsIn(account, 'INBOX')).toEqual(['offer 2', 'letter']);
    const [undo] = z.array(Call).parse(moved.undo);
    await make(tools, undo);
    expect((await subjectsIn(account, 'INBOX')).sort()).toEqual(['letter', 'offer 1', 'offer 2']);
    expect(await subjectsIn(account, 'Archive')).toEqual(['offer 0']);
  });

  test('finds the same on a server without extensions', async () => {
    const account = await stage();
    await using tools = openMailTools(onBasicServer(account));
    const args = { folder: 'INBOX', query: 'from:shop before:2025-02-01', destination: 'archive' };
    expect(await tools.call('move_mail_message', args)).toMatchObject({ moved: 1, subjects: ['offer 1'] });
  });

  test.each([
    ['with extensions', (account: ReturnType<typeof newAccount>) => account],
    ['without extensions', onBasicServer],
  ])('times are exact to the second on a server %s', async (_, on) => {
    const account = newAccount();
    const at = (time: string) => message({ subject: time, date: new Date(`2025-03-01T${time}Z`) });
    await appendMessages(account, { INBOX: ['00:00:00', '11:59:59', '12:00:00', '23:59:59'].map(at), Archive: [] });
    await using tools = openMailTools(on(account));
    const args = { folder: 'INBOX', destination: 'Archive' };
    const never = { ...args, query: 'after:2025-03-01T12:00:01Z before:2025-03-01T23:59:59Z' };
    expect(await tools.call('move_mail_message', never)).toMatchObject({ moved: 0, undo: [] });
    const planned = { ...args, query: 'before:2025-03-01T12:00:00Z', dry_run: true };
    expect(await tools.call('move_mail_message', planned)).toMatchObject({ would_move: 2 });
    expect(await tools.call('move_mail_message', { ...planned, dry_run: false })).toMatchObject({ moved: 2 });
    expect(await subjectsIn(account, 'INBOX')).toEqual(['12:00:00', '23:59:59']);
    const made = { folder: 'Archive', destination: 'New', create: true, query: 'after:2025-03-01T11:59:59Z' };
    expect(await tools.call('move_mail_message', made)).toMatchObject({ moved: 1, created: ['New'] });
    const none = { ...made, destination: 'Other', query: 'after:2025-03-01T00:00:01Z' };
    expect(await tools.call('move_mail_message', none)).toMatchObject({ moved: 0 });
  });

  test('a plan names the messages, and the same call with its uids moves them', async () => {
    const account = await stage();
    await using tools = openMailTools(account);
    const args = { folder: 'INBOX', destination: 'archive' };
    const plan = await tools.call('move_mail_message', { ...args, query: 'from:shop', dry_run: true });
    expect(plan).toMatchObject({ would_move: 2, uids: '1:2', from: ['Shop (2)'], oldest: '2025-01-01T00:00:00Z' });
    expect(await subjectsIn(account, 'Archive')).toEqual(['offer 0']);
    expect(await tools.call('move_mail_message', { ...args, uids: plan.uids })).toMatchObject({ moved: 2 });
  });

  test.each(['trash', 'junk'])(
    'into the %s it is answered by a plan, and the call that it names moves them',
    async (role) => {
      const account = await stage();
      await appendMessages(account, { Junk: [] });
      await using tools = openMailTools(account);
      const plan = await tools.call('move_mail_message', { folder: 'INBOX', query: 'from:shop', destination: role });
      expect(plan).toMatchObject({ would_move: 2, call: { arguments: { dry_run: false } } });
      expect(await subjectsIn(account, 'INBOX')).toHaveLength(3);
      expect(await make(tools, plan.call)).toMatchObject({ moved: 2 });
    },
  );

  test('that finds nothing moves nothing', async () => {
    const account = await stage();
    await using tools = openMailTools(account);
    const args = { folder: 'INBOX', query: 'nonesuch', destination: 'trash' };
    expect(await tools.call('move_mail_message', args)).toMatchObject({ moved: 0, undo: [] });
    expect(await tools.call('move_mail_message', { ...args, dry_run: true })).toMatchObject({ would_move: 0 });
  });

  test.each([
    ['in: with another folder', { query: 'offer in:archive' }, 'another folder'],
    ['in:anywhere', { query: 'offer in:anywhere' }, 'another folder'],
    ['the folder itself excluded', { query: 'offer -in:inbox' }, 'another folder'],
    ['folder *', { folder: '*', query: 'offer' }, 'one folder'],
    ['is:waiting', { query: 'is:waiting' }, 'conversations'],
    ['another uid_validity', { query: 'offer', uid_validity: '1' }, 'uid_validity'],
    ['a word that is wrong', { query: 'is:purple' }, 'is:purple'],
    ['a destination that does not exist', { query: 'offer', destination: 'Nowhere', dry_run: true }, 'Nowhere'],
  ])('%s is refused, and nothing moves', async (_, wrong, named) => {
    const account = await stage();
    await using tools = openMailTools(account);
    const args = { folder: 'INBOX', destination: 'archive', ...wrong };
    expect(String(await tools.failure('move_mail_message', args))).toContain(named);
    expect(await subjectsIn(account, 'INBOX')).toHaveLength(3);
  });

  test('in: with the folder itself is accepted', async () => {
    const account = await stage();
    await using tools = openMailTools(account);
    const args = { folder: 'INBOX', query: 'letter in:INBOX', destination: 'archive' };
    expect(await tools.call('move_mail_message', args)).toMatchObject({ moved: 1 });
  });

  test('the plan of more than 200 names the query until now, and 1,000 are moved at once', async () => {
    const account = newAccount();
    fillMailbox(account, 'INBOX', 1_203);
    await using tools = openMailTools(account, { now: () => new Date('2030-11-28T20:00:00.500Z') });
    const args = { folder: 'INBOX', query: 'subject:message', destination: 'archive' };
    const plan = await tools.call('move_mail_message', args);
    expect(plan).toMatchObject({
      would_move: 1_000,
      call: { arguments: { query: 'subject:message before:2030-11-28T20:00:00Z', dry_run: false } },
      next: expect.stringContaining('1203 messages match'),
    });
    expect(plan).not.toHaveProperty('uids');
    const moved = await make(tools, plan.call);
    expect(moved).toMatchObject({ moved: 1_000, next: expect.stringContaining('203 more') });
    expect(await make(tools, plan.call)).toMatchObject({ moved: 203 });
    const [undo] = z.array(Call).parse(moved.undo);
    await make(tools, undo);
    expect(await messagesIn(account, 'INBOX')).toHaveLength(1_000);
  });
});

describe('update_mail_message_flags with a query', () => {
  test('changes what the query finds, and undo restores it', async () => {
    const account = await stage();
    await using tools = openMailTools(account);
    const changed = await tools.call('update_mail_message_flags', {
      ...{ folder: 'INBOX', query: 'from:shop', add: ['\\Seen', '\\Flagged'] },
    });
    expect(changed).toMatchObject({ changed: 2, from: ['Shop (2)'] });
    for (const undo of z.array(Call).parse(changed.undo)) await make(tools, undo);
    const flags = (await messagesIn(account, 'INBOX')).map((each) => each.flags.filter((flag) => flag !== '\\Recent'));
    expect(flags).toEqual([[], ['\\Seen'], []]);
  });

  test('more than 1,000 are changed by the same call again, in any order of arrival', async () => {
    const account = newAccount();
    fillMailbox(account, 'INBOX', 1_050);
    await using tools = openMailTools(account);
    const args = { folder: 'INBOX', query: 'subject:message', add: ['$Done'], dry_run: false };
    const first = await tools.call('update_mail_message_flags', args);
    expect(first).toMatchObject({ changed: 1_000, next: expect.stringContaining('50 more') });
    expect(await tools.call('update_mail_message_flags', args)).toMatchObject({ changed: 50 });
    expect(await tools.call('update_mail_message_flags', args)).toMatchObject({ changed: 0 });
    for (const undo of z.array(Call).parse(first.undo))
      expect(await make(tools, undo)).toMatchObject({ changed: 1_000 });
  });

  test('what it would mark as deleted is answered by a plan', async () => {
    const account = await stage();
    await using tools = openMailTools(account);
    const args = { folder: 'INBOX', query: 'from:shop', add: ['\\Deleted'] };
    expect(await tools.call('update_mail_message_flags', args)).toMatchObject({ would_change: 2 });
    const flags = (await messagesIn(account, 'INBOX')).flatMap((each) => each.flags);
    expect(flags).not.toContain('\\Deleted');
  });
});

describe('the rights of a connection', () => {
  const catalog = createCatalog(mailTools);

  test.each([
    ['a query', { query: 'from:shop' }],
    ['a dry_run', { uids: '1:2', dry_run: true }],
  ])('%s needs mail.read as well', async (_, named) => {
    const account = await stage();
    await using tools = openMailTools(account);
    const permit = { ...UNLIMITED, scope: ['mail.write', 'mail.send', 'mail.delete'] };
    const args = { folder: 'INBOX', destination: 'Archive', ...named };
    await expect(catalog.call('move_mail_message', args, permit, tools.session)).rejects.toMatchObject({
      code: 'insufficient_scope',
    });
    expect(await subjectsIn(account, 'INBOX')).toHaveLength(3);
  });

  test('without mail.read a plan that was not asked for says nothing about the messages', async () => {
    const account = newAccount();
    await appendMessages(account, {
      INBOX: Array.from({ length: 101 }, () => message({ subject: 'secret' })),
      Archive: [],
    });
    await using tools = openMailTools(account);
    const permit = { ...UNLIMITED, scope: ['mail.write', 'mail.send', 'mail.delete'] };
    const args = { folder: 'INBOX', uids: '1:101', destination: 'Archive' };
    const plan = await catalog.call('move_mail_message', args, permit, tools.session);
    expect(plan).toMatchObject({ would_move: 101 });
    expect(JSON.stringify(plan)).not.toContain('secret');
  });

  test('without mail.delete the undo of a move out of the trash is not offered', async () => {
    const account = newAccount();
    await appendMessages(account, { Trash: [message({ subject: 'a' })] });
    await using tools = openMailTools(account);
    const permit = { ...UNLIMITED, scope: ['mail.read', 'mail.write'] };
    const args = { folder: 'trash', uids: '1', destination: 'inbox' };
    const moved = await catalog.call('move_mail_message', args, permit, tools.session);
    expect(moved).toMatchObject({ moved: 1, undo: null, undo_note: expect.stringContaining('may not') });
  });

  test.each(['Outbox', 'Postausgang', 'Outbox/later', 'POSTAUSGANG'])(
    'without mail.send nothing is moved into the outbox %s',
    async (outbox) => {
      const account = await stage();
      await appendMessages(account, { [outbox]: [] });
      await using tools = openMailTools(account);
      const args = { folder: 'INBOX', uids: '1', destination: outbox };
      const permit = { ...UNLIMITED, scope: ['mail.read', 'mail.write', 'mail.delete'] };
      await expect(catalog.call('move_mail_message', args, permit, tools.session)).rejects.toMatchObject({
        code: 'insufficient_scope',
      });
      expect(await tools.call('move_mail_message', args)).toMatchObject({ moved: 1 });
    },
  );
});
