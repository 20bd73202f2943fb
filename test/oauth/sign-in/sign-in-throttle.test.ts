import { describe, expect, test } from 'vitest';
import type { MailAccount } from '../../../src/mail/account.ts';
import { addressBlock } from '../../../src/oauth/http/address-block.ts';
import { createKeyring } from '../../../src/oauth/sealed/jwe.ts';
import { createSignInThrottle, waitSentence } from '../../../src/oauth/sign-in/sign-in-throttle.ts';
import { createMemoryState } from '../../../src/state/memory.ts';
import type { State } from '../../../src/state/state.ts';
import { startOAuthApp, testKey } from '../../support/app/oauth-app.ts';
import { ada, openSignIn, submit } from '../../support/app/sign-in-page.ts';

const refused = [{ service: 'imap' as const, fault: 'credentials' as const }];

describe('attempts on the sign-in page', () => {
  test('FORM-07 the eleventh attempt in a row gets 429 and the time to wait, and no mail server is asked', async () => {
    await using app = await startOAuthApp({ loginProblems: refused });
    const page = await openSignIn(app, await app.mint());
    for (let attempt = 1; attempt <= 10; attempt++) expect((await submit(app, page)).status).toBe(200);
    const response = await submit(app, page);
    expect(response.status).toBe(429);
    expect(response.headers.get('retry-after')).toBe('60');
    const html = await response.text();
    expect(html).toContain('Try again in a minute.');
    expect(html).toContain(`value="${ada.email}"`);
    expect(html).not.toContain(ada.imap_password);
    expect(app.tried).toHaveLength(10);
  });

  test('FORM-07 after the wait one attempt is allowed, and the next wait is twice as long', async () => {
    await using app = await startOAuthApp({ loginProblems: refused });
    const client = await app.mint();
    for (let attempt = 1; attempt <= 10; attempt++) await submit(app, await openSignIn(app, client));
    app.advance(60);
    const [first, second] = [await openSignIn(app, client), await openSignIn(app, client)];
    expect((await submit(app, first)).status).toBe(200);
    const response = await submit(app, second);
    expect({ status: response.status, after: response.headers.get('retry-after') }).toEqual({
      status: 429,
      after: '120',
    });
    expect(app.tried).toHaveLength(11);
  });

  test('FORM-07 the right password resets the count of its login', async () => {
    await using app = await startOAuthApp({
      loginProblems: async (account) => (account.imap.login.password === 'right' ? [] : refused),
    });
    const client = await app.mint();
    for (let round = 0; round < 3; round++) {
      for (let attempt = 1; attempt <= 9; attempt++) await submit(app, await openSignIn(app, client));
      const response = await submit(app, await openSignIn(app, client), { ...ada, imap_password: 'right' });
      expect(response.status).toBe(303);
    }
  });

  test('FORM-07 all spellings of a login count together', async () => {
    await using app = await startOAuthApp({ loginProblems: refused });
    const client = await app.mint();
    const spellings = [
      'ada@example.com',
      'ADA@example.com',
      'a\u00adda@example.com',
      'ａda@example.com',
      'a\u200dda@example.com',
    ];
    const attempt = async (name = '') => submit(app, await openSignIn(app, client), { ...ada, imap_username: name });
    for (const name of [...spellings, ...spellings]) expect((await attempt(name)).status).toBe(200);
    for (const name of spellings) expect((await attempt(name)).status).toBe(429);
  });

  test('FORM-08 an unknown user is counted and answered like a wrong password', async () => {
    await using app = await startOAuthApp({ loginProblems: refused });
    const page = await openSignIn(app, await app.mint());
    const stranger = { ...ada, email: 'unknown@example.com' };
    const answersFor = async (fields: Record<string, string>) => {
      const answers = [];
      for (let attempt = 1; attempt <= 11; attempt++) {
        const response = await submit(app, page, fields);
        const html = await response.text();
        answers.push([response.status, html.replaceAll(fields.email ?? '', '').replace(/value="[^"]*"/g, '')]);
      }
      return answers;
    };
    expect(await answersFor(stranger)).toEqual(await answersFor(ada));
  });

  test.each([
    ['of an untrusted proxy, whatever its headers say', 0, 429],
    ['that a trusted proxy reports', 1, 200],
  ])('FORM-07 HOST-03 the address that counts is the one %s', async (_which, trustProxy, status) => {
    await using app = await startOAuthApp({ loginProblems: refused, trustProxy });
    const page = await openSignIn(app, await app.mint());
    const attempt = (index: number, address: string) =>
      submit(app, page, { ...ada, email: `user${index}@example.com` }, { 'x-forwarded-for': address });
    for (let index = 0; index < 50; index++) expect((await attempt(index, '192.0.2.1')).status).toBe(200);
    expect((await attempt(50, '192.0.2.1')).status).toBe(429);
    expect((await attempt(51, '192.0.2.2')).status).toBe(status);
  });

  test('FORM-07 keys contain neither names nor addresses', async () => {
    const seen: string[] = [];
    const state = spiedOn(createMemoryState({ now: () => new Date() }), seen);
    const throttle = createSignInThrottle({ state, keyring, now: () => new Date() });
    const attempt = await throttle.attempt({ clientJti: 'client', account: accountOf('ada'), address: '192.0.2.1' });
    await attempt.succeeded();
    expect(seen.length).toBeGreaterThan(5);
    for (const key of seen) expect(key).toMatch(/^sign-in:[\w-]{43}(:wait)?$/);
  });
});

const keyring = createKeyring({ current: testKey(), previous: [] });

/** A state that adds every key to `keys`. */
function spiedOn(state: State, keys: string[]): State {
  const first = <A extends unknown[], R>(method: (key: string, ...rest: A) => R) =>
    function spy(key: string, ...rest: A): R {
      keys.push(key);
      return method(key, ...rest);
    };
  const { claim, count, readCount, release, resetCount } = state;
  return {
    ...state,
    claim: first(claim),
    count: first(count),
    readCount: first(readCount),
    release: first(release),
    resetCount: first(resetCount),
  };
}

function accountOf(username: string, smtpUsername = username): Pick<MailAccount, 'imap' | 'smtp'> {
  const login = (name: string) => ({ kind: 'password' as const, username: name, password: 'secret' });
  return {
    imap: { server: { host: 'imap.example.com', port: 993, security: 'tls' }, login: login(username) },
    smtp: { server: { host: 'smtp.example.com', port: 465, security: 'tls' }, login: login(smtpUsername) },
  };
}

function throttleAt(start: string) {
  const clock = { time: Date.parse(start) };
  const now = () => new Date(clock.time);
  const throttle = createSignInThrottle({ state: createMemoryState({ now }), keyring, now });
  let addresses = 0;
  return {
    clock,
    /** From a new address, unless one is given. */
    async wait({
      clientJti = 'client',
      account = accountOf('ada'),
      address = `10.0.${addresses >> 8}.${addresses++ & 255}`,
    } = {}) {
      return (await throttle.attempt({ clientJti, account, address })).waitSeconds;
    },
    throttle,
  };
}

async function times<T>(count: number, work: (index: number) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  for (let index = 0; index < count; index++) results.push(await work(index));
  return results;
}

describe('the throttle of sign-ins', () => {
  test('FORM-07 waits double from a minute to an hour, and an attempt that is too early does not lengthen them', async () => {
    const { clock, wait } = throttleAt('2026-11-21T12:00:00Z');
    expect(await times(10, () => wait())).toEqual(Array(10).fill(0));
    const waits: number[] = [];
    for (let round = 0; round < 8; round++) {
      const seconds = await wait();
      expect(await wait()).toBe(seconds);
      waits.push(seconds);
      clock.time += seconds * 1000;
      expect(await wait()).toBe(0);
    }
    expect(waits).toEqual([60, 120, 240, 480, 960, 1920, 3600, 3600]);
  });

  test('FORM-07 of many attempts at the same time ten are allowed', async () => {
    const { wait } = throttleAt('2026-11-21T12:00:00Z');
    const waits = await Promise.all(Array.from({ length: 40 }, () => wait()));
    expect(waits.filter((seconds) => seconds === 0)).toHaveLength(10);
  });

  test('FORM-07 after a wait, one of many attempts at the same time is allowed', async () => {
    const { clock, wait } = throttleAt('2026-11-21T12:00:00Z');
    await times(10, () => wait());
    clock.time += 60_000;
    const waits = await Promise.all(Array.from({ length: 20 }, () => wait()));
    expect(waits.filter((seconds) => seconds === 0)).toHaveLength(1);
  });

  test('FORM-07 another login does not have to wait, nor the same name at another mail server', async () => {
    const { wait } = throttleAt('2026-11-21T12:00:00Z');
    await times(11, () => wait());
    expect(await wait({ account: accountOf('grace') })).toBe(0);
    const { imap, smtp } = accountOf('ada');
    const elsewhere = { smtp, imap: { ...imap, server: { ...imap.server, host: 'imap.example.org' } } };
    expect(await wait({ account: elsewhere })).toBe(0);
  });

  test.each([
    ['in upper case', { account: accountOf('ADA') }],
    ['for sending, beside another login for reading', { account: accountOf('mallory', 'ada') }],
    ['through another client', { clientJti: 'other' }],
  ])('FORM-07 a login %s counts as the same login', async (_how, other) => {
    const { wait } = throttleAt('2026-11-21T12:00:00Z');
    await times(10, () => wait());
    expect(await wait(other)).toBe(60);
  });

  test('FORM-07 an address has to wait after fifty failures in an hour, with any logins', async () => {
    const { wait } = throttleAt('2026-11-21T12:00:00Z');
    const address = '192.0.2.1';
    const waits = await times(51, (index) => wait({ account: accountOf(`user${index}`), address }));
    expect(waits.slice(0, 50)).toEqual(Array(50).fill(0));
    expect(waits[50]).toBeGreaterThan(3500);
    expect(await wait({ account: accountOf('grace'), address: '192.0.2.2' })).toBe(0);
  });

  test('FORM-07 successful sign-ins do not use up the limit of a shared address', async () => {
    const { throttle } = throttleAt('2026-11-21T12:00:00Z');
    const waits = await times(120, async (index) => {
      const who = { clientJti: 'client', account: accountOf(`user${index}`), address: '192.0.2.1' };
      const attempt = await throttle.attempt(who);
      await attempt.succeeded();
      return attempt.waitSeconds;
    });
    expect(waits).toEqual(Array(120).fill(0));
  });

  test('FORM-07 a client has to wait after a thousand failures in an hour, from any addresses', async () => {
    const { wait } = throttleAt('2026-11-21T12:00:00Z');
    const waits = await times(1001, (index) => wait({ account: accountOf(`user${index}`) }));
    expect(waits.slice(0, 1000)).toEqual(Array(1000).fill(0));
    expect(waits[1000]).toBeGreaterThan(3500);
    expect(await wait({ clientJti: 'other', account: accountOf('grace') })).toBe(0);
  });

  test.each([
    [1, 'a minute'],
    [60, 'a minute'],
    [61, '2 minutes'],
    [3540, '59 minutes'],
    [3600, 'an hour'],
  ])('FORM-07 %i seconds are shown as %s', (seconds, words) => {
    expect(waitSentence(seconds, 'the mail server')).toContain(`Try again in ${words}.`);
  });
});

describe('the block of an address', () => {
  test.each([
    ['192.0.2.1', '::ffff:192.0.2.1', true],
    ['2001:db8:1:2::1', '2001:db8:1:2:ffff::9', true],
    ['2001:db8:1:2::1', '2001:db8:1:3::1', false],
    ['192.0.2.1', '192.0.2.2', false],
  ])('FORM-07 %s and %s are one block: %s', (one, other, same) => {
    expect(addressBlock(one) === addressBlock(other)).toBe(same);
  });

  test('a missing and an invalid address are one block', () => {
    expect([addressBlock(undefined), addressBlock('unknown')]).toEqual(['', '']);
  });
});
