/** A minted client whose account owner signs in with a browser. */
import { Client, StreamableHTTPClientTransport, UnauthorizedError } from '@modelcontextprotocol/client';
import { expect, test } from 'vitest';
import { RegisteredClient } from '../../demo/oauth-client.ts';
import { startApp } from '../support/app/start-app.ts';
import { newAccount } from '../support/mail/accounts.ts';
import { launchChromium } from '../support/servers/chromium.ts';

test('from the URL, through a browser and real mail servers, to a tool call', async () => {
  await using app = await startApp();
  const account = newAccount();
  const callback = 'http://localhost:43117/callback';
  const provider = new RegisteredClient(
    await app.mint(account, { redirectUri: ['http://localhost/callback'] }),
    callback,
  );
  const transport = () => new StreamableHTTPClientTransport(new URL(`${app.origin}/mcp`), { authProvider: provider });
  const client = new Client({ name: 'test', version: '1.0.0' });
  const first = transport();
  await expect(client.connect(first)).rejects.toThrow(UnauthorizedError);

  await using browser = await launchChromium();
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto(provider.authorizationUrl?.href ?? '');
  await page.click('.more summary');
  await page.getByLabel('Full name').fill(account.fullName);
  await page.getByLabel('Email address').fill(account.email);
  await page.getByLabel('Password', { exact: true }).fill('not the password');
  await page.getByRole('button', { name: 'Sign in and allow' }).click();

  const problem = page.locator('#imap_password-problem');
  await problem.waitFor();
  expect(await problem.textContent()).toContain('did not accept this user name and password');
  expect(await page.getByRole('alert').getByRole('link').count()).toBe(1);
  expect(await page.getByLabel('Email address').inputValue()).toBe(account.email);

  await page.getByLabel('Password', { exact: true }).fill(account.imap.login.password);
  const returned = page.waitForRequest((request) => request.url().startsWith(callback));
  await page.getByRole('button', { name: 'Sign in and allow' }).click({ noWaitAfter: true });
  await first.finishAuth(new URL((await returned).url()).searchParams);

  await client.connect(transport());
  const { structuredContent } = await client.callTool({ name: 'list_mailboxes', arguments: {} });
  expect(JSON.stringify(structuredContent)).toContain('INBOX');
  await client.close();
});
