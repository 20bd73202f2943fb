/** Moving, flagging and deleting messages that are named by `uids`, and the calls that undo it. */
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { MailAccount } from '../../../../src/mail/account.ts';
import { type MailTools, openMailTools } from '../../../support/app/mail-tools.ts';
import { newAccount, onBasicServer } from '../../../support/mail/accounts.ts';
import { message } from '../../../support/mail/build-message.ts';
import { messagesIn, subjectsIn } from '../../../support/mail/mailbox-contents.ts';
import { appendMessages } from '../../../support/mail/mailboxes.ts';

const letters = (count: number, flags: string[] = []) =>
  Array.from({ length: count }, (_, index) => message({ subject: `m${index}`, flags }));

/** Subject and flags of each message. */
const stateOf = async (account: MailAccount, mailbox: string) =>
  (await messagesIn(account, mailbox)).map(({ subject, flags }) => [
    subject,
    flags.filter((flag) => flag !== '\\Recent').toSorted(),
  ]);

const Undo = z.array(z.object({ tool: z.string(), arguments: z.record(z.string(), z.unknown()) }));

/** Makes the calls that undo an answer. */
async function undo(tools: MailTools, answer: Record<string, unknown>): Promise<void> {
  for (const { tool, arguments: args } of Undo.parse(answer.undo)) await tools.call(tool, args);
}

async function stage(count = 4, flags: string[] = []) {
  const account = newAccount();
  const { INBOX } = await appendMessages(account, { INBOX: letters(count, flags), Archive: [] });
  return { account, INBOX };
}

