/** Tests the further addresses of the account owner, from the sign-in page to the session of a call. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sealedIdentities, validateIdentities } from '../../../src/oauth/forms/identities.ts';
import { en } from '../../../src/oauth/pages/languages/en.ts';
import { openMailTools } from '../../support/app/mail-tools.ts';
import { type OAuthApp, startOAuthApp } from '../../support/app/oauth-app.ts';
import { ada, callbackOf, openSignIn, pageOf, submit } from '../../support/app/sign-in-page.ts';
import { answerOf, codeGrant, refreshGrant } from '../../support/app/token-requests.ts';

type Minted = Awaited<ReturnType<OAuthApp['mint']>>;

/** The identities in the code, in both tokens, and in the tokens of a refresh. */
async function identitiesOf(app: OAuthApp, client: Minted, fields: Record<string, string>) {
  const code = (await callbackOf(app, client, {}, { ...ada, ...fields })).get('code') ?? '';
  const sealed = await app.tokens.code.unseal(code, app.now());
  const first = await answerOf(await app.post('/oauth/token', codeGrant(client, code)));
  app.advance(60);
  const second = await answerOf(await app.post('/oauth/token', refreshGrant(client, first.refresh_token ?? '')));
  const ofTokens = [first, second].map(async ({ access_token = '', refresh_token = '' }) => [
    (await app.tokens.access.unseal(access_token, app.now())).identities,
    (await app.tokens.refresh.unseal(refresh_token, app.now())).identities,
  ]);
  return [sealed.identities, ...(await Promise.all(ofTokens)).flat()];
}

