/** The account owner changes the consent in a browser; the official client then has only the tools that were allowed, in both protocol eras. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { MailAccount } from '../../src/mail/account.ts';
import { REDIRECT_URI, signInFields, startApp, type TestApp } from '../support/app/start-app.ts';
import { newAccount } from '../support/mail/accounts.ts';
import { message } from '../support/mail/build-message.ts';
import { appendMessages } from '../support/mail/mailboxes.ts';
import { launchChromium } from '../support/servers/chromium.ts';

let app: TestApp;
let browser: Browser;
beforeAll(async () => {
  [app, browser] = await Promise.all([startApp(), launchChromium()]);
});
afterAll(() => Promise.all([app.stop(), browser.close()]));

/** Submits the sign-in page. @returns the parameters of the redirect; the client has no server, so its page does not load */
async function redirectAfterSignIn(page: Page): Promise<URLSearchParams> {
  const [request] = await Promise.all([
    page.waitForRequest(`${REDIRECT_URI}?**`),
    page.click('text=Sign in and allow', { noWaitAfter: true }),
  ]);
  return new URL(request.url()).searchParams;
}

/** Signs in as the account owner, after `decide` has changed the consent on the page. */
function signInAfter(account: MailAccount, decide: (page: Page) => Promise<void>) {
  return async (url: URL): Promise<URLSearchParams> => {
    await using context = await browser.newContext({ javaScriptEnabled: false });
    const page = await context.newPage();
    await page.goto(url.href);
    await page.click('.consent summary');
    await decide(page);
    await page.click('.more summary');
    await page.uncheck('#use_same_credentials');
    for (const [name, value] of Object.entries(signInFields(account))) await page.fill(`#${name}`, value);
    return await redirectAfterSignIn(page);
  };
}

async function accountWithMail(): Promise<MailAccount> {
  const account = newAccount();
  await appendMessages(account, { INBOX: [message({ subject: 'Hello' })] });
  return account;
}

describe.each(['auto', 'legacy'] as const)('a client of era %s', (era) => {
  test('FORM-01 without the power to send there is no tool that sends, and the other tools work', async () => {
    const account = await accountWithMail();
    const onSignInPage = signInAfter(account, (page) => page.uncheck('#allow_send'));
    await using assistant = await app.assistant(account, { era, onSignInPage });
    expect(assistant.provider.tokens()?.scope).toBe('mail.read mail.write mail.delete');
    const names = (await assistant.client.listTools()).tools.map(({ name }) => name);
    expect(names).toHaveLength(9);
    expect(names).not.toContain('send_mail_message');
    expect(await assistant.call('list_mail_messages')).toMatchObject({ messages: [{ subject: 'Hello' }] });
    const message = { to: account.email, subject: 'x', text_body: 'x' };
    await expect(assistant.call('send_mail_message', message)).rejects.toThrow();
  });

  test('FORM-01 with only reading and drafts there are no tools that move, mark or delete', async () => {
    const account = await accountWithMail();
    const onSignInPage = signInAfter(account, async (page) => {
      for (const power of ['organise', 'send', 'trash', 'delete']) await page.uncheck(`#allow_${power}`);
    });
    await using assistant = await app.assistant(account, { era, onSignInPage });
    expect(assistant.provider.tokens()?.scope).toBe('mail.read mail.write');
    const names = (await assistant.client.listTools()).tools.map(({ name }) => name);
    expect(names).toEqual([
      'list_mailboxes',
      'list_mail_messages',
      'search_mail_messages',
      'get_mail_message',
      'get_mail_thread',
      'create_draft_mail_message',
    ]);
  });

  test('FORM-01 a recipient that is not on the list of the owner is refused', async () => {
    const account = await accountWithMail();
    const onSignInPage = signInAfter(account, async (page) => {
      await page.fill('#recipients', account.email);
      await page.selectOption('#end', 'day');
    });
    await using assistant = await app.assistant(account, { era, onSignInPage });
    const message = { subject: 'x', text_body: 'x' };
    expect(await assistant.call('send_mail_message', { ...message, to: account.email })).toMatchObject({
      accepted: [account.email],
    });
    expect(await assistant.failure('send_mail_message', { ...message, to: 'other@example.org' })).toMatch(/owner/i);
  });
});

test('FORM-11 in the same browser, a page that asks for more has what was left on, and marks the rest', async () => {
  const account = await accountWithMail();
  await using context = await browser.newContext({ javaScriptEnabled: false });
  const ticked = (page: Page) =>
    page
      .locator('fieldset.powers input')
      .evaluateAll((boxes) => boxes.flatMap((box) => (box.matches(':checked') ? box.id : [])));
  const marked = (page: Page) => page.locator('.powers .new').evaluateAll((marks) => marks.map(({ id }) => id));
  const signIn = async (page: Page, untick: readonly string[]): Promise<URLSearchParams> => {
    if (untick.length > 0) await page.click('.consent summary');
    for (const power of untick) await page.uncheck(`#allow_${power}`);
    await page.click('.more summary');
    await page.uncheck('#use_same_credentials');
    for (const [name, value] of Object.entries(signInFields(account))) await page.fill(`#${name}`, value);
    return redirectAfterSignIn(page);
  };
  const onSignInPage = async (url: URL): Promise<URLSearchParams> => {
    const first = await context.newPage();
    await first.goto(url.href);
    expect(await marked(first)).toEqual([]);
    await signIn(first, ['send', 'delete']);
    const stepUp = new URL(url);
    stepUp.searchParams.set('scope', 'mail.read mail.write mail.send');
    const next = await context.newPage();
    await next.goto(stepUp.href);
    expect(await ticked(next)).toEqual(['allow_read', 'allow_organise', 'allow_draft']);
    expect(await marked(next)).toEqual(['allow_send-new']);
    expect(await next.getByText('What is new was not allowed').isVisible()).toBe(true);
    return signIn(next, []);
  };
  await using assistant = await app.assistant(account, { era: 'auto', onSignInPage });
  expect(assistant.provider.tokens()?.scope).toBe('mail.read mail.write');
});
