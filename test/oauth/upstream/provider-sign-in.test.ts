/** Signs in at stand-ins of Google and Microsoft: what binds a response to its browser, and what an answer must have to give access. */
import { describe, expect, test } from 'vitest';
import type { ProviderSignIn } from '../../../src/mail/account.ts';
import { exampleServers, type OAuthAppOptions, startOAuthApp } from '../../support/app/oauth-app.ts';
import { createBrowser, type Page } from '../../support/oauth/browser.ts';
import { createStandInProvider, GOOGLE, MICROSOFT, TENANT } from '../../support/oauth/stand-in-provider.ts';

const CLIENT_ID = 'mail-mcp-there';
const CALLBACK = 'https://client.example/';

const PROVIDERS = { google: GOOGLE, microsoft: MICROSOFT } as const;
const MAIL_SCOPE = {
  google: 'openid https://mail.google.com/',
  microsoft: 'openid IMAP.AccessAsUser.All https://outlook.office.com/SMTP.Send',
} as const;

/** A browser at the sign-in page of a client whose account owners sign in at the provider. */
async function startJourney(
  name: keyof typeof PROVIDERS = 'google',
  signIn: Partial<ProviderSignIn> = {},
  { isDown, ...options }: OAuthAppOptions & { isDown?: { value: boolean } } = {},
) {
  const metadata = PROVIDERS[name];
  const standIn = await createStandInProvider(metadata, CLIENT_ID);
  standIn.answer = { scope: MAIL_SCOPE[name] };
  standIn.fail = () => (isDown?.value ? new Response('<h1>Bad gateway</h1>', { status: 502 }) : undefined);
  const registrations = { [name]: { clientId: CLIENT_ID, clientSecret: 'a secret there' } };
  const app = await startOAuthApp({ registrations, providerFetch: standIn.fetch, ...options });
  const client = await app.mint({ servers: { ...exampleServers, signIn: { provider: name, ...signIn } } });
  const browser = createBrowser(new URL(metadata.authorization).origin, CALLBACK);
  const page = await browser.open(app.origin + app.authorizePath(client));
  const answerWith = (url: URL, parameters: Record<string, string>) => {
    const state = url.searchParams.get('state') ?? '';
    const code = `code ${url.searchParams.get('nonce')}`;
    return `${app.origin}/oauth/upstream/callback?${new URLSearchParams({ code, state, ...parameters })}`;
  };
  return {
    ...{ app, client, browser, page, standIn, answerWith },
    /** To the provider. */
    leave: (fields: Record<string, string | undefined> = {}) => browser.submit(page, fields),
    /** To the provider and back. */
    async journey(fields: Record<string, string | undefined> = {}, parameters: Record<string, string> = {}) {
      const there = await browser.submit(page, fields);
      return browser.open(answerWith(there.url, parameters));
    },
    [Symbol.asyncDispose]: () => app[Symbol.asyncDispose](),
  };
}

const problemOf = ({ html }: Page): string => /<p class="problem"[^>]*>([^<]*)/.exec(html)?.[1]?.trim() ?? '';

async function codeOf(app: Awaited<ReturnType<typeof startOAuthApp>>, page: Page) {
  return app.tokens.code.unseal(page.url.searchParams.get('code') ?? '', app.now());
}