describe('further addresses on the sign-in page', () => {
  test.each([
    ['ida@example.org', ['ida@example.org']],
    ['Ida Brandt <ida@example.org>\r\nbrandt@example.net', ['Ida Brandt <ida@example.org>', 'brandt@example.net']],
    [
      '"Brandt, Ida" <ida@example.org>,\r\n\r\n  ida@bücher.example ;',
      ['Brandt, Ida <ida@example.org>', 'ida@bücher.example'],
    ],
  ])('are sealed into the code and into the tokens of every refresh: %j', async (identities, expected) => {
    await using app = await startOAuthApp();
    const all = await identitiesOf(app, await app.mint(), { identities });
    expect(all).toEqual(Array.from({ length: 5 }, () => expected));
  });

  test.each([
    ['no field', {}],
    ['an empty one', { identities: '' }],
    ['blank lines', { identities: ' \r\n\t\r\n' }],
    ['the address of the sign-in, in any spelling', { identities: `${ada.email}\r\nAda <${ada.email.toUpperCase()}>` }],
  ])('may be left out: %s', async (_what, fields) => {
    await using app = await startOAuthApp();
    const all = await identitiesOf(app, await app.mint(), { ...fields });
    expect(all).toEqual(Array.from({ length: 5 }, () => undefined));
  });

  test('count once, whatever their spelling', () => {
    const text = 'a@b.example\nA@B.example\nAda <a@b.example>\nc@bücher.example\nc@xn--bcher-kva.example';
    expect(sealedIdentities({ email: 'x@b.example', identities: text })).toEqual(['a@b.example', 'c@bücher.example']);
  });

  test.each([
    ['ida', 'Line 1, “ida”, is not an address. Write one on each line, such as name@example.com.'],
    [
      'ida@example.org\n\nIda Brandt',
      'Line 3, “Ida Brandt”, is not an address. Write one on each line, such as name@example.com.',
    ],
    [
      'a@b.example, c@d.example',
      'Line 1, “a@b.example, c@d.example”, is not an address. Write one on each line, such as name@example.com.',
    ],
    [
      'Ida <ida@example.org> x',
      'Line 1, “Ida <ida@example.org> x”, is not an address. Write one on each line, such as name@example.com.',
    ],
    ['Ida <>', 'Line 1, “Ida <>”, is not an address. Write one on each line, such as name@example.com.'],
    [
      'a@b.example\nI\u0007da <ida@example.org>',
      'Line 2, “Ida <ida@example.org>”, has a character that cannot be used in an address.',
    ],
    [
      `${'n'.repeat(257)} <ida@example.org>`,
      `Line 1, “${'n'.repeat(39)}…”, has a name that is too long: 256 bytes at most.`,
    ],
    [`${'a'.repeat(320)}@b.example`, `Line 1, “${'a'.repeat(39)}…”, is too long: 320 bytes at most.`],
    [
      Array.from({ length: 21 }, (_, n) => `a${n}@b.example`).join('\n'),
      'These are 21 other addresses; write 20 at most.',
    ],
  ])('that are wrong are named by their line: %j', (text, sentence) => {
    const problem = validateIdentities(text);
    expect(problem?.place).toBe('identities');
    expect(problem?.sentence(en)).toBe(sentence);
  });

  test('of any text are addresses, or there is a problem', () => {
    const piece = fc.constantFrom(
      'a@b.example',
      'Ida',
      ' ',
      '<',
      '>',
      '"',
      '\\',
      ',',
      ';',
      '@',
      '\n',
      '\r\n',
      '\u0000',
      'é',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        const text = pieces.join('');
        const identities = sealedIdentities({ email: 'x@y.example', identities: text }) ?? [];
        if (validateIdentities(text) !== null) return;
        for (const identity of identities)
          expect(identity).toMatch(/^(?:[^<>\n]+ <[^<>@\s]+@[^<>@\s]+>|[^<>@\s]+@[^<>@\s]+)$/);
      }),
    );
  });

  test('that leave no room in the token are refused with a sentence at their field', async () => {
    await using app = await startOAuthApp();
    const page = await openSignIn(app, await app.mint());
    const identities = Array.from({ length: 20 }, (_, n) => `${'Name '.repeat(40)}<a${n}@b.example>`).join('\r\n');
    const { html } = await pageOf(await submit(app, page, { ...ada, identities }), page.cookie);
    expect(html).toContain('The other addresses are too long together; leave out names, or some of them.');
    expect(html).toMatch(/id="identities-problem"/);
    expect(app.tried).toHaveLength(0);
  });

  test('are in a folded field, which is open where it has a problem or a value', async () => {
    await using app = await startOAuthApp();
    const page = await openSignIn(app, await app.mint());
    const details = (html: string) => /<details class="limits more"([^>]*)>/.exec(html)?.[1];
    expect(details(page.html)?.trim()).toBe('');
    const wrong = { ...ada, identities: 'Ida <b>&"x' };
    const shown = await pageOf(await submit(app, page, wrong), page.cookie);
    expect(details(shown.html)?.trim()).toBe('open');
    expect(shown.html).toContain('\nIda &lt;b&gt;&amp;&quot;x</textarea>');
    expect(shown.html).toMatch(
      /<textarea id="identities"[^>]*aria-describedby="identities-problem identities-hint"[^>]*aria-invalid="true"[^>]*autofocus/,
    );
    const password = await pageOf(
      await submit(app, shown, { ...ada, imap_password: '', identities: 'a@b.example' }),
      page.cookie,
    );
    expect(details(password.html)?.trim()).toBe('open');
    expect(password.html).toContain('\na@b.example</textarea>');
  });

  test('are not remembered in the browser: the next sign-in may be to another account', async () => {
    await using app = await startOAuthApp();
    const client = await app.mint();
    const page = await openSignIn(app, client);
    const response = await submit(app, page, { ...ada, identities: 'ida@example.org' });
    expect(response.status).toBe(303);
    for (const cookie of response.headers.getSetCookie()) {
      const value = cookie.split(';')[0]?.split('=')[1] ?? '';
      const choices = await app.tokens.choices.unseal(value, app.now()).catch(() => null);
      expect(JSON.stringify(choices)).not.toContain('ida@example.org');
    }
  });

  test('are not asked for, and not read, for Missive', async () => {
    await using app = await startOAuthApp();
    const client = await app.mint({ servers: { missive: { url: 'https://missive.example.com/v1' } } });
    expect((await openSignIn(app, client)).html).not.toContain('identities');
  });

  test('are the same sign-in when the form is submitted twice, and another one if they differ', async () => {
    await using app = await startOAuthApp();
    const page = await openSignIn(app, await app.mint());
    const fields = { ...ada, identities: 'ida@example.org' };
    const codes = await Promise.all([submit(app, page, fields), submit(app, page, fields)]);
    expect(codes.map(({ status }) => status)).toEqual([303, 303]);
    expect(app.tried).toHaveLength(1);
  });
});

test.each([
  [{}, ['ada@example.com']],
  [{ identities: ['ida@example.org'] }, ['ada@example.com', 'ida@example.org']],
  [
    { identities: ['Brandt, Ida <ida@example.org>', 'Ida <b@example.net>'] },
    ['ada@example.com', 'ida@example.org', 'b@example.net'],
  ],
])('a session has the address of the sign-in first, then those of identities: %j', async (given, expected) => {
  const server = { host: '127.0.0.1', port: 1, security: 'cleartext' as const };
  const login = { kind: 'password' as const, username: 'ada', password: 'x' };
  const account = { fullName: 'Ada', email: 'ada@example.com', imap: { server, login }, smtp: { server, login } };
  await using tools = openMailTools(account, given);
  expect(tools.session.ownAddresses).toEqual(expected);
});
