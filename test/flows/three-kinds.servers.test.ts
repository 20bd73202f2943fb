/** One installation for mailboxes with passwords, mailboxes behind an OpenID provider, and Missive: each person signs in through Chromium, by address, host or path. */
import { randomBytes } from 'node:crypto';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { generate } from '../../src/commands/generate.ts';
import { challengeOf } from '../../src/oauth/http/pkce.ts';
import { REDIRECT_URI, serverFlags, startApp, type TestApp } from '../support/app/start-app.ts';
import { newAccount } from '../support/mail/accounts.ts';
import { type MissiveStandIn, startMissive } from '../support/missive/stand-in.ts';
import { type OAuthMail, startOAuthMail } from '../support/oauth/oauth-mail.ts';
import { type OpenidProvider, startOpenidProvider } from '../support/oauth/openid-provider.ts';
import { launchChromium } from '../support/servers/chromium.ts';
import { freePort } from '../support/servers/ports.ts';
import { MAIL_DOMAIN } from '../support/servers/postfix.ts';

const VERIFIER = 'v'.repeat(43);
const SSO_DOMAIN = 'sso.test';

const account = newAccount();
let browser: Browser;
let provider: OpenidProvider;
let mail: OAuthMail;
let missive: MissiveStandIn;
let app: TestApp;
/** Of the list and, with the connection to the provider alone, by host and by path. */
let issuers: Record<'list' | 'host' | 'path', string>;

beforeAll(async () => {
  const port = await freePort();
  const [list, host] = [`http://localhost:${port}`, `http://127.0.0.1:${port}`];
  const callbacks = [list, host].map((origin) => `${origin}/oauth/upstream/callback`);
  [browser, missive, provider] = await Promise.all([launchChromium(), startMissive(), startOpenidProvider(callbacks)]);
  mail = await startOAuthMail(provider);
  const env = { BASE_URL: list, PORT: String(port), ENCRYPTION_KEY: randomBytes(32).toString('base64') };
  const connections = await Promise.all(
    [
      { ...serverFlags(account), domain: [MAIL_DOMAIN] },
      { ...providerFlags(), domain: [SSO_DOMAIN] },
      serverFlags({ url: missive.url, token: missive.token }),
    ].map((flags) => connectionOf(flags, env)),
  );
  const [, ofProvider = ''] = connections;
  app = await startApp({
    ...{ ...env, CLIENT_REGISTRATION: 'true' },
    ...{ DEFAULT_CONNECTION: connections.join(','), CONNECTIONS: `127.0.0.1:${port}=${ofProvider}` },
  });
  issuers = { list, host, path: `${list}/c/${ofProvider}` };
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

const Answer = z.object({ client_id: z.string(), access_token: z.string(), refresh_token: z.string() }).partial();

async function post(url: string, body: string | URLSearchParams) {
  const headers = typeof body === 'string' ? { 'content-type': 'application/json' } : {};
  const response = await fetch(url, { method: 'POST', headers, body });
  return { status: response.status, answer: Answer.parse(await response.json()) };
}

interface Grant {
  client: string;
  access: string;
  refresh: string;
}

/** A new client is registered, and a person with a new browser allows it. @param act what they do, from the sign-in page on */
async function grantAt(issuer: string, act: (page: Page) => Promise<void>): Promise<Grant> {
  const metadata = { redirect_uris: [REDIRECT_URI], token_endpoint_auth_method: 'none' };
  const { client_id: client = '' } = (await post(`${issuer}/oauth/register`, JSON.stringify(metadata))).answer;
  const query = new URLSearchParams({
    ...{ response_type: 'code', client_id: client, redirect_uri: REDIRECT_URI, resource: `${issuer}/mcp` },
    ...{ code_challenge: challengeOf(VERIFIER), code_challenge_method: 'S256' },
  });
  await using context = await browser.newContext();
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  await page.goto(`${issuer}/oauth/authorize?${query}`);
  const callback = page.waitForRequest((request) => request.url().startsWith(`${REDIRECT_URI}?`));
  const [request] = await Promise.all([callback, act(page)]);
  const code = new URL(request.url()).searchParams.get('code') ?? '';
  const form = { grant_type: 'authorization_code', client_id: client, code, redirect_uri: REDIRECT_URI };
  const { answer } = await post(`${issuer}/oauth/token`, new URLSearchParams({ ...form, code_verifier: VERIFIER }));
  const { access_token: access = '', refresh_token: refresh = '' } = answer;
  return { client, access, refresh };
}

const refreshAt = (issuer: string, { client, refresh }: Grant) =>
  post(
    `${issuer}/oauth/token`,
    new URLSearchParams({ grant_type: 'refresh_token', client_id: client, refresh_token: refresh }),
  );

/** Calls a tool without arguments. @returns the status, and what the model reads */
async function call(issuer: string, token: string, name = 'list_mailboxes') {
  const response = await fetch(`${issuer}/mcp`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: {} } }),
  });
  return { status: response.status, text: await response.text() };
}

