/** The server behind Caddy and nginx, with the configurations that the documents recommend. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { REDIRECT_URI, startApp, type TestApp } from '../support/app/start-app.ts';
import { newAccount } from '../support/mail/accounts.ts';
import { message } from '../support/mail/build-message.ts';
import { appendMessages } from '../support/mail/mailboxes.ts';
import { freePortsFor } from '../support/servers/ports.ts';
import { REVERSE_PROXIES, startReverseProxy } from '../support/servers/reverse-proxies.ts';
import { testServers } from '../support/servers/servers.ts';

describe.each(REVERSE_PROXIES)('behind %s', (name) => {
  let app: TestApp;
  let proxy: AsyncDisposable;
  let url: string;

  beforeAll(async () => {
    const { port, serverPort, httpPort } = await freePortsFor('port', 'serverPort', 'httpPort');
    url = `https://localhost:${port}`;
    const ADMIN_TOKEN = randomBytes(32).toString('hex');
    app = await startApp({ BASE_URL: url, PORT: String(serverPort), TRUST_PROXY: '1', ADMIN_TOKEN });
    proxy = await startReverseProxy({ name, port, serverPort, httpPort, certificates: testServers().certificates });
  });
  afterAll(async () => {
    await proxy[Symbol.asyncDispose]();
    await app.stop();
  });

  test('RUN-07 an account owner signs in, and the client calls a tool', async () => {
    const account = newAccount();
    await appendMessages(account, { INBOX: [message({ subject: 'Through a proxy' })] });
    await using assistant = await app.assistant(account, { at: url });
    expect(await assistant.call('list_mail_messages', {})).toMatchObject({
      messages: [{ subject: 'Through a proxy' }],
    });
  });

  test('RUN-07 a token of 16 KiB arrives, with a body of 11 MB', async () => {
    const headers = { authorization: `Bearer ${'a'.repeat(16_384)}`, 'content-type': 'application/json' };
    const [long, large] = await Promise.all(
      ['{}', Buffer.alloc(11_000_000, ' ')].map((body) => fetch(`${url}/mcp`, { method: 'POST', headers, body })),
    );
    for (const response of [long, large]) {
      expect(response?.status).toBe(401);
      expect(response?.headers.get('www-authenticate')).toContain('error="invalid_token"');
    }
  });

  test('RUN-07 the redirect to a client returns a state of 6,000 characters', async () => {
    const { client_id } = await app.mint(newAccount());
    const state = 's'.repeat(6000);
    const request = new URLSearchParams({ client_id, redirect_uri: REDIRECT_URI, response_type: 'token', state });
    const response = await fetch(`${url}/oauth/authorize?${request}`, { redirect: 'manual' });
    expect(response.status).toBe(303);
    expect(new URL(response.headers.get('location') ?? '').searchParams.get('state')).toBe(state);
  });

  test('RUN-07 the server knows the address of the client, and not the one that the client writes', async () => {
    const statuses: number[] = [];
    for (let number = 0; number <= 20; number += 1) {
      const headers = { authorization: 'Bearer wrong', 'x-forwarded-for': `192.0.2.${number}` };
      const { status } = await fetch(`${url}/admin/clients`, { method: 'POST', headers });
      statuses.push(status);
    }
    expect(statuses.indexOf(429)).toBe(20);
    expect(app.logged()).not.toContain('TRUST_PROXY');
  });
});
