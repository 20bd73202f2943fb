/** Checks POST /admin/clients. */
import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { startApp, type TestApp } from '../support/app/start-app.ts';

const ADMIN_TOKEN = randomBytes(32).toString('hex');
const SERVERS = { imap_host: 'imap.example.com', smtp_host: 'smtp.example.com' };

function post(app: TestApp, body: unknown, token = ADMIN_TOKEN, address = '192.0.2.1') {
  return fetch(`${app.origin}/admin/clients`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${token}`,
      'x-forwarded-for': address,
    },
    body: JSON.stringify(body),
  });
}

describe('POST /admin/clients', () => {
  test('does not exist without ADMIN_TOKEN', async () => {
    await using app = await startApp();
    expect((await post(app, { config: SERVERS })).status).toBe(404);
  });

  test('mints a client as generate does, and returns the URL of the server', async () => {
    await using app = await startApp({ ADMIN_TOKEN });
    const config = { ...SERVERS, imap_port: 143, preset: 'claude', methods: ['read'], tags: ['messages'] };
    const response = await post(app, { name: 'Triage', config, expires_at: '2099-01-01T00:00:00Z' });
    expect(response.status).toBe(201);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(await response.json()).toMatchObject({
      name: 'Triage',
      config: { imap_port: '143', methods: ['read'] },
      expires_at: '2099-01-01T00:00:00.000Z',
      client_id: expect.stringMatching(/^[\w-]+\.\.[\w-]+\.[\w-]+\.[\w-]+$/),
      client_secret: expect.stringMatching(/^[0-9a-f]{64}$/),
      imap: { host: 'imap.example.com', port: 143, security: 'starttls' },
      policy: { methods: ['list', 'get', 'search'], tags: ['messages'] },
      url: `${app.origin}/mcp`,
    });
  });

  test.each([
    [{ methods: ['read', 'write'], tags: ['contacts', 'conversations', 'labels'] }],
    [{ methods: 'read', tags: 'contacts' }],
    [{ tags: ['drafts', 'labels'] }],
    [{ tags: ['analytics', 'webhooks'], missive: true }],
    [{ methods: ['read'], missive: true }],
  ])('%j is a client of Missive, as its tags say, and its id is that in the log', async (config) => {
    await using app = await startApp({ ADMIN_TOKEN });
    const response = await post(app, { name: 'Triage', config, require_api_token_auth: true });
    expect([response.status, await response.json()]).toMatchObject([
      201,
      {
        id: expect.stringMatching(/^[\w-]{8,}$/),
        name: 'Triage',
        missive: expect.anything(),
        url: `${app.origin}/mcp`,
      },
    ]);
  });

  test('tags of mail make no client of Missive, and tokens are always needed', async () => {
    await using app = await startApp({ ADMIN_TOKEN });
    for (const config of [{ tags: ['drafts'] }, { methods: ['read'] }, {}]) {
      const neither = await post(app, { name: 'Triage', config });
      expect([neither.status, JSON.stringify(await neither.json())]).toEqual([
        400,
        expect.stringMatching(/missive.*true/),
      ]);
    }
    const both = await post(app, { config: { tags: ['contacts', 'messages'] } });
    expect([both.status, await both.json()]).toMatchObject([
      400,
      {
        faults: [expect.stringMatching(/^config\.tags: there is no tag "messages"\..* Known are: directory, contacts/)],
      },
    ]);
    const open = await post(app, { config: { tags: ['contacts'] }, require_api_token_auth: false });
    expect([open.status, await open.json()]).toMatchObject([
      400,
      { faults: [expect.stringMatching(/require_api_token_auth: every call needs an access token/)] },
    ]);
  });

  test('seals a time zone as generate does, and names the field if it does not exist', async () => {
    await using app = await startApp({ ADMIN_TOKEN });
    const good = await post(app, { config: { ...SERVERS, time_zone: 'Europe/Berlin' } });
    expect([good.status, await good.json()]).toMatchObject([201, { time_zone: 'Europe/Berlin' }]);
    const wrong = await post(app, { config: { ...SERVERS, time_zone: 'Berlin' } });
    expect([wrong.status, await wrong.json()]).toMatchObject([
      400,
      { faults: ['config.time_zone must be a name of the IANA database, such as Europe/Berlin.'] },
    ]);
  });

  test('seals authserv-ids as generate does, and names the field if one is wrong', async () => {
    await using app = await startApp({ ADMIN_TOKEN });
    for (const [authserv_id, ids] of [
      ['mail.example.com', ['mail.example.com']],
      [
        ['MX1.example.com', 'mx2.example.com'],
        ['mx1.example.com', 'mx2.example.com'],
      ],
    ]) {
      const good = await post(app, { config: { ...SERVERS, authserv_id } });
      expect([good.status, await good.json()]).toMatchObject([201, { authserv_ids: ids }]);
    }
    const wrong = await post(app, { config: { ...SERVERS, authserv_id: ['two words'] } });
    expect([wrong.status, await wrong.json()]).toMatchObject([
      400,
      { faults: [expect.stringMatching(/^config\.authserv_id must be the first word/)] },
    ]);
  });

  test('reports all faults, by the field names of the body', async () => {
    await using app = await startApp({ ADMIN_TOKEN });
    const response = await post(app, {
      config: { imap_host: 'imap.example.com', methods: ['everything'], preset: ['unknown'] },
      expires_at: '2001-01-01',
    });
    expect(response.status).toBe(400);
    const text = JSON.stringify(await response.json());
    expect(text).toContain('config.smtp_host is required.');
    expect(text).toContain('config.methods');
    expect(text).toContain('expires_at');
    expect(text).not.toContain('--');
    expect((await post(app, { config: { ...SERVERS, imap: 'x' } })).status).toBe(400);
    expect((await post(app, { config: { ...SERVERS, preset: ['unknown'] } })).status).toBe(400);
    expect((await post(app, 'nonsense')).status).toBe(400);
  });

  test('refuses every other token, and does not log it', async () => {
    await using app = await startApp({ ADMIN_TOKEN });
    const wrong = `${ADMIN_TOKEN.slice(0, -1)}x`;
    const response = await post(app, { config: SERVERS }, wrong);
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toMatch(/^Bearer /);
    expect(app.logged()).not.toContain(ADMIN_TOKEN.slice(0, 20));
    for (let attempt = 0; attempt < 20; attempt++) await post(app, {}, wrong);
    const late = await post(app, { config: SERVERS }, wrong);
    expect({ status: late.status, wait: late.headers.get('retry-after') }).toEqual({ status: 429, wait: '60' });
  });

  test.each([
    ['that is wrong in its last character', `${ADMIN_TOKEN.slice(0, -1)}x`],
    ['of another length', 'wrong'],
    ['that is not a bearer token', ''],
  ])('accepts the right token after any number of requests with a token %s', async (_what, wrong) => {
    await using app = await startApp({ ADMIN_TOKEN });
    for (let attempt = 0; attempt < 30; attempt++) await post(app, { config: SERVERS }, wrong);
    expect((await post(app, { config: SERVERS })).status).toBe(201);
  });

  test.each([
    ['a list in one recipient', { recipients: ['@example.com,@evil.example'] }, 'config.recipients'],
    ['a list in the one recipient', { recipients: '@example.com,@evil.example' }, 'config.recipients'],
    ['two methods in one', { methods: ['list,send'] }, 'config.methods'],
    ['two tags in one', { tags: ['messages, drafts'] }, 'config.tags'],
    ['an empty recipient', { recipients: ['@example.com', ''] }, 'config.recipients'],
    ['a recipient after a blank', { recipients: [' @example.com'] }, 'config.recipients'],
    ['a host with a line end', { imap_host: 'imap.example.com\n.evil.example' }, 'config.imap_host'],
    ['a host with a tab', { imap_host: 'imap.exam\tple.com' }, 'config.imap_host'],
    ['a host with a soft hyphen', { smtp_host: 'smtp.exam\u00adple.com' }, 'config.smtp_host'],
    ['a host in wide letters', { imap_host: '\uff49map.example.com' }, 'config.imap_host'],
    ['a host that is half an address', { imap_host: '127.1' }, 'config.imap_host'],
    ['a host that is a hexadecimal address', { imap_host: '0x7f000001' }, 'config.imap_host'],
    ['a folder with a control character', { folders: ['Work\u0007'] }, 'config.folders'],
    ['a folder with a zero-width space', { folders: ['Wo\u200brk'] }, 'config.folders'],
    ['a folder with an override', { folders: ['\u202eWork'] }, 'config.folders'],
    ['a recipient with a tag character', { recipients: ['@example.com\u{e0041}'] }, 'config.recipients'],
    ['a redirect URI with a line end', { redirect_uri: ['https://a.example/\ncb'] }, 'config.redirect_uri'],
    ['a redirect URI with port 0', { redirect_uri: ['http://localhost:0/cb'] }, 'port 0'],
    ['a number with a line end', { max_sends_per_hour: '5\n' }, 'config.max_sends_per_hour'],
  ])('refuses %s', async (_what, config, named) => {
    await using app = await startApp({ ADMIN_TOKEN });
    const response = await post(app, { config: { ...SERVERS, ...config } });
    const text = await response.text();
    expect({ status: response.status, text }).toMatchObject({ status: 400, text: expect.stringContaining(named) });
    expect(text).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  });

  test.each([
    ['a Missive URL with a line end', { missive: true, missive_url: 'https://missive.example\n.evil.example/v1' }],
    ['a Missive URL with a backslash', { missive: true, missive_url: 'https:\\\\evil.example/v1' }],
    ['a name with a line end', SERVERS, 'Mail\nbox'],
    ['a name with an invisible character', SERVERS, 'Mail\u2060box'],
  ])('refuses %s', async (_what, config, name = 'Mail') => {
    await using app = await startApp({ ADMIN_TOKEN });
    expect((await post(app, { name, config })).status).toBe(400);
  });

  test.each([
    ['a comma', 'Invoices, paid'],
    ['a backslash before a comma', 'A\\,B'],
    ['a blank before it', ' Work'],
    ['a blank after it', 'Work '],
    ['a blank within the level above', 'Work /*'],
    ['joiners that its script needs', 'می‌خواهم'],
    ['an emoji of several', 'Family 👨‍👩‍👧 ❤️'],
  ])('seals a folder whose name has %s as one value', async (_what, folder) => {
    await using app = await startApp({ ADMIN_TOKEN });
    const response = await post(app, { config: { ...SERVERS, folders: [folder] } });
    expect(await response.json()).toMatchObject({ policy: { folders: [folder] } });
  });

  test('counts failures by IPv6 network, and does not slow other networks', async () => {
    await using app = await startApp({ ADMIN_TOKEN, TRUST_PROXY: '1' });
    for (let host = 1; host <= 20; host++) await post(app, {}, 'wrong', `2001:db8::${host}`);
    expect((await post(app, { config: SERVERS }, 'wrong', '2001:db8::ffff')).status).toBe(429);
    expect((await post(app, { config: SERVERS }, 'wrong', '2001:db8:0:1::1')).status).toBe(401);
  });

  test('has no GET: clients are not stored', async () => {
    await using app = await startApp({ ADMIN_TOKEN });
    const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
    expect((await fetch(`${app.origin}/admin/clients`, { headers })).status).toBe(404);
  });
});
