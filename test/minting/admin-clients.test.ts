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
    const late = await post(app, { config: SERVERS });
    expect({ status: late.status, wait: late.headers.get('retry-after') }).toEqual({ status: 429, wait: '60' });
  });

  test('counts failures by IPv6 network, and does not slow other networks', async () => {
    await using app = await startApp({ ADMIN_TOKEN, TRUST_PROXY: '1' });
    for (let host = 1; host <= 20; host++) await post(app, {}, 'wrong', `2001:db8::${host}`);
    expect((await post(app, { config: SERVERS }, ADMIN_TOKEN, '2001:db8::ffff')).status).toBe(429);
    expect((await post(app, { config: SERVERS }, ADMIN_TOKEN, '2001:db8:0:1::1')).status).toBe(201);
  });

  test('has no GET: clients are not stored', async () => {
    await using app = await startApp({ ADMIN_TOKEN });
    const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
    expect((await fetch(`${app.origin}/admin/clients`, { headers })).status).toBe(404);
  });
});
