import { describe, expect, test, vi } from 'vitest';
import type { LoginProblem } from '../../../src/mail/account.ts';
import { createMemoryState } from '../../../src/state/memory.ts';
import { type MintedClient, type OAuthApp, type OAuthAppOptions, startOAuthApp } from '../../support/app/oauth-app.ts';
import { ada, openSignIn, pageOf, type SignInPage, submit } from '../../support/app/sign-in-page.ts';
import { answerOf, codeGrant } from '../../support/app/token-requests.ts';

const codeIn = (response: Response): string =>
  new URL(response.headers.get('location') ?? 'about:blank').searchParams.get('code') ?? '';

/** A sign-in page in a browser, and its client. `exchange` returns what the client gets for the code of a response. */
async function opened(options: OAuthAppOptions = {}) {
  const app = await startOAuthApp(options);
  const client = await app.mint();
  return { app, client, page: await openSignIn(app, client), ...over(app, client) };
}

const over = (app: OAuthApp, client: MintedClient) => ({
  idOf: async (response: Response) => (await app.tokens.code.inspect(codeIn(response))).jti,
  exchange: async (response: Response) => answerOf(await app.post('/oauth/token', codeGrant(client, codeIn(response)))),
  call: async ({ access_token = '' }) =>
    (await app.fetch('/mcp', { headers: { authorization: `Bearer ${access_token}` } })).status,
});

/** Submits the page, and leaves before the response. */
async function submitAndLeave(
  app: OAuthApp,
  page: SignInPage,
  fields: Record<string, string>,
  isReached: () => boolean,
) {
  const left = new AbortController();
  const body = new URLSearchParams({ transaction: page.transaction, ...fields });
  const headers = { cookie: page.cookie, origin: app.issuer };
  const first = app.fetch('/oauth/authorize', { method: 'POST', headers, body, signal: left.signal });
  const outcome = first.catch(() => 'left');
  await vi.waitUntil(isReached);
  left.abort();
  expect(await outcome).toBe('left');
  // The server learns of it a moment later.
  await new Promise((resolve) => setTimeout(resolve, 100));
}

/** Holds every login until `answer` is called. */
function slowLogins() {
  const waiting: (() => void)[] = [];
  let tried = 0;
  return {
    tried: () => tried,
    loginProblems: () =>
      new Promise<LoginProblem[]>((resolve) => {
        tried++;
        waiting.push(() => resolve([]));
      }),
    answer: () => {
      for (const one of waiting.splice(0)) one();
    },
  };
}

