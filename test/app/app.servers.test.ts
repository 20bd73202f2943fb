import { request } from 'node:http';
import { describe, expect, test } from 'vitest';
import { startApp } from '../support/app/start-app.ts';
import { changeablePasswordAccount, newAccount } from '../support/mail/accounts.ts';
import { message } from '../support/mail/build-message.ts';
import { startSilentServer } from '../support/mail/faulty-servers.ts';
import { appendMessages } from '../support/mail/mailboxes.ts';

describe.concurrent('health', () => {
  test('/health and /ready answer without a token', async () => {
    await using app = await startApp();
    expect(await (await fetch(`${app.origin}/health`)).json()).toEqual({ status: 'ok' });
    expect(await (await fetch(`${app.origin}/ready`)).json()).toEqual({ status: 'ok' });
  });

  test('an unknown path is 404 in JSON', async () => {
    await using app = await startApp();
    const response = await fetch(`${app.origin}/wp-admin`);
    expect({ status: response.status, body: await response.json() }).toEqual({
      status: 404,
      body: { error: 'not_found', error_description: `The URL for MCP clients is ${app.origin}/mcp` },
    });
  });

  test('a mail server that never answers delays neither another account nor /health', async () => {
    await using app = await startApp();
    const healthy = newAccount();
    await appendMessages(healthy, { INBOX: [message()] });
    await using assistant = await app.assistant(healthy);
    await using silent = await startSilentServer();
    const stuck = app.assistant({
      ...newAccount(),
      imap: { ...healthy.imap, server: { host: 'localhost', port: silent.port, security: 'tls' } },
    });
    const outcome = stuck.then(
      () => 'signed in',
      () => 'refused',
    );
    const first = await Promise.race([
      outcome,
      Promise.all([assistant.call('list_mail_messages', {}), fetch(`${app.origin}/health`)]).then(() => 'others'),
    ]);
    expect(first).toBe('others');
    expect(await outcome).toBe('refused');
  });
});

describe.concurrent('a changed password', () => {
  test('makes the next call a 401 invalid_token, so that the client starts a new authorization (BEAR-07)', async () => {
    await using app = await startApp();
    const { account, changePassword } = changeablePasswordAccount();
    const token = await app.accessToken(account);
    const call = (origin: string) =>
      fetch(`${origin}/mcp`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
        body: JSON.stringify({
          jsonrpc: '2.0',
          id: 1,
          method: 'tools/call',
          params: { name: 'list_mailboxes', arguments: {} },
        }),
      });
    expect((await call(app.origin)).status).toBe(200);
    await changePassword('another one');
    // A replica has no connection that is logged in already.
    await using replica = await app.replica();
    const refused = await call(replica.origin);
    expect(refused.status).toBe(401);
    expect(refused.headers.get('www-authenticate')).toContain('error="invalid_token"');
  });
});

describe.concurrent('the log', () => {
  test('has one line for each request, with client, tool, outcome and duration', async () => {
    await using app = await startApp();
    await using assistant = await app.assistant(newAccount());
    await assistant.call('list_mail_messages', {});
    await assistant.failure('list_mail_messages', { folder: 'Nowhere' });
    const [worked, failed] = app.requests().filter(({ tool }) => tool !== undefined);
    expect(worked).toMatchObject({
      tool: 'list_mail_messages',
      outcome: 'ok',
      status: 200,
      client: expect.any(String),
      tokenId: expect.any(String),
      requestId: expect.any(String),
      durationMs: expect.any(Number),
    });
    expect(failed).toMatchObject({ tool: 'list_mail_messages', outcome: 'tool_error' });
  });

  test('contains no secret, token, address, subject or text of a session (BEAR-09)', async () => {
    await using app = await startApp();
    const account = newAccount();
    const { INBOX } = await appendMessages(account, {
      INBOX: [
        message({ subject: 'Zanzibar', text: 'Quicksilver', attachments: [{ filename: 'a.txt', content: 'x' }] }),
      ],
    });
    await using assistant = await app.assistant(account);
    const { attachments } = await assistant.call('get_mail_message', { folder: 'INBOX', uid: INBOX[0] });
    const [{ url }] = attachments as [{ url: string }];
    await (await fetch(url)).text();
    await assistant.call('search_mail_messages', { query: 'SUBJECT Zanzibar' });
    await assistant.failure('send_mail_message', {
      to: 'recipient@nowhere.invalid',
      subject: 'Zanzibar',
      text_body: 'Quicksilver',
    });
    await assistant.client.callTool({ name: 'no_such_tool', arguments: {} }).catch(() => undefined);
    await fetch(`${app.origin}/attachments/nonsense`);
    const { client_secret, client_id } = assistant.provider.clientInformation();
    const tokens = assistant.provider.tokens();
    const log = app.logged();
    expect(log).not.toBe('');
    for (const secret of [
      account.imap.login.password,
      account.email,
      account.fullName,
      client_secret,
      client_id,
      tokens?.access_token,
      tokens?.refresh_token,
      url,
      'Zanzibar',
      'Quicksilver',
      'recipient@',
      'nowhere.invalid',
    ]) {
      expect(secret).toBeTruthy();
      expect(log).not.toContain(secret);
    }
  });
});

describe.concurrent('stopping', () => {
  test('completes running requests, refuses new ones, and frees the port', async () => {
    const app = await startApp();
    const account = newAccount();
    const token = await app.accessToken(account);
    const body = JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { name: 'list_mailboxes', arguments: {} },
    });
    // A request that has arrived in part counts as running.
    const running = request(`${app.origin}/mcp`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'content-length': body.length,
        authorization: `Bearer ${token}`,
        // The response to this shows that the server has accepted the request.
        expect: '100-continue',
      },
    });
    const isAccepted = new Promise((resolve) => running.once('continue', resolve));
    const status = new Promise<number | undefined>((resolve, reject) =>
      running.once('response', (response) => resolve(response.resume().statusCode)).once('error', reject),
    );
    running.flushHeaders();
    await isAccepted;
    const stopped = app.stop();
    await expect(fetch(`${app.origin}/health`)).rejects.toThrow();
    running.end(body);
    expect(await status).toBe(200);
    await stopped;
  });
});

describe('behind a reverse proxy', () => {
  const forwarded = (origin: string) => fetch(`${origin}/health`, { headers: { 'x-forwarded-for': '192.0.2.1' } });
  const warnings = (log: string) => log.split('TRUST_PROXY is not set').length - 1;

  test('the log warns once if all clients have the address of the proxy (HOST-03)', async () => {
    await using app = await startApp();
    await fetch(`${app.origin}/health`);
    expect(warnings(app.logged())).toBe(0);
    for (const origin of [app.origin, app.origin]) await forwarded(origin);
    expect(warnings(app.logged())).toBe(1);
    await using trusting = await startApp({ TRUST_PROXY: '1' });
    await forwarded(trusting.origin);
    expect(warnings(trusting.logged())).toBe(0);
  });
});