describe('the way to the provider', () => {
  test('the page names the provider and asks for no password; its form may lead there alone', async () => {
    await using at = await startJourney();
    expect(at.page.html).toContain('Continue with Google');
    expect(at.page.html).not.toContain('type="password"');
    expect(at.page.headers.get('content-security-policy')).toContain(
      "form-action 'self' https://client.example https: https://accounts.google.com;",
    );
  });

  test.each(['google', 'microsoft'] as const)('%s is asked with state, nonce, PKCE and all scopes', async (name) => {
    await using at = await startJourney(name);
    const { url } = await at.leave();
    const parameters = Object.fromEntries(url.searchParams);
    expect(url.origin + url.pathname).toBe(PROVIDERS[name].authorization);
    expect(parameters).toMatchObject({ client_id: CLIENT_ID, response_type: 'code', code_challenge_method: 'S256' });
    expect(parameters.redirect_uri).toBe(`${at.app.issuer}/oauth/upstream/callback`);
    for (const secret of [parameters.state, parameters.nonce, parameters.code_challenge]) {
      expect(secret?.length).toBeGreaterThan(20);
    }
    expect(parameters.scope?.split(' ')).toEqual(expect.arrayContaining(['openid', 'offline_access']));
    expect(parameters.prompt).toBeUndefined();
  });

  test('a tenant has its own endpoints at Microsoft', async () => {
    await using at = await startJourney('microsoft', { tenants: [TENANT] });
    at.standIn.fail = (url) => (url.pathname.includes(TENANT) ? undefined : Response.error());
    expect((await at.leave()).url.origin).toBe('https://login.microsoftonline.com');
  });

  test('an address that was typed is passed on as a hint', async () => {
    await using at = await startJourney();
    const { url } = await at.leave({ email: 'ada@example.com' });
    expect(url.searchParams.get('login_hint')).toBe('ada@example.com');
  });

  test('a provider that cannot be reached is named on the page, which can be submitted again', async () => {
    const isDown = { value: true };
    await using at = await startJourney('google', {}, { isDown });
    const page = await at.leave();
    expect(page.status).toBe(200);
    expect(problemOf(page)).toBe('Google cannot answer at the moment. Try again in a minute.');
    isDown.value = false;
    expect((await at.browser.submit(page)).url.origin).toBe('https://accounts.google.com');
  });
});

describe('the way back', () => {
  test.each(['google', 'microsoft'] as const)(
    'the code of a sign-in at %s has its refresh token and no password',
    async (name) => {
      await using at = await startJourney(name);
      const code = await codeOf(at.app, await at.journey());
      expect(code).toMatchObject({
        sign_in: name,
        provider_token: 'a-refresh-token',
        login: { email: 'ada@example.com' },
      });
      expect(at.app.tried).toMatchObject([{ imap: { login: { kind: 'provider', username: 'ada@example.com' } } }]);
    },
  );

  test('the address that was typed takes precedence over what the provider says', async () => {
    await using at = await startJourney();
    const code = await codeOf(at.app, await at.journey({ email: 'team@example.org', full_name: 'The team' }));
    expect(code.login).toMatchObject({ email: 'team@example.org', name: 'The team' });
  });

  test('the powers that were unticked before it stay unticked', async () => {
    await using at = await startJourney();
    const { consent, scope } = await codeOf(
      at.app,
      await at.journey({ allow_send: undefined, allow_delete: undefined }),
    );
    expect(consent?.powers ?? scope).not.toContain('send');
    expect(scope).not.toContain('mail.send');
  });

  test('two tabs do not disturb each other', async () => {
    await using at = await startJourney();
    const second = await at.browser.open(at.app.origin + at.app.authorizePath(at.client, { state: 'second' }));
    const [one, two] = [
      await at.leave({ email: 'one@example.com' }),
      await at.browser.submit(second, { email: 'two@example.com' }),
    ];
    const back = await at.browser.open(at.answerWith(two.url, {}));
    expect((await codeOf(at.app, back)).login).toMatchObject({ email: 'two@example.com' });
    expect((await codeOf(at.app, await at.browser.open(at.answerWith(one.url, {})))).login).toMatchObject({
      email: 'one@example.com',
    });
  });

  test('without a refresh token the provider is asked once more, with consent', async () => {
    await using at = await startJourney();
    at.standIn.answer = { ...at.standIn.answer, refresh_token: undefined };
    const again = await at.journey();
    expect(again.url.origin).toBe('https://accounts.google.com');
    expect(again.url.searchParams.get('prompt')).toBe('consent');
    expect(problemOf(await at.browser.open(at.answerWith(again.url, {})))).toMatch(/^Google allows no lasting access/);
  });

  test('a refusal of the mail server shows the page again, with the address', async () => {
    const loginProblems = [{ service: 'imap' as const, fault: 'token_refused' as const }];
    await using at = await startJourney('google', {}, { loginProblems });
    const page = await at.journey();
    expect(problemOf(page)).toMatch(/does not open this mailbox to the account that signed in/);
    expect(page.html).toContain('value="ada@example.com"');
  });

  test.each([
    ['access_denied', /^You did not allow the access at Google/],
    ['server_error', /^Google did not finish the sign-in/],
    ['something_else', /^Google did not allow the sign-in/],
  ])('the error %s of the provider is a sentence on the page, and no code is exchanged', async (error, sentence) => {
    await using at = await startJourney();
    const page = await at.journey({}, { error });
    expect(problemOf(page)).toMatch(sentence);
    expect(at.standIn.tokenRequests).toEqual([]);
  });

  test.each([
    ['an outage', () => new Response('no', { status: 503 }), /^Google cannot answer at the moment/],
    ['a code that is used up', () => Response.json({ error: 'invalid_grant' }, { status: 400 }), /Continue again/],
    ['a wrong secret', () => Response.json({ error: 'invalid_client' }, { status: 401 }), /its operator/],
    [
      'nonsense',
      () => new Response('{}', { headers: { 'content-type': 'application/json' } }),
      /the operator of this server/,
    ],
  ])('%s at the token endpoint is a sentence on the page', async (_what, answer, sentence) => {
    await using at = await startJourney();
    const there = await at.leave();
    at.standIn.fail = ({ href }) => (href === GOOGLE.token ? answer() : undefined);
    expect(problemOf(await at.browser.open(at.answerWith(there.url, {})))).toMatch(sentence);
  });
});

