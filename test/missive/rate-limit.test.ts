/** Missive's rate limits, passed on to the caller: no retry, no wait, no queue. */
import { describe, expect, test } from 'vitest';
import { quotaHeaders, readQuota } from '../../src/missive/rate-limit.ts';
import { ids } from '../support/missive/ids.ts';
import { startMissiveTools } from '../support/missive/missive-tools.ts';

const now = () => new Date('2026-01-01T00:00:00Z');
const epoch = Math.floor(now().getTime() / 1000);

describe('a 429', () => {
  test('is one request, and its numbers are in the details', async () => {
    await using tools = await startMissiveTools({ now });
    tools.missive.misbehave(
      { kind: 'rate limited', retryAfter: 12, limit: 300, remaining: 0, reset: epoch + 12 },
      { times: 99 },
    );
    const error = await tools.failure('list_all_missive_contact_books');
    expect(error).toMatchObject({
      name: 'ToolError',
      message: expect.stringMatching(/Wait 12 seconds/),
      details: {
        status: 429,
        retry_after: 12,
        ratelimit_limit: 300,
        ratelimit_remaining: 0,
        ratelimit_reset: 12,
      },
    });
    expect(tools.seen()).toHaveLength(1);
  });

  test('of a write is no unknown outcome', async () => {
    await using tools = await startMissiveTools({ now });
    tools.missive.misbehave({ kind: 'rate limited', retryAfter: 3 }, { times: 99 });
    const error = await tools.failure('update_a_missive_conversation_by_id', { id: ids.outage, close: true });
    expect(error).toMatchObject({ name: 'ToolError', details: { status: 429, retry_after: 3, ratelimit_reset: 3 } });
    expect(tools.seen()).toHaveLength(1);
  });

  test('without any header says so, and to wait', async () => {
    await using tools = await startMissiveTools({ now });
    tools.missive.misbehave({ kind: 'rate limited' });
    const error = await tools.failure('list_all_missive_contact_books');
    expect(error).toMatchObject({
      message: expect.stringMatching(/Wait a minute/),
      details: {
        status: 429,
        retry_after: null,
        ratelimit_limit: null,
        ratelimit_remaining: null,
        ratelimit_reset: null,
      },
    });
  });

  test('in the middle of a call that needs two requests ends it there', async () => {
    await using tools = await startMissiveTools({ now });
    tools.missive.misbehave({ kind: 'rate limited', retryAfter: 1 }, { method: 'GET' });
    const infos = [{ kind: 'email', label: 'home', value: 'max@home.example' }];
    const error = await tools.failure('update_a_missive_contact_by_id', { id: ids.max, infos });
    expect(error).toMatchObject({ details: { status: 429 } });
    expect(tools.seen().map(({ method }) => method)).toEqual(['GET']);
  });
});

test('the 301st request of a minute gets what Missive says, and the next minute is as the first', async () => {
  let time = now().getTime();
  await using tools = await startMissiveTools({ now: () => new Date(time) });
  for (let count = 0; count < 300; count += 1) await tools.call('list_all_missive_organizations');
  expect(await tools.failure('list_all_missive_organizations')).toMatchObject({
    details: { status: 429, retry_after: 60, ratelimit_limit: 300, ratelimit_remaining: 0, ratelimit_reset: 60 },
  });
  time += 61_000;
  expect(await tools.call('list_all_missive_organizations')).toMatchObject({ organizations: [{}, {}] });
  expect(tools.seen()).toHaveLength(302);
});

test('the sixth request at once gets what Missive says', async () => {
  await using tools = await startMissiveTools({ now, totalMs: 3000 });
  tools.missive.misbehave({ kind: 'silent' }, { path: '/users', times: 5 });
  const waiting = Array.from({ length: 5 }, () => tools.failure('list_all_missive_users'));
  while (tools.seen().length < 5) await new Promise(setImmediate);
  expect(await tools.failure('list_all_missive_organizations')).toMatchObject({
    details: { status: 429, ratelimit_limit: 5, ratelimit_remaining: 0 },
  });
  await Promise.all(waiting);
});

describe('the remaining quota', () => {
  test('of a success is passed on when Missive tells it', async () => {
    await using tools = await startMissiveTools({ now });
    tools.missive.tellQuota();
    await tools.call('list_all_missive_organizations');
    expect(tools.quotas).toEqual([{ limit: 300, remaining: 299, resetSeconds: 60, retryAfterSeconds: null }]);
  });

  test('is not made up when Missive does not', async () => {
    await using tools = await startMissiveTools({ now });
    await tools.call('list_all_missive_organizations');
    expect(tools.quotas).toEqual([]);
  });
});

describe('the headers', () => {
  const headers = (pairs: Record<string, string>) => readQuota(new Headers(pairs), now());

  test('ratelimit-limit, ratelimit-remaining and ratelimit-reset are those of Missive, the last in seconds', () => {
    const quota = headers({
      'Retry-After': '12',
      'X-RateLimit-Limit': '300',
      'X-RateLimit-Remaining': '0',
      'X-RateLimit-Reset': String(epoch + 15),
    });
    expect(quota && quotaHeaders(quota)).toEqual({
      'ratelimit-limit': '300',
      'ratelimit-remaining': '0',
      'ratelimit-reset': '15',
      'retry-after': '12',
    });
  });

  test.each([
    ['a reset that is over is no time at all', { 'X-RateLimit-Reset': String(epoch - 5) }, 0],
    ['without a reset Retry-After stands for it', { 'Retry-After': '7' }, 7],
  ])('%s', (_, pairs, resetSeconds) => {
    expect(headers(pairs)).toMatchObject({ resetSeconds });
  });

  test.each([['soon'], ['-3'], ['1.5'], ['']])('a number that is none counts as not told: %j', (text) => {
    expect(headers({ 'X-RateLimit-Limit': text, 'X-RateLimit-Remaining': '4' })).toMatchObject({
      limit: null,
      remaining: 4,
    });
  });
});