describe('move_mail_message with uids', () => {
  test('moves those messages only, and undo moves them to where they were', async () => {
    const { account, INBOX } = await stage();
    await using tools = openMailTools(account);
    const moved = await tools.call('move_mail_message', {
      folder: 'INBOX',
      uids: `${INBOX[2]},${INBOX[0]}`,
      destination: 'archive',
    });
    expect(moved).toMatchObject({ moved: 2, destination: 'Archive', uids: '1:2' });
    expect(await subjectsIn(account, 'INBOX')).toEqual(['m1', 'm3']);
    expect(await subjectsIn(account, 'Archive')).toEqual(['m0', 'm2']);
    await undo(tools, moved);
    expect((await subjectsIn(account, 'INBOX')).sort()).toEqual(['m0', 'm1', 'm2', 'm3']);
    expect(await subjectsIn(account, 'Archive')).toEqual([]);
  });

  test('keeps flags, and so does undo', async () => {
    const { account, INBOX } = await stage(2, ['\\Flagged', '$Label1']);
    const before = await stateOf(account, 'INBOX');
    await using tools = openMailTools(account);
    const moved = await tools.call('move_mail_message', {
      folder: 'INBOX',
      uids: INBOX.join(),
      destination: 'Archive',
    });
    expect(await stateOf(account, 'Archive')).toEqual(before);
    await undo(tools, moved);
    expect(await stateOf(account, 'INBOX')).toEqual(before);
  });

  test.each([
    ['list of numbers', (uids: number[]) => uids],
    ['list of texts', (uids: number[]) => uids.map(String)],
    ['text with blanks', (uids: number[]) => uids.join(' ')],
    ['text with semicolons', (uids: number[]) => uids.join('; ')],
    ['text with a spaced range', (uids: number[]) => `${uids[0]} : ${uids.at(-1)}`],
  ])('takes a %s, and a message that is named twice once', async (_, write) => {
    const { account, INBOX } = await stage(2);
    await using tools = openMailTools(account);
    const args = { folder: 'INBOX', uids: write([...INBOX, ...INBOX]), destination: 'Archive' };
    expect(await tools.call('move_mail_message', args)).toMatchObject({ moved: 2 });
  });

  test('moves those that exist, and names those that do not', async () => {
    const { account, INBOX } = await stage(3);
    await using tools = openMailTools(account);
    const args = { folder: 'INBOX', uids: `${INBOX[1]}:${(INBOX[2] ?? 0) + 2},4000000`, destination: 'Archive' };
    expect(await tools.call('move_mail_message', args)).toMatchObject({ moved: 2, not_found: '4:5,4000000' });
    expect(await subjectsIn(account, 'INBOX')).toEqual(['m0']);
  });

  test('without MOVE it moves them too, and undo moves them to where they were', async () => {
    const { account, INBOX } = await stage();
    await using tools = openMailTools(onBasicServer(account));
    const args = { folder: 'INBOX', uids: `${INBOX[0]}:${INBOX[2]}`, destination: 'Archive' };
    const moved = await tools.call('move_mail_message', args);
    expect(moved).toMatchObject({ moved: 3 });
    expect(await subjectsIn(account, 'INBOX')).toEqual(['m3']);
    expect(await subjectsIn(account, 'Archive')).toEqual(['m0', 'm1', 'm2']);
    await undo(tools, moved);
    expect((await subjectsIn(account, 'INBOX')).sort()).toEqual(['m0', 'm1', 'm2', 'm3']);
  });

  test('without UIDPLUS, and with others marked as deleted, no other message is removed, and there is no undo', async () => {
    const account = newAccount();
    const { INBOX } = await appendMessages(account, {
      INBOX: [message({ subject: 'kept', flags: ['\\Deleted'] }), ...letters(2)],
      Archive: [],
    });
    await using tools = openMailTools(onBasicServer(account));
    const args = { folder: 'INBOX', uids: `${INBOX[1]}:${INBOX[2]}`, destination: 'Archive' };
    const moved = await tools.call('move_mail_message', args);
    expect(moved).toMatchObject({ moved: 2, undo: null, warning: expect.stringContaining('marked as deleted') });
    expect(await subjectsIn(account, 'INBOX')).toContain('kept');
  });

  test.each([
    ['a star', '*'],
    ['a range to a star', '1:*'],
    ['a word', 'all'],
    ['a range of 1,001 numbers', '1:1001'],
    ['more than 1,000 messages', '1:600,2001:2600'],
    ['zero', '0'],
    ['a number beyond 32 bits', '4294967296'],
    ['half a range', '5:'],
    ['a range with a dash', '5-9'],
    ['commands', '1 (FLAGS)'],
    ['a line end', '1\r\nA1 LOGOUT'],
    ['nothing but commas', ',,,'],
  ])('%s is no set: nothing moves', async (_, uids) => {
    const { account } = await stage(2);
    await using tools = openMailTools(account);
    const error = await tools.failure('move_mail_message', { folder: 'INBOX', uids, destination: 'Archive' });
    expect(String(error)).toMatch(/uids/);
    expect(await subjectsIn(account, 'INBOX')).toEqual(['m0', 'm1']);
  });

  test.each([
    ['uid and uids', { uid: 1, uids: '1' }],
    ['uids and query', { uids: '1', query: 'm0' }],
    ['uid and query', { uid: 1, query: 'm0' }],
    ['nothing', {}],
  ])('%s do not name messages clearly: nothing moves', async (_, named) => {
    const { account } = await stage(2);
    await using tools = openMailTools(account);
    const error = await tools.failure('move_mail_message', { folder: 'INBOX', ...named, destination: 'Archive' });
    expect(String(error)).toContain('by uid, uids or query');
    expect(await subjectsIn(account, 'INBOX')).toEqual(['m0', 'm1']);
  });

  test.each([
    ['messages', { uids: '4000000:4000005' }, '4000000'],
    ['folder', { folder: 'Nowhere' }, 'Nowhere'],
    ['destination', { destination: 'Nowhere' }, 'Nowhere'],
    ['uid_validity', { uid_validity: '1' }, 'uid_validity'],
    ['folder *', { folder: '*' }, 'one folder'],
  ])('with a wrong %s it is named, and nothing moves', async (_, wrong, named) => {
    const { account } = await stage(2);
    await using tools = openMailTools(account);
    const args = { folder: 'INBOX', uids: '1:2', destination: 'Archive', ...wrong };
    expect(String(await tools.failure('move_mail_message', args))).toContain(named);
    expect(await subjectsIn(account, 'INBOX')).toEqual(['m0', 'm1']);
  });

  test.each([undefined, true, false])('into their own folder they are not moved, with dry_run %s', async (dry_run) => {
    const { account } = await stage(2);
    await using tools = openMailTools(account);
    const args = { folder: 'INBOX', uids: '1:2', destination: 'inbox', dry_run };
    expect(String(await tools.failure('move_mail_message', args))).toContain('already');
    expect(await subjectsIn(account, 'INBOX')).toEqual(['m0', 'm1']);
  });

  test('dry_run shows them and changes nothing', async () => {
    const account = newAccount();
    await appendMessages(account, {
      INBOX: [
        message({ subject: 'one', from: 'Sprachcafé <cafe@example.test>' }),
        message({ subject: 'two', from: 'Sprachcafé <cafe@example.test>' }),
        message({ subject: 'three', from: 'Ann <ann@example.test>' }),
      ],
    });
    await using tools = openMailTools(account);
    const args = { folder: 'INBOX', uids: '1:3,9', destination: 'archive', dry_run: true };
    expect(await tools.call('move_mail_message', args)).toMatchObject({
      ...{ would_move: 3, uids: '1:3', not_found: '9', uid_validity: expect.any(String) },
      ...{ from: ['Sprachcafé (2)', 'Ann (1)'], subjects: ['three', 'two', 'one'] },
      ...{ oldest: expect.any(String), newest: expect.any(String) },
    });
    expect(await subjectsIn(account, 'INBOX')).toHaveLength(3);
  });

  test('more than 100 are moved only by the call that the plan names, and undo is such a call too', async () => {
    const { account } = await stage(101);
    await using tools = openMailTools(account);
    const args = { folder: 'INBOX', uids: '1:101', destination: 'archive' };
    const plan = await tools.call('move_mail_message', args);
    expect(plan).toMatchObject({ would_move: 101, next: expect.stringContaining('Nothing was changed') });
    expect(await subjectsIn(account, 'INBOX')).toHaveLength(101);
    await undo(tools, { undo: [plan.call] });
    expect(await subjectsIn(account, 'Archive')).toHaveLength(101);
    const moved = await tools.call('move_mail_message', {
      ...args,
      folder: 'Archive',
      destination: 'INBOX',
      dry_run: false,
    });
    await undo(tools, moved);
    expect(await subjectsIn(account, 'Archive')).toHaveLength(101);
  });
});