describe('what a response must have', () => {
  const tenants = { tenants: [TENANT, 'another'] };
  const domain = { tenants: ['example.com'] };

  test.each<[string, keyof typeof PROVIDERS, Answers, RegExp]>([
    ['the scope of mail', 'google', { answer: { scope: 'openid email' } }, /access to your mail was not allowed/],
    ['a scope at all', 'google', { answer: { scope: undefined } }, /access to your mail was not allowed/],
    [
      'an allowed tenant',
      'microsoft',
      { signIn: tenants, claims: { tid: 'other' } },
      /of an organization that may not/,
    ],
    ['an allowed domain', 'google', { signIn: domain, claims: { hd: 'example.org' } }, /of an organization/],
    [
      'a domain that Google asserts',
      'google',
      { signIn: domain, claims: { email: 'a@example.com' } },
      /of an organization/,
    ],
    [
      'an audience of the mail servers',
      'microsoft',
      { answer: { access_token: jwtFor('https://graph.microsoft.com') } },
      /not for a mailbox/,
    ],
  ])('%s', async (_what, name, answers, sentence) => {
    await using at = await startJourney(name, answers.signIn);
    Object.assign(at.standIn.answer, answers.answer);
    Object.assign(at.standIn.claims, answers.claims);
    expect(problemOf(await at.journey())).toMatch(sentence);
    expect(at.app.tried).toEqual([]);
  });

  test.each<[string, keyof typeof PROVIDERS, Answers]>([
    ['a tenant in another case', 'microsoft', { signIn: { tenants: [TENANT.toUpperCase(), 'another'] } }],
    ['a domain that Google asserts', 'google', { signIn: domain, claims: { hd: 'Example.com' } }],
    ['an access token of Exchange', 'microsoft', { answer: { access_token: jwtFor('https://outlook.office.com') } }],
  ])('%s is enough', async (_what, name, answers) => {
    await using at = await startJourney(name, answers.signIn);
    Object.assign(at.standIn.answer, answers.answer);
    Object.assign(at.standIn.claims, answers.claims);
    expect((await at.journey()).url.origin).toBe('https://client.example');
  });
});

