import { describe, expect, test, vi } from 'vitest';
import type { LoginProblem } from '../../src/oauth/services.ts';
import { exampleServers, redirectUri, startOAuthApp } from '../support/oauth-app.ts';
import { ada, callbackOf, openSignIn, pageOf, submit } from '../support/sign-in-page.ts';

const https = { issuer: 'https://mail.example.com' };

describe('what the sign-in page says', () => {
  test('FORM-01 names the client, the redirect host, both mail servers, what is asked for, and a way out', async () => {
    await using app = await startOAuthApp();
    const client = await app.mint({ name: 'Test <b>& Co' });
    const { html } = await openSignIn(app, client, { scope: 'mail.read mail.delete' });
    expect(html).toContain('<strong>Test &lt;b&gt;&amp; Co</strong>');
    expect(html).toContain('<strong>client.example</strong>');
    expect(html).toContain('<strong>imap.example.com:993</strong>, over TLS');
    expect(html).toContain('<strong>smtp.example.com:465</strong>, over TLS');
    expect(html).toContain('Read and search all your mail');
    expect(html).toContain('Delete messages');
    expect(html).not.toContain('Send mail in your name');
    expect(html).toContain('name="action" value="cancel"');
    expect(html).not.toContain('program on this device');
  });

  test('FORM-01 warns when the access goes to a program on this device', async () => {
    await using app = await startOAuthApp();
    const client = await app.mint({ presets: ['inspector'], redirectUris: [] });
    const { html } = await openSignIn(app, client, { redirect_uri: 'http://localhost:7777/oauth/callback' });
    expect(html).toContain('program on this device');
    expect(html).toContain('localhost:7777');
    const cursor = await app.mint({ presets: ['cursor'], redirectUris: [] });
    const uri = 'cursor://anysphere.cursor-mcp/oauth/callback';
    expect((await openSignIn(app, cursor, { redirect_uri: uri })).html).toContain('program on this device');
  });

  test('FORM-01 a client name from an older or foreign mint is shown without what could turn the text around', async () => {
    await using app = await startOAuthApp();
    const name = `a\u202eb\u2066c\u0000d\u200be\nf${'x'.repeat(200)}`;
    const payload = { v: 1 as const, name, redirect_uris: [redirectUri], servers: exampleServers };
    const clientId = await app.tokens.client.seal(payload, app.now());
    const { html } = await openSignIn(app, { clientId, clientSecret: null });
    expect(html).toContain(`<strong>abcde f${'x'.repeat(56)}…</strong>`);
  });

  test('FORM-03 FORM-04 the page carries its headers, with the redirect target in form-action', async () => {
    await using app = await startOAuthApp(https);
    const { headers } = (await openSignIn(app, await app.mint())).response;
    expect(headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; style-src 'sha256-[\w+/]+='; img-src 'self'; form-action 'self' https:\/\/client\.example https:; frame-ancestors 'none'; base-uri 'none'$/,
    );
    expect(Object.fromEntries(headers)).toMatchObject({
      'x-frame-options': 'DENY',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
      'cross-origin-opener-policy': 'same-origin',
      'strict-transport-security': expect.stringContaining('max-age='),
    });
  });

  test('FORM-03 the page has no script, no event handler and nothing from elsewhere', async () => {
    await using app = await startOAuthApp();
    const { html } = await openSignIn(app, await app.mint());
    expect(html).not.toMatch(/<script|\son\w+=|style="|src=|<link|url\(/);
  });

  test('FORM-10 every field has a label, tokens for password managers, and nothing typed before', async () => {
    await using app = await startOAuthApp();
    const { html } = await openSignIn(app, await app.mint());
    const tokens = {
      full_name: 'name',
      email: 'email',
      imap_username: 'username',
      imap_password: 'current-password',
      smtp_username: 'section-smtp username',
      smtp_password: 'section-smtp current-password',
    };
    for (const [name, token] of Object.entries(tokens)) {
      const input = new RegExp(`<input id="${name}" name="${name}"[^>]*>`).exec(html)?.[0];
      expect(input, name).toContain(`autocomplete="${token}"`);
      expect(input).toContain('value=""');
      expect(html).toContain(`<label for="${name}">`);
    }
    expect(html).toMatch(/<input[^>]*name="use_same_credentials"[^>]*checked/);
  });
});

describe('who may submit it', () => {
  test('FORM-02 the cookie is for this host alone, unreadable for scripts, and secure on https', async () => {
    await using app = await startOAuthApp(https);
    const { response } = await openSignIn(app, await app.mint());
    expect(response.headers.get('set-cookie')).toMatch(
      /^__Host-mail-mcp=[\w-]{43}; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
    );
  });

  test('FORM-02 a submit that does not come from our page in the same browser makes no login attempt', async () => {
    await using app = await startOAuthApp(https);
    const client = await app.mint();
    const page = await openSignIn(app, client);
    const otherBrowser = await openSignIn(app, client);
    const tampered = page.transaction.replace(/.{5}$/, 'AAAAA');
    const refusals = [
      submit(app, { ...page, cookie: '' }),
      submit(app, { ...page, cookie: otherBrowser.cookie }),
      submit(app, { ...page, cookie: `${page.cookie}x` }),
      submit(app, { ...page, transaction: otherBrowser.transaction }),
      submit(app, { ...page, transaction: tampered }),
      submit(app, { ...page, transaction: '' }),
      submit(app, { ...page, transaction: client.clientId }),
      submit(app, page, ada, { origin: 'https://evil.example' }),
      submit(app, page, ada, { origin: 'https://mail.example.com.evil.example' }),
      submit(app, page, ada, { origin: 'http://mail.example.com' }),
      submit(app, page, ada, { origin: 'null' }),
      submit(app, page, ada, { origin: 'null', 'sec-fetch-site': 'cross-site' }),
      submit(app, page, ada, { origin: 'null', 'sec-fetch-site': 'same-site' }),
      submit(app, page, ada, { origin: 'https://evil.example', 'sec-fetch-site': 'same-origin' }),
      submit(app, page, ada, { 'content-type': 'text/plain' }),
      submit(app, page, ada, { 'content-type': 'application/json' }),
    ];
    for (const [index, response] of (await Promise.all(refusals)).entries()) {
      expect(response.status, `case ${index}`).toBe(400);
      expect(response.headers.get('location')).toBeNull();
    }
    expect(app.tried).toEqual([]);
    expect((await submit(app, page, ada, { origin: 'null', 'sec-fetch-site': 'same-origin' })).status).toBe(303);
  });

  test('FORM-02 a page is good for ten minutes, and for one success', async () => {
    await using app = await startOAuthApp();
    const client = await app.mint();
    const old = await openSignIn(app, client);
    app.advance(600);
    expect((await submit(app, old)).status).toBe(400);
    const page = await openSignIn(app, client);
    app.advance(599);
    expect((await submit(app, page)).status).toBe(303);
    const replayed = await submit(app, page);
    expect(replayed.status).toBe(400);
    expect(replayed.headers.get('location')).toBeNull();
  });

  test('FORM-02 two tabs of one browser both work, and a page of yesterday’s cookie keeps its cookie', async () => {
    await using app = await startOAuthApp();
    const client = await app.mint();
    const first = await openSignIn(app, client, { state: 'first' });
    const second = await openSignIn(app, client, { state: 'second' }, first.cookie);
    expect(second.cookie).toBe(first.cookie);
    for (const page of [first, second]) expect((await submit(app, page)).status).toBe(303);
  });

  test('FORM-02 what is authorized stands in the transaction; parameters of the form change nothing', async () => {
    await using app = await startOAuthApp();
    const client = await app.mint();
    const page = await openSignIn(app, client, { scope: 'mail.read' });
    const forged = {
      ...ada,
      redirect_uri: 'https://evil.example/',
      state: 'forged',
      scope: 'mail.send',
      client_id: 'x',
    };
    const location = new URL((await submit(app, page, forged)).headers.get('location') ?? '');
    expect(location.href.startsWith(redirectUri)).toBe(true);
    expect(location.searchParams.get('state')).toBe('a state');
    expect((await app.tokens.code.open(location.searchParams.get('code') ?? '', app.now())).scope).toEqual([
      'mail.read',
    ]);
  });

  test('FORM-02 who clicks twice gets in by the second click', async () => {
    const answers: (() => void)[] = [];
    const loginProblems = () => new Promise<LoginProblem[]>((resolve) => answers.push(() => resolve([])));
    await using app = await startOAuthApp({ loginProblems });
    const page = await openSignIn(app, await app.mint());
    const left = new AbortController();
    const first = app.fetch('/oauth/authorize', {
      method: 'POST',
      headers: { cookie: page.cookie, origin: app.issuer },
      body: new URLSearchParams({ transaction: page.transaction, ...ada }),
      signal: left.signal,
    });
    await vi.waitUntil(() => answers.length === 1);
    left.abort();
    await expect(first).rejects.toThrow();
    const second = submit(app, page);
    await vi.waitUntil(() => answers.length === 2);
    for (const answer of answers) answer();
    expect((await second).status).toBe(303);
  });

  test('FORM-09 a body of more than 16 KiB is refused, with and without a declared length', async () => {
    await using app = await startOAuthApp();
    const page = await openSignIn(app, await app.mint());
    const long = { ...ada, filler: 'x'.repeat(16 * 1024) };
    expect((await submit(app, page, long)).status).toBe(400);
    const body = new URLSearchParams({ transaction: page.transaction, ...long }).toString();
    const chunked = await app.fetch('/oauth/authorize', {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', cookie: page.cookie, origin: app.issuer },
      body: new Blob([body]).stream(),
      duplex: 'half',
    });
    expect(chunked.status).toBe(400);
    expect((await submit(app, page)).status).toBe(303);
  });

  test('FORM-05 success is a 303 to the client, error=access_denied after Cancel, without a login attempt', async () => {
    await using app = await startOAuthApp();
    const client = await app.mint();
    const denied = await submit(app, await openSignIn(app, client), { ...ada, action: 'cancel' });
    expect(denied.status).toBe(303);
    expect(Object.fromEntries(new URL(denied.headers.get('location') ?? '').searchParams)).toMatchObject({
      error: 'access_denied',
      state: 'a state',
      iss: app.issuer,
    });
    expect(app.tried).toEqual([]);
    const granted = await submit(app, await openSignIn(app, client));
    expect(granted.status).toBe(303);
    expect(granted.headers.get('cache-control')).toBe('no-store');
    expect(await granted.text()).toBe('');
  });
});

describe('what is typed', () => {
  test('an empty user name is the address, one login serves both servers', async () => {
    await using app = await startOAuthApp();
    await callbackOf(app, await app.mint());
    const login = { kind: 'password', username: 'ada@example.com', password: 'correct horse' };
    expect(app.tried).toEqual([
      {
        fullName: 'Ada Lovelace',
        email: 'ada@example.com',
        imap: { server: exampleServers.imap, login },
        smtp: { server: exampleServers.smtp, login },
      },
    ]);
  });

  test('without the tick the second pair is used for sending', async () => {
    await using app = await startOAuthApp();
    const { use_same_credentials: _ticked, ...unticked } = ada;
    const fields = { ...unticked, imap_username: ' ada ', smtp_username: 'relay', smtp_password: 'other' };
    await callbackOf(app, await app.mint(), {}, fields);
    expect(app.tried[0]?.imap.login).toEqual({ kind: 'password', username: 'ada', password: 'correct horse' });
    expect(app.tried[0]?.smtp.login).toEqual({ kind: 'password', username: 'relay', password: 'other' });
  });

  test.each([
    ['spaces, quotes and more', ' "p\\a\'s s%+&=<>{}~ '],
    ['Unicode', 'pässwörd€😀'],
    ['a tab', 'a\tb'],
    ['1,024 bytes', 'x'.repeat(1024)],
    ['1,024 quotes', '"'.repeat(1024)],
  ])('FORM-09 a password with %s arrives as it is', async (_name, password) => {
    await using app = await startOAuthApp();
    const callback = await callbackOf(app, await app.mint(), {}, { ...ada, imap_password: password });
    expect(app.tried[0]?.imap.login.password).toBe(password);
    expect(callback.get('code')).not.toBeNull();
  });

  const unticked = { ...ada, use_same_credentials: '', smtp_username: 'relay', smtp_password: 'other' };
  test.each([
    ['no address', { ...ada, email: '' }, 'email'],
    ['two addresses', { ...ada, email: 'a@example.com, b@example.com' }, 'email'],
    ['an address with a line break', { ...ada, email: 'a@example.com\r\nBcc: x@example.com' }, 'email'],
    ['a too long address', { ...ada, email: `a@${'d'.repeat(320)}` }, 'email'],
    ['a name with a control character', { ...ada, full_name: 'Ada\r\nBcc: x' }, 'full_name'],
    ['a too long name', { ...ada, full_name: 'ä'.repeat(129) }, 'full_name'],
    ['a user name with NUL', { ...ada, imap_username: 'a\0b' }, 'imap_username'],
    ['a too long user name', { ...ada, imap_username: 'a'.repeat(321) }, 'imap_username'],
    ['no password', { ...ada, imap_password: '' }, 'imap_password'],
    ['a password with CR', { ...ada, imap_password: 'a\rb' }, 'imap_password'],
    ['a password with LF', { ...ada, imap_password: 'a\nb' }, 'imap_password'],
    ['a password with NUL', { ...ada, imap_password: 'a\0b' }, 'imap_password'],
    ['a password of 1,025 bytes', { ...ada, imap_password: 'x'.repeat(1025) }, 'imap_password'],
    ['a password that would not fit in a token', { ...ada, imap_password: '\u0001'.repeat(1000) }, 'imap_password'],
    ['no second password', { ...unticked, smtp_password: '' }, 'smtp_password'],
    [
      'two logins too long together',
      { ...unticked, imap_password: 'x'.repeat(1024), smtp_password: 'y'.repeat(1024) },
      'smtp_password',
    ],
  ])('FORM-09 %s is a problem of its field, and no mail server is asked', async (_name, fields, field) => {
    await using app = await startOAuthApp();
    const { response, html } = await pageOf(await submit(app, await openSignIn(app, await app.mint()), fields));
    expect(response.status).toBe(200);
    expect(html.match(/href="#(\w+)"/g)).toEqual([`href="#${field}"`]);
    expect(html).toContain(`id="${field}-problem"`);
    expect(new RegExp(`<input id="${field}"[^>]*>`).exec(html)?.[0]).toMatch(
      /aria-describedby="[^"]*-problem[^>]*aria-invalid="true"[^>]*autofocus/,
    );
    expect(app.tried).toEqual([]);
  });

  test('all problems are shown at once, what was typed is kept and escaped, passwords are not', async () => {
    await using app = await startOAuthApp();
    const typed = {
      full_name: 'A "quoted" <name>',
      email: 'nobody',
      imap_username: '"><b>ada',
      imap_password: 'top secret 1\n',
      smtp_password: 'top secret 2',
      smtp_username: 'relay',
    };
    const { html } = await pageOf(await submit(app, await openSignIn(app, await app.mint()), typed));
    expect(html.match(/href="#(\w+)"/g)).toEqual(['href="#email"', 'href="#imap_password"']);
    expect(html).toContain('value="A &quot;quoted&quot; &lt;name&gt;"');
    expect(html).toContain('value="&quot;&gt;&lt;b&gt;ada"');
    expect(html).toContain('value="relay"');
    expect(html).not.toMatch(/<input[^>]*name="use_same_credentials"[^>]*checked/);
    expect(html).not.toContain('top secret');
    expect(html.match(/autofocus/g)).toHaveLength(1);
  });

  test('FORM-02 the page that is shown again can be submitted, after a long while too', async () => {
    await using app = await startOAuthApp();
    const client = await app.mint();
    const first = await openSignIn(app, client);
    app.advance(590);
    const again = await pageOf(await submit(app, first, { ...ada, imap_password: '' }), first.cookie);
    app.advance(590);
    expect((await submit(app, again)).status).toBe(303);
    expect((await submit(app, again)).status).toBe(400);
  });
});

