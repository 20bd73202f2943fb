/** Tests the script of the sign-in page in Chromium. */
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type OAuthApp, startOAuthApp } from '../../support/app/oauth-app.ts';
import { tokensOf } from '../../support/app/token-requests.ts';
import { launchChromium } from '../../support/servers/chromium.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(() => browser.close());

const callback = 'https://client.example/callback';

/** A page in a browser of its own, and what the policy of the page has refused. */
async function newPage(options: BrowserContextOptions = {}) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const violations: string[] = [];
  page.on('console', (message) => {
    if (/content security policy/i.test(message.text())) violations.push(message.text());
  });
  return { page, violations, [Symbol.asyncDispose]: () => context.close() };
}

async function open(page: Page, app: OAuthApp): Promise<void> {
  await page.goto(app.origin + app.authorizePath(await app.mint(), { redirect_uri: callback }));
}

/** Signs in. @returns the time zone in the code */
async function signIn(page: Page, app: OAuthApp): Promise<string | undefined> {
  const arrived = page.waitForRequest('https://client.example/**');
  await page.fill('#email', 'ada@example.com');
  await page.fill('#imap_password', 'correct horse');
  await page.click('text=Sign in and allow', { noWaitAfter: true });
  const code = new URL((await arrived).url()).searchParams.get('code') ?? '';
  return (await app.tokens.code.unseal(code, app.now())).time_zone;
}

describe('the script of the sign-in page', () => {
  test.each([
    ['Europe/Berlin', '19 Feb 2027, 13:00', '22 Nov, 13:00'],
    ['America/New_York', '19 Feb 2027, 07:00', '22 Nov, 07:00'],
    ['Pacific/Chatham', '20 Feb 2027, 01:45', '23 Nov, 01:45'],
  ])(
    'FORM-16 shows times in the time zone of the browser and offers it to the client, and the policy allows it: %s',
    async (timezoneId, lastEnd, end) => {
      await using app = await startOAuthApp();
      await using tab = await newPage({ timezoneId });
      await open(tab.page, app);
      const box = tab.page.getByLabel(`Show times in my time zone, ${timezoneId}`);
      expect(await box.isChecked()).toBe(true);
      expect(await tab.page.textContent('#end-hint')).toBe(`It ends by itself on ${lastEnd}, if not before.`);
      expect(await tab.page.textContent('#end option')).toBe(`For a day, until ${end}`);
      expect(await signIn(tab.page, app)).toBe(timezoneId);
      expect(tab.violations).toEqual([]);
    },
  );

  test('lets the account owner refuse, also when the page is shown again', async () => {
    await using app = await startOAuthApp();
    await using tab = await newPage({ timezoneId: 'Europe/Berlin' });
    await open(tab.page, app);
    await tab.page.click('.more summary');
    await tab.page.uncheck('#time_zone');
    await tab.page.click('text=Sign in and allow');
    await tab.page.getByRole('alert').waitFor();
    expect(await tab.page.isChecked('#time_zone')).toBe(false);
    expect(await signIn(tab.page, app)).toBeUndefined();
  });

  test('shows the password on request, says which server is asked, and hides the password before that', async () => {
    await using app = await startOAuthApp();
    await using tab = await newPage();
    const { page } = tab;
    await open(page, app);
    const show = page.getByRole('button', { name: 'Show what you type' });
    await show.click();
    expect(await page.getAttribute('#imap_password', 'type')).toBe('text');
    expect(await show.getAttribute('aria-pressed')).toBe('true');
    await page.fill('#email', 'ada@example.com');
    await page.fill('#imap_password', 'correct horse');
    await page.route('**/oauth/authorize', (route) => route.fulfill({ status: 204 }));
    await page.click('text=Sign in and allow', { noWaitAfter: true });
    await page.getByRole('status').filter({ hasText: 'Checking with imap.example.com…' }).waitFor();
    expect(await page.getAttribute('#imap_password', 'type')).toBe('password');
  });

  test('FORM-16 is not needed: without it the page signs in as before, and shows nothing of it', async () => {
    await using app = await startOAuthApp();
    await using tab = await newPage({ javaScriptEnabled: false });
    await open(tab.page, app);
    expect(await tab.page.isVisible('#time_zone')).toBe(false);
    expect(await tab.page.isVisible('text=Show times in my time zone')).toBe(false);
    expect(await tab.page.textContent('#end option')).toBe('For a day, until 22 Nov, 12:00 UTC');
    expect(await signIn(tab.page, app)).toBeUndefined();
  });

  test('FORM-16 shows times on /account in the time zone and the language of the browser', async () => {
    await using app = await startOAuthApp({ isShared: true });
    const client = await app.mint();
    await tokensOf(app, client);
    await using tab = await newPage({ timezoneId: 'Pacific/Chatham', locale: 'de-DE' });
    await tab.page.goto(`${app.origin}/account?client_id=${client.clientId}`);
    await tab.page.fill('#imap_username', 'ada@example.com');
    await tab.page.fill('#imap_password', 'correct horse');
    await tab.page.click('text=Anmelden');
    await tab.page.getByText('Seit 22.11.2026, bis 20.02.2027').waitFor();
    await tab.page.click('button[value="all"]');
    await tab.page.getByText('die bis 22.11.2026, 01:45 erteilt wurden').waitFor();
    expect(tab.violations).toEqual([]);
  });

  test('is the only script that the policy allows', async () => {
    await using app = await startOAuthApp();
    await using tab = await newPage();
    await tab.page.route('**/oauth/authorize?*', async (route) => {
      const response = await route.fetch();
      const body = (await response.text()).replace('</body>', '<script>document.title = "changed"</script></body>');
      await route.fulfill({ response, body });
    });
    await open(tab.page, app);
    expect(await tab.page.title()).toBe('Connect your mailbox');
    expect(tab.violations).toHaveLength(1);
  });
});
