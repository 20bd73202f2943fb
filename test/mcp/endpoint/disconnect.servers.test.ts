/** Tests that a disconnect cancels nothing in the protocol eras before 2026. */
import { request } from 'node:http';
import { test } from 'vitest';
import { startApp } from '../../support/app/start-app.ts';
import { waitUntil } from '../../support/app/wait-until.ts';
import { newAccount } from '../../support/mail/accounts.ts';
import { startDelayProxy } from '../../support/servers/proxies.ts';

test('MCP-11 in the eras before 2026 a disconnect cancels nothing: the message is sent and stored in Sent', async () => {
  await using app = await startApp();
  const account = newAccount();
  const { server } = account.imap;
  await using proxy = await startDelayProxy({ target: { host: server.host, port: server.port }, delayMs: 50 });
  const slow = { ...account, imap: { ...account.imap, server: { ...server, port: proxy.port } } };
  const token = await app.accessToken(slow);
  // The account has no IMAP connection yet, so a new one shows that the call has begun.
  await using replica = await app.replica();
  const before = proxy.accepted();
  const args = { to: account.email, subject: 'All the same', text_body: 'x' };
  const call = request(`${replica.origin}/mcp`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
  });
  const disconnected = new Promise((resolve) => call.once('error', resolve));
  const params = { name: 'send_mail_message', arguments: args };
  call.end(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params }));
  await waitUntil(20_000, async () => proxy.accepted() > before);
  call.destroy();
  await disconnected;
  await using assistant = await app.assistant(account);
  for (const folder of ['Sent', 'INBOX']) {
    await waitUntil(20_000, async () => (await assistant.call('list_mail_messages', { folder })).total === 1);
  }
});
