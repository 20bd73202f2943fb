import { describe, expect, test } from 'vitest';
import type { LoginProblem } from '../../../src/mail/account.ts';
import {
  exampleServers,
  type MintedClient,
  type OAuthApp,
  openToClients,
  startOAuthApp,
} from '../../support/app/oauth-app.ts';
import { ada, ICON_LINK, openSignIn, pageOf, submit, textIn } from '../../support/app/sign-in-page.ts';
import { answerOf, codeGrant, refreshGrant, tokensOf } from '../../support/app/token-requests.ts';

const login = { imap_username: 'ada@example.com', imap_password: 'correct horse' };

/** A page at /account in one browser. */
interface AccountPage {
  response: Response;
  html: string;
  cookie: string;
}

const hidden = (html: string, name: string): string =>
  new RegExp(`name="${name}" value="([^"]*)"`).exec(html)?.[1] ?? '';
const pathOf = (client?: MintedClient): string => (client ? `/account?client_id=${client.clientId}` : '/account');

async function open(app: OAuthApp, client?: MintedClient): Promise<AccountPage> {
  return accountPageOf(await app.fetch(pathOf(client)));
}

async function accountPageOf(response: Response, cookie = ''): Promise<AccountPage> {
  const { html, cookie: kept } = await pageOf(response, cookie);
  return { response, html, cookie: kept };
}

/** Submits the hidden fields of the page with further fields; `headers` replace those that a browser would send. */
async function post(
  app: OAuthApp,
  page: AccountPage,
  fields: Record<string, string>,
  headers = {},
): Promise<AccountPage> {
  const [transaction, session] = [hidden(page.html, 'transaction'), hidden(page.html, 'session')];
  const form = { ...(transaction && { transaction }), ...(session && { session }), ...fields };
  return accountPageOf(
    await app.post('/account', form, { cookie: page.cookie, origin: app.issuer, ...headers }),
    page.cookie,
  );
}

const signIn = async (app: OAuthApp, client: MintedClient, fields = login) =>
  post(app, await open(app, client), fields);

const idOf = (html: string, name: string): string => new RegExp(`id="grant-([\\w-]+)">${name}<`).exec(html)?.[1] ?? '';

async function statusOf(app: OAuthApp, token = ''): Promise<number> {
  return (await app.fetch('/mcp', { method: 'POST', headers: { authorization: `Bearer ${token}` } })).status;
}

