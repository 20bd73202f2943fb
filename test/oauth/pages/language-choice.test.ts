import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { en } from '../../../src/oauth/pages/languages/en.ts';
import { type OAuthApp, openToClients, startOAuthApp } from '../../support/app/oauth-app.ts';
import { ada, openSignIn, pageOf, submit } from '../../support/app/sign-in-page.ts';

const languageOf = (html: string): string | undefined => /<html lang="(\w+)" dir="ltr">/.exec(html)?.[1];

const get = async (app: OAuthApp, path: string, headers: Record<string, string>) => {
  const response = await app.fetch(path, { headers: { accept: 'text/html', ...headers } });
  return { response, html: await response.text() };
};

test('FORM-14 the language is the best one that the browser accepts (RFC 9110 §12.5.4, RFC 4647 §3.4)', async () => {
  await using app = await startOAuthApp();
  const cases: [header: string, language: string][] = [
    ['', 'en'],
    ['*', 'en'],
    ['de', 'de'],
    ['DE', 'de'],
    ['de-AT', 'de'],
    ['de-DE-1996', 'de'],
    ['de;q=0', 'en'],
    ['de;q=0, *', 'en'],
    ['en;q=0, *', 'de'],
    ['en;q=0.3, de;q=0.7', 'de'],
    ['en, de', 'en'],
    ['fr, de;q=0.5', 'de'],
    ['fr-CH, it', 'en'],
    ['den, dede', 'en'],
    ['de;q=nonsense, en;q=0.1', 'en'],
    [';;;,,,=', 'en'],
    ['de;;q', 'de'],
    [`${'xx;q=0.9,'.repeat(1000)}de`, 'de'],
    [`${'a'.repeat(8000)}, de`, 'de'],
    ['../../etc/passwd, <b>, %00', 'en'],
  ];
  for (const [header, language] of cases) {
    const { response, html } = await get(app, '/', { 'accept-language': header });
    expect(languageOf(html), header.slice(0, 40)).toBe(language);
    expect(response.headers.get('content-language')).toBe(language);
    expect(response.headers.get('vary')).toMatch(/Accept-Language, Cookie/);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.getSetCookie()).toEqual([]);
  }
});

test('FORM-14 a choice comes before what the browser accepts, and is a cookie that nothing else reads', async () => {
  await using app = await startOAuthApp({ issuer: 'https://mail.example.com' });
  const { response, html } = await get(app, '/?language=de', { 'accept-language': 'en' });
  expect(languageOf(html)).toBe('de');
  expect(html).toContain('<a class="language" href="?language=en" lang="en" hreflang="en">English</a>');
  const [cookie = ''] = response.headers.getSetCookie();
  expect(cookie).toMatch(
    /^__Host-mail-mcp-language=de; Max-Age=31536000; Path=\/; Expires=[^;]+; HttpOnly; Secure; SameSite=Lax$/,
  );
  const [pair = ''] = cookie.split(';');
  expect(languageOf((await get(app, '/', { cookie: pair, 'accept-language': 'en' })).html)).toBe('de');
  expect(languageOf((await get(app, '/?language=en', { cookie: pair, 'accept-language': 'de' })).html)).toBe('en');
});

test('FORM-14 choices and cookies that are no language change nothing', async () => {
  await using app = await startOAuthApp();
  const nonsense = ['xx', 'DE', '', 'de,en', '__proto__', 'constructor', 'de%00', '<b>', 'd'.repeat(4000)];
  for (const value of nonsense) {
    const byCookie = await get(app, '/', { cookie: `mail-mcp-language=${value}` });
    const byLink = await get(app, `/?language=${encodeURIComponent(value)}`, {});
    const twice = await get(app, '/?language=de&language=de', {});
    for (const { response, html } of [byCookie, byLink, twice]) {
      expect(languageOf(html), value.slice(0, 20)).toBe('en');
      expect(response.headers.getSetCookie()).toEqual([]);
    }
  }
});

describe('a choice on a page with a form', () => {
  test('FORM-14 asks no server, and keeps what was typed and ticked, but no password', async () => {
    await using app = await startOAuthApp();
    const page = await openSignIn(app, await app.mint());
    const typed = { ...ada, allow_read: '1', end: 'week', recipients: '@example.org', identities: 'ida@example.org' };
    const response = await submit(app, page, { ...typed, language: 'de' });
    const german = await pageOf(response);
    expect(response.status).toBe(200);
    expect(languageOf(german.html)).toBe('de');
    expect(german.html).toContain('Anmelden und erlauben');
    expect(german.html).toMatch(/name="email"[^>]*value="ada@example\.com"/);
    expect(german.html).toMatch(/value="week" selected/);
    expect(german.html).toMatch(/name="allow_read"[^>]*checked/);
    expect(german.html).not.toMatch(/name="allow_send"[^>]*checked/);
    expect(german.html).toContain('@example.org</textarea>');
    expect(german.html).toContain('ida@example.org</textarea>');
    expect(german.html).not.toContain(ada.imap_password);
    expect(german.html).not.toContain('role="alert"');
    expect(app.tried).toEqual([]);
    const done = await submit(app, { cookie: page.cookie, transaction: german.transaction }, typed);
    expect(done.status).toBe(303);
  });

  test('FORM-14 FORM-05 counts only from a page of this server, in the browser that received it', async () => {
    await using app = await startOAuthApp();
    const page = await openSignIn(app, await app.mint());
    const foreign = await submit(app, page, { language: 'de' }, { origin: 'https://evil.example' });
    expect(foreign.status).toBe(400);
    const other = await submit(app, { ...page, cookie: '' }, { language: 'de' });
    expect(other.status).toBe(400);
  });

  test('FORM-14 keeps the user name at /account, and the session of the list', async () => {
    await using app = await startOAuthApp({ dynamicClients: openToClients, isShared: true });
    const page = await pageOf(await app.fetch('/account'));
    const headers = { cookie: page.cookie, origin: app.issuer };
    const typed = { transaction: page.transaction, imap_username: 'ada@example.com', imap_password: 'correct horse' };
    const german = await pageOf(await app.post('/account', { ...typed, language: 'de' }, headers));
    expect(german.html).toMatch(/name="imap_username"[^>]*value="ada@example\.com"/);
    expect(german.html).toContain('Erteilte Zugriffe');
    expect(app.tried).toEqual([]);
    const list = await (await app.post('/account', typed, headers)).text();
    const session = /name="session" value="([^"]*)"/.exec(list)?.[1] ?? '';
    const inGerman = await (await app.post('/account', { session, language: 'de' }, headers)).text();
    expect(inGerman).toContain('Keine Anwendung hat Zugriff auf dieses Postfach.');
  });
});

