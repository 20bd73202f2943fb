/** One installation for mailboxes with passwords, mailboxes behind an OpenID provider, and Missive: each person signs in through Chromium, by address, host or path, and uses every tool. */
import { randomBytes } from 'node:crypto';
import { Client, StreamableHTTPClientTransport, UnauthorizedError } from '@modelcontextprotocol/client';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { generate } from '../../../src/commands/generate.ts';
import { mailTools } from '../../../src/mcp/tools/mail.ts';
import { missiveTools } from '../../../src/mcp/tools/missive.ts';
import { rows } from '../../mcp/missive/rows/rows.ts';
import { DynamicClient } from '../../support/app/dynamic-client.ts';
import { REDIRECT_URI, serverFlags, startApp, type TestApp } from '../../support/app/start-app.ts';
import { newAccount } from '../../support/mail/accounts.ts';
import { storeInInbox } from '../../support/mail/mailbox-files.ts';
import { createSeed } from '../../support/missive/seed.ts';
import { type MissiveStandIn, startMissive } from '../../support/missive/stand-in.ts';
import { type OAuthMail, startOAuthMail } from '../../support/oauth/oauth-mail.ts';
import { type OpenidProvider, startOpenidProvider } from '../../support/oauth/openid-provider.ts';
import { launchChromium } from '../../support/servers/chromium.ts';
import { freePort } from '../../support/servers/ports.ts';
import { MAIL_DOMAIN } from '../../support/servers/postfix.ts';
import { type Calls, inboxOf, mailCalls } from './mail-calls.ts';

const SSO_DOMAIN = 'sso.test';

const account = newAccount();
let browser: Browser;
let provider: OpenidProvider;
let mail: OAuthMail;
let missive: MissiveStandIn;
let app: TestApp;
/** Of the list and, with the connection to the provider alone, by host and by path. */
let issuers: Record<'list' | 'host' | 'path', string>;
/** Of the connection to Missive, by path. */
let missiveIssuer: string;

beforeAll(async () => {
  const port = await freePort();
  const [list, host] = [`http://localhost:${port}`, `http://127.0.0.1:${port}`];
  const provided = startOpenidProvider([list, host]);
  [browser, missive, provider] = await Promise.all([launchChromium(), startMissive(), provided]);
  mail = await startOAuthMail(provider);
  const env = { BASE_URL: list, PORT: String(port), ENCRYPTION_KEY: randomBytes(32).toString('base64') };
  const connections = await Promise.all(
    [
      { ...serverFlags(account), domain: [MAIL_DOMAIN] },
      { ...providerFlags(), domain: [SSO_DOMAIN] },
      serverFlags({ url: missive.url, token: missive.token }),
    ].map((flags) => connectionOf(flags, env)),
  );
  const [, ofProvider = '', ofMissive] = connections;
  app = await startApp({
    ...{ ...env, CLIENT_REGISTRATION: 'true' },
    ...{ DEFAULT_CONNECTION: connections.join(','), CONNECTIONS: `127.0.0.1:${port}=${ofProvider}` },
  });
  issuers = { list, host, path: `${list}/c/${ofProvider}` };
  missiveIssuer = `${list}/c/${ofMissive}`;
  storeInInbox(account, inboxOf(account.email));
});

afterAll(async () => {
  await Promise.all([app?.stop(), browser?.close()]);
  for (const one of [mail, missive, provider]) await one?.[Symbol.asyncDispose]();
});

function providerFlags(): Record<string, unknown> {
  const login = { kind: 'password' as const, username: '-', password: '-' };
  const { imap, smtp } = mail;
  return {
    ...serverFlags({ fullName: '', email: '', imap: { server: imap, login }, smtp: { server: smtp, login } }),
    ...{ signIn: 'openid', upstreamIssuer: provider.issuer, upstreamScope: ['imap', 'smtp'] },
    ...{ upstreamClientId: provider.clientId, upstreamClientSecret: provider.clientSecret },
  };
}

