import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type MintedClient, type OAuthApp, startOAuthApp } from '../../support/app/oauth-app.ts';
import { launchChromium } from '../../support/servers/chromium.ts';

const Ratio = z.object({ text: z.string(), ratio: z.number() });

let browser: Browser;
beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(() => browser.close());

/** A page of a browser without JavaScript, and what CSP refused on it. */
async function newPage(options: BrowserContextOptions = {}) {
  const context = await browser.newContext({ javaScriptEnabled: false, ...options });
  const page = await context.newPage();
  const violations: string[] = [];
  page.on('console', (message) => {
    if (/content security policy/i.test(message.text())) violations.push(message.text());
  });
  return { page, violations, [Symbol.asyncDispose]: () => context.close() };
}

const callback = 'https://client.example/callback';
const open = (page: Page, app: OAuthApp, client: MintedClient, redirect_uri = callback) =>
  page.goto(app.origin + app.authorizePath(client, { redirect_uri }));

async function signIn(page: Page): Promise<void> {
  await page.fill('#email', 'ada@example.com');
  await page.fill('#imap_password', 'correct horse');
  await page.click('text=Sign in and allow', { noWaitAfter: true });
}

/** A redirect URI of a client on this computer; with `onward`, it redirects the browser there. */
async function loopbackClient(onward?: string) {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(request.url ?? '');
    if (onward) response.writeHead(302, { location: onward }).end();
    else response.end('Done, you can close this page.');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    uri: `http://127.0.0.1:${port}/callback`,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

describe('the sign-in page in Chromium', () => {
  test('FORM-04 the redirect reaches a client on another https host, as a GET without the form', async () => {
    await using app = await startOAuthApp();
    await using tab = await newPage();
    const arrived = tab.page.waitForRequest('https://client.example/**');
    await open(tab.page, app, await app.mint());
    await signIn(tab.page);
    const request = await arrived;
    expect([request.method(), request.postData()]).toEqual(['GET', null]);
    expect(new URL(request.url()).searchParams.get('code')).not.toBeNull();
    expect(tab.violations).toEqual([]);
  });

  test('FORM-04 the redirect reaches a client on this computer, on any port', async () => {
    await using app = await startOAuthApp();
    await using client = await loopbackClient();
    await using tab = await newPage();
    await open(tab.page, app, await app.mint({ presets: ['codex'], redirectUris: [] }), client.uri);
    await signIn(tab.page);
    await tab.page.waitForURL(`${client.uri}?**`);
    expect(client.requests.filter((url) => url.startsWith('/callback?code='))).toHaveLength(1);
  });

  test('FORM-04 a further redirect by the client to another https host is not blocked', async () => {
    await using app = await startOAuthApp();
    await using client = await loopbackClient('https://client.example/success');
    await using tab = await newPage();
    const onward = tab.page.waitForRequest('https://client.example/success');
    await open(tab.page, app, await app.mint({ presets: ['codex'], redirectUris: [] }), client.uri);
    await signIn(tab.page);
    await onward;
    expect(tab.violations).toEqual([]);
  });

  test('FORM-04 a private-use scheme is not blocked', async () => {
    await using app = await startOAuthApp();
    await using tab = await newPage();
    const uri = 'cursor://anysphere.cursor-mcp/oauth/callback';
    await open(tab.page, app, await app.mint({ presets: ['cursor'], redirectUris: [] }), uri);
    const answered = tab.page.waitForEvent('requestfailed');
    await signIn(tab.page);
    await answered;
    expect(app.logged()).toContain('signed in');
    expect(tab.violations).toEqual([]);
  });

  test('FORM-04 the browser blocks a redirect that form-action does not name', async () => {
    await using app = await startOAuthApp();
    await using client = await loopbackClient();
    await using tab = await newPage();
    await tab.page.route('**/oauth/authorize?*', async (route) => {
      const response = await route.fetch();
      const headers = response.headers();
      const policy = headers['content-security-policy']?.replace(/form-action [^;]*/, "form-action 'self'") ?? '';
      await route.fulfill({ response, headers: { ...headers, 'content-security-policy': policy } });
    });
    await open(tab.page, app, await app.mint({ presets: ['codex'], redirectUris: [] }), client.uri);
    const violation = tab.page.waitForEvent('console', (message) => message.text().includes('form-action'));
    await signIn(tab.page);
    await violation;
    expect(client.requests).toEqual([]);
  });

  test('FORM-02 two tabs of one browser are both redirected to their client', async () => {
    await using app = await startOAuthApp();
    await using client = await loopbackClient();
    await using tab = await newPage();
    const minted = await app.mint({ presets: ['codex'], redirectUris: [] });
    const other = await tab.page.context().newPage();
    await open(tab.page, app, minted, client.uri);
    await open(other, app, minted, client.uri);
    for (const page of [tab.page, other]) {
      await signIn(page);
      await page.waitForURL(`${client.uri}?**`);
    }
  });

  test('the fields for sending are visible only while the box is not ticked, without JavaScript', async () => {
    await using app = await startOAuthApp();
    await using tab = await newPage();
    await open(tab.page, app, await app.mint());
    await tab.page.click('.more summary');
    expect(await tab.page.isVisible('#smtp_password')).toBe(false);
    await tab.page.click('text=Use the same login for sending');
    expect(await tab.page.isVisible('#smtp_username')).toBe(true);
    expect(await tab.page.isVisible('#smtp_password')).toBe(true);
  });

  test('the keyboard alone is enough, and Enter signs in rather than cancels', async () => {
    await using app = await startOAuthApp();
    await using client = await loopbackClient();
    await using tab = await newPage();
    const { page } = tab;
    await open(page, app, await app.mint({ presets: ['codex'], redirectUris: [] }), client.uri);
    const keys = async (...names: string[]) => {
      for (const name of names) await page.keyboard.press(name);
    };
    // Past the powers, which are folded.
    await keys('Tab', 'Tab');
    await page.keyboard.type('ada@example.com');
    await keys('Tab');
    await page.keyboard.type('correct horse');
    await keys('Tab', 'Enter', 'Tab');
    await page.keyboard.type('Ada Lovelace');
    await keys('Tab', 'Tab');
    await page.keyboard.type('ada');
    await page.keyboard.press('Enter');
    await page.waitForURL(`${client.uri}?**`);
    expect(app.tried[0]).toMatchObject({
      fullName: 'Ada Lovelace',
      email: 'ada@example.com',
      imap: { login: { username: 'ada' } },
    });
  });

  test('FORM-10 with the keyboard alone a power is unticked and a limit is set', async () => {
    await using app = await startOAuthApp();
    await using client = await loopbackClient();
    await using tab = await newPage();
    const { page } = tab;
    const minted = await app.mint({ presets: ['codex'], redirectUris: [] });
    await open(page, app, minted, client.uri);
    const keys = async (...names: string[]) => {
      for (const name of names) await page.keyboard.press(name);
    };
    await keys('Tab', 'Enter', 'Tab', 'Tab', 'Tab', 'Tab', 'Space', 'Tab', 'Tab', 'Tab');
    await page.keyboard.type('@example.com');
    await keys('Tab', 'Home', 'Tab');
    await page.keyboard.type('ada@example.com');
    await keys('Tab');
    await page.keyboard.type('correct horse');
    await keys('Enter');
    await page.waitForURL(`${client.uri}?**`);
    const code = new URL(page.url()).searchParams.get('code') ?? '';
    expect((await app.tokens.code.unseal(code, app.now())).consent).toEqual({
      powers: ['read', 'organise', 'draft', 'trash'],
      recipients: ['@example.com'],
      until: expect.any(Number),
    });
  });

  test('FORM-10 after a problem the focus is in its field, which names the problem, and the summary links to it', async () => {
    await using app = await startOAuthApp({ loginProblems: [{ service: 'imap', fault: 'credentials' }] });
    await using tab = await newPage({ javaScriptEnabled: true });
    const { page } = tab;
    await open(page, app, await app.mint());
    await signIn(page);
    await page.getByRole('alert').waitFor();
    const focused = page.locator(':focus');
    expect(await focused.getAttribute('id')).toBe('imap_password');
    expect(await page.getByLabel('Password', { exact: true }).getAttribute('aria-invalid')).toBe('true');
    const described = (await focused.getAttribute('aria-describedby'))?.trim().split(/\s+/)[0];
    expect(await page.textContent(`#${described}`)).toContain('did not accept this user name and password');
    expect(await page.inputValue('#email')).toBe('ada@example.com');
    expect(await page.inputValue('#imap_password')).toBe('');
    await page.focus('#email');
    await page.getByRole('alert').getByRole('link').click();
    expect(page.url()).toMatch(/#imap_password$/);
  });

  test.each([
    ['no limits', ['claude'], 'https://claude.ai/api/mcp/auth_callback', {}],
    [
      'limits, for a program on this device',
      ['claude', 'inspector'],
      'http://localhost:6274/oauth/callback',
      { folders: ['Invoices', 'Projects/*'], recipients: ['@corp.example'], max_sends_per_hour: 20 },
    ],
  ])('FORM-13 on a phone two fields and one button need no scrolling: %s', async (_what, presets, uri, policy) => {
    await using app = await startOAuthApp();
    await using tab = await newPage({ javaScriptEnabled: true, viewport: { width: 390, height: 844 } });
    const { page } = tab;
    await open(page, app, await app.mint({ presets, redirectUris: [], policy }), uri);
    const { y = 0, height = 0 } = (await page.locator('button.primary').boundingBox()) ?? {};
    expect(y).toBeGreaterThan(300);
    expect(y + height).toBeLessThan(844);
    const fields = page.locator('form').locator('input:not([type=hidden]), textarea, select');
    expect(await fields.filter({ visible: true }).evaluateAll((all) => all.map(({ id }) => id))).toEqual([
      'email',
      'imap_password',
    ]);
    for (const target of await page
      .locator('form')
      .locator('button, summary, .field input')
      .filter({ visible: true })
      .all()) {
      expect((await target.boundingBox())?.height).toBeGreaterThanOrEqual(44);
    }
    await page.click('.consent summary');
    await page.uncheck('#allow_draft');
    expect(await page.textContent('.consent summary >> visible=true')).toContain('may read');
    expect(await page.isVisible('.consent .may')).toBe(false);
    expect(await page.isVisible('.consent .changed')).toBe(true);
  });

  test.each([320, 375, 1280])('nothing is cut off or too small to type in at a width of %i', async (width) => {
    await using app = await startOAuthApp({ loginProblems: [{ service: 'smtp', fault: 'credentials' }] });
    await using tab = await newPage({ javaScriptEnabled: true, viewport: { width, height: 700 } });
    const host = `imap.${'long-label.'.repeat(10)}example.com`;
    const server = { host, port: 993, security: 'tls' as const };
    await open(tab.page, app, await app.mint({ servers: { imap: server, smtp: server }, name: 'N'.repeat(64) }));
    await signIn(tab.page);
    await tab.page.getByRole('alert').waitFor();
    const size = await tab.page.evaluate('[document.documentElement.scrollWidth, innerWidth]');
    expect(size).toEqual([width, width]);
    const fonts = await tab.page.evaluate(
      '[...document.querySelectorAll("input:not([type=hidden], [type=checkbox]), textarea, select")].map((input) => parseFloat(getComputedStyle(input).fontSize))',
    );
    // Phones zoom in on fields with smaller letters.
    for (const font of z.array(z.number()).length(9).parse(fonts)) expect(font).toBeGreaterThanOrEqual(16);
  });

  test.each(['light', 'dark'] as const)(
    'the policy allows the style sheet, and text has contrast, in %s',
    async (colorScheme) => {
      await using app = await startOAuthApp({ loginProblems: [{ service: 'imap', fault: 'certificate' }] });
      await using tab = await newPage({ javaScriptEnabled: true, colorScheme });
      await open(tab.page, app, await app.mint());
      await signIn(tab.page);
      await tab.page.getByRole('alert').waitFor();
      expect(tab.violations).toEqual([]);
      const ratios = z.array(Ratio).parse(await tab.page.evaluate(contrasts));
      expect(ratios.length).toBeGreaterThan(20);
      for (const { text, ratio } of ratios) expect(ratio, text).toBeGreaterThanOrEqual(4.5);
    },
  );
});

/** Contrast of every text against its background (WCAG 2.2 §1.4.3). Runs in the page. */
const contrasts = `(() => {
  const channels = (color) => color.match(/[\\d.]+/g).map(Number);
  const luminance = ([r, g, b]) => [r, g, b]
    .map((value) => value / 255)
    .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4))
    .reduce((sum, value, index) => sum + value * [0.2126, 0.7152, 0.0722][index], 0);
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = channels(getComputedStyle(at).backgroundColor);
      if (color.length === 3 || color[3] === 1) return color;
    }
    return [255, 255, 255];
  };
  return [...document.querySelectorAll('main *')]
    .filter((element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim()))
    .map((element) => {
      const [light, dark] = [luminance(channels(getComputedStyle(element).color)), luminance(behind(element))].sort((a, b) => b - a);
      return { text: element.textContent.trim().slice(0, 40), ratio: (light + 0.05) / (dark + 0.05) };
    });
})()`;
