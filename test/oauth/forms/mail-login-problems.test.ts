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
    ['wrong settings', [imap('misconfigured')], ada, { imap_server: 'is set up wrongly here' }],
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
    // Ids are random letters.
    const logged = app.logged().replace(/"(?:requestId|client)":"[^"]*"/g, '');
    expect(logged).not.toMatch(/correct horse|ada|other|relay/);
  });

  test.each<[LoginProblem, RegExp]>([
    [{ ...imap('misconfigured'), cause: 'speaks_tls' }, /your password was not sent\. Another attempt does not help/],
    [{ ...imap('certificate'), cause: 'certificate_expired' }, /certificate of imap\.example\.com is not valid/],
    [{ ...imap('no_starttls'), cause: 'no_starttls' }, /offers no secure connection on port 993/],
    [{ ...imap('unsupported'), cause: 'no_auth' }, /offers no way to sign in with a password/],
  ])(
    'what only the operator can change has a reference, by which the log gives the cause: %o',
    async (problem, words) => {
      await using app = await startOAuthApp({ loginProblems: [problem] });
      const { html, response } = await pageOf(await submit(app, await openSignIn(app, await app.mint())));
      const requestId = response.headers.get('x-request-id') ?? '';
      expect(html).toMatch(words);
      // phrase allowed: text that account owners see
      expect(html).toContain(`tell the operator of this server, reference ${requestId.slice(0, 8)}.`);
      const lines = app
        .logged()
        .split('\n')
        .filter((line) => line.includes('sign-in refused by the servers'));
      expect(lines.map((line) => JSON.parse(line))).toEqual([
        expect.objectContaining({ requestId, faults: [{ ...problem, ...exampleServers.imap }] }),
      ]);
    },
  );

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

  const microsoft = {
    imap: { host: 'outlook.office365.com', port: 993, security: 'tls' as const },
    smtp: { host: 'smtp.office365.com', port: 587, security: 'starttls' as const },
  };

  test.each([
    ['answers to every password alike', [imap('credentials'), smtp('credentials')]],
    ['says so', [imap('no_passwords'), smtp('no_passwords')]],
    ['says so for sending', [imap('credentials'), smtp('blocked')]],
    ['is misread as wanting an app password', [imap('app_password'), smtp('app_password')]],
  ])('Microsoft takes no passwords, and the page says so whether its server %s', async (_how, loginProblems) => {
    await using app = await startOAuthApp({ loginProblems });
    const page = await openSignIn(app, await app.mint({ servers: microsoft }));
    expect(page.html).toContain('Microsoft takes no passwords from mail programs');
    const { html } = await pageOf(await submit(app, page));
    expect(html.match(/href="#(\w+)"/g)).toEqual(['href="#imap_server"']);
    expect(html).toContain('app passwords do not help. This server cannot sign in to Microsoft accounts.');
    expect(html).not.toMatch(/wants an app password|Check both|Get an app password|enter it once more/);
  });

  test.each(['imap-mail.outlook.com', 'OUTLOOK.office365.com', 'outlook.office.com'])(
    'is known as a server of Microsoft: %s',
    async (host) => {
      await using app = await startOAuthApp({ loginProblems: [imap('credentials')] });
      const servers = { ...microsoft, imap: { ...microsoft.imap, host } };
      expect((await openSignIn(app, await app.mint({ servers }))).html).toContain('not even app passwords');
    },
  );

  test('an Exchange server elsewhere may refuse a wrong password', async () => {
    await using app = await startOAuthApp({ loginProblems: [imap('credentials'), smtp('credentials')] });
    const { html } = await pageOf(await submit(app, await openSignIn(app, await app.mint())));
    expect(html).not.toContain('Microsoft');
    expect(html).toContain('Check both and try again.');
    expect(html).toContain('enter it once more');
  });

  test.each<[string, LoginProblem[], string, RegExp]>([
    [
      'no passwords',
      [imap('no_passwords')],
      'imap_server',
      /takes no passwords from mail programs, not even app passwords/,
    ],
    [
      'sending that is switched off',
      [smtp('smtp_auth_off')],
      'smtp_server',
      /SMTP AUTH is switched off for it or for your organization. Its administrator can switch it on/,
    ],
    [
      'a rule of the organization',
      [smtp('blocked')],
      'smtp_server',
      /a rule of your organization. Another password does not help/,
    ],
    [
      'no known way to log in',
      [imap('unsupported')],
      'imap_server',
      /no way to sign in with a password that is known here/,
    ],
    [
      'an unsafe login',
      [imap('unsafe_login')],
      'imap_server',
      /accepted the login.*Allow IMAP in the web mail.*authorization code/,
    ],
  ])('%s is shown beside the server, with what can be done', async (_name, loginProblems, place, words) => {
    await using app = await startOAuthApp({ loginProblems });
    const { html } = await pageOf(await submit(app, await openSignIn(app, await app.mint())));
    expect(html.match(/href="#(\w+)"/g)).toEqual([`href="#${place}"`]);
    expect(new RegExp(`id="${place}-problem">([^<]*)`).exec(html)?.[1]).toMatch(words);
  });

  test.each([
    ['imap.qq.com', 'QQ Mail takes an authorization code here', 'Get an authorization code'],
    ['imap.163.com', 'NetEase takes an authorization code here', 'Get an authorization code'],
    ['imap.mail.yahoo.com', 'Yahoo takes an app password here', 'Get an app password'],
  ])('what the provider calls an app password is called so: %s', async (host, hint, link) => {
    await using app = await startOAuthApp({ loginProblems: [imap('app_password')] });
    const servers = { ...exampleServers, imap: { ...exampleServers.imap, host } };
    const page = await openSignIn(app, await app.mint({ servers }));
    expect(page.html).toContain(hint);
    expect(page.html).toContain(link);
    const { html } = await pageOf(await submit(app, page));
    expect(html).toContain(`${host} wants an ${link.slice('Get an '.length)}`);
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
