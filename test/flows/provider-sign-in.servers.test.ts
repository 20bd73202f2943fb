/** Signs in at a real OpenID provider, in front of a Dovecot and a Postfix that accept its access tokens. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { MailAccount } from '../../src/mail/account.ts';
import { REDIRECT_URI, startApp, type TestApp } from '../support/app/start-app.ts';
import { waitUntil } from '../support/app/wait-until.ts';
import { createBrowser } from '../support/oauth/browser.ts';
import { type OAuthMail, startOAuthMail } from '../support/oauth/oauth-mail.ts';
import { type OpenidProvider, startOpenidProvider } from '../support/oauth/openid-provider.ts';
import { freePort } from '../support/servers/ports.ts';

let provider: OpenidProvider;
let mail: OAuthMail;
let app: TestApp;

beforeAll(async () => {
  const port = await freePort();
  provider = await startOpenidProvider(`http://localhost:${port}/oauth/upstream/callback`);
  mail = await startOAuthMail(provider.introspectionUrl);
  app = await startApp({ PORT: String(port) });
});

afterAll(async () => {
  await app?.stop();
  await mail?.[Symbol.asyncDispose]();
  await provider?.[Symbol.asyncDispose]();
});

const newAddress = () => `u-${randomBytes(8).toString('hex')}@example.test`;

/** The account as the server minted for it: the password is never asked for. */
const accountOf = (email: string): MailAccount => {
  const login = { kind: 'password' as const, username: email, password: '-' };
  return { fullName: '', email, imap: { server: mail.imap, login }, smtp: { server: mail.smtp, login } };
};

const flags = () => ({
  signIn: 'openid',
  upstreamIssuer: provider.issuer,
  upstreamClientId: provider.clientId,
  upstreamClientSecret: provider.clientSecret,
  upstreamScope: ['imap', 'smtp'],
});

async function atProvider(url: URL, fields: Record<string, string> = {}): Promise<URLSearchParams> {
  const browser = createBrowser(REDIRECT_URI);
  const page = await browser.open(url);
  expect(page.html).toContain('Continue with');
  const end = await browser.submit(page, fields);
  if (!end.url.href.startsWith(REDIRECT_URI)) throw new Error(`${end.status} ${end.url.pathname} ${end.html}`);
  return end.url.searchParams;
}

describe('a sign-in at an OpenID provider', () => {
  test('the tools read and send with its access tokens, and no password is asked for', async () => {
    const email = newAddress();
    provider.person = { account: email, claims: { email, name: 'Ada Lovelace' }, allows: true };
    await using ada = await app.assistant(accountOf(email), { flags: flags(), onSignInPage: (url) => atProvider(url) });
    await ada.call('send_mail_message', { to: [email], subject: 'Hello', text_body: 'From a provider.' });
    const subjects = async () => JSON.stringify(await ada.call('list_mail_messages', { folder: 'INBOX' }));
    await waitUntil(20_000, async () => (await subjects()).includes('"subject":"Hello"'));
    expect(app.logged()).not.toContain(provider.clientSecret);
  });
});