describe('update_mail_message_flags with uids', () => {
  const mixed = () => ({
    INBOX: [[], ['\\Seen'], ['\\Seen', '\\Flagged'], ['\\Flagged', '$Label1']].map((flags, index) =>
      message({ subject: `m${index}`, flags }),
    ),
  });

  test.each([
    ['with extensions', (account: MailAccount) => account],
    ['without extensions', onBasicServer],
  ])('changes flags, and undo restores each message to what it was, on a server %s', async (_, on) => {
    const account = newAccount();
    await appendMessages(account, mixed());
    const before = await stateOf(account, 'INBOX');
    await using tools = openMailTools(on(account));
    const args = { folder: 'INBOX', uids: '1:4', add: ['Seen', '$Label1'], remove: ['\\Flagged'] };
    const changed = await tools.call('update_mail_message_flags', args);
    expect(changed).toMatchObject({ changed: 4, uids: '1:4' });
    for (const [, flags] of await stateOf(account, 'INBOX')) expect(flags).toEqual(['$Label1', '\\Seen']);
    await undo(tools, changed);
    expect(await stateOf(account, 'INBOX')).toEqual(before);
  });

  test('flags that were there already are neither counted nor undone', async () => {
    const account = newAccount();
    await appendMessages(account, mixed());
    await using tools = openMailTools(account);
    const args = { folder: 'INBOX', uids: '2:3', add: ['Seen'] };
    expect(await tools.call('update_mail_message_flags', args)).toMatchObject({ changed: 0, undo: [] });
  });

  test('a flag that the server does not keep is refused, and nothing changes', async () => {
    const { account } = await stage(2);
    await using tools = openMailTools(account);
    const args = { folder: 'INBOX', uids: '1:2', add: ['two words'] };
    expect(String(await tools.failure('update_mail_message_flags', args))).toContain('two words');
  });
});

