/** Checks that the limit of messages an hour holds for every way of sending. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ToolError, UpstreamError } from '../../../src/errors.ts';
import { createSendLimit } from '../../../src/mcp/permit/send-limit.ts';
import { createMemoryState } from '../../../src/state/memory.ts';
import type { State } from '../../../src/state/state.ts';
import { rawCaller } from '../../support/app/raw-calls.ts';
import { type Era, startApp, type TestApp } from '../../support/app/start-app.ts';
import { newAccount } from '../../support/mail/accounts.ts';
import { subjectsIn } from '../../support/mail/mailbox-contents.ts';
import { appendMessages } from '../../support/mail/mailboxes.ts';
import { startRedis } from '../../support/servers/redis.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.stop());

const clientEras: Era[] = ['auto', 'legacy'];
const now = () => new Date();
const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const hourly = (most: number, parts: Partial<Parameters<typeof createSendLimit>[0]> = {}) =>
  createSendLimit({ most, key: 'k', state: createMemoryState({ now }), areAllCounted: true, now, log, ...parts });
const sent = async () => 'sent';

describe('a limit of messages an hour', () => {
  test('holds for calls at the same time', async () => {
    const limit = hourly(3);
    const results = await Promise.allSettled(Array.from({ length: 20 }, () => limit.counted(sent)));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
    await expect(limit.check()).rejects.toThrow(/may send 3 messages an hour, and has\. Try again in (60|59) minutes/);
  });

  test.each([
    ['was refused', new UpstreamError('SMTP', 'refused', 'No.'), 'is not counted'],
    ['was never tried', new ToolError('No.'), 'is not counted'],
    ['has an unknown outcome', new UpstreamError('SMTP', 'unknown_outcome', 'Perhaps.'), 'is counted'],
    ['ended in an internal error', new Error('?'), 'is counted'],
  ])('a message that %s %s', async (_what, error, counted) => {
    const limit = hourly(1);
    await expect(limit.counted(() => Promise.reject(error))).rejects.toBe(error);
    const next = limit.counted(sent);
    if (counted === 'is counted') await expect(next).rejects.toThrow('may send 1 message an hour');
    else expect(await next).toBe('sent');
  });

  test('subtracts no message of this hour from the count of the next hour', async () => {
    let time = Date.now();
    const clock = () => new Date(time);
    const points: number[] = [];
    const state = createMemoryState({ now: clock });
    const count: State['count'] = (key, seconds, by = 1) => {
      points.push(by);
      return state.count(key, seconds, by);
    };
    const limit = hourly(1, { now: clock, state: { ...state, count } });
    const late = limit.counted(async () => {
      time += 3_600_001;
      throw new ToolError('No.');
    });
    await expect(late).rejects.toThrow('No.');
    expect(points).toEqual([1]);
  });

  test('of 0 allows no message, and does not suggest waiting', async () => {
    await expect(hourly(0).check()).rejects.toThrow('this connection may not send messages');
    await expect(hourly(0).counted(sent)).rejects.toThrow('this connection may not send messages');
  });

  test('allows no message while messages cannot be counted, and reports that', async () => {
    const gone = async () => {
      throw new UpstreamError('Redis', 'unreachable', 'It is gone.');
    };
    const state: State = { ...createMemoryState({ now }), count: gone, readCount: gone };
    const refused =
      'Nothing was sent: this connection may send only so many messages an hour, and they cannot be counted';
    await expect(hourly(3, { state }).check()).rejects.toThrow(refused);
    await expect(hourly(3, { state }).counted(sent)).rejects.toThrow(refused);
    await expect(
      createSendLimit({ most: undefined, key: '', state, areAllCounted: false, now, log }).counted(sent),
    ).resolves.toBe('sent');
  });

  test('allows no message on one of several replicas that do not share their counts, and logs the reason', async () => {
    const logged: unknown[] = [];
    const limit = hourly(3, {
      areAllCounted: false,
      log: { ...log, error: (_: object, text: string) => logged.push(text) },
    });
    await expect(limit.counted(sent)).rejects.toThrow('this server is not set up to count them');
    expect(logged).toEqual([expect.stringContaining('REDIS_URL')]);
  });
});

describe.each(clientEras)('send_mail_message with a limit, era %s', (era) => {
  test('refuses further messages, stores nothing, and counts neither refusals nor repeated keys nor drafts', async () => {
    const account = newAccount();
    await appendMessages(account, { INBOX: [], Sent: [], Drafts: [] });
    await using assistant = await app.assistant(account, { era, flags: { maxSendsPerHour: '2' } });
    const fields = { to: account.email, subject: 'x', text_body: 'x' };
    const keyed = { ...fields, subject: 'keyed', idempotency_key: 'k' };
    await assistant.failure('send_mail_message', { ...fields, to: 'refused@' });
    await assistant.failure('send_mail_message', { ...fields, folder: 'Nowhere' });
    await assistant.call('send_mail_message', keyed);
    expect(await assistant.call('send_mail_message', keyed)).toMatchObject({ already_sent: true });
    await assistant.call('create_draft_mail_message', fields);
    await assistant.call('send_mail_message', fields);
    for (const args of [fields, { ...fields, idempotency_key: 'new' }]) {
      expect(await assistant.failure('send_mail_message', args)).toContain('may send 2 messages an hour, and has');
    }
    expect(await assistant.call('send_mail_message', keyed)).toMatchObject({ already_sent: true });
    expect((await subjectsIn(account, 'Sent')).sort()).toEqual(['keyed', 'x']);
    expect(await subjectsIn(account, 'Drafts')).toEqual(['x']);
  });

  test('counts each account and each client separately', async () => {
    const [account, other] = [newAccount(), newAccount()];
    const fields = { to: account.email, subject: 'x', text_body: 'x' };
    const flags = { maxSendsPerHour: '1' };
    await using assistant = await app.assistant(account, { era, flags });
    await assistant.call('send_mail_message', fields);
    await assistant.failure('send_mail_message', fields);
    await using otherAccount = await app.assistant(other, { era, flags });
    await otherAccount.call('send_mail_message', fields);
    await using otherClient = await app.assistant(account, { era, flags });
    await otherClient.call('send_mail_message', fields);
  });
});

test('another registered client begins no new hour, and does not count for minted clients', async () => {
  const account = newAccount();
  const fields = { to: account.email, subject: 'x', text_body: 'x' };
  const policy = { max_sends_per_hour: 1 };
  const send = async (permit: Parameters<typeof rawCaller>[2]) =>
    (await rawCaller(app, account, permit)).call('send_mail_message', fields);
  expect((await send({ policy, minted: false })).result).toBeDefined();
  expect((await send({ policy, minted: false })).sentence).toContain('may send 1 message an hour, and has');
  expect((await send({ policy })).result).toBeDefined();
});

test('a recipient that the mail server refuses is not counted', async () => {
  const account = newAccount();
  await using assistant = await app.assistant(account, { flags: { maxSendsPerHour: '1' } });
  const fields = { subject: 'x', text_body: 'x' };
  await assistant.failure('send_mail_message', { ...fields, to: 'no-such-user@example.test' });
  await assistant.call('send_mail_message', { ...fields, to: account.email });
});

test('two replicas with one Redis count together, and without it send nothing that is limited', async () => {
  await using redis = await startRedis();
  await using one = await startApp({ REDIS_URL: redis.url, REPLICAS: '2' });
  await using two = await one.replica();
  const account = newAccount();
  const fields = { to: account.email, subject: 'x', text_body: 'x' };
  const caller = await rawCaller(one, account, { policy: { max_sends_per_hour: 2 } });
  const both = [caller, caller.at(two)];
  for (const each of both) expect((await each.call('send_mail_message', fields)).result).toBeDefined();
  for (const each of both) {
    expect((await each.call('send_mail_message', fields)).sentence).toContain('may send 2 messages an hour, and has');
  }
  const unlimited = await rawCaller(one, account, {});
  await redis.stop();
  for (const each of both) {
    expect((await each.call('send_mail_message', fields)).sentence).toContain('cannot be counted at the moment');
  }
  expect((await unlimited.call('send_mail_message', fields)).result).toBeDefined();
  expect(await subjectsIn(account, 'Sent')).toEqual(['x', 'x', 'x']);
});

test('several replicas without Redis send nothing that is limited, and say so in the log', async () => {
  await using one = await startApp({ REPLICAS: '2' });
  const account = newAccount();
  const fields = { to: account.email, subject: 'x', text_body: 'x' };
  const caller = await rawCaller(one, account, { policy: { max_sends_per_hour: 2 } });
  expect((await caller.call('send_mail_message', fields)).sentence).toContain('not set up to count them');
  expect(one.logged()).toContain('messages cannot be counted on several replicas without REDIS_URL');
  expect((await (await rawCaller(one, account, {})).call('send_mail_message', fields)).result).toBeDefined();
});
