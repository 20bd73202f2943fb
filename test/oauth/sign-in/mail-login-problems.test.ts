import { describe, expect, test } from 'vitest';
import type { LoginProblem } from '../../../src/mail/account.ts';
import { exampleServers, startOAuthApp } from '../../support/app/oauth-app.ts';
import { ada, openSignIn, pageOf, submit } from '../../support/app/sign-in-page.ts';

describe('the refusal of a login by the mail servers (FORM-06)', () => {
  const imap = (fault: LoginProblem['fault']): LoginProblem => ({ service: 'imap', fault });
  const smtp = (fault: LoginProblem['fault']): LoginProblem => ({ service: 'smtp', fault });
  const two = { ...ada, use_same_credentials: '', smtp_username: 'relay', smtp_password: 'other' };

  test.each([
    [
      'a wrong password',
      [imap('credentials'), smtp('credentials')],
      ada,
      { imap_password: 'did not accept this user name and password' },
    ],
    [
      'two wrong passwords',
      [imap('credentials'), smtp('credentials')],
      two,
      { imap_password: 'imap.example.com did not accept', smtp_password: 'smtp.example.com did not accept' },
    ],
    ['a login for reading only', [smtp('credentials')], ada, { smtp_password: 'They do work for reading' }],
    [
      'an app password needed',
      [imap('app_password'), smtp('app_password')],
      ada,
      { imap_password: 'wants an app password' },
    ],
    [
      'an app password needed, reported by the SMTP server only',
      [imap('credentials'), smtp('app_password')],
      ada,
      { imap_password: 'smtp.example.com wants an app password' },
    ],
    ['an unreachable server', [imap('unreachable')], ada, { imap_server: 'could not be reached on port 993' }],
    ['a server that does not answer', [smtp('timeout')], ada, { smtp_server: 'did not answer in time' }],
    ['an invalid certificate', [imap('certificate')], ada, { imap_server: 'your password was not sent' }],
    ['no secure connection', [smtp('no_starttls')], ada, { smtp_server: 'offers no secure connection' }],
    ['a refusal', [imap('refused')], ada, { imap_server: 'refused the connection' }],
    [
      'several things',
      [smtp('unreachable'), imap('credentials')],
      ada,
      { imap_password: 'did not accept', smtp_server: 'could not be reached' },
    ],
  ])('%s is shown beside its field', async (_name, loginProblems, fields, expected) => {
    await using app = await startOAuthApp({ loginProblems });
    const page = await openSignIn(app, await app.mint());
    const { response, html } = await pageOf(await submit(app, page, fields));
    expect(response.status).toBe(200);
    expect(html.match(/href="#(\w+)"/g)).toEqual(Object.keys(expected).map((place) => `href="#${place}"`));
    for (const [place, words] of Object.entries(expected)) {
      expect(html).toContain(`id="${place}"`);
      expect(new RegExp(`id="${place}-problem">([^<]*)`).exec(html)?.[1]).toContain(words);
    }
    expect(html).not.toContain('correct horse');
    expect(app.logged()).not.toMatch(/correct horse|ada|other|relay/);
  });

  test('with one pair of credentials, a refusal by SMTP is shown beside it if IMAP was not reached', async () => {
    await using app = await startOAuthApp({ loginProblems: [smtp('credentials'), imap('unreachable')] });
    const { html } = await pageOf(await submit(app, await openSignIn(app, await app.mint())));
    expect(html.match(/href="#(\w+)"/g)).toEqual(['href="#imap_server"', 'href="#imap_password"']);
    expect(html).not.toContain('They do work for reading');
    expect(html).toMatch(/<input[^>]*name="use_same_credentials"[^>]*checked/);
  });

  test('a login that only IMAP accepts shows the fields for sending', async () => {
    await using app = await startOAuthApp({ loginProblems: [smtp('credentials')] });
    const { html } = await pageOf(await submit(app, await openSignIn(app, await app.mint())));
    expect(html).not.toMatch(/<input[^>]*name="use_same_credentials"[^>]*checked/);
  });

  test('known providers are named, with a link to the page where an app password is created', async () => {
    const loginProblems = [imap('credentials')];
    await using app = await startOAuthApp({ loginProblems });
    const servers = { ...exampleServers, imap: { ...exampleServers.imap, host: 'imap.gmail.com' } };
    const page = await openSignIn(app, await app.mint({ servers }));
    expect(page.html).toContain('Google takes an app password');
    const { html } = await pageOf(await submit(app, page));
    expect(html).toMatch(
      /id="imap_password-problem">[^<]*Google takes an app password[^<]*<a href="https:\/\/myaccount\.google\.com\/apppasswords" target="_blank" rel="noopener noreferrer">/,
    );
    const lookalike = { ...servers, imap: { ...servers.imap, host: 'imap.notgmail.com' } };
    expect((await openSignIn(app, await app.mint({ servers: lookalike }))).html).not.toContain('Google');
  });
});
