/** From the sign-in at /admin to a tool call of the client that was minted there, in a browser without scripts. */
import { randomBytes } from 'node:crypto';
import { Client, StreamableHTTPClientTransport, UnauthorizedError } from '@modelcontextprotocol/client';
import { expect, test } from 'vitest';
import { RegisteredClient } from '../../demo/oauth-client.ts';
import { signIn } from '../support/app/person.ts';
import { REDIRECT_URI, signInFields, startApp } from '../support/app/start-app.ts';
import { newAccount } from '../support/mail/accounts.ts';
import { launchChromium } from '../support/servers/chromium.ts';

test('ADMIN-05 an operator signs in, checks the servers, mints a client, and an account owner signs in with it', async () => {
  const token = randomBytes(32).toString('hex');
  await using app = await startApp({ ADMIN_TOKEN: token });
  const account = newAccount();
  await using browser = await launchChromium();
  const page = await (await browser.newContext({ javaScriptEnabled: false })).newPage();
  await page.goto(`${app.origin}/admin`);
  await page.getByLabel('Admin token').fill(token);
  await page.getByRole('button', { name: 'Sign in' }).click();

  for (const [name, { host, port, security }] of [
    ['IMAP', account.imap.server],
    ['SMTP', account.smtp.server],
  ] as const) {
    await page.getByLabel(`${name} server`).fill(host);
    await page.getByLabel(`${name} port`).fill(String(port));
    // The other way: a fault that the server shows.
    await page.getByLabel(`${name} encryption`).selectOption(security === 'tls' ? 'STARTTLS' : 'TLS');
  }
  await page.getByRole('button', { name: 'Check the servers' }).click();
  expect(await page.locator('#imap-host-problem').textContent()).toMatch(/TLS from the first byte/);
  for (const [name, { security }] of [
    ['IMAP', account.imap.server],
    ['SMTP', account.smtp.server],
  ] as const) {
    await page.getByLabel(`${name} encryption`).selectOption(security === 'tls' ? 'TLS' : 'STARTTLS');
  }
  await page.getByRole('button', { name: 'Check the servers' }).click();
  await page.locator('#tried-imap').waitFor();
  await page.locator('#tried-smtp').waitFor();

  await page.getByLabel('Redirect URIs of other applications').fill(REDIRECT_URI);
  await page.getByLabel('list', { exact: true }).check();
  await page.getByRole('button', { name: 'Mint the client' }).click();
  const text = async (id: string) => (await page.locator(`#${id}`).textContent()) ?? '';
  const provider = new RegisteredClient(
    { client_id: await text('client-id'), client_secret: await text('client-secret') },
    REDIRECT_URI,
  );
  const transport = async () =>
    new StreamableHTTPClientTransport(new URL(await text('url')), { authProvider: provider });
  const client = new Client({ name: 'test', version: '1.0.0' });
  const first = await transport();
  await expect(client.connect(first)).rejects.toThrow(UnauthorizedError);
  await first.finishAuth(await signIn(new URL(provider.authorizationUrl ?? ''), signInFields(account)));
  await client.connect(await transport());
  const { tools } = await client.listTools();
  expect(tools.map(({ name }) => name).sort()).toEqual(['list_mail_messages', 'list_mailboxes']);
  const { structuredContent } = await client.callTool({ name: 'list_mailboxes', arguments: {} });
  expect(JSON.stringify(structuredContent)).toContain('INBOX');
  await client.close();

  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByLabel('Admin token').waitFor();
  expect((await page.context().cookies()).filter(({ name }) => name.includes('admin'))).toEqual([]);
}, 60_000);
