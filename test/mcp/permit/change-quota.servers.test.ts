/** Limits how many messages a connection may change in an hour. */
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { UpstreamError } from '../../../src/errors.ts';
import { createChangeQuota } from '../../../src/mcp/permit/change-quota.ts';
import { createMemoryState } from '../../../src/state/memory.ts';
import { startApp, type TestApp } from '../../support/app/start-app.ts';
import { newAccount } from '../../support/mail/accounts.ts';
import { message } from '../../support/mail/build-message.ts';
import { subjectsIn } from '../../support/mail/mailbox-contents.ts';
import { appendMessages } from '../../support/mail/mailboxes.ts';

const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

describe('the limit of changes', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  function hourly(most: number, { areAllCounted = true } = {}) {
    const now = () => new Date();
    return createChangeQuota({ most, key: 'k', state: createMemoryState({ now }), areAllCounted, now, log });
  }
  const done = async () => 'done';

  test('allows so many messages an hour, and names what is left', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.parse('2026-11-28T20:00:00Z') });
    const quota = hourly(100);
    await quota.counted(80, done);
    await expect(quota.counted(21, done)).rejects.toThrow('100 messages an hour, undo included, and 20 are left');
    await quota.counted(20, done);
    await expect(quota.counted(1, done)).rejects.toThrow('none is left');
    vi.setSystemTime(Date.parse('2026-11-28T21:01:00Z'));
    await quota.counted(100, done);
  });

  test('counts what was changed, and what may have been', async () => {
    const quota = hourly(10);
    await quota.counted(10, done, () => 2);
    const refused = new UpstreamError('IMAP', 'refused', 'no');
    await expect(quota.counted(8, () => Promise.reject(refused))).rejects.toBe(refused);
    const unknown = new UpstreamError('IMAP', 'unknown_outcome', 'perhaps');
    await expect(quota.counted(8, () => Promise.reject(unknown))).rejects.toBe(unknown);
    await expect(quota.counted(1, done)).rejects.toThrow('none is left');
  });

  test('of 0 allows no change', async () => {
    await expect(hourly(0).counted(1, done)).rejects.toThrow('may not change messages');
  });

  test('allows none where replicas do not share their counts', async () => {
    await expect(hourly(5, { areAllCounted: false }).counted(1, done)).rejects.toThrow('not set up to count');
  });
});

describe('a connection with --max-changes-per-hour', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp();
  });
  afterAll(() => app.stop());

  test('moves, flags and deletes no more messages than that, undo included', async () => {
    const account = newAccount();
    const letters = Array.from({ length: 6 }, (_, index) => message({ subject: `m${index}` }));
    await appendMessages(account, { INBOX: letters, Archive: [] });
    await using assistant = await app.assistant(account, { flags: { maxChangesPerHour: '5' } });
    const set = { folder: 'INBOX', uids: '1:6' };
    for (const [tool, args] of [
      ['move_mail_message', { destination: 'Archive', dry_run: false }],
      ['update_mail_message_flags', { add: ['Seen'] }],
      ['delete_mail_message', {}],
    ] as const) {
      expect(await assistant.failure(tool, { ...set, ...args })).toContain('5 messages an hour');
    }
    const moved = await assistant.call('move_mail_message', { folder: 'INBOX', uids: '1:2', destination: 'Archive' });
    const [undo] = z
      .array(z.object({ tool: z.string(), arguments: z.record(z.string(), z.unknown()) }))
      .parse(moved.undo);
    await assistant.call('move_mail_message', undo?.arguments);
    await assistant.call('update_mail_message_flags', { folder: 'INBOX', uid: 3, add: ['Seen'] });
    const single = { folder: 'INBOX', uid: 4 };
    expect(await assistant.failure('move_mail_message', { ...single, destination: 'Archive' })).toContain(
      'none is left',
    );
    expect(await assistant.failure('update_mail_message_flags', { ...single, add: ['Seen'] })).toContain(
      'none is left',
    );
    expect(await assistant.failure('delete_mail_message', single)).toContain('none is left');
    expect(await assistant.failure('delete_mail_message', { ...single, permanent: false })).toContain('none is left');
    expect(await subjectsIn(account, 'INBOX')).toHaveLength(6);
  });
});