describe('delete_mail_message with uids', () => {
  test('moves even one message to the trash, and undo moves it to where it was', async () => {
    const { account, INBOX } = await stage(2);
    await using tools = openMailTools(account);
    const deleted = await tools.call('delete_mail_message', { folder: 'INBOX', uids: `${INBOX[0]}` });
    expect(deleted).toMatchObject({ deleted: 1, outcome: 'moved_to_trash', trash: 'Trash' });
    expect(await subjectsIn(account, 'Trash')).toEqual(['m0']);
    await undo(tools, deleted);
    expect(await subjectsIn(account, 'Trash')).toEqual([]);
    expect(await subjectsIn(account, 'INBOX')).toEqual(['m1', 'm0']);
  });

  test('permanent: true removes them, and there is no undo', async () => {
    const { account } = await stage(3);
    await using tools = openMailTools(account);
    const args = { folder: 'INBOX', uids: '1:2,7', permanent: true };
    expect(await tools.call('delete_mail_message', args)).toMatchObject({
      ...{ deleted: 2, outcome: 'expunged', undo: null, not_found: '7' },
    });
    expect(await subjectsIn(account, 'INBOX')).toEqual(['m2']);
    expect(await subjectsIn(account, 'Trash')).toEqual([]);
  });

  test('permanent: true takes at most 100', async () => {
    const { account } = await stage(2);
    await using tools = openMailTools(account);
    const args = { folder: 'INBOX', uids: '1:101', permanent: true, dry_run: false };
    expect(String(await tools.failure('delete_mail_message', args))).toContain('at most 100');
    expect(await subjectsIn(account, 'INBOX')).toHaveLength(2);
  });

  test('in the trash it says that they are there, and how to delete them for good', async () => {
    const account = newAccount();
    await appendMessages(account, { Trash: letters(1) });
    await using tools = openMailTools(account);
    for (const dry_run of [undefined, true, false]) {
      const error = await tools.failure('delete_mail_message', { folder: 'trash', uids: '1', dry_run });
      expect(String(error)).toMatch(/in the trash already.*permanent: true/);
    }
  });

  test('a query is no argument of it', async () => {
    const { account } = await stage(2);
    await using tools = openMailTools(account);
    expect(String(await tools.failure('delete_mail_message', { folder: 'INBOX', query: 'm0' }))).toContain('query');
    expect(await subjectsIn(account, 'INBOX')).toHaveLength(2);
  });
});

describe('a single uid', () => {
  test.each([
    ['move_mail_message', { destination: 'Archive' }, { would_move: 1 }],
    ['update_mail_message_flags', { add: ['Seen'] }, { would_change: 1 }],
    ['delete_mail_message', {}, { would_delete: 1 }],
  ])('can be planned as a set: %s', async (tool, args, planned) => {
    const { account, INBOX } = await stage(1);
    const before = await stateOf(account, 'INBOX');
    await using tools = openMailTools(account);
    const plan = await tools.call(tool, { folder: 'INBOX', uid: INBOX[0], dry_run: true, ...args });
    expect(plan).toMatchObject({ ...planned, uids: `${INBOX[0]}`, uid_validity: expect.any(String), subjects: ['m0'] });
    expect(await stateOf(account, 'INBOX')).toEqual(before);
  });

  test('is moved, flagged and thrown away with a call that undoes it', async () => {
    const { account, INBOX } = await stage(1);
    const before = await stateOf(account, 'INBOX');
    await using tools = openMailTools(account);
    const uid = INBOX[0];
    await undo(tools, await tools.call('update_mail_message_flags', { folder: 'INBOX', uid, add: ['Seen', '$a'] }));
    expect(await stateOf(account, 'INBOX')).toEqual(before);
    await undo(tools, await tools.call('move_mail_message', { folder: 'INBOX', uid, destination: 'Archive' }));
    expect(await stateOf(account, 'INBOX')).toEqual(before);
    const [stored] = await messagesIn(account, 'INBOX');
    const trashed = { folder: 'INBOX', uid: stored?.uid, permanent: false };
    await undo(tools, await tools.call('delete_mail_message', trashed));
    expect(await stateOf(account, 'INBOX')).toEqual(before);
  });
});
