/** What a text in a message could make an assistant do with sets of messages, and what stops it. */
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { MailAccount } from '../../../../src/mail/account.ts';
import { connectRedisState } from '../../../../src/state/redis.ts';
import { type MailTools, openMailTools } from '../../../support/app/mail-tools.ts';
import { newAccount } from '../../../support/mail/accounts.ts';
import { message } from '../../../support/mail/build-message.ts';
import { messagesIn, subjectsIn } from '../../../support/mail/mailbox-contents.ts';
import { appendMessages, fillMailbox } from '../../../support/mail/mailboxes.ts';
import { withImapFlow } from '../../../support/mail/with-imapflow.ts';
import { startRedis } from '../../../support/servers/redis.ts';

const Undo = z.array(z.object({ tool: z.string(), arguments: z.record(z.string(), z.unknown()) }));

async function undo(tools: MailTools, answer: Record<string, unknown>): Promise<void> {
  for (const { tool, arguments: args } of Undo.parse(answer.undo)) await tools.call(tool, args);
}

/** Subjects and flags, in any order. */
const contentsOf = async (account: MailAccount, mailbox: string) =>
  (await messagesIn(account, mailbox))
    .map(({ subject, flags }) => [subject, ...flags.filter((flag) => flag !== '\\Recent').sort()].join(' '))
    .sort();

describe('a query', () => {
  const one = (subject: string) => [message({ subject })];

  test.each([
    'offer in:trash',
    'offer in:junk',
    'in:Secret',
    '(in:inbox OR in:trash) offer',
    'in:inbox in:trash offer',
    'offer OR in:trash',
    '-in:inbox offer',
    'offer (in:trash)',
    'in:anywhere offer',
    'in:"Trash" offer',
    'in:TRASH offer',
  ])('reaches no folder but the one that is named: %s', async (query) => {
    const account = newAccount();
    const folders = { INBOX: one('offer 1'), Trash: one('offer 2'), Junk: one('offer 3'), Secret: one('offer 4') };
    await appendMessages(account, { ...folders, Archive: [] });
    await using tools = openMailTools(account);
    for (const [tool, args] of [
      ['move_mail_message', { destination: 'Archive' }],
      ['update_mail_message_flags', { add: ['Seen'] }],
    ] as const) {
      expect(String(await tools.failure(tool, { folder: 'INBOX', query, ...args, dry_run: false }))).toMatch(/in:/);
    }
    expect(await subjectsIn(account, 'Archive')).toEqual([]);
    for (const mailbox of Object.keys(folders)) expect(await contentsOf(account, mailbox)).toHaveLength(1);
  });

  test.each(['in:Secret', 'subject:offer in:Secret', 'in:anywhere'])(
    'of a connection that is limited to folders reaches no other: %s',
    async (query) => {
      const account = newAccount();
      await appendMessages(account, { INBOX: one('offer 1'), Secret: one('offer 2'), Archive: [] });
      await using tools = openMailTools(account, { policy: { folders: ['INBOX', 'Archive'] } });
      for (const folder of ['INBOX', 'Secret']) {
        await tools.failure('move_mail_message', { folder, query, destination: 'Archive', dry_run: false });
      }
      await tools.failure('move_mail_message', { folder: 'Secret', query: 'offer', destination: 'Archive' });
      expect([await subjectsIn(account, 'Secret'), await subjectsIn(account, 'Archive')]).toEqual([['offer 2'], []]);
    },
  );
});

describe('1,000 messages', () => {
  const moves = {
    'by query': { query: 'subject:message' },
    'by uids': { uids: '1:1000' },
  };

  test.each(Object.entries(moves))('go to no junk or trash without dry_run: false: %s', async (_, named) => {
    const account = newAccount();
    fillMailbox(account, 'INBOX', 1_000);
    await appendMessages(account, { Junk: [] });
    await using tools = openMailTools(account);
    for (const destination of ['junk', 'trash', 'Junk']) {
      const args = { folder: 'INBOX', ...named, destination };
      expect(await tools.call('move_mail_message', args)).toMatchObject({ would_move: 1_000, call: {} });
    }
    const uids = 'uids' in named ? named : { uids: '1:1000' };
    expect(await tools.call('delete_mail_message', { folder: 'INBOX', ...uids })).toMatchObject({
      would_delete: 1_000,
    });
    expect(await messagesIn(account, 'INBOX')).toHaveLength(1_000);
  });

  test('that were moved to junk on purpose are brought back by undo, with their flags', async () => {
    const account = newAccount();
    fillMailbox(account, 'INBOX', 1_000);
    await appendMessages(account, { Junk: [] });
    await using tools = openMailTools(account);
    const flagged = { folder: 'INBOX', uids: '100:300', add: ['\\Flagged', '$Work'], dry_run: false };
    await tools.call('update_mail_message_flags', flagged);
    const before = await contentsOf(account, 'INBOX');
    const args = { folder: 'INBOX', query: 'subject:message', destination: 'junk', dry_run: false };
    const moved = await tools.call('move_mail_message', args);
    expect(await messagesIn(account, 'INBOX')).toHaveLength(0);
    const read = await tools.call('update_mail_message_flags', {
      ...{ folder: 'junk', uids: moved.uids, add: ['Seen'], remove: ['\\Flagged'], dry_run: false },
    });
    await undo(tools, read);
    await undo(tools, moved);
    expect(await contentsOf(account, 'INBOX')).toEqual(before);
    expect(await messagesIn(account, 'Junk')).toHaveLength(0);
  });

  test('are never changed in parts beyond the limit of an hour, and undo brings back those that were', async () => {
    const account = newAccount();
    fillMailbox(account, 'INBOX', 1_000);
    await appendMessages(account, { Junk: [] });
    await using tools = openMailTools(account, { policy: { max_changes_per_hour: 250 } });
    const part = (from: number) => ({ folder: 'INBOX', uids: `${from}:${from + 99}`, destination: 'junk' });
    const all = { folder: 'INBOX', query: 'subject:message', destination: 'junk', dry_run: false };
    expect(String(await tools.failure('move_mail_message', all))).toContain('250 are left');
    const moved = await tools.call('move_mail_message', part(1));
    expect(moved).toMatchObject({ moved: 100 });
    await undo(tools, moved);
    expect(String(await tools.failure('move_mail_message', part(101)))).toContain('50 are left');
    expect(await tools.call('move_mail_message', { ...part(101), uids: '101:150' })).toMatchObject({ moved: 50 });
    for (const [tool, args] of [
      ['update_mail_message_flags', { add: ['Seen'] }],
      ['delete_mail_message', {}],
      ['move_mail_message', { destination: 'junk' }],
    ] as const) {
      for (const named of [{ uids: '200' }, { uid: 200 }])
        expect(String(await tools.failure(tool, { folder: 'INBOX', ...named, ...args }))).toContain('none is left');
    }
    expect(await messagesIn(account, 'INBOX')).toHaveLength(950);
  });
});