describe('what the mail servers say (FORM-06)', () => {
  const imap = (fault: LoginProblem['fault']): LoginProblem => ({ service: 'imap', fault });
  const smtp = (fault: LoginProblem['fault']): LoginProblem => ({ service: 'smtp', fault });
  const two = { ...ada, use_same_credentials: '', smtp_username: 'relay', smtp_password: 'other' };

  test.each([
    [
      'a wrong password',
      [imap('credentials'), smtp('credentials')],
      ada,
      { imap_password: 'did not accept this user name and password' },
    ],
    [
      'two wrong passwords',
      [imap('credentials'), smtp('credentials')],
      two,
      { imap_password: 'imap.example.com did not accept', smtp_password: 'smtp.example.com did not accept' },
    ],
    ['a login for reading only', [smtp('credentials')], ada, { smtp_password: 'They do work for reading' }],
    [
      'an app password needed',
      [imap('app_password'), smtp('app_password')],
      ada,
      { imap_password: 'wants an app password' },
    ],
    [
      'an app password needed, said for sending only',
      [imap('credentials'), smtp('app_password')],
      ada,
      { imap_password: 'smtp.example.com wants an app password' },
    ],
    ['a server that is not there', [imap('unreachable')], ada, { imap_server: 'could not be reached on port 993' }],
    ['a server that hangs', [smtp('timeout')], ada, { smtp_server: 'did not answer in time' }],
    ['an invalid certificate', [imap('certificate')], ada, { imap_server: 'your password was not sent' }],
    ['no secure connection', [smtp('no_starttls')], ada, { smtp_server: 'offers no secure connection' }],
    ['a refusal', [imap('refused')], ada, { imap_server: 'refused the connection' }],
    [
      'several things',
      [smtp('unreachable'), imap('credentials')],
      ada,
      { imap_password: 'did not accept', smtp_server: 'could not be reached' },
    ],
  ])('%s is shown where it belongs', async (_name, loginProblems, fields, expected) => {
    await using app = await startOAuthApp({ loginProblems });
    const page = await openSignIn(app, await app.mint());
    const { response, html } = await pageOf(await submit(app, page, fields));
    expect(response.status).toBe(200);
    expect(html.match(/href="#(\w+)"/g)).toEqual(Object.keys(expected).map((place) => `href="#${place}"`));
    for (const [place, words] of Object.entries(expected)) {
      expect(html).toContain(`id="${place}"`);
      expect(new RegExp(`id="${place}-problem">([^<]*)`).exec(html)?.[1]).toContain(words);
    }
    expect(html).not.toContain('correct horse');
    expect(app.logged()).not.toMatch(/correct horse|ada|other|relay/);
  });

  test('a login that was refused for sending and not tried for reading is the one login there is', async () => {
    await using app = await startOAuthApp({ loginProblems: [smtp('credentials'), imap('unreachable')] });
    const { html } = await pageOf(await submit(app, await openSignIn(app, await app.mint())));
    expect(html.match(/href="#(\w+)"/g)).toEqual(['href="#imap_server"', 'href="#imap_password"']);
    expect(html).not.toContain('They do work for reading');
    expect(html).toMatch(/<input[^>]*name="use_same_credentials"[^>]*checked/);
  });

  test('a login that does not send opens the second pair', async () => {
    await using app = await startOAuthApp({ loginProblems: [smtp('credentials')] });
    const { html } = await pageOf(await submit(app, await openSignIn(app, await app.mint())));
    expect(html).not.toMatch(/<input[^>]*name="use_same_credentials"[^>]*checked/);
  });

  test('known providers are named with the page where an app password is made', async () => {
    const loginProblems = [imap('credentials')];
    await using app = await startOAuthApp({ loginProblems });
    const servers = { ...exampleServers, imap: { ...exampleServers.imap, host: 'imap.gmail.com' } };
    const page = await openSignIn(app, await app.mint({ servers }));
    expect(page.html).toContain('Google takes an app password');
    const { html } = await pageOf(await submit(app, page));
    expect(html).toMatch(
      /id="imap_password-problem">[^<]*Google takes an app password[^<]*<a href="https:\/\/myaccount\.google\.com\/apppasswords" target="_blank" rel="noopener noreferrer">/,
    );
    const lookalike = { ...servers, imap: { ...servers.imap, host: 'imap.notgmail.com' } };
    expect((await openSignIn(app, await app.mint({ servers: lookalike }))).html).not.toContain('Google');
  });
});
