/** Every page in a real browser: axe finds no barrier, and it fits every screen. */
import { source as axe } from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { exampleConnection, type OAuthApp, openToClients, startOAuthApp } from '../../support/app/oauth-app.ts';
import { openSignIn, submit } from '../../support/app/sign-in-page.ts';
import { startApp } from '../../support/app/start-app.ts';
import { tokensOf } from '../../support/app/token-requests.ts';
import { rightToLeftLanguage } from '../../support/oauth/test-languages.ts';
import { launchChromium } from '../../support/servers/chromium.ts';

const Results = z.object({
  violations: z.array(z.object({ id: z.string(), nodes: z.array(z.object({ html: z.string() })) })),
  passes: z.array(z.unknown()).transform(({ length }) => length),
});

const LOGO = '<svg xmlns="http://www.w3.org/2000/svg" width="220" height="50"><circle cx="25" cy="25" r="20"/></svg>';

const viewport = { width: 1280, height: 720 };

let browser: Browser;
/** One for all tests: a new one takes as long as a test. */
let page: Page;
beforeAll(async () => {
  browser = await launchChromium();
  const context = await browser.newContext({ viewport, permissions: ['clipboard-write'] });
  page = await context.newPage();
});
beforeEach(async () => {
  await page.context().clearCookies();
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize(viewport);
});
afterAll(() => browser.close());

const callback = 'https://claude.ai/api/mcp/auth_callback';
const mint = (app: OAuthApp, name = 'Claude') => app.mint({ name, presets: ['claude'] });

async function openForm(page: Page, app: OAuthApp): Promise<void> {
  await page.goto(app.origin + app.authorizePath(await mint(app), { redirect_uri: callback }));
}

async function submitForm(page: Page): Promise<void> {
  await page.fill('#email', 'ada@example.com');
  await page.fill('#imap_password', 'correct horse');
  await page.click('text=Sign in and allow');
  await page.getByRole('alert').waitFor();
}

async function openAccount(page: Page, app: OAuthApp): Promise<void> {
  await page.goto(`${app.origin}/account?client_id=${(await mint(app)).clientId}`);
}

async function openList(page: Page, app: OAuthApp): Promise<void> {
  await tokensOf(app, await app.mint({ name: 'Claude' }));
  await tokensOf(app, await app.mint({ name: 'VS Code' }), { scope: 'mail.read' });
  await openAccount(page, app);
  await page.fill('#imap_username', 'ada@example.com');
  await page.fill('#imap_password', 'correct horse');
  await page.click('button.primary');
  await page.locator('.grants').waitFor();
}

const ADMIN_TOKEN = 'an admin token, which is long enough';

/** @returns the app, with the minting page open */
async function openMinting(page: Page): Promise<AsyncDisposable> {
  const app = await startApp({ ADMIN_TOKEN });
  await page.goto(`${app.origin}/admin`);
  await page.fill('#admin-token', ADMIN_TOKEN);
  await page.click('button.primary');
  await page.fill('#imap-host', 'imap.example.com');
  await page.fill('#smtp-host', 'smtp.example.com');
  return app;
}

const refused = { loginProblems: [{ service: 'imap' as const, fault: 'credentials' as const }] };
const shared = { isShared: true };
const operator = {
  name: `Cooperative ${'for electronic mail '.repeat(3)}`,
  contact: { text: 'help@example.com', url: 'mailto:help@example.com' },
  privacyUrl: 'https://example.com/privacy',
  logo: { type: 'image/svg+xml', bytes: Buffer.from(LOGO), adaptsToScheme: false },
  accentColor: '#e7b416',
};

/** An unverified client. */
async function register(app: OAuthApp): Promise<string> {
  const registered = await app.fetch('/oauth/register', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      client_name: 'Tool',
      redirect_uris: ['http://localhost/callback'],
      token_endpoint_auth_method: 'none',
    }),
  });
  return z.object({ client_id: z.string() }).parse(await registered.json()).client_id;
}

async function openUnverified(page: Page, app: OAuthApp): Promise<void> {
  const client = { clientId: await register(app), clientSecret: null };
  await page.goto(app.origin + app.authorizePath(client, { redirect_uri: 'http://localhost/callback' }));
}

const limited = {
  ...exampleConnection,
  policy: {
    folders: ['INBOX', 'Invoices', 'Projects/*'],
    recipients: ['@example.com', 'ida@example.org'],
    ...{ max_sends_per_hour: 20, max_changes_per_hour: 100 },
  },
};