async function connectionOf(flags: Record<string, unknown>, env: NodeJS.ProcessEnv): Promise<string> {
  const given = { connection: true, json: true, probe: false, ...flags };
  return JSON.parse(await generate(given, env, new Date())).default_connection;
}

const Answer = z.object({ access_token: z.string(), refresh_token: z.string() }).partial();

interface Grant {
  /** The official client, connected. */
  client: Client;
  clientId: string;
  access: string;
  refresh: string;
}

/** The official client registers by itself, and a person with a new browser allows it. @param act what they do, from the sign-in page on */
async function grantAt(issuer: string, act: (page: Page) => Promise<void>): Promise<Grant> {
  const authProvider = new DynamicClient(REDIRECT_URI);
  const client = new Client({ name: 'test', version: '1.0.0' });
  const transport = () => new StreamableHTTPClientTransport(new URL(`${issuer}/mcp`), { authProvider });
  const first = transport();
  await expect(client.connect(first)).rejects.toThrow(UnauthorizedError);
  await using context = await browser.newContext();
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  await page.goto(String(authProvider.authorizationUrl));
  const callback = page.waitForRequest((request) => request.url().startsWith(`${REDIRECT_URI}?`));
  const [request] = await Promise.all([callback, act(page)]);
  await first.finishAuth(new URL(request.url()).searchParams);
  await client.connect(transport());
  const { access_token: access = '', refresh_token: refresh = '' } = authProvider.tokens() ?? {};
  return { client, clientId: authProvider.information?.client_id ?? '', access, refresh };
}

async function refreshAt(issuer: string, { clientId, refresh }: Grant) {
  const form = { grant_type: 'refresh_token', client_id: clientId, refresh_token: refresh };
  const response = await fetch(`${issuer}/oauth/token`, { method: 'POST', body: new URLSearchParams(form) });
  return { status: response.status, answer: Answer.parse(await response.json()) };
}

/** @returns the status of a list of tools */
async function listTools(issuer: string, token: string): Promise<number> {
  const response = await fetch(`${issuer}/mcp`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' }),
  });
  await response.body?.cancel();
  return response.status;
}

async function enterAddress(page: Page, address: string): Promise<void> {
  await page.fill('#email:not([readonly])', address);
  await page.click('button[value="address"]');
}

const allow = (page: Page) => page.getByRole('button', { name: 'Sign in and allow' }).click();

const goToProvider = (page: Page) => page.getByRole('button', { name: 'Continue with localhost' }).click();

/** Ticks what the page leaves to them: to send, and to delete for good. */
async function tickAll(page: Page): Promise<void> {
  await page.click('details.consent summary');
  for (const power of ['send', 'delete']) await page.check(`#allow_${power}`);
}

/** A new person at the provider, whose mailbox has mail. */
function newPerson(): string {
  const email = `u-${randomBytes(8).toString('hex')}@${SSO_DOMAIN}`;
  provider.person = { account: email, claims: { email, name: 'Ada Lovelace' }, allows: true };
  storeInInbox({ imap: { login: { username: email } } }, inboxOf(email), mail);
  return email;
}

async function withPassword(page: Page): Promise<void> {
  await enterAddress(page, account.email);
  await tickAll(page);
  await page.fill('#imap_password', account.imap.login.password);
  await allow(page);
}

async function withMissive(page: Page): Promise<void> {
  await page.click('button[value="missive"]');
  await page.fill('#api_token', missive.token);
  await allow(page);
}

async function withMissiveAlone(page: Page): Promise<void> {
  await tickAll(page);
  await page.fill('#api_token', missive.token);
  await allow(page);
}

/** The provider sends them back without access first; they enter their address again. */
async function atProviderAfterRefusal(page: Page): Promise<void> {
  const address = newPerson();
  provider.person.allows = false;
  await enterAddress(page, address);
  await goToProvider(page);
  await page.getByText('You did not allow the access').first().waitFor();
  expect(await page.inputValue('input[name="email"][readonly]')).toBe(address);
  await page.click('button[value="change"]');
  expect(await page.inputValue('#email:not([readonly])')).toBe(address);
  provider.person.allows = true;
  await enterAddress(page, address);
  await goToProvider(page);
}