describe('signing in at /account', () => {
  test('the login is tried on the IMAP server of the client, and on no other', async () => {
    const options: unknown[] = [];
    const loginProblems = async (_account: unknown, given: unknown): Promise<LoginProblem[]> => {
      options.push(given);
      return [];
    };
    await using app = await startOAuthApp({ loginProblems });
    const { html } = await signIn(app, await app.mint());
    expect(html).toContain('<strong>ada@example.com</strong> at imap.example.com');
    expect(app.tried[0]?.imap.login).toEqual({
      kind: 'password',
      username: login.imap_username,
      password: login.imap_password,
    });
    expect(options).toMatchObject([{ only: 'imap' }]);
  });

  test.each([
    ['no user name', { ...login, imap_username: '' }, 'imap_username'],
    ['a user name with a line break', { ...login, imap_username: 'a\r\nb' }, 'imap_username'],
    ['no password', { ...login, imap_password: '' }, 'imap_password'],
    ['a password with NUL', { ...login, imap_password: 'a\0b' }, 'imap_password'],
    ['a password of 1,025 bytes', { ...login, imap_password: 'x'.repeat(1025) }, 'imap_password'],
  ])('FORM-09 FORM-10 %s is a problem of its field, and no mail server is asked', async (_name, fields, field) => {
    await using app = await startOAuthApp();
    const { html, response } = await signIn(app, await app.mint(), fields);
    expect(response.status).toBe(200);
    expect(html.match(/href="#(\w+)"/g)).toEqual([`href="#${field}"`]);
    expect(new RegExp(`<input id="${field}"[^>]*>`).exec(html)?.[0]).toMatch(
      /aria-describedby="[^"]*-problem[^>]*autofocus/,
    );
    expect(app.tried).toEqual([]);
  });

  test('FORM-06 FORM-08 a wrong login shows the form again, with one sentence for user name and password', async () => {
    await using app = await startOAuthApp({ loginProblems: [{ service: 'imap', fault: 'credentials' }] });
    const { html } = await signIn(app, await app.mint());
    expect(html).toContain('imap.example.com did not accept this user name and password');
    expect(html).toContain('value="ada@example.com"');
    expect(html).not.toContain('correct horse');
    expect(hidden(html, 'session')).toBe('');
  });

  test('FORM-07 attempts here and on the sign-in page of the client count together', async () => {
    await using app = await startOAuthApp({ loginProblems: [{ service: 'imap', fault: 'credentials' }] });
    const client = await app.mint();
    for (let attempt = 0; attempt < 5; attempt++) await signIn(app, client);
    for (let attempt = 0; attempt < 5; attempt++) await submit(app, await openSignIn(app, client));
    const { response, html } = await signIn(app, client);
    expect(response.status).toBe(429);
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(html).toContain('too many attempts');
    expect(app.tried).toHaveLength(10);
  });

  test('FORM-02 a submit that does not come from our page in the same browser makes no login attempt', async () => {
    await using app = await startOAuthApp({ issuer: 'https://mail.example.com' });
    const client = await app.mint();
    const page = await open(app, client);
    expect(page.response.headers.get('set-cookie')).toMatch(
      /^__Host-mail-mcp=[\w-]{43}; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
    );
    const other = await open(app, client);
    const ofSignInPage = (await openSignIn(app, client, {}, page.cookie)).transaction;
    const refusals = [
      post(app, { ...page, cookie: '' }, login),
      post(app, { ...page, cookie: other.cookie }, login),
      post(app, page, { ...login, transaction: ofSignInPage }),
      post(app, page, { ...login, transaction: client.clientId }),
      post(app, page, { ...login, transaction: '' }),
      post(app, page, login, { origin: 'https://evil.example' }),
      post(app, page, login, { origin: 'null' }),
      post(app, page, login, { origin: 'null', 'sec-fetch-site': 'cross-site' }),
      post(app, page, login, { 'content-type': 'application/json' }),
    ];
    for (const [index, { response, html }] of (await Promise.all(refusals)).entries()) {
      expect(response.status, `case ${index}`).toBe(400);
      expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
      expect(html).toContain('Nothing was taken back'); // phrase allowed: on the page
    }
    app.advance(600);
    expect((await post(app, page, login)).response.status).toBe(400);
    expect(app.tried).toEqual([]);
  });

  test('for an unknown client_id the page asks for another, and contains nothing of the link', async () => {
    await using app = await startOAuthApp();
    const { html, response } = await accountPageOf(
      await app.fetch(`/account?client_id=${encodeURIComponent('"><b>x')}`),
    );
    expect(response.status).toBe(400);
    expect(html).toContain('This client ID is not known here');
    expect(html).not.toContain('<b>');
    const empty = await open(app);
    expect(empty.response.status).toBe(200);
    expect(empty.html).toMatch(/<input id="client_id" name="client_id"/);
  });

  test('without a client_id, the servers are those of the default connection', async () => {
    await using app = await startOAuthApp({ dynamicClients: openToClients });
    const page = await open(app);
    expect(page.html).toContain(`${exampleServers.imap.host}:993`);
    expect(page.html).toContain('Another mail server');
    expect((await post(app, page, login)).html).toContain('at imap.example.com');
  });

  test('FORM-03 no page may run another script than ours, be framed or cached, or send its form to another origin', async () => {
    await using app = await startOAuthApp({ issuer: 'https://mail.example.com', isShared: true });
    const client = await app.mint();
    await tokensOf(app, client);
    for (const { response, html } of [await open(app), await open(app, client), await signIn(app, client)]) {
      expect(response.headers.get('content-security-policy')).toMatch(
        /^default-src 'none'; style-src 'sha256-[\w+/]+='; (?:script-src 'sha256-[\w+/]+='; )?img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'$/,
      );
      expect(response.headers.get('cache-control')).toBe('no-store');
      expect(response.headers.get('referrer-policy')).toBe('no-referrer');
      const [script = '', ...others] = html.match(/<script>[\s\S]*?<\/script>/g) ?? [];
      expect(others).toEqual([]);
      expect(html.replace(ICON_LINK, '').replace(script, '')).not.toMatch(/<script|\son\w+=|style="|src=|<link|url\(/);
    }
    for (const method of ['HEAD', 'PUT', 'DELETE', 'OPTIONS']) {
      expect((await app.fetch('/account', { method })).status, method).toBe(405);
    }
  });
});