describe('submitting the same sign-in page twice', () => {
  test.each([0, 1, 59])(
    'FORM-02 %i s later the response has a code with the same jti, and no mail server is asked',
    async (seconds) => {
      const { app, page, idOf } = await opened();
      await using _ = app;
      const first = await submit(app, page);
      app.advance(seconds);
      const second = await submit(app, page);
      expect([first.status, second.status]).toEqual([303, 303]);
      expect(await idOf(second)).toBe(await idOf(first));
      expect(second.headers.get('location')).toMatch(
        /^https:\/\/client\.example\/callback\?code=.*&state=a\+state&iss=/,
      );
      expect(app.tried).toHaveLength(1);
    },
  );

  test('FORM-02 the second code names the same mailbox as the first', async () => {
    const { app, page } = await opened({ inboxOf: () => ({ uidValidity: '1700000000' }) });
    await using _ = app;
    const [first, second] = [await submit(app, page), await submit(app, page)];
    const [one, other] = await Promise.all(
      [first, second].map((response) => app.tokens.code.inspect(codeIn(response))),
    );
    expect(one?.mailbox).toMatch(/^[\w-]{22}$/);
    expect(other?.mailbox).toBe(one?.mailbox);
    expect(app.tried).toHaveLength(1);
  });

  test.each([
    ['the first', 0],
    ['the second', 1],
  ])('CODE-02 %s code is exchanged once, and the other is used up with it', async (_which, index) => {
    const { app, page, exchange, call } = await opened();
    await using _ = app;
    const codes = [await submit(app, page), await submit(app, page)];
    const [used, other] = index === 0 ? codes : codes.toReversed();
    if (!used || !other) throw new Error('There are two codes');
    const tokens = await exchange(used);
    expect(tokens.status).toBe('200');
    expect(await exchange(other)).toMatchObject({ status: '400', error: 'invalid_grant' });
    // A client that tries both keeps what it got first.
    expect(await call(tokens)).toBe(200);
    expect(await exchange(used)).toMatchObject({ status: '400', error: 'invalid_grant' });
    expect(await call(tokens)).toBe(401);
  });

  test('CODE-02 of ten codes that are exchanged at the same time, one is accepted', async () => {
    const { app, page, exchange } = await opened();
    await using _ = app;
    const responses: Response[] = [];
    for (let index = 0; index < 10; index++) responses.push(await submit(app, page));
    const answers = await Promise.all(responses.map(exchange));
    expect(answers.filter(({ status }) => status === '200')).toHaveLength(1);
  });

  test('CODE-02 the second code is used up for as long as it would be valid', async () => {
    const { app, page, exchange } = await opened();
    await using _ = app;
    const first = await submit(app, page);
    await exchange(await submit(app, page));
    app.advance(59);
    expect(await exchange(first)).toMatchObject({ error: 'invalid_grant' });
    const { app: other, page: otherPage, exchange: exchangeThere } = await opened();
    await using __ = other;
    const early = await submit(other, otherPage);
    other.advance(59);
    const late = await submit(other, otherPage);
    other.advance(1);
    expect(await exchangeThere(early)).toMatchObject({ error: 'invalid_grant' });
    other.advance(58);
    expect((await exchangeThere(late)).status).toBe('200');
  });

  test('FORM-02 after the code was exchanged, a page says that the account owner is signed in', async () => {
    const { app, page, exchange, call } = await opened();
    await using _ = app;
    const tokens = await exchange(await submit(app, page));
    const response = await submit(app, page);
    expect(response.status).toBe(200);
    expect(response.headers.get('location')).toBeNull();
    expect(response.headers.get('content-security-policy')).toContain("form-action 'none'");
    const html = await response.text();
    expect(html).toContain('You are signed in');
    expect(html).toContain('You can close this window.');
    expect(html).not.toContain('<form');
    expect(await call(tokens)).toBe(200);
    expect(app.tried).toHaveLength(1);
  });

  test.each<[string, Record<string, string>]>([
    ['another password', { imap_password: 'another one' }],
    ['another full name', { full_name: 'Ada' }],
    ['another address', { email: 'ada@example.org' }],
    ['another user name', { imap_username: 'lovelace' }],
    ['a login of its own for sending', { use_same_credentials: '', smtp_username: 'ada', smtp_password: 'other' }],
    ['fewer powers', { end: 'revoked', allow_read: '1' }],
    ['recipients', { end: 'revoked', allow_read: '1', allow_send: '1', recipients: '@example.com' }],
    ['another end', { end: 'week', allow_read: '1', allow_send: '1' }],
  ])('FORM-02 a second submit with %s is refused as before, and no mail server is asked', async (_what, fields) => {
    const { app, page } = await opened();
    await using _ = app;
    expect((await submit(app, page)).status).toBe(303);
    const second = await submit(app, page, { ...ada, ...fields });
    expect([second.status, second.headers.get('location')]).toEqual([400, null]);
    expect(await second.text()).toContain('already used');
    expect(app.tried).toHaveLength(1);
    expect((await submit(app, page)).status).toBe(303);
  });

  test('FORM-02 a minute later, in another browser, and from another page it is refused', async () => {
    const { app, client, page } = await opened();
    await using _ = app;
    await submit(app, page);
    const other = await openSignIn(app, client);
    for (const refused of [
      submit(app, { ...page, cookie: other.cookie }),
      submit(app, { ...page, cookie: '' }),
      submit(app, page, ada, { origin: 'https://evil.example' }),
    ]) {
      expect((await refused).status).toBe(400);
    }
    app.advance(61);
    expect((await submit(app, page)).status).toBe(400);
    expect(app.tried).toHaveLength(1);
  });

  test('FORM-02 a wrong password that is submitted twice shows the page twice', async () => {
    const { app, page } = await opened({ loginProblems: [{ service: 'imap', fault: 'credentials' }] });
    await using _ = app;
    for (const response of await Promise.all([submit(app, page), submit(app, page)])) {
      expect(response.status).toBe(200);
      expect(await response.text()).toContain('did not accept this user name and password');
    }
  });

  test('FORM-02 the page that a wrong password led to can be submitted twice', async () => {
    let isRefused = true;
    const loginProblems = async (): Promise<LoginProblem[]> =>
      isRefused ? [{ service: 'imap', fault: 'credentials' }] : [];
    const { app, page, idOf } = await opened({ loginProblems });
    await using _ = app;
    const again = await pageOf(await submit(app, page), page.cookie);
    isRefused = false;
    const codes = [await submit(app, again), await submit(app, again)];
    expect(await idOf(codes[0] ?? new Response())).toBe(await idOf(codes[1] ?? new Response()));
  });

  test('FORM-05 Cancel that is clicked twice leads to the client twice', async () => {
    const { app, page } = await opened();
    await using _ = app;
    const cancelled = await Promise.all([1, 2].map(() => submit(app, page, { ...ada, action: 'cancel' })));
    for (const { status, headers } of cancelled) {
      expect(status).toBe(303);
      expect(headers.get('location')).toContain('error=access_denied');
    }
    expect(app.tried).toEqual([]);
    expect((await submit(app, page)).status).toBe(303);
  });
});

