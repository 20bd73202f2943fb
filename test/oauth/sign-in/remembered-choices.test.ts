import { describe, expect, test } from 'vitest';
import { type MintedClient, type OAuthApp, startOAuthApp, testKey } from '../../support/app/oauth-app.ts';
import { ada, openSignIn, pageOf, submit } from '../../support/app/sign-in-page.ts';
import { passwordOf } from '../../support/mail/accounts.ts';

const all = ['read', 'organise', 'draft', 'send', 'trash', 'delete'];
/** All but what cannot be undone. */
const usual = all.filter((power) => power !== 'delete');

const tickedOn = (html: string): string[] =>
  all.filter((power) => new RegExp(`<input[^>]*name="allow_${power}"[^>]*checked`).test(html));
const newOn = (html: string): string[] => all.filter((power) => html.includes(`id="allow_${power}-new"`));

/** What a browser submits for a page on which these powers are ticked. */
const choices = (powers: readonly string[], more: Record<string, string> = {}) => ({
  ...ada,
  ...Object.fromEntries(powers.map((power) => [`allow_${power}`, '1'])),
  recipients: '',
  end: 'revoked',
  ...more,
});

/** A browser: keeps its cookies between requests. */
function browserOf(app: OAuthApp) {
  const jar = new Map<string, string>();
  const cookie = () => [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
  const store = (response: Response): void => {
    for (const line of response.headers.getSetCookie()) {
      const [pair = '', ...attributes] = line.split('; ');
      const [name = '', value = ''] = pair.split('=');
      if (value === '' || attributes.some((one) => /^Expires=Thu, 01 Jan 1970/.test(one))) jar.delete(name);
      else jar.set(name, value);
    }
  };
  return {
    jar,
    async open(client: MintedClient, scope?: string) {
      const page = await openSignIn(app, client, { scope }, cookie());
      store(page.response);
      return page;
    },
    async signIn(client: MintedClient, fields: Record<string, string>, scope?: string) {
      const page = await this.open(client, scope);
      const response = await submit(app, { ...page, cookie: cookie() }, fields);
      store(response);
      return response;
    },
    choiceCookies: () => [...jar.keys()].filter((name) => name.includes('choices')),
  };
}

describe('a page in a browser in which the client was signed in before', () => {
  test.each([
    ['one that was unticked', ['read', 'organise', 'draft', 'trash', 'delete'], undefined, ['send']],
    ['two that were unticked', ['read', 'draft'], 'mail.read mail.write mail.send', ['organise', 'send']],
    ['all but reading', ['read'], undefined, ['organise', 'draft', 'send', 'trash', 'delete']],
    ['reading itself', ['draft'], 'mail.read mail.write', ['read', 'organise']],
  ])('FORM-11 marks and does not tick %s', async (_what, left, scope, added) => {
    await using app = await startOAuthApp();
    const client = await app.mint();
    const browser = browserOf(app);
    expect((await browser.signIn(client, choices(left))).status).toBe(303);
    const { html } = await browser.open(client, scope);
    expect(newOn(html)).toEqual(added);
    expect(tickedOn(html)).toEqual(left.filter((power) => html.includes(`name="allow_${power}"`)));
  });

  test('FORM-11 marks what was never offered, and keeps what a narrower page did not offer', async () => {
    await using app = await startOAuthApp();
    const client = await app.mint();
    const browser = browserOf(app);
    await browser.signIn(client, choices(['read']), 'mail.read');
    expect(newOn((await browser.open(client, 'mail.read mail.send')).html)).toEqual(['send']);
    await browser.signIn(client, choices(['read', 'send']), 'mail.read mail.send');
    await browser.signIn(client, choices(['read']), 'mail.read');
    expect(tickedOn((await browser.open(client)).html)).toEqual(['read', 'send']);
  });

  test('FORM-11 has the recipients and the end that were chosen last', async () => {
    await using app = await startOAuthApp();
    const client = await app.mint();
    const browser = browserOf(app);
    const limits = { recipients: '@Example.com, bob@example.org', end: 'week' };
    await browser.signIn(client, choices(['read', 'send'], limits));
    const { html } = await browser.open(client);
    expect(html).toMatch(/>\s*@example\.com, bob@example\.org<\/textarea>/);
    expect(html).toMatch(/<option value="week" selected[\s>]/);
    await browser.signIn(client, choices(['read']), 'mail.read');
    expect((await browser.open(client)).html).toMatch(/@example\.com, bob@example\.org<\/textarea>/);
  });

  test('FORM-11 keeps its marks when it is shown again with a problem', async () => {
    await using app = await startOAuthApp();
    const client = await app.mint();
    const browser = browserOf(app);
    await browser.signIn(client, choices(['read']));
    const again = await pageOf(await browser.signIn(client, choices(['read', 'send'], { imap_password: '' })));
    expect(tickedOn(again.html)).toEqual(['read', 'send']);
    expect(newOn(again.html)).toEqual(['organise', 'draft', 'send', 'trash', 'delete']);
  });

  test('FORM-11 is the page of a first sign-in for another client and in another browser', async () => {
    await using app = await startOAuthApp();
    const [client, other] = [await app.mint(), await app.mint()];
    const browser = browserOf(app);
    await browser.signIn(client, choices(['read']));
    expect(tickedOn((await browser.open(other)).html)).toEqual(usual);
    expect(tickedOn((await browserOf(app).open(client)).html)).toEqual(usual);
  });

  test('FORM-11 is not changed by a sign-in that was refused or cancelled', async () => {
    await using app = await startOAuthApp({ loginProblems: [{ service: 'imap', fault: 'credentials' }] });
    const client = await app.mint();
    const browser = browserOf(app);
    await browser.signIn(client, choices(['read']));
    await browser.signIn(client, choices(['read'], { action: 'cancel' }));
    expect(browser.choiceCookies()).toEqual([]);
  });
});

describe('the cookie of the choices', () => {
  test.each([
    [
      'https://mail.example.com',
      /^__Host-mail-mcp-choices-[\w-]{16}=[\w.-]+; Max-Age=7776000; Path=\/; .*HttpOnly; Secure; SameSite=Lax$/,
    ],
    [undefined, /^mail-mcp-choices-[\w-]{16}=[\w.-]+; Max-Age=7776000; Path=\/; .*HttpOnly; SameSite=Lax$/],
  ])(
    'FORM-11 of issuer %s is out of reach of scripts and of other hosts, and seals its content',
    async (issuer, form) => {
      await using app = await startOAuthApp(issuer ? { issuer } : {});
      const client = await app.mint();
      const response = await submit(
        app,
        await openSignIn(app, client),
        choices(['read'], { recipients: '@example.com' }),
      );
      const [cookie = ''] = response.headers.getSetCookie().filter((line) => line.includes('choices'));
      expect(cookie).toMatch(form);
      expect(cookie).not.toContain('example');
      expect(cookie.length).toBeLessThan(700);
    },
  );

  test.each([
    ['of another client', (value: string, other: string) => other || value],
    ['with another byte', (value: string) => `${value.slice(0, -4)}AAAA`],
    ['that is text', () => 'read'],
    ['of another type', () => ''],
  ])('FORM-11 counts for nothing if it is one %s', async (_what, forge) => {
    await using app = await startOAuthApp();
    const [client, other] = [await app.mint(), await app.mint()];
    const browser = browserOf(app);
    await browser.signIn(client, choices(['read']));
    const [name = ''] = browser.choiceCookies();
    const value = browser.jar.get(name) ?? '';
    await browser.signIn(other, choices(['draft', 'send']));
    const [otherName = ''] = browser.choiceCookies().filter((one) => one !== name);
    browser.jar.set(name, forge(value, browser.jar.get(otherName) ?? ''));
    expect(tickedOn((await browser.open(client)).html)).toEqual(usual);
  });

  test('FORM-11 ends after 90 days, and is valid under an earlier key', async () => {
    const keys = { current: testKey(1), previous: [] };
    await using app = await startOAuthApp({ keys });
    const client = await app.mint();
    const browser = browserOf(app);
    await browser.signIn(client, choices(['read']));
    await using after = await startOAuthApp({ keys: { current: testKey(2), previous: [testKey(1)] }, now: app.now });
    const cookie = [...browser.jar].map(([name, value]) => `${name}=${value}`).join('; ');
    expect(tickedOn((await openSignIn(after, client, {}, cookie)).html)).toEqual(['read']);
    app.advance(90 * 86_400);
    expect(tickedOn((await browser.open(client)).html)).toEqual(usual);
  });

  test('FORM-11 exists for five clients: the one that was used longest ago goes first', async () => {
    await using app = await startOAuthApp();
    const browser = browserOf(app);
    const clients = [];
    for (let index = 0; index < 7; index++) {
      const client = await app.mint();
      clients.push(client);
      await browser.signIn(client, choices(['read']));
      app.advance(60);
    }
    expect(browser.choiceCookies()).toHaveLength(5);
    const ticked = [];
    for (const client of clients) ticked.push(tickedOn((await browser.open(client)).html).length);
    expect(ticked).toEqual([5, 5, 1, 1, 1, 1, 1]);
  });
});

describe('a browser in which a login has succeeded', () => {
  test.each([
    ['the same client', false],
    ['another client', true],
  ])('FORM-07 is admitted at %s while strangers have locked the login', async (_what, isOther) => {
    await using app = await startOAuthApp({
      trustProxy: 1,
      loginProblems: async ({ imap }) =>
        passwordOf(imap.login) === ada.imap_password ? [] : [{ service: 'imap', fault: 'credentials' }],
    });
    const client = await app.mint();
    const browser = browserOf(app);
    expect((await browser.signIn(client, choices(['read']))).status).toBe(303);
    const page = await openSignIn(app, client);
    const asStranger = (index: number, password: string) =>
      submit(app, page, { ...ada, imap_password: password }, { 'x-forwarded-for': `198.51.100.${index % 20}` });
    for (let index = 0; index < 50; index++) expect((await asStranger(index, 'wrong')).status).toBe(200);
    expect((await asStranger(99, ada.imap_password)).status).toBe(429);
    expect((await browser.signIn(isOther ? await app.mint() : client, choices(['read']))).status).toBe(303);
  });

  test('FORM-07 has no more attempts at other logins than any browser', async () => {
    await using app = await startOAuthApp({
      loginProblems: async ({ imap, smtp }) =>
        imap.login.username === 'ada@example.com' && smtp.login.username === 'ada@example.com'
          ? []
          : [{ service: 'smtp', fault: 'credentials' }],
    });
    const client = await app.mint();
    const browser = browserOf(app);
    await browser.signIn(client, choices(['read']));
    const { use_same_credentials: _, ...other } = choices(['read']);
    const fields = { ...other, smtp_username: 'victim@example.org', smtp_password: 'guess' };
    for (let index = 0; index < 10; index++) expect((await browser.signIn(client, fields)).status).toBe(200);
    expect((await browser.signIn(client, fields)).status).toBe(429);
    await browser.signIn(client, choices(['read']));
    expect((await browser.signIn(client, fields)).status).toBe(429);
  });
});
