/** Checks the minting page at /admin: its session, its attackers, its form, and what it mints. */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { main } from '../../src/cli.ts';
import { FLAG_LIST, toFlagName } from '../../src/minting/flag-table.ts';
import { createKeyring } from '../../src/oauth/sealed/jwe.ts';
import { createTokens } from '../../src/oauth/sealed/sealed-types.ts';
import { generateMintingKeys } from '../../src/settings/minting-keys.ts';
import {
  type AdminSite,
  copiedFrom,
  csrfIn,
  type Fields,
  getAdmin,
  type Operator,
  operatorOf,
  plain,
  postAdmin,
  problemsIn,
  send,
  signIn,
  withoutSpans,
} from '../support/app/operator.ts';
import { startApp, type TestApp } from '../support/app/start-app.ts';
import { GOOD_SERVERS, MISBEHAVIOURS, temporaryCertificates } from '../support/mail/misbehaving-servers.ts';

const ADMIN_TOKEN = randomBytes(32).toString('hex');
const ISSUER = 'https://mail.example.com';
const HOSTS = { 'imap-host': 'imap.example.com', 'smtp-host': 'smtp.example.com' };
const GOOD = { ...HOSTS, probe: '1' };
const HTML = { accept: 'text/html' };

let time = Date.parse('2026-11-21T12:00:00Z');
let app: TestApp;
let site: AdminSite;
let operator: Operator;

beforeAll(async () => {
  app = await startApp({ ADMIN_TOKEN, BASE_URL: ISSUER, TRUST_PROXY: '1', HOST: '127.0.0.1' }, () => new Date(time));
  site = { origin: app.origin, issuer: ISSUER };
  operator = await operatorOf(site, ADMIN_TOKEN);
});
afterAll(() => app.stop());

/** The form of a page, and its status. */
async function pageOf(response: Response) {
  return { status: response.status, html: await response.text() };
}