describe('the limit of an hour', () => {
  test('holds for calls at the same time on two replicas that share Redis, and nothing changes without it', async () => {
    await using redis = await startRedis();
    const account = newAccount();
    fillMailbox(account, 'INBOX', 300);
    await appendMessages(account, { Archive: [] });
    const now = () => new Date();
    const states = await Promise.all([0, 1].map(() => connectRedisState({ url: redis.url, now, onChange: () => {} })));
    const replicas = states.map((state) => openMailTools(account, { policy: { max_changes_per_hour: 100 }, state }));
    const part = (index: number) => ({ folder: 'INBOX', uids: `${index * 30 + 1}:${index * 30 + 30}` });
    const calls = Array.from({ length: 8 }, (_, index) =>
      replicas[index % 2]?.call('move_mail_message', { ...part(index), destination: 'Archive' }),
    );
    const outcomes = await Promise.allSettled(calls);
    const moved = outcomes.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
    expect(moved.length).toBeLessThanOrEqual(3);
    expect(await messagesIn(account, 'Archive')).toHaveLength(moved.length * 30);
    await redis.stop();
    const error = await replicas[0]?.failure('move_mail_message', {
      folder: 'INBOX',
      uids: '290',
      destination: 'Archive',
    });
    expect(String(error)).toContain('cannot be counted');
    expect(await messagesIn(account, 'INBOX')).toHaveLength(300 - moved.length * 30);
    await Promise.all([
      ...replicas.map((each) => each[Symbol.asyncDispose]()),
      ...states.map((state) => state.close()),
    ]);
  });

  test('is not used up by calls that change nothing', async () => {
    const account = newAccount();
    await appendMessages(account, { INBOX: [message({ subject: 'a', flags: ['\\Seen'] }), message()], Archive: [] });
    await using tools = openMailTools(account, { policy: { max_changes_per_hour: 2 } });
    const set = { folder: 'INBOX', uids: '1:2' };
    await tools.failure('move_mail_message', { ...set, destination: 'Nowhere' });
    await tools.failure('move_mail_message', { ...set, destination: 'Archive', uid_validity: '1' });
    await tools.failure('move_mail_message', { folder: 'INBOX', uids: '8:9', destination: 'Archive' });
    await tools.call('move_mail_message', { ...set, destination: 'Archive', dry_run: true });
    await tools.call('update_mail_message_flags', { folder: 'INBOX', uids: '1', add: ['Seen'] });
    await tools.call('move_mail_message', { folder: 'INBOX', query: 'nonesuch', destination: 'Archive' });
    expect(
      await tools.call('move_mail_message', { folder: 'INBOX', uids: '1:4', destination: 'Archive' }).catch(String),
    ).toContain('2 are left');
    expect(await tools.call('move_mail_message', { ...set, destination: 'Archive' })).toMatchObject({ moved: 2 });
  });
});

describe('a plan', () => {
  test('is worth nothing once the folder was created anew', async () => {
    const account = newAccount();
    await appendMessages(account, { Offers: [message({ subject: 'old' })], Archive: [] });
    await using tools = openMailTools(account);
    const args = { folder: 'Offers', query: 'subject:old', destination: 'trash' };
    const plan = await tools.call('move_mail_message', args);
    await withImapFlow(account, (imap) => imap.mailboxDelete('Offers'));
    await appendMessages(account, { Offers: [message({ subject: 'another' })] });
    const { call } = z.object({ call: z.object({ arguments: z.record(z.string(), z.unknown()) }) }).parse(plan);
    const error = await tools.failure('move_mail_message', call.arguments);
    expect(String(error)).toContain('uid_validity');
    expect(await subjectsIn(account, 'Offers')).toEqual(['another']);
  });
});