describe('in German', () => {
  const german = { 'accept-language': 'de' };

  test('FORM-14 errors are shown in German, and in English to clients', async () => {
    await using app = await startOAuthApp();
    const { html, response } = await get(app, '/oauth/authorize?client_id=x&redirect_uri=https://a.example', german);
    expect(html).toContain('Die client_id ist hier nicht bekannt.');
    expect(html).toContain('Diese Anmeldung kann nicht fortgesetzt werden');
    expect(response.headers.get('content-language')).toBe('de');
    const token = await app.post('/oauth/token', { grant_type: 'authorization_code', client_id: 'x' }, german);
    expect(await token.json()).toMatchObject({ error_description: expect.stringMatching(/not known/) });
    const notFound = await app.fetch('/nothing', { headers: { accept: 'application/json', ...german } });
    expect(await notFound.json()).toMatchObject({ error_description: expect.stringMatching(/^The URL/) });
  });

  test('FORM-14 an error without a sentence in German is marked as English', async () => {
    await using app = await startOAuthApp({ dynamicClients: openToClients });
    const at = async (client_id: string, redirect_uri: string) => {
      const query = new URLSearchParams({ client_id, redirect_uri, response_type: 'token' });
      return (await get(app, `/oauth/authorize?${query}`, german)).html;
    };
    const metadata = JSON.stringify({ redirect_uris: ['https://claude.ai/api/mcp/auth_callback'] });
    const headers = { 'content-type': 'application/json' };
    const registration = await app.fetch('/oauth/register', { method: 'POST', headers, body: metadata });
    const { client_id: clientId } = z.object({ client_id: z.string() }).parse(await registration.json());
    expect(await at(clientId, 'https://claude.ai/api/mcp/auth_callback')).toMatch(
      /<p class="lead" lang="en">Only response_type/,
    );
    const untrusted = await at('https://elsewhere.example/client', 'https://a.example');
    expect(untrusted).toMatch(/<p class="lead">Die client_id ist eine URL bei einem Host/);
  });

  test('FORM-15 no sentence of English is on a page', async () => {
    await using app = await startOAuthApp({
      dynamicClients: openToClients,
      loginProblems: [{ service: 'imap', fault: 'credentials' }],
      isShared: true,
    });
    const client = await app.mint({ policy: { folders: ['INBOX', 'Projects/*'], max_sends_per_hour: 1 } });
    const page = await openSignIn(app, client);
    const headers = { cookie: page.cookie, origin: app.issuer, ...german };
    const account = await pageOf(await app.fetch('/account', { headers: german }));
    const ofAccount = { cookie: account.cookie, origin: app.issuer, ...german };
    const send = (fields: Record<string, string>) =>
      app.post('/oauth/authorize', { transaction: page.transaction, ...fields }, headers);
    const responses = [
      await app.fetch('/', { headers: { accept: 'text/html', ...german } }),
      await app.fetch('/nothing', { headers: { accept: 'text/html', ...german } }),
      await app.fetch('/mcp', { headers: { accept: 'text/html', ...german } }),
      await app.fetch('/account?client_id=x', { headers: german }),
      await app.fetch('/oauth/authorize', { headers: german }),
      await app.fetch(app.authorizePath(client), { headers: german }),
      await send(ada),
      await send({ end: 'day', recipients: 'nobody', identities: 'x' }), // phrase allowed: no address
      await app.post('/account', { transaction: account.transaction }, ofAccount),
      await app.post('/account', { transaction: '' }, ofAccount),
    ];
    for (const response of responses) {
      const html = await response.text();
      expect(languageOf(html), response.url).toBe('de');
      const text = html.replace(/<(style|script)>[\s\S]*?<\/\1>/g, '');
      expect(
        constantsOf(en).filter((sentence) => text.includes(sentence)),
        response.url,
      ).toEqual([]);
    }
  });
});

/** The sentences without values, of which a part cannot be in German by chance. */
function constantsOf(value: unknown): string[] {
  if (typeof value === 'string') return value.includes(' ') && value.length > 8 ? [value] : [];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(constantsOf) : [];
}