async function enterAddress(page: Page, address: string): Promise<void> {
  await page.fill('#email:not([readonly])', address);
  await page.click('button[value="address"]');
}

const allow = (page: Page) => page.getByRole('button', { name: 'Sign in and allow' }).click();

const goToProvider = (page: Page) => page.getByRole('button', { name: 'Continue with localhost' }).click();

/** A new person at the provider. */
function newPerson(): string {
  const email = `u-${randomBytes(8).toString('hex')}@${SSO_DOMAIN}`;
  provider.person = { account: email, claims: { email, name: 'Ada Lovelace' }, allows: true };
  return email;
}

async function withPassword(page: Page): Promise<void> {
  await enterAddress(page, account.email);
  await page.fill('#imap_password', account.imap.login.password);
  await allow(page);
}

async function withMissive(page: Page): Promise<void> {
  await page.click('button[value="missive"]');
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
  expect(await page.inputValue('#email[readonly]')).toBe(address);
  await page.click('button[value="change"]');
  expect(await page.inputValue('#email:not([readonly])')).toBe(address);
  provider.person.allows = true;
  await enterAddress(page, address);
  await goToProvider(page);
}

async function atProvider(page: Page): Promise<void> {
  await enterAddress(page, newPerson());
  await goToProvider(page);
}

const people = [
  ['with a password', withPassword, 'list_mailboxes', 'INBOX'],
  ['of Missive', withMissive, 'list_all_missive_organizations', 'organizations'],
] as const;

test.each(people)('CONN-05 a person %s signs in by address, uses a tool, and refreshes', async (_, act, tool, text) => {
  const grant = await grantAt(issuers.list, act);
  expect(await call(issuers.list, grant.access, tool)).toEqual({ status: 200, text: expect.stringContaining(text) });
  const { status, answer } = await refreshAt(issuers.list, grant);
  expect(status).toBe(200);
  const renewed = await call(issuers.list, answer.access_token ?? '', tool);
  expect(renewed).toEqual({ status: 200, text: expect.stringContaining(text) });
});

test('CONN-02 people of a provider sign in by address, host and path: each comes back to the same place, and is let in there alone', async () => {
  const grants: [of: string, Grant][] = [];
  for (const [of, issuer] of Object.entries(issuers)) {
    grants.push([of, await grantAt(issuer, of === 'list' ? atProviderAfterRefusal : atProvider)]);
  }
  for (const [of, grant] of grants) {
    // At its own place last: a refresh token that was used is refused.
    const others = Object.entries(issuers).filter(([at]) => at !== of);
    for (const [at, issuer] of others) {
      expect((await call(issuer, grant.access)).status, `${of} at ${at}`).toBe(401);
      expect((await refreshAt(issuer, grant)).status, `${of} at ${at}`).not.toBe(200);
    }
    const own = Object.entries(issuers).find(([at]) => at === of)?.[1] ?? '';
    expect(await call(own, grant.access), of).toEqual({ status: 200, text: expect.stringContaining('INBOX') });
    const { status, answer } = await refreshAt(own, grant);
    expect(status, of).toBe(200);
    expect(await call(own, answer.access_token ?? ''), of).toMatchObject({ status: 200 });
  }
});