async function atProvider(page: Page): Promise<void> {
  await enterAddress(page, newPerson());
  await tickAll(page);
  await goToProvider(page);
}

type Use = (client: Client) => Promise<void>;

/** Uses one tool after the other, as the table names them. @param prepare before each call */
async function useEvery(client: Client, table: Record<string, Calls>, prepare = () => {}): Promise<void> {
  for (const [name, calls] of Object.entries(table)) {
    for (const { args, has } of calls) {
      prepare();
      const { isError, content, structuredContent } = await client.callTool({ name, arguments: args });
      expect({ name, error: isError ? content : undefined, result: structuredContent ?? {} }).toMatchObject({
        ...{ name, error: undefined, result: has },
      });
    }
  }
}

interface Listed {
  name: string;
  isUnlisted?: boolean;
}

/** The table names each tool of the server, and the person sees each one that is listed. */
async function expectAll(client: Client, tools: readonly Listed[], table: Record<string, Calls>): Promise<void> {
  const names = (some: readonly Listed[]) => some.map(({ name }) => name).sort();
  expect(Object.keys(table).sort()).toEqual(names(tools));
  expect(names((await client.listTools()).tools)).toEqual(names(tools.filter(({ isUnlisted }) => !isUnlisted)));
}

const everyMailTool: Use = async (client) => {
  await expectAll(client, mailTools, mailCalls);
  await useEvery(client, mailCalls);
};

/** The first row of each tool without a link to a file, at a Missive in which nothing has been changed. */
const everyMissiveTool: Use = async (client) => {
  const table = Object.fromEntries(
    Object.entries(rows).map(([name, { good }]) => {
      const row = good.find(({ args }) => args.attachment_urls === undefined);
      return [name, row === undefined ? [] : [{ args: row.args, has: row.result }]];
    }),
  );
  await expectAll(client, missiveTools, table);
  await useEvery(client, table, () => Object.assign(missive.data, createSeed()));
};

const oneMissiveTool: Use = async (client) => {
  const name = 'list_all_missive_organizations';
  expect(await client.callTool({ name })).toMatchObject({ structuredContent: { organizations: expect.anything() } });
};

const people = [
  ['with a password signs in by address, uses every tool', () => issuers.list, withPassword, everyMailTool],
  ['of Missive signs in by address, uses a tool', () => issuers.list, withMissive, oneMissiveTool],
  ['of Missive signs in by path, uses every tool', () => missiveIssuer, withMissiveAlone, everyMissiveTool],
] as const;

test.each(people)('CONN-05 a person %s, and refreshes', async (_, at, act, use) => {
  const grant = await grantAt(at(), act);
  await use(grant.client);
  const { status, answer } = await refreshAt(at(), grant);
  expect(status).toBe(200);
  expect(await listTools(at(), answer.access_token ?? '')).toBe(200);
});

test('CONN-02 people of a provider sign in by address, host and path: each comes back to the same place, is let in there alone, and uses every tool', {
  timeout: 60_000,
}, async () => {
  const grants: [of: keyof typeof issuers, Grant][] = [];
  for (const of of ['list', 'host', 'path'] as const) {
    grants.push([of, await grantAt(issuers[of], of === 'list' ? atProviderAfterRefusal : atProvider)]);
  }
  for (const [of, grant] of grants) {
    // At its own place last: a refresh token that was used is refused.
    const others = Object.entries(issuers).filter(([at]) => at !== of);
    for (const [at, issuer] of others) {
      expect(await listTools(issuer, grant.access), `${of} at ${at}`).toBe(401);
      expect((await refreshAt(issuer, grant)).status, `${of} at ${at}`).not.toBe(200);
    }
    if (of === 'host') await everyMailTool(grant.client);
    else await useEvery(grant.client, { list_mailboxes: mailCalls.list_mailboxes ?? [] });
    const { status, answer } = await refreshAt(issuers[of], grant);
    expect(status, of).toBe(200);
    expect(await listTools(issuers[of], answer.access_token ?? ''), of).toBe(200);
  }
});