describe('the list of grants', () => {
  test('names each client, with its powers, recipients and end', async () => {
    await using app = await startOAuthApp({ isShared: true });
    const client = await app.mint({ name: 'Claude' });
    const fields = { ...ada, allow_read: '1', allow_send: '1', recipients: '@corp.example', end: 'week' };
    const page = await submit(app, await openSignIn(app, client), fields);
    const code = new URL(page.headers.get('location') ?? '').searchParams.get('code') ?? '';
    await answerOf(await app.post('/oauth/token', codeGrant(client, code)));
    const { html } = await signIn(app, client);
    expect(html).toMatch(/id="grant-[\w-]{22}">Claude</);
    expect(html).toContain('May read and send, to @corp.example only.');
    expect(html).toContain('Returned to client.example');
    expect(textIn(html)).toContain('Since 21 Nov 2026 UTC, until 28 Nov 2026 UTC');
    expect(html).not.toContain('correct horse');
  });

  test('is the same for every spelling of the user name, and different for another user', async () => {
    await using app = await startOAuthApp({ isShared: true });
    const client = await app.mint({ name: 'Claude' });
    await tokensOf(app, client);
    expect((await signIn(app, client, { ...login, imap_username: 'Ada@Example.com' })).html).toContain('>Claude<');
    const { html } = await signIn(app, client, { ...login, imap_username: 'eve@example.com' });
    expect(html).not.toContain('>Claude<');
    expect(html).toContain('No application has access');
  });

  test('FORM-01 hostile names are escaped', async () => {
    await using app = await startOAuthApp({ isShared: true });
    const payload = {
      v: 1 as const,
      name: '"><script>alert(1)</script>\u202eevil',
      redirect_uris: ['https://client.example/callback'],
      servers: exampleServers,
    };
    const client = { clientId: await app.tokens.client.seal(payload, app.now()), clientSecret: null };
    await tokensOf(app, client);
    const { html } = await signIn(app, client, { ...login });
    expect(html).toContain('&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;evil');
    expect(html.match(/<script/g)).toHaveLength(1); // Its own.
    expect(html).not.toContain('\u202e');
  });
});

