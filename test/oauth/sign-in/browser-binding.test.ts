import { describe, expect, test } from 'vitest';
import { redirectUri, startOAuthApp } from '../../support/app/oauth-app.ts';
import { ada, openSignIn, submit } from '../../support/app/sign-in-page.ts';

const https = { issuer: 'https://mail.example.com' };

describe('submitting the sign-in page', () => {
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

  test('FORM-02 a page is valid for ten minutes, and for one success', async () => {
    await using app = await startOAuthApp();
    const client = await app.mint();
    const old = await openSignIn(app, client);
    app.advance(600);
    expect((await submit(app, old)).status).toBe(400);
    const page = await openSignIn(app, client);
    app.advance(599);
    expect((await submit(app, page)).status).toBe(303);
    app.advance(61);
    const replayed = await submit(app, page);
    expect(replayed.status).toBe(400);
    expect(replayed.headers.get('location')).toBeNull();
  });

  test('FORM-02 two tabs of one browser both work, and the second keeps the cookie of the first', async () => {
    await using app = await startOAuthApp();
    const client = await app.mint();
    const first = await openSignIn(app, client, { state: 'first' });
    const second = await openSignIn(app, client, { state: 'second' }, first.cookie);
    expect(second.cookie).toBe(first.cookie);
    for (const page of [first, second]) expect((await submit(app, page)).status).toBe(303);
  });

  test('FORM-02 the transaction alone decides what is authorized; parameters of the form are ignored', async () => {
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
    expect((await app.tokens.code.unseal(location.searchParams.get('code') ?? '', app.now())).scope).toEqual([
      'mail.read',
    ]);
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