/** @returns the app, with the page open that asks for the address */
async function openAddress(page: Page): Promise<OAuthApp> {
  const connections = [
    { ...exampleConnection, id: 'a'.repeat(22), domains: ['one.example'] },
    { ...exampleConnection, id: 'b'.repeat(22), servers: { missive: { url: 'https://missive.example/v1' } } },
  ];
  const app = await startOAuthApp({ operator, dynamicClients: { ...openToClients, connections } });
  await openUnverified(page, app);
  return app;
}

/** The steps to each page. */
const pages: Record<string, (page: Page) => Promise<AsyncDisposable>> = {
  async 'the sign-in page'(page) {
    const app = await startOAuthApp();
    await openForm(page, app);
    return app;
  },
  async 'the sign-in page with its limits'(page) {
    const app = await startOAuthApp();
    await openForm(page, app);
    await page.click('summary');
    await page.fill('#recipients', '@example.com');
    return app;
  },
  async 'the sign-in page with every problem'(page) {
    const app = await startOAuthApp();
    await openForm(page, app);
    for (const summary of await page.locator('summary').all()) await summary.click();
    for (const power of ['read', 'organise', 'draft', 'send', 'trash', 'delete']) await page.uncheck(`#allow_${power}`);
    await page.fill('#recipients', 'everyone');
    await page.uncheck('#use_same_credentials');
    await page.click('text=Sign in and allow');
    await page.getByRole('alert').waitFor();
    return app;
  },
  async 'the sign-in page of an unverified program with every limit, in German, chosen on it'(page) {
    const app = await startOAuthApp({ operator, dynamicClients: { ...openToClients, connections: [limited] } });
    await page.setViewportSize({ width: 390, height: 844 });
    await openUnverified(page, app);
    await page.fill('#email', 'ada@example.com');
    await page.click('text=Deutsch');
    await page.getByRole('heading', { name: 'Postfach verbinden' }).waitFor();
    expect(await page.inputValue('#email')).toBe('ada@example.com');
    const button = await page.locator('button.primary').boundingBox();
    expect((button?.y ?? 844) + (button?.height ?? 0)).toBeLessThan(844);
    return app;
  },
  async 'the sign-in page with every problem, from right to left'(page) {
    const app = await startOAuthApp({ languages: [rightToLeftLanguage] });
    await openForm(page, app);
    for (const summary of await page.locator('summary').all()) await summary.click();
    await page.fill('#recipients', 'everyone');
    await page.uncheck('#use_same_credentials');
    await page.click('button.primary');
    await page.getByRole('alert').waitFor();
    return app;
  },
  async 'the page that asks for the address, with an address of no connection'(page) {
    const app = await openAddress(page);
    await page.setViewportSize({ width: 390, height: 844 });
    expect(await page.locator('input:not([type="hidden"])').count()).toBe(1);
    const button = await page.locator('button.primary').boundingBox();
    expect((button?.y ?? 844) + (button?.height ?? 0)).toBeLessThan(844);
    await page.fill('#email', 'ada@elsewhere.example');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').waitFor();
    return app;
  },
  async 'the sign-in page after the address, in German'(page) {
    const app = await openAddress(page);
    await page.fill('#email', 'ada@one.example');
    await page.click('text=Deutsch');
    expect(await page.inputValue('#email')).toBe('ada@one.example');
    await page.focus('#email');
    await page.keyboard.press('Enter');
    await page.locator('#imap_password').waitFor();
    await page.click('text=Nicht Sie?');
    expect(await page.inputValue('#email')).toBe('ada@one.example');
    await page.click('text=Missive-Konto');
    await page.locator('#api_token').waitFor();
    await page.click('text=E-Mail-Adresse verwenden');
    await page.fill('#email', 'ada@one.example');
    await page.click('button.primary');
    await page.locator('#imap_password').waitFor();
    return app;
  },
  async 'the page of /account that asks for the address'(page) {
    const app = await openAddress(page);
    await page.goto(`${app.origin}/account`);
    return app;
  },
  async 'the sign-in page of an unverified program'(page) {
    const app = await startOAuthApp({ dynamicClients: openToClients });
    await openUnverified(page, app);
    return app;
  },
  async 'the sign-in page after a wrong password'(page) {
    const app = await startOAuthApp(refused);
    await openForm(page, app);
    await submitForm(page);
    return app;
  },
  async 'the sign-in page after too many attempts'(page) {
    const app = await startOAuthApp(refused);
    const client = await mint(app);
    const form = await openSignIn(app, client, { redirect_uri: callback });
    for (let attempt = 0; attempt < 10; attempt++) await submit(app, form);
    await page.goto(app.origin + app.authorizePath(client, { redirect_uri: callback }));
    await submitForm(page);
    expect(await page.getByRole('alert').textContent()).toContain('too many attempts');
    return app;
  },
  async 'the page at /, with open steps'(page) {
    const app = await startOAuthApp({ operator, dynamicClients: { ...openToClients, acceptsRegistration: false } });
    await page.goto(app.origin);
    await page.click('text=VS Code');
    await page.getByRole('button', { name: 'Copy the address' }).click();
    await page.getByText('Copied').first().waitFor();
    return app;
  },
  async 'a page that does not exist'(page) {
    const app = await startOAuthApp({ operator });
    await page.goto(`${app.origin}/nothing`);
    return app;
  },
  async 'the error page'(page) {
    const app = await startOAuthApp();
    await page.goto(`${app.origin}/oauth/authorize?client_id=x`);
    return app;
  },
  async 'the error page with a link to the client'(page) {
    const app = await startOAuthApp({ dynamicClients: openToClients });
    const client = { clientId: await register(app), clientSecret: null };
    const request = { redirect_uri: 'http://localhost/callback', response_type: 'token' };
    await page.goto(app.origin + app.authorizePath(client, request));
    await page.locator('a.button').waitFor();
    return app;
  },
  async 'the page that asks for a client ID'(page) {
    const app = await startOAuthApp();
    await page.goto(`${app.origin}/account?client_id=x`);
    return app;
  },
  async 'the sign-in at /account'(page) {
    const app = await startOAuthApp({ dynamicClients: openToClients });
    await page.goto(`${app.origin}/account`);
    await page.click('summary');
    return app;
  },
  async 'the sign-in at /account after a wrong password'(page) {
    const app = await startOAuthApp(refused);
    await openAccount(page, app);
    await page.fill('#imap_username', 'ada@example.com');
    await page.fill('#imap_password', 'correct horse');
    await page.click('button.primary');
    await page.getByRole('alert').waitFor();
    return app;
  },
  async 'the list of grants'(page) {
    const app = await startOAuthApp(shared);
    await openList(page, app);
    return app;
  },
  async 'the list of grants without a shared state'(page) {
    const app = await startOAuthApp();
    await openList(page, app);
    return app;
  },
  async 'the sign-in at /admin after a wrong token'(page) {
    const app = await startApp({ ADMIN_TOKEN });
    await page.goto(`${app.origin}/admin`);
    await page.fill('#admin-token', 'wrong');
    await page.click('button.primary');
    await page.getByRole('alert').waitFor();
    return app;
  },
  async 'the minting page with problems and everything unfolded'(page) {
    const app = await openMinting(page);
    await page.fill('#imap-host', 'imap example');
    await page.check('#preset-claude');
    await page.check('#preset-codex');
    for (const summary of await page.locator('summary').all()) if (await summary.isVisible()) await summary.click();
    await page.fill('#folders', 'Projects');
    await page.fill('#max-sends-per-hour', 'many');
    await page.click('button.primary');
    await page.getByRole('alert').waitFor();
    return app;
  },
  async 'the page of a client that was minted'(page) {
    const app = await openMinting(page);
    for (const preset of ['claude', 'cursor', 'inspector']) await page.check(`#preset-${preset}`);
    await page.check('#probe');
    await page.click('button.primary');
    await page.click('summary:has-text("Cursor")');
    await page.getByRole('button', { name: 'Copy Client secret' }).click();
    await page.getByText('Copied').first().waitFor();
    return app;
  },
  async 'the list after one grant was revoked'(page) {
    const app = await startOAuthApp(shared);
    await openList(page, app);
    await page.click('.grants button');
    await page.getByRole('status').waitFor();
    return app;
  },
  async 'the list after all grants were revoked'(page) {
    const app = await startOAuthApp(shared);
    await openList(page, app);
    await page.click('text=Take back everything'); // phrase allowed: on the page
    await page.getByRole('status').waitFor();
    return app;
  },
};

/** Both colour schemes at one width: colours do not depend on it. */
const looks = [
  { colorScheme: 'light', width: 375 },
  { colorScheme: 'dark', width: 1280 },
] as const;

test.each(Object.entries(pages))(
  'FORM-10 axe finds no barrier on %s, which fits every screen, in light and dark',
  async (_name, reach) => {
    await using _app = await reach(page);
    // The CSP blocks scripts of the page, but not those of the debugger.
    await page.evaluate(axe);
    for (const { colorScheme, width } of looks) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 800 });
      const { violations, passes } = Results.parse(await page.evaluate("axe.run({ resultTypes: ['violations'] })"));
      const found = violations.map(({ id, nodes }) => [id, ...nodes.map(({ html }) => html)]);
      expect(found, `${colorScheme}, ${width}`).toEqual([]);
      expect(passes).toBeGreaterThan(15);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
    }
  },
  120_000,
);
