import { describe, expect, test } from 'vitest';
import { exampleServers, startOAuthApp } from '../../support/app/oauth-app.ts';
import { ada, callbackOf, openSignIn, pageOf, submit } from '../../support/app/sign-in-page.ts';
import { passwordOf } from '../../support/mail/accounts.ts';

describe('the fields of a mailbox', () => {
  test('an empty user name means the address, and one pair of credentials is used for both servers', async () => {
    await using app = await startOAuthApp();
    await callbackOf(app, await app.mint());
    const login = { kind: 'password', username: 'ada@example.com', password: 'correct horse' };
    expect(app.tried).toEqual([
      {
        fullName: 'Ada Lovelace',
        email: 'ada@example.com',
        imap: { server: exampleServers.imap, login },
        smtp: { server: exampleServers.smtp, login },
      },
    ]);
  });

  test('without the tick the second pair of credentials is used for sending', async () => {
    await using app = await startOAuthApp();
    const { use_same_credentials: _ticked, ...unticked } = ada;
    const fields = { ...unticked, imap_username: ' ada ', smtp_username: 'relay', smtp_password: 'other' };
    await callbackOf(app, await app.mint(), {}, fields);
    expect(app.tried[0]?.imap.login).toEqual({ kind: 'password', username: 'ada', password: 'correct horse' });
    expect(app.tried[0]?.smtp.login).toEqual({ kind: 'password', username: 'relay', password: 'other' });
  });

  const { use_same_credentials: _same, ...twice } = { ...ada, smtp_password: ada.imap_password };
  test.each([
    ['with the address as both user names', ada, { ...twice, imap_username: ada.email, smtp_username: ada.email }],
    ['without user names', ada, { ...twice, smtp_username: '' }],
    [
      'with a user name',
      { ...ada, imap_username: 'lovelace' },
      { ...twice, imap_username: 'lovelace', smtp_username: ' lovelace ' },
    ],
  ])('the same login that is entered twice %s is sealed once', async (_how, once, again) => {
    await using app = await startOAuthApp();
    const client = await app.mint();
    const codes = [await callbackOf(app, client, {}, once), await callbackOf(app, client, {}, again)];
    const [first = 0, second = 0] = codes.map((callback) => callback.get('code')?.length ?? 0);
    expect(first).toBeGreaterThan(100);
    // Times may take a byte more or less.
    expect(Math.abs(second - first)).toBeLessThan(4);
    expect(app.tried[1]).toEqual(app.tried[0]);
  });

  test.each([
    ['spaces, quotes and more', ' "p\\a\'s s%+&=<>{}~ '],
    ['Unicode', 'pässwörd€😀'],
    ['a tab', 'a\tb'],
    ['1,024 bytes', 'x'.repeat(1024)],
    ['1,024 quotes', '"'.repeat(1024)],
  ])('FORM-09 a password with %s is used unchanged', async (_name, password) => {
    await using app = await startOAuthApp();
    const callback = await callbackOf(app, await app.mint(), {}, { ...ada, imap_password: password });
    expect(passwordOf(app.tried[0]?.imap.login)).toBe(password);
    expect(callback.get('code')).not.toBeNull();
  });

  const unticked = { ...ada, use_same_credentials: '', smtp_username: 'relay', smtp_password: 'other' };
  test.each([
    ['no address', { ...ada, email: '' }, 'email'],
    ['two addresses', { ...ada, email: 'a@example.com, b@example.com' }, 'email'],
    ['an address with a line break', { ...ada, email: 'a@example.com\r\nBcc: x@example.com' }, 'email'],
    ['a too long address', { ...ada, email: `a@${'d'.repeat(320)}` }, 'email'],
    ['a name with a control character', { ...ada, full_name: 'Ada\r\nBcc: x' }, 'full_name'],
    ['a too long name', { ...ada, full_name: 'ä'.repeat(129) }, 'full_name'],
    ['a user name with NUL', { ...ada, imap_username: 'a\0b' }, 'imap_username'],
    ['a too long user name', { ...ada, imap_username: 'a'.repeat(321) }, 'imap_username'],
    ['no password', { ...ada, imap_password: '' }, 'imap_password'],
    ['a password with CR', { ...ada, imap_password: 'a\rb' }, 'imap_password'],
    ['a password with LF', { ...ada, imap_password: 'a\nb' }, 'imap_password'],
    ['a password with NUL', { ...ada, imap_password: 'a\0b' }, 'imap_password'],
    ['a password of 1,025 bytes', { ...ada, imap_password: 'x'.repeat(1025) }, 'imap_password'],
    ['a password that would not fit in a token', { ...ada, imap_password: '\u0001'.repeat(1000) }, 'imap_password'],
    ['no second password', { ...unticked, smtp_password: '' }, 'smtp_password'],
    [
      'two logins too long together',
      {
        ...unticked,
        imap_username: 'u'.repeat(320),
        imap_password: 'x'.repeat(1024),
        smtp_username: 'r'.repeat(320),
        smtp_password: 'y'.repeat(1024),
      },
      'smtp_password',
    ],
  ])('FORM-09 %s is a problem of its field, and no mail server is asked', async (_name, fields, field) => {
    // In layout 2, all fields of the greatest length fit.
    await using app = await startOAuthApp({ layout: 1 });
    const { response, html } = await pageOf(await submit(app, await openSignIn(app, await app.mint()), fields));
    expect(response.status).toBe(200);
    expect(html.match(/href="#(\w+)"/g)).toEqual([`href="#${field}"`]);
    expect(html).toContain(`id="${field}-problem"`);
    expect(new RegExp(`<input id="${field}"[^>]*>`).exec(html)?.[0]).toMatch(
      /aria-describedby="[^"]*-problem[^>]*aria-invalid="true"[^>]*autofocus/,
    );
    expect(app.tried).toEqual([]);
  });

  test('all problems are shown at once, and typed values are kept and escaped, except passwords', async () => {
    await using app = await startOAuthApp();
    const typed = {
      full_name: 'A "quoted" <name>',
      email: 'no address',
      imap_username: '"><b>ada',
      imap_password: 'top secret 1\n',
      smtp_password: 'top secret 2',
      smtp_username: 'relay',
    };
    const { html } = await pageOf(await submit(app, await openSignIn(app, await app.mint()), typed));
    expect(html.match(/href="#(\w+)"/g)).toEqual(['href="#email"', 'href="#imap_password"']);
    expect(html).toContain('value="A &quot;quoted&quot; &lt;name&gt;"');
    expect(html).toContain('value="&quot;&gt;&lt;b&gt;ada"');
    expect(html).toContain('value="relay"');
    expect(html).not.toMatch(/<input[^>]*name="use_same_credentials"[^>]*checked/);
    expect(html).not.toContain('top secret');
    expect(html.match(/autofocus/g)).toHaveLength(1);
  });

  test('FORM-02 a page that is shown again can be submitted, even later than the first could be', async () => {
    await using app = await startOAuthApp();
    const client = await app.mint();
    const first = await openSignIn(app, client);
    app.advance(590);
    const again = await pageOf(await submit(app, first, { ...ada, imap_password: '' }), first.cookie);
    app.advance(590);
    expect((await submit(app, again)).status).toBe(303);
    app.advance(61);
    expect((await submit(app, again)).status).toBe(400);
  });
});
