/** Missive's rate limit is passed on to the caller: without retry, delay or queue. */
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

  test('of a write is not an unknown outcome', async () => {
    await using tools = await startMissiveTools({ now });
    tools.missive.misbehave({ kind: 'rate limited', retryAfter: 3 }, { times: 99 });
    const error = await tools.failure('update_a_missive_conversation_by_id', { id: ids.outage, close: true });
    expect(error).toMatchObject({ name: 'ToolError', details: { status: 429, retry_after: 3, ratelimit_reset: 3 } });
    expect(tools.seen()).toHaveLength(1);
  });

  test('without any header has null numbers, and says to wait', async () => {
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

  test('to the first of two requests ends the call', async () => {
    await using tools = await startMissiveTools({ now });
    tools.missive.misbehave({ kind: 'rate limited', retryAfter: 1 }, { method: 'GET' });
    const infos = [{ kind: 'email', label: 'home', value: 'max@home.example' }];
    const error = await tools.failure('update_a_missive_contact_by_id', { id: ids.max, infos });
    expect(error).toMatchObject({ details: { status: 429 } });
    expect(tools.seen().map(({ method }) => method)).toEqual(['GET']);
  });
});

test('the 301st request of a minute returns the 429 of Missive, and the next minute begins anew', async () => {
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

test('the sixth concurrent request returns the 429 of Missive', async () => {
  const waiting: Promise<unknown>[] = [];
  {
    await using tools = await startMissiveTools({ now });
    tools.missive.misbehave({ kind: 'silent' }, { path: '/users', times: 5 });
    waiting.push(...Array.from({ length: 5 }, () => tools.failure('list_all_missive_users')));
    while (tools.seen().length < 5) await new Promise(setImmediate);
    expect(await tools.failure('list_all_missive_organizations')).toMatchObject({
      details: { status: 429, ratelimit_limit: 5, ratelimit_remaining: 0 },
    });
  }
  // The end of the stand-in ends the silent requests.
  await Promise.all(waiting);
});

describe('the remaining quota', () => {
  test('of a success is passed on when Missive reports it', async () => {
    await using tools = await startMissiveTools({ now });
    tools.missive.reportQuota();
    await tools.call('list_all_missive_organizations');
    expect(tools.quotas).toEqual([{ limit: 300, remaining: 299, resetSeconds: 60, retryAfterSeconds: null }]);
  });

  test('is not reported when Missive does not report it', async () => {
    await using tools = await startMissiveTools({ now });
    await tools.call('list_all_missive_organizations');
    expect(tools.quotas).toEqual([]);
  });
});

describe('the response headers', () => {
  const headers = (pairs: Record<string, string>) => readQuota(new Headers(pairs), now());

  test('ratelimit-limit, ratelimit-remaining and ratelimit-reset have the numbers of Missive, the last in seconds', () => {
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
    ['a reset in the past is 0 seconds', { 'X-RateLimit-Reset': String(epoch - 5) }, 0],
    ['without a reset, Retry-After is used', { 'Retry-After': '7' }, 7],
  ])('%s', (_, pairs, resetSeconds) => {
    expect(headers(pairs)).toMatchObject({ resetSeconds });
  });

  test.each([['soon'], ['-3'], ['1.5'], ['']])('an invalid number counts as not reported: %j', (text) => {
    expect(headers({ 'X-RateLimit-Limit': text, 'X-RateLimit-Remaining': '4' })).toMatchObject({
      limit: null,
      remaining: 4,
    });
  });
});