describe('submitting the same sign-in page again while the first submit is being checked', () => {
  test('FORM-02 both responses have a code with the same jti, and the mail servers are asked once', async () => {
    const logins = slowLogins();
    const { app, page, idOf } = await opened({ loginProblems: logins.loginProblems });
    await using _ = app;
    const responses = [submit(app, page), submit(app, page), submit(app, page)];
    await vi.waitUntil(() => logins.tried() === 1);
    logins.answer();
    const [first, ...others] = await Promise.all(responses);
    expect(logins.tried()).toBe(1);
    for (const other of others) expect(await idOf(other)).toBe(await idOf(first ?? other));
  });

  test('FORM-02 a browser that leaves the first response for the second, as it does after a double click, is signed in', async () => {
    const logins = slowLogins();
    const { app, page, exchange } = await opened({ loginProblems: logins.loginProblems });
    await using _ = app;
    await submitAndLeave(app, page, ada, () => logins.tried() === 1);
    const second = submit(app, page);
    logins.answer();
    const response = await second;
    expect(response.status).toBe(303);
    expect((await exchange(response)).status).toBe('200');
    expect(logins.tried()).toBe(1);
  });

  test('FORM-02 a browser that leaves, and submits other fields, is signed in with those', async () => {
    const logins = slowLogins();
    const { app, page } = await opened({ loginProblems: logins.loginProblems });
    await using _ = app;
    await submitAndLeave(app, page, ada, () => logins.tried() === 1);
    const second = submit(app, page, { ...ada, end: 'revoked', allow_read: '1' });
    logins.answer();
    await vi.waitUntil(() => logins.tried() === 2);
    logins.answer();
    const response = await second;
    expect(response.status).toBe(303);
    expect((await app.tokens.code.inspect(codeIn(response))).consent?.powers).toEqual(['read']);
    // The fields of the first submit were accepted, but gave no code.
    expect((await submit(app, page)).status).toBe(400);
  });

  test('FORM-02 more than four submits do not wait', async () => {
    const logins = slowLogins();
    const { app, page } = await opened({ loginProblems: logins.loginProblems });
    await using _ = app;
    const responses = Array.from({ length: 6 }, () => submit(app, page));
    const refused = await Promise.race(responses);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '60']);
    logins.answer();
    const statuses = (await Promise.all(responses)).map(({ status }) => status);
    expect(statuses.sort()).toEqual([303, 303, 303, 303, 303, 503]);
  });

  test('FORM-02 a submit on another replica waits too', async () => {
    const logins = slowLogins();
    const issuer = 'https://mail.example.com';
    const state = { ...createMemoryState({ now: () => new Date() }), isShared: true };
    const shared = { issuer, state, replicas: 2, now: () => new Date() };
    await using a = await startOAuthApp({ ...shared, loginProblems: logins.loginProblems });
    await using b = await startOAuthApp({ ...shared, loginProblems: logins.loginProblems });
    const client = await a.mint();
    const page = await openSignIn(a, client);
    const responses = [submit(a, page), submit(b, page)];
    await vi.waitUntil(() => logins.tried() === 1);
    await new Promise((resolve) => setTimeout(resolve, 250));
    expect(logins.tried()).toBe(1);
    logins.answer();
    const [first, second] = await Promise.all(responses);
    const { idOf } = over(a, client);
    if (!first || !second) throw new Error('There are two responses');
    expect(await idOf(first)).toBe(await idOf(second));
    expect(logins.tried()).toBe(1);
  });

  test('FORM-02 nothing that was typed is in the state', async () => {
    const state = createMemoryState({ now: () => new Date() });
    const seen: unknown[] = [];
    const spied = new Proxy(state, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== 'function') return value;
        return (...args: unknown[]) => {
          seen.push(...args);
          return Reflect.apply(value, target, args);
        };
      },
    });
    const { app, page } = await opened({ state: spied, now: () => new Date() });
    await using _ = app;
    await submit(app, page);
    await submit(app, page);
    expect(seen.length).toBeGreaterThan(10);
    for (const typed of [ada.imap_password, ada.email, ada.full_name])
      expect(JSON.stringify(seen)).not.toContain(typed);
    expect(app.logged()).toContain('submitted again');
    for (const typed of [ada.imap_password, ada.email, ada.full_name]) expect(app.logged()).not.toContain(typed);
  });
});

test('a form that has used up its page while the answer of the state was lost can be submitted again', async () => {
  const now = new Date('2026-11-21T12:00:00Z');
  const memory = createMemoryState({ now: () => now });
  let isLost = true;
  const claim: typeof memory.claim = async (key, until) => {
    const before = await memory.claim(key, until);
    if (isLost && key.startsWith('transaction:')) throw new Error('the answer is lost');
    return before;
  };
  const { app, page } = await opened({ state: { ...memory, claim }, now: () => now });
  await using _app = app;
  expect((await submit(app, page, ada)).status).toBe(500);
  isLost = false;
  expect(codeIn(await submit(app, page, ada))).not.toBe('');
});