describe('revoking grants at /account', () => {
  test('one grant is revoked at once, with all its tokens, and no other', async () => {
    await using app = await startOAuthApp({ isShared: true });
    const [claude, other] = [await app.mint({ name: 'Claude' }), await app.mint({ name: 'Other' })];
    const dead = await tokensOf(app, claude);
    const alive = await tokensOf(app, other);
    const page = await signIn(app, claude);
    const { html } = await post(app, page, { take_back: idOf(page.html, 'Claude') });
    expect(html).toMatch(/role="status"[^>]*><strong>Claude has no access any more\./);
    expect(html).not.toContain('>Claude<');
    expect(html).toContain('>Other<');
    expect(await statusOf(app, dead.access_token)).toBe(401);
    const refused = await answerOf(await app.post('/oauth/token', refreshGrant(claude, dead.refresh_token ?? '')));
    expect(refused).toMatchObject({ error: 'invalid_grant' });
    expect(await statusOf(app, alive.access_token)).toBe(200);
  });

  test('one button revokes all grants of the account, and neither later grants nor those of other accounts', async () => {
    await using app = await startOAuthApp({ isShared: true });
    const client = await app.mint({ name: 'Claude' });
    const dead = [await tokensOf(app, client), await tokensOf(app, await app.mint({ name: 'Other' }))];
    const bob = await submit(app, await openSignIn(app, client), { ...ada, email: 'bob@example.com' });
    const code = new URL(bob.headers.get('location') ?? '').searchParams.get('code') ?? '';
    const alive = await answerOf(await app.post('/oauth/token', codeGrant(client, code)));
    app.advance(5);
    const { html } = await post(app, await signIn(app, client), { take_back: 'all' });
    expect(textIn(html)).toContain('until 21 Nov 2026, 12:00 UTC is taken back'); // phrase allowed: on the page
    expect(html).toContain('No application has access');
    for (const { access_token } of dead) expect(await statusOf(app, access_token)).toBe(401);
    expect(await statusOf(app, alive.access_token)).toBe(200);
    app.advance(5);
    expect(await statusOf(app, (await tokensOf(app, client)).access_token)).toBe(200);
  });

  test('REF-02 the page says how often refresh tokens of a grant were used again, and when last', async () => {
    await using app = await startOAuthApp();
    const [client, other] = [await app.mint({ name: 'Claude' }), await app.mint({ name: 'Other' })];
    const { refresh_token = '' } = await tokensOf(app, client);
    await tokensOf(app, other);
    const refresh = () => app.post('/oauth/token', refreshGrant(client, refresh_token));
    await refresh();
    expect((await signIn(app, client)).html).not.toContain('used again');
    app.advance(63);
    await refresh();
    const { html: first } = await signIn(app, client);
    expect(textIn(first)).toContain('used again once, last on 21 Nov 2026, 12:01 UTC');
    app.advance(3600);
    await Promise.all([refresh(), refresh()]);
    const { html } = await signIn(app, client);
    expect(textIn(html)).toContain('used again 3 times, last on 21 Nov 2026, 13:01 UTC');
    expect(html.match(/used again/g)).toHaveLength(1);
  });

  test('a grant of another account is not revoked', async () => {
    await using app = await startOAuthApp({ isShared: true });
    const client = await app.mint({ name: 'Claude' });
    const { access_token } = await tokensOf(app, client);
    const grant = idOf((await signIn(app, client)).html, 'Claude');
    const eve = await signIn(app, client, { ...login, imap_username: 'eve@example.com' });
    const { html } = await post(app, eve, { take_back: grant });
    expect(html).not.toContain('has no access any more');
    expect(await statusOf(app, access_token)).toBe(200);
  });

  test('FORM-02 only our page in the browser that signed in revokes grants, for ten minutes', async () => {
    await using app = await startOAuthApp({ issuer: 'https://mail.example.com', isShared: true });
    const client = await app.mint({ name: 'Claude' });
    const { access_token } = await tokensOf(app, client);
    const page = await signIn(app, client);
    const other = await signIn(app, client);
    const all = { take_back: 'all' };
    const refusals = [
      post(app, { ...page, cookie: '' }, all),
      post(app, { ...page, cookie: other.cookie }, all),
      post(app, page, all, { origin: 'https://evil.example' }),
      post(app, page, all, { origin: 'null', 'sec-fetch-site': 'same-site' }),
      post(app, page, { ...all, session: hidden((await open(app, client)).html, 'transaction') }),
      post(app, page, { ...all, session: access_token ?? '' }),
    ];
    for (const { response } of await Promise.all(refusals)) expect(response.status).toBe(400);
    expect(await statusOf(app, access_token)).toBe(200);
    app.advance(600);
    expect((await post(app, page, all)).response.status).toBe(400);
    expect(await statusOf(app, access_token)).toBe(200);
  });

  test('without a shared state there is no button, a forged one has no effect, and the page explains what ends the access', async () => {
    await using app = await startOAuthApp();
    const client = await app.mint({ name: 'Claude' });
    const { access_token } = await tokensOf(app, client);
    const page = await signIn(app, client);
    expect(page.html).toContain('>Claude<');
    expect(page.html).not.toContain('name="take_back"');
    expect(page.html).toContain('Change the password of your mailbox');
    expect(page.html).toContain('since it was started');
    await post(app, page, { take_back: 'all' });
    expect(await statusOf(app, access_token)).toBe(200);
  });

  test('the page contains no password, not even sealed', async () => {
    await using app = await startOAuthApp({ isShared: true });
    const client = await app.mint();
    const short = hidden((await signIn(app, client, { ...login, imap_password: 'x' })).html, 'session');
    const long = hidden((await signIn(app, client, { ...login, imap_password: 'x'.repeat(1000) })).html, 'session');
    expect(short.length).toBeGreaterThan(0);
    expect(long.length).toBe(short.length);
  });

  test('BEAR-09 nothing that is typed is logged', async () => {
    await using app = await startOAuthApp({ isShared: true });
    const client = await app.mint();
    await post(app, await signIn(app, client), { take_back: 'all' });
    expect(app.logged()).toContain('revoked');
    expect(app.logged()).not.toMatch(/correct horse|ada@/);
  });
});
