/** Minted clients: from the URL of /mcp, a client id and a secret to a tool call, with the official clients of both SDK generations. */
import { UnauthorizedError as SdkOneUnauthorized } from '@modelcontextprotocol/sdk/client/auth.js';
import { Client as SdkOneClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as SdkOneTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RegisteredClient } from '../../demo/oauth-client.ts';
import { signIn } from '../support/app/person.ts';
import { REDIRECT_URI, signInFields, startApp, type TestApp } from '../support/app/start-app.ts';
import { newAccount, overCleartext, overStarttls } from '../support/mail/accounts.ts';
import { message } from '../support/mail/build-message.ts';
import { appendMessages } from '../support/mail/mailboxes.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.stop());

async function accountWithMail() {
  const account = newAccount();
  await appendMessages(account, { INBOX: [message({ subject: 'Hello' })] });
  return account;
}

describe('a client with a minted client id', () => {
  test.each([
    ['auto', '2026-07-28'],
    ['legacy', '2025-11-25'],
  ] as const)('SDK 2.x in mode %s negotiates %s and reads mail', async (era, version) => {
    await using assistant = await app.assistant(await accountWithMail(), { era });
    expect(assistant.client.getNegotiatedProtocolVersion()).toBe(version);
    expect((await assistant.client.listTools()).tools).toHaveLength(11);
    expect(await assistant.call('list_mail_messages', {})).toMatchObject({ messages: [{ subject: 'Hello' }] });
  });

  test('SDK 1.x reads mail', async () => {
    const account = await accountWithMail();
    const provider = new RegisteredClient(await app.mint(account), REDIRECT_URI);
    const client = new SdkOneClient({ name: 'old', version: '1.0.0' });
    const transport = () => new SdkOneTransport(new URL(`${app.origin}/mcp`), { authProvider: provider });
    const first = transport();
    await expect(client.connect(first)).rejects.toThrow(SdkOneUnauthorized);
    const callback = await signIn(provider.authorizationUrl ?? new URL('about:blank'), signInFields(account));
    await first.finishAuth(callback.get('code') ?? '');
    await client.connect(transport());
    expect((await client.listTools()).tools).toHaveLength(11);
    const { structuredContent } = await client.callTool({ name: 'list_mail_messages', arguments: {} });
    expect(structuredContent).toMatchObject({ messages: [{ subject: 'Hello' }] });
    await client.close();
  });

  test('a public client reads mail', async () => {
    await using assistant = await app.assistant(await accountWithMail(), { flags: { public: true } });
    expect(await assistant.call('list_mail_messages', {})).toMatchObject({ total: 1 });
  });

  test.each([
    ['STARTTLS', overStarttls],
    ['no encryption, which the operator has allowed', overCleartext],
  ])('reads and sends over mail servers with %s', async (_, over) => {
    const account = over(await accountWithMail());
    await using assistant = await app.assistant(account);
    expect(await assistant.call('list_mail_messages', {})).toMatchObject({ total: 1 });
    const sent = await assistant.call('send_mail_message', { to: account.email, subject: 'To myself', text_body: 'x' });
    expect(sent).toMatchObject({ accepted: [account.email] });
  });

  test('refreshes when the access token is refused', async () => {
    await using assistant = await app.assistant(await accountWithMail());
    const before = assistant.provider.tokens();
    if (before === undefined) throw new Error('The client has no tokens');
    assistant.provider.saveTokens({ ...before, access_token: 'expired' });
    expect(await assistant.call('list_mail_messages', {})).toMatchObject({ total: 1 });
    expect(assistant.provider.tokens()?.access_token).not.toBe('expired');
  });

  test('a token of one replica is valid on another with the same key', async () => {
    const account = await accountWithMail();
    await using assistant = await app.assistant(account);
    await using replica = await app.replica();
    const response = await fetch(`${replica.origin}/mcp`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${assistant.provider.tokens()?.access_token}`,
      },
      body: JSON.stringify({
        jsonrpc: '2.0',
        id: 1,
        method: 'tools/call',
        params: { name: 'list_mailboxes', arguments: {} },
      }),
    });
    expect(response.status).toBe(200);
  });
});