interface Answers {
  signIn?: Partial<ProviderSignIn>;
  answer?: Record<string, unknown>;
  claims?: Record<string, unknown>;
}

describe('a provider that replaces refresh tokens', () => {
  const signIn = { provider: 'fastmail' as const };

  test('PROV-09 is refused where several replicas share no state, before the browser is sent there', async () => {
    const registrations = { fastmail: { clientId: CLIENT_ID } };
    await using app = await startOAuthApp({ registrations, replicas: 2 });
    const client = await app.mint({ servers: { ...exampleServers, signIn } });
    const browser = createBrowser('https://api.fastmail.com', CALLBACK);
    const page = await browser.open(app.origin + app.authorizePath(client));
    expect(problemOf(page)).toMatch(/^Fastmail replaces what it issues/);
    const refused = await browser.submit(page, { email: 'ada@example.com' });
    expect(refused.url.origin).toBe(app.origin);
    expect(problemOf(refused)).toMatch(/^Fastmail replaces what it issues, and the replicas of this server share no/);
  });
});

describe('a server that is not registered at the provider', () => {
  test('says so on the page, before anything is typed and after', async () => {
    await using app = await startOAuthApp();
    const client = await app.mint({ servers: { ...exampleServers, signIn: { provider: 'google' } } });
    const browser = createBrowser('https://accounts.google.com', CALLBACK);
    const page = await browser.open(app.origin + app.authorizePath(client));
    const sentence = 'This server is not registered at Google: its operator has to repair that.';
    expect(problemOf(page)).toBe(sentence);
    expect(problemOf(await browser.submit(page))).toBe(sentence);
    expect(app.logged()).toContain('"fault":"refused"');
  });
});

describe('what binds a response to its browser', () => {
  const stale = /started in another browser, too long ago/;

  async function refused(at: Awaited<ReturnType<typeof startJourney>>, url: string, browser = at.browser) {
    const page = await browser.open(url);
    expect(page.status).toBe(400);
    expect(page.html).toMatch(stale);
    expect(at.standIn.tokenRequests).toEqual([]);
  }

  test('PROV-01 a response in another browser gives no code', async () => {
    await using at = await startJourney();
    const there = await at.leave();
    await refused(at, at.answerWith(there.url, {}), createBrowser(CALLBACK));
  });

  test.each([
    ['another state', { state: 'x'.repeat(43) }],
    ['no state', { state: '' }],
  ])('%s gives no code', async (_what, parameters) => {
    await using at = await startJourney();
    await refused(at, at.answerWith((await at.leave()).url, parameters));
  });

  test('a response that comes after ten minutes gives no code', async () => {
    await using at = await startJourney();
    const there = await at.leave();
    at.app.advance(601);
    await refused(at, at.answerWith(there.url, {}));
  });

  test('a response is good for one code', async () => {
    await using at = await startJourney();
    const there = await at.leave();
    const url = at.answerWith(there.url, {});
    expect((await at.browser.open(url)).url.origin).toBe('https://client.example');
    at.standIn.tokenRequests.length = 0;
    await refused(at, url);
  });

  test('PROV-01 an ID token of another request gives no access', async () => {
    await using at = await startJourney();
    const there = await at.leave();
    const page = await at.browser.open(at.answerWith(there.url, { code: 'code another-nonce' }));
    expect(problemOf(page)).toMatch(/not acceptable/);
  });

  test('cookies of the way are for its paths alone, and scripts cannot read them', async () => {
    await using at = await startJourney();
    await at.leave();
    const paths = [...at.browser.cookies].filter(([name]) => name.includes('-up-')).map(([, { path }]) => path);
    expect(new Set(paths)).toEqual(new Set(['/oauth/']));
  });
});

function jwtFor(audience: string): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'RS256' })}.${part({ aud: audience })}.c2ln`;
}
