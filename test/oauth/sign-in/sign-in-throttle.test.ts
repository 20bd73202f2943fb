import { describe, expect, test } from 'vitest';
import type { MailAccount } from '../../../src/mail/account.ts';
import { addressBlock } from '../../../src/oauth/http/address-block.ts';
import { en } from '../../../src/oauth/pages/languages/en.ts';
import { createKeyring } from '../../../src/oauth/sealed/jwe.ts';
import { createSignInThrottle, waitSentence } from '../../../src/oauth/sign-in/sign-in-throttle.ts';
import { createMemoryState } from '../../../src/state/memory.ts';
import type { State } from '../../../src/state/state.ts';
import { startOAuthApp, testKey } from '../../support/app/oauth-app.ts';
import { ada, openSignIn, submit } from '../../support/app/sign-in-page.ts';
import { passwordOf } from '../../support/mail/accounts.ts';

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
      loginProblems: async (account) => (passwordOf(account.imap.login) === 'right' ? [] : refused),
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
    const ofAda = (address: string) => submit(app, page, ada, { 'x-forwarded-for': address });
    for (let index = 0; index < 10; index++) expect((await ofAda('192.0.2.1')).status).toBe(200);
    expect((await ofAda('192.0.2.1')).status).toBe(429);
    expect((await ofAda('192.0.2.2')).status).toBe(status);
  });

  test('FORM-07 what is refused counts nowhere: an invalid form, a page that was used, a login that reached no server', async () => {
    let fault: 'unreachable' | 'timeout' | 'certificate' | 'no_starttls' | undefined;
    await using app = await startOAuthApp({ loginProblems: async () => (fault ? [{ service: 'imap', fault }] : []) });
    const client = await app.mint();
    const used = await openSignIn(app, client);
    expect((await submit(app, used)).status).toBe(303);
    const other = { ...ada, full_name: 'Ada' };
    for (let index = 0; index < 12; index++) expect((await submit(app, used, other)).status).toBe(400);
    expect(app.tried).toHaveLength(1);
    const page = await openSignIn(app, client);
    for (let index = 0; index < 12; index++) {
      expect((await submit(app, page, { ...ada, imap_password: '' })).status).toBe(200);
    }
    for (const one of ['unreachable', 'timeout', 'certificate', 'no_starttls'] as const) {
      fault = one;
      for (let index = 0; index < 12; index++) expect((await submit(app, page)).status).toBe(200);
    }
    fault = undefined;
    expect((await submit(app, page)).status).toBe(303);
  });

  test('FORM-07 a login whose answer never comes counts, once the password has been sent', async () => {
    await using app = await startOAuthApp({
      loginProblems: async (_account, options) => {
        options?.onLogin?.();
        return [{ service: 'imap', fault: 'timeout' }];
      },
    });
    const page = await openSignIn(app, await app.mint());
    for (let index = 0; index < 10; index++) expect((await submit(app, page)).status).toBe(200);
    expect((await submit(app, page)).status).toBe(429);
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
  /** Delays in seconds, which do not pass. */
  const delays: number[] = [];
  const pause = async (milliseconds: number) => void delays.push(milliseconds / 1000);
  const throttle = createSignInThrottle({ state: createMemoryState({ now }), keyring, now, pause });
  let addresses = 0;
  const newAddress = () => `10.0.${addresses >> 8}.${addresses++ & 255}`;
  return {
    clock,
    delays,
    newAddress,
    async wait({ clientJti = 'client', account = accountOf('ada'), address = '192.0.2.7' } = {}) {
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

  test('FORM-07 all networks together have fifty attempts in a row at one login, and then wait', async () => {
    const { clock, wait, newAddress } = throttleAt('2026-11-21T12:00:00Z');
    expect(await times(50, () => wait({ address: newAddress() }))).toEqual(Array(50).fill(0));
    expect(await wait({ address: newAddress() })).toBe(60);
    clock.time += 60_000;
    expect(await wait({ address: newAddress() })).toBe(0);
    expect(await wait({ address: newAddress() })).toBe(120);
  });

  test.each([
    ['one login', () => accountOf('ada')],
    ['fifty logins', (index: number) => accountOf(`user${index % 50}`)],
    ['one login in many spellings', (index: number) => accountOf('a\u00ad'.repeat(index % 9).concat('ada'))],
  ])('FORM-07 whatever one network tries at %s, another one is admitted at once', async (_what, accountAt) => {
    const { wait, newAddress, delays } = throttleAt('2026-11-21T12:00:00Z');
    await times(1500, (index) => wait({ account: accountAt(index), address: '192.0.2.1' }));
    delays.length = 0;
    for (const name of ['ada', 'grace', 'user3']) {
      expect(await wait({ account: accountOf(name), address: newAddress() })).toBe(0);
    }
    expect(delays).toEqual([]);
  });

  test('FORM-07 after fifty logins of one network that failed, further ones are delayed up to fifteen seconds', async () => {
    const { wait, delays } = throttleAt('2026-11-21T12:00:00Z');
    const address = '192.0.2.1';
    const waits = await times(80, (index) => wait({ account: accountOf(`user${index}`), address }));
    expect(waits).toEqual(Array(80).fill(0));
    expect(delays.slice(0, 3)).toEqual([1, 2, 3]);
    expect(delays).toHaveLength(30);
    expect(Math.max(...delays)).toBe(15);
  });

  test('FORM-07 three attempts of a network are delayed at the same time, and other networks take no part', async () => {
    const now = () => new Date('2026-11-21T12:00:00Z');
    const { promise, resolve } = Promise.withResolvers<void>();
    const throttle = createSignInThrottle({ state: createMemoryState({ now }), keyring, now, pause: () => promise });
    const attempt = async (name: string, address = '192.0.2.1') =>
      (await throttle.attempt({ clientJti: 'client', account: accountOf(name), address })).waitSeconds;
    await times(50, (index) => attempt(`user${index}`));
    const held = ['a', 'b', 'c'].map((name) => attempt(name));
    expect(await attempt('d')).toBe(1);
    expect(await attempt('d', '192.0.2.2')).toBe(0);
    resolve();
    expect(await Promise.all(held)).toEqual([0, 0, 0]);
  });

  test('FORM-07 names with one local part are delayed after three of them, and refused by no name of another domain', async () => {
    const { wait, delays } = throttleAt('2026-11-21T12:00:00Z');
    const at = (domain: string) => wait({ account: accountOf(`info@${domain}`) });
    await times(10, () => at('evil.test'));
    expect(await at('evil.test')).toBe(60);
    expect(await at('good.test')).toBe(0);
    expect(delays).toEqual([]);
    expect(await times(7, (index) => at(`d${index}.test`))).toEqual(Array(7).fill(0));
    expect(delays).toEqual([1, 2, 4, 8, 15, 15]);
    delays.length = 0;
    expect(await wait({ account: accountOf('sales@good.test') })).toBe(0);
    expect(delays).toEqual([]);
  });

  test.each([
    ['the domain of the mail server', 'ada@example.com', 60],
    ['the name of the mail server', 'ada@imap.example.com', 60],
    ['the domain in another case', 'Ada@EXAMPLE.com', 60],
    ['another domain', 'ada@example.org', 0],
    ['a domain that ends in the same way', 'ada@notexample.com', 0],
  ])('FORM-07 a bare name counts together with the name at %s: %s', async (_what, name, seconds) => {
    const { wait } = throttleAt('2026-11-21T12:00:00Z');
    await times(10, () => wait());
    expect(await wait({ account: accountOf(name) })).toBe(seconds);
  });

  test('FORM-07 an attempt that reached no server counts nowhere', async () => {
    const { throttle, delays } = throttleAt('2026-11-21T12:00:00Z');
    const attempt = async (name: string) =>
      throttle.attempt({ clientJti: 'client', account: accountOf(name), address: '192.0.2.1' });
    for (let index = 0; index < 200; index++) {
      const { waitSeconds, withdraw } = await attempt(index % 2 === 0 ? 'ada' : `user${index}`);
      expect(waitSeconds).toBe(0);
      await withdraw();
    }
    expect(delays).toEqual([]);
  });

  test('FORM-07 a browser in which the login has succeeded is not locked by others, and has limits of its own', async () => {
    const { throttle, wait, newAddress, delays } = throttleAt('2026-11-21T12:00:00Z');
    await times(60, (index) =>
      wait({ address: newAddress(), account: accountOf(index < 50 ? 'ada' : `ada@d${index}`) }),
    );
    const own = { clientJti: 'client', account: accountOf('ada'), address: '192.0.2.7' };
    expect(await wait()).toBeGreaterThan(0);
    delays.length = 0;
    const inBrowser = async () => (await throttle.attempt({ ...own, browser: 'browser' })).waitSeconds;
    expect(await times(10, inBrowser)).toEqual(Array(10).fill(0));
    expect(await inBrowser()).toBe(60);
    expect(delays).toEqual([]);
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

  test('FORM-07 after a thousand logins of a client that failed, its attempts take two seconds longer', async () => {
    const { wait, newAddress, delays } = throttleAt('2026-11-21T12:00:00Z');
    const attempt = (index: number) => wait({ account: accountOf(`user${index}`), address: newAddress() });
    expect(await times(1000, attempt)).toEqual(Array(1000).fill(0));
    expect(delays).toEqual([]);
    expect(await attempt(1000)).toBe(0);
    expect(delays).toEqual([2]);
    expect(await wait({ clientJti: 'other', account: accountOf('grace') })).toBe(0);
    expect(delays).toEqual([2]);
  });

  test.each([
    [1, 'a minute'],
    [60, 'a minute'],
    [61, '2 minutes'],
    [3540, '59 minutes'],
    [3600, 'an hour'],
  ])('FORM-07 %i seconds are shown as %s', (seconds, words) => {
    expect(waitSentence(seconds, 'mail')(en)).toContain(`Try again in ${words}.`);
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