describe('/admin', () => {
  test('ADMIN-01 does not exist without ADMIN_TOKEN', async () => {
    await using other = await startApp();
    for (const init of [{ headers: HTML }, { method: 'POST', headers: HTML }, {}]) {
      const [page, unknown] = await Promise.all(
        ['/admin', '/nothing'].map(async (path) => pageOf(await fetch(other.origin + path, init))),
      );
      expect(page).toMatchObject({ status: 404 });
      expect(page).toEqual(unknown);
    }
  });

  test('ADMIN-01 with a minting key the page says that clients are minted on the command line, and nothing else', async () => {
    const { publicKey } = generateMintingKeys();
    await using other = await startApp({ ADMIN_TOKEN, MINTING_PUBLIC_KEY: publicKey.toString('base64') });
    const { status, html } = await pageOf(await getAdmin({ origin: other.origin, issuer: other.origin }));
    expect(status).toBe(200);
    expect(html).toContain('Clients are minted on the command line');
    expect(html).not.toContain('<form');
    expect((await signIn({ origin: other.origin, issuer: other.origin }, ADMIN_TOKEN)).status).toBe(404);
  });

  test.each(['HEAD', 'PUT', 'DELETE', 'OPTIONS'])('ADMIN-01 %s is not allowed', async (method) => {
    const response = await fetch(`${app.origin}/admin`, { method, headers: { cookie: operator.cookie } });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, POST']);
  });

  test('ADMIN-02 the right token starts a session in a cookie that no script reads and no other site sends', async () => {
    const response = await signIn(site, ADMIN_TOKEN);
    expect([response.status, response.headers.get('location')]).toEqual([303, '/admin']);
    const [cookie = '', ...others] = response.headers.getSetCookie();
    expect(others).toEqual([]);
    expect(cookie).toMatch(
      /^__Host-mail-mcp-admin=[\w.-]+; Max-Age=1800; Path=\/; Expires=[^;]+; HttpOnly; Secure; SameSite=Strict$/,
    );
    expect(app.logged()).toContain('signed in with the admin token');
    expect(app.logged()).not.toContain(ADMIN_TOKEN.slice(0, 16));
    const page = await getAdmin(site, operator.cookie);
    expect(page.headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; style-src 'sha256-[^;]+; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'$/,
    );
    expect(page.headers.get('cache-control')).toBe('no-store');
    expect(page.headers.get('x-robots-tag')).toBe('noindex');
    expect(await (await getAdmin(site)).text()).toContain('id="admin-token"');
  });

  test('ADMIN-02 a session ends after 30 minutes, and what was typed meanwhile is kept', async () => {
    const early = await operatorOf(site, ADMIN_TOKEN);
    time += 31 * 60_000;
    const late = await pageOf(await send(site, early, { ...GOOD, folders: 'A "b"\n<c>' }));
    expect(late.status).toBe(403);
    expect(late.html).toContain('Your session has ended');
    const kept = [...late.html.matchAll(/<textarea name="([^"]+)" hidden>\n([^<]*)<\/textarea>/g)];
    const fields = Object.fromEntries(kept.map(([, name = '', value = '']) => [name, plain(value)]));
    expect(fields).toEqual({ ...GOOD, folders: 'A "b"\r\n<c>'.replace('\r', '') });
    const again = await pageOf(await postAdmin(site, { ...fields, action: 'sign-in', 'admin-token': ADMIN_TOKEN }));
    expect(again.status).toBe(200);
    expect(again.html).toContain('value="imap.example.com"');
    expect(again.html).toContain('A &quot;b&quot;\n&lt;c&gt;</textarea>');
    operator = await operatorOf(site, ADMIN_TOKEN);
  });

  test.each<[string, (cookie: string) => Promise<string> | string]>([
    ['no cookie', () => ''],
    ['an altered cookie', (cookie) => cookie.slice(0, -3) + (cookie.endsWith('AAA') ? 'BBB' : 'AAA')],
    ['a cookie of another name', (cookie) => cookie.replace('__Host-', '')],
    [
      'a value of another type',
      async () => {
        const keyring = createKeyring({ current: Buffer.from(app.key, 'base64'), previous: [] });
        const { accountSession } = createTokens(keyring);
        const who = { url: 'https://missive.example', tokenHash: 'A'.repeat(43) };
        return `__Host-mail-mcp-admin=${await accountSession.seal({ who, browser: 'A'.repeat(43) }, new Date(time))}`;
      },
    ],
    [
      'a session of another admin token',
      async () => {
        const keyring = createKeyring({ current: Buffer.from(app.key, 'base64'), previous: [] });
        const sealed = await createTokens(keyring).adminSession.seal({ tokenHash: 'A'.repeat(43) }, new Date(time));
        return `__Host-mail-mcp-admin=${sealed}`;
      },
    ],
  ])('ADMIN-02 %s is no session', async (_what, cookieOf) => {
    const cookie = await cookieOf(operator.cookie);
    expect(await (await getAdmin(site, cookie)).text()).toContain('id="admin-token"');
    const { status, html } = await pageOf(await send(site, { ...operator, cookie }, GOOD));
    expect(status).toBe(403);
    expect(html).not.toContain('client-secret');
  });

  test('ADMIN-02 another ADMIN_TOKEN ends every session', async () => {
    await using replica = await app.replica({ ADMIN_TOKEN: randomBytes(32).toString('hex') });
    const changed = { origin: replica.origin, issuer: ISSUER };
    expect((await send(changed, operator, GOOD)).status).toBe(403);
    await using same = await app.replica();
    expect((await send({ origin: same.origin, issuer: ISSUER }, operator, GOOD)).status).toBe(200);
  });

  test('ADMIN-02 signing out removes the cookie', async () => {
    const response = await send(site, operator, { action: 'sign-out' });
    expect([response.status, response.headers.get('location')]).toEqual([303, '/admin']);
    expect(response.headers.getSetCookie()).toEqual([
      '__Host-mail-mcp-admin=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; Secure; SameSite=Strict',
    ]);
  });

  test.each<[string, Record<string, string>]>([
    ['from another origin', { origin: 'https://evil.example' }],
    ['from a page below', { origin: 'https://mail.example.com.evil.example' }],
    ['from another site, without an origin', { origin: 'null', 'sec-fetch-site': 'cross-site' }],
    ['from a sister domain', { origin: 'null', 'sec-fetch-site': 'same-site' }],
    ['that says nothing of its origin', { origin: 'null' }],
  ])('ADMIN-03 a form %s is refused, with session and token too', async (_what, headers) => {
    const body = { action: 'mint', csrf: operator.csrf, ...GOOD };
    const { status, html } = await pageOf(await postAdmin(site, body, { cookie: operator.cookie, ...headers }));
    expect(status).toBe(403);
    expect(html).not.toContain('client-secret');
    expect((await signIn(site, ADMIN_TOKEN, headers)).headers.getSetCookie()).toEqual([]);
  });

  test('ADMIN-03 a form without the token of its session mints nothing, and keeps what was typed', async () => {
    const other = await operatorOf(site, ADMIN_TOKEN);
    for (const csrf of ['', 'x', other.csrf, [operator.csrf, operator.csrf]]) {
      const response = await postAdmin(site, { action: 'mint', ...GOOD, csrf }, { cookie: operator.cookie });
      const { status, html } = await pageOf(response);
      expect(status).toBe(200);
      expect(html).toContain('Nothing was minted: send it again.');
      expect(html).toContain('value="imap.example.com"');
      expect(csrfIn(html)).toBe(operator.csrf);
    }
    for (const action of ['', 'other', ['mint', 'mint']]) {
      const { status, html } = await pageOf(await send(site, operator, { ...GOOD, action }));
      expect([status, copiedFrom(html), problemsIn(html)]).toEqual([200, {}, []]);
    }
  });

  test('ADMIN-03 wrong tokens are limited for each network, and the right one is accepted behind the same address', async () => {
    const headers = { 'x-forwarded-for': '192.0.2.7' };
    for (let attempt = 0; attempt < 20; attempt++) {
      expect((await signIn(site, `${ADMIN_TOKEN.slice(0, -1)}x`, headers)).status).toBe(403);
    }
    const late = await signIn(site, 'wrong', headers);
    expect([late.status, late.headers.get('retry-after')]).toEqual([429, '60']);
    expect(await late.text()).toContain('too many wrong tokens');
    expect((await signIn(site, ADMIN_TOKEN, headers)).status).toBe(303);
    expect((await signIn(site, 'wrong', { 'x-forwarded-for': '192.0.3.7' })).status).toBe(403);
    expect((await signIn(site, '', { 'x-forwarded-for': '192.0.3.7' })).status).toBe(403);
  });

  test.each<[string, RequestInit, number]>([
    ['is too long', { body: new URLSearchParams({ folders: 'x'.repeat(70_000) }) }, 400],
    ['is JSON', { body: '{}', headers: { 'content-type': 'application/json' } }, 400],
    ['has several parts', { body: new FormData() }, 400],
  ])('ADMIN-03 a body that %s is answered with a page', async (_what, init, expected) => {
    const headers = { ...init.headers, origin: ISSUER, cookie: operator.cookie };
    const { status, html } = await pageOf(await fetch(`${app.origin}/admin`, { method: 'POST', ...init, headers }));
    expect(status).toBe(expected);
    expect(html).toContain('Nothing was minted.');
  });

  test('ADMIN-04 the form has every flag of generate but --json and secrets', async () => {
    const html = await (await getAdmin(site, operator.cookie)).text();
    const shown = [...html.matchAll(/<code class="flag">(--[\w-]+)<\/code>/g)].map(([, flag]) => flag);
    const flags = FLAG_LIST.map(({ name, kind }) => (kind === 'off' ? `--no-${name}` : toFlagName(name)));
    expect([...new Set(shown)].sort()).toEqual(
      flags.filter((flag) => flag !== '--json' && !flag.endsWith('-secret')).sort(),
    );
    const ids = [...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    expect(ids.length).toBe(new Set(ids).size);
  });

  test('ADMIN-04 all faults are beside their fields, in the words of generate, and what was typed stays', async () => {
    const typed = {
      'imap-host': 'imap example',
      'imap-port': '70000',
      'imap-ssl': 'no',
      preset: ['claude', 'codex'],
      'redirect-uri': 'http://evil.example/cb',
      name: 'x'.repeat(70),
      'time-zone': 'Berlin',
      methods: 'get',
      recipients: 'everyone\n@example.com',
      'max-sends-per-hour': 'many',
      'expires-at': '2001-01-01',
    };
    const { status, html } = await pageOf(await send(site, operator, typed));
    expect(status).toBe(400);
    for (const value of ['imap example', '70000', 'x'.repeat(70), 'Berlin', 'many', '2001-01-01']) {
      expect(html).toContain(`value="${value}"`);
    }
    expect(html).toMatch(/everyone\r?\n@example.com<\/textarea>/);
    expect(html.match(/ checked/g)?.length).toBe(4);
    expect(html).toContain('<option value="no" selected>');
    const flags = Object.entries(typed).flatMap(([name, values]) =>
      name === 'imap-ssl' ? [] : [values].flat().map((value) => `--${name}=${value.replace('\n', ',')}`),
    );
    const err: string[] = [];
    const env = { ENCRYPTION_KEY: app.key };
    await main(['generate', '--no-imap-ssl', ...flags], env, { out: () => {}, err: (text) => void err.push(text) });
    const sentences = err.join('').trim().split('\n');
    expect(sentences.length).toBeGreaterThan(6);
    expect(problemsIn(html).sort()).toEqual(sentences.sort());
    for (const id of [
      'imap-host',
      'imap-port',
      'smtp-host',
      'preset',
      'redirect-uri',
      'name',
      'time-zone',
      'recipients',
    ]) {
      expect(html).toContain(`id="${id}-problem"`);
    }
  });

  test('ADMIN-04 markup in a field is text', async () => {
    const evil = `"><script>alert('x')</script>`;
    const names = FLAG_LIST.map(({ name }) => toFlagName(name).slice(2));
    const fields = Object.fromEntries([...names, 'service', 'missive-tags', 'x'].map((name) => [name, evil]));
    for (const service of ['mail', 'missive', evil]) {
      const { html } = await pageOf(await send(site, operator, { ...fields, service }));
      expect(html).not.toContain('<script>alert');
      expect(html).toContain('&quot;&gt;&lt;script&gt;alert(&#39;x&#39;)');
    }
    const signInPage = await pageOf(await postAdmin(site, { ...fields, action: 'sign-in', 'admin-token': evil }));
    expect(signInPage.html).not.toContain('<script>alert');
    expect(signInPage.html).not.toContain(evil);
  });

  test('ADMIN-06 what mail servers answer is beside their fields, and only servers that can be used are minted for', async () => {
    await using certificates = await temporaryCertificates();
    const start = (name: string) => (GOOD_SERVERS[name] ?? MISBEHAVIOURS[name])?.start(certificates);
    await using imap = await start('speaks TLS where STARTTLS is set (IMAP)');
    await using smtp = await start('smtp in cleartext');
    const servers = {
      ...{ 'imap-host': imap?.host ?? '', 'imap-port': `${imap?.port}`, 'imap-ssl': 'no' },
      ...{ 'smtp-host': smtp?.host ?? '', 'smtp-port': `${smtp?.port}`, 'allow-cleartext': '1' },
    };
    const checked = await pageOf(await send(site, operator, { ...servers, recipients: 'wrong', action: 'check' }));
    const fault = `localhost:${imap?.port} speaks TLS from the first byte. Add --imap-ssl.`;
    expect([checked.status, problemsIn(checked.html)]).toEqual([400, [fault]]);
    expect(withoutSpans(checked.html)).toContain(`id="imap-host-problem">${fault}`);
    expect(checked.html).toContain(`<strong>localhost:${smtp?.port} can be used.</strong>`);
    const refused = await pageOf(await send(site, operator, servers));
    expect(problemsIn(refused.html)).toEqual([
      fault,
      'Nothing was minted. To mint without trying the servers, add --no-probe.',
    ]);
    expect((await send(site, operator, { ...servers, probe: '1' })).status).toBe(200);
  });
});

describe('what /admin mints', () => {
  const keyring = () => createKeyring({ current: Buffer.from(app.key, 'base64'), previous: [] });

  /** What a client id or connection contains, without its id and times. */
  async function contentOf(sealed: string): Promise<object> {
    const tokens = createTokens(keyring());
    const found = await Promise.any([tokens.client.inspect(sealed), tokens.connection.inspect(sealed)]);
    const { jti, iat, ...rest } = found;
    return 'secret_hash' in rest ? { ...rest, secret_hash: 'present' } : rest;
  }

  /** Runs a command of the page in a shell that passes its words to the command line. @returns what was minted */
  async function run(command: string): Promise<string> {
    const script = command.replace(/^mail-mcp/, "printf '%s\\0'");
    const words = execFileSync('/bin/sh', ['-c', script]).toString().split('\0').slice(0, -1);
    const out: string[] = [];
    const print = { out: (text: string) => void out.push(text), err: (text: string) => void out.push(text) };
    expect(await main([...words, '--json'], { ENCRYPTION_KEY: app.key }, print), out.join('')).toBe(0);
    const { client_id, default_connection } = JSON.parse(out.join(''));
    return client_id ?? default_connection;
  }

  /** A value of each flag that is not as by default. */
  const everything: Fields = {
    ...{ 'imap-host': ' outlook.office365.com ', 'imap-port': '1993', 'imap-ssl': 'yes' },
    ...{ 'smtp-host': 'smtp.office365.com', 'smtp-port': '465', 'smtp-ssl': 'no' },
    ...{ 'sign-in': 'microsoft', 'upstream-client-id': 'an-id', 'upstream-tenant': 'one\r\ntwo' },
    ...{ 'sent-copy': 'always', 'authserv-id': 'mx1.example.com\r\nmx2.example.com', probe: '1' },
    ...{
      preset: ['claude', 'cursor'],
      'redirect-uri': 'https://a.example/cb?x=1&y=2\n\nhttps://b.example/c',
      public: '1',
    },
    ...{ name: `It's "mine" $(id) \`id\` & co; !`, 'time-zone': 'Europe/Berlin' },
    ...{
      methods: ['list', 'get', 'send'],
      tags: ['messages', 'mailboxes'],
      tools: ['get_mail_message', 'send_mail_message'],
    },
    ...{ folders: "Invoices\\, paid\nWork $HOME\nL'été/*\n-dash", recipients: 'ada@example.com, @example.org' },
    ...{ 'max-sends-per-hour': '5', 'max-changes-per-hour': '3', 'expires-at': '2099-01-31T12:00:00+01:00' },
  };

  test('ADMIN-05 the test of the command has a value of each flag', () => {
    const flags = FLAG_LIST.map(({ name }) => toFlagName(name).slice(2));
    // One that known providers exclude, those of Missive, of connections, of an OpenID provider and of the command line; a secret is not in the form, and a provider excludes servers.
    const others = [
      'allow-cleartext',
      'provider',
      'missive',
      'missive-url',
      'connection',
      'domain',
      'json',
      'upstream-issuer',
      'upstream-scope',
      'upstream-client-secret',
    ];
    expect([...Object.keys(everything), ...others].sort()).toEqual(flags.sort());
  });

  test.each<[string, Fields]>([
    ['a client with every limit', everything],
    ['a client with defaults', GOOD],
    ['a client for Claude Code', { ...GOOD, preset: 'claude-code', 'smtp-ssl': 'no', 'allow-cleartext': '1' }],
    [
      'a Missive client, whatever was typed for a mailbox',
      {
        ...HOSTS,
        service: 'missive',
        folders: 'x',
        'missive-url': 'https://missive.example/v1',
        'missive-tags': 'posts',
        tags: 'messages',
      },
    ],
    ['a client of a known provider that signs in there', { provider: 'gmail', 'sign-in': 'google', probe: '1' }],
    [
      'a default connection',
      {
        ...GOOD,
        connection: '1',
        domain: 'a.example\r\nbücher.example',
        methods: ['get'],
        'time-zone': 'Asia/Kolkata',
      },
    ],
  ])('ADMIN-05 %s is what the command on its page mints', async (_what, fields) => {
    const response = await send(site, operator, fields);
    const { status, html } = await pageOf(response);
    expect([status, problemsIn(html)]).toEqual([200, []]);
    expect(response.headers.get('cache-control')).toBe('no-store');
    const copied = copiedFrom(html);
    const minted = copied['client-id'] ?? copied.connection ?? '';
    expect(await contentOf(minted)).toEqual(await contentOf(await run(copied.command ?? '')));
    if (copied['client-secret'] !== undefined) {
      expect(copied.command).not.toContain(copied['client-secret']);
      expect(app.logged()).not.toContain(copied['client-secret']);
    }
    expect(app.logged()).not.toContain(minted.slice(-40));
    expect(app.logged()).toContain('client minted by the admin page');
    expect(app.logged()).not.toMatch(/example\.org|Invoices/);
  });

  test('ADMIN-05 the page has URL, client id and secret, and the lines of each application with them', async () => {
    const { html } = await pageOf(await send(site, operator, { ...GOOD, preset: ['claude', 'cursor', 'inspector'] }));
    const copied = copiedFrom(html);
    expect(copied).toMatchObject({
      url: `${ISSUER}/mcp`,
      'client-id': expect.stringMatching(/^[\w-]+\.\.[\w-]+\.[\w-]+\.[\w-]+$/),
      'client-secret': expect.stringMatching(/^[\da-f]{64}$/),
    });
    const auth = { CLIENT_ID: copied['client-id'], CLIENT_SECRET: copied['client-secret'] };
    expect(JSON.parse(copied['cursor-0'] ?? '')).toEqual({ mcpServers: { mail: { url: `${ISSUER}/mcp`, auth } } });
    expect([...html.matchAll(/<summary>([^<]*)<\/summary>/g)].map(([, title]) => title)).toEqual([
      'Claude',
      'Cursor',
      'MCP Inspector',
    ]);
    const { html: page } = await pageOf(await send(site, operator, { ...GOOD, preset: 'claude-code' }));
    const id = copiedFrom(page)['client-id'];
    expect(copiedFrom(page)['claude-code-0']).toBe(
      `claude mcp add --transport http --client-id ${id} mail ${ISSUER}/mcp`,
    );
    expect(page).toContain('None: this client is for applications that cannot keep a secret.');
    expect(page).not.toContain('CLIENT_SECRET');
  });
});
