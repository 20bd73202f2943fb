/** Signs in at stand-ins of Google and Microsoft: what binds a response to its browser, and what an answer must have to give access. */
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { UpstreamError } from '../../../src/errors.ts';
import type { ProviderSignIn } from '../../../src/mail/account.ts';
import { sha256 } from '../../../src/oauth/http/constant-time.ts';
import { callbackPathOf, redirectUriOf } from '../../../src/oauth/upstream/callback-path.ts';
import { createMemoryState } from '../../../src/state/memory.ts';
import {
  codeVerifier,
  exampleServers,
  type OAuthAppOptions,
  redirectUri,
  startOAuthApp,
} from '../../support/app/oauth-app.ts';
import { type Browser, createBrowser, type Page } from '../../support/oauth/browser.ts';
import { createStandInProvider, GOOGLE, MICROSOFT, TENANT } from '../../support/oauth/stand-in-provider.ts';

const CLIENT_ID = 'mail-mcp-there';
const CALLBACK = 'https://client.example/';

const OPENID = {
  issuer: 'https://id.example.com',
  authorization: 'https://id.example.com/authorize',
  token: 'https://id.example.com/token',
};

const PROVIDERS = { google: GOOGLE, microsoft: MICROSOFT, openid: OPENID } as const;
const MAIL_SCOPE = {
  google: 'openid https://mail.google.com/',
  microsoft: 'openid IMAP.AccessAsUser.All https://outlook.office.com/SMTP.Send',
  openid: 'openid imap',
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
    const { pathname } = new URL(url.searchParams.get('redirect_uri') ?? '');
    return `${app.origin}${pathname}?${new URLSearchParams({ code, state, ...parameters })}`;
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

/** For requests of a copy of the browser. */
const cookiesOf = ({ cookies }: Browser): string =>
  [...cookies].map(([key, { value }]) => `${key.split(' ')[1]}=${value}`).join('; ');

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

  test('PROV-01 a response is used once, however many browsers bring it at once; after an outage it can be used again', async () => {
    await using at = await startJourney();
    const url = at.answerWith((await at.leave()).url, {});
    const cookie = cookiesOf(at.browser);
    const comeBack = (empty = '') =>
      fetch(url + empty, { redirect: 'manual', headers: { cookie, accept: 'text/html' } });
    at.standIn.fail = ({ href }) => (href === GOOGLE.token ? new Response('no', { status: 503 }) : undefined);
    expect(await (await comeBack()).text()).toContain('Google cannot answer at the moment');
    at.standIn.fail = undefined;
    const all = await Promise.all([comeBack(), comeBack('&error='), comeBack('&error=')]);
    expect(all.map(({ status }) => status).sort()).toEqual([303, 400, 400]);
    for (const empty of ['', '&error=']) expect((await comeBack(empty)).status).toBe(400);
    expect(at.standIn.tokenRequests).toHaveLength(1);
  });

  test('errors of a provider do not use up the limit of a network', async () => {
    await using at = await startJourney();
    const url = at.answerWith((await at.leave()).url, {});
    const cookie = cookiesOf(at.browser);
    for (let count = 0; count < 35; count++) await fetch(`${url}&error=access_denied`, { headers: { cookie } });
    expect((await at.browser.open(url)).url.href).toContain(CALLBACK);
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

describe('PROV-13 a provider that this server does not know', () => {
  const ISSUER = 'https://id.example';
  const OTHER = 'https://other.example';
  const signIn = { provider: 'openid' as const, issuer: ISSUER, clientId: CLIENT_ID, scopes: ['imap'] };
  const known = redirectUriOf('', { provider: 'microsoft' });
  const metadata = { issuer: ISSUER, authorization_endpoint: `${ISSUER}/authorize`, token_endpoint: `${ISSUER}/token` };

  /** A browser that the server has sent to the provider, and the requests to its token endpoint. */
  async function leave() {
    const exchanged: string[] = [];
    const app = await startOAuthApp({
      registrations: { microsoft: { clientId: CLIENT_ID } },
      providerFetch: async (url) => {
        if (url.includes('.well-known')) return Response.json(metadata);
        exchanged.push(url);
        return Response.json({ error: 'invalid_grant' }, { status: 400 });
      },
    });
    const client = await app.mint({ servers: { ...exampleServers, signIn } });
    const browser = createBrowser(ISSUER, CALLBACK);
    const { url } = await browser.submit(await browser.open(app.origin + app.authorizePath(client)));
    const answer = new URLSearchParams({ code: 'a code of another', state: url.searchParams.get('state') ?? '' });
    const comeBack = (path: string) => browser.open(`${app.origin}${path}?${answer}`);
    return { app, url, exchanged, comeBack, [Symbol.asyncDispose]: () => app[Symbol.asyncDispose]() };
  }

  test.each([
    ['Microsoft', known],
    ['another issuer', redirectUriOf('', { provider: 'openid', issuer: OTHER })],
    ['none', `${known}/x`],
  ])('gets no code that came to the callback of %s, and the log has its own', async (_whose, path) => {
    await using at = await leave();
    expect(problemOf(await at.comeBack(path))).toMatch(/^id\.example has sent you back to another address/);
    expect(at.exchanged).toEqual([]);
    expect(at.app.logged()).toContain(`the response did not come to ${redirectUriOf('', signIn)}`);
  });

  test('is asked to send the browser to its own callback, and gets the code that came there', async () => {
    await using at = await leave();
    expect(at.url.searchParams.get('redirect_uri')).toBe(redirectUriOf(at.app.issuer, signIn));
    expect(problemOf(await at.comeBack(redirectUriOf('', signIn)))).toMatch(/does not accept this sign-in any more/);
    expect(at.exchanged).toEqual([`${ISSUER}/token`]);
  });

  test('has a callback of its own, and those that are known share one', () => {
    const pathOf = (issuer: string) => callbackPathOf({ provider: 'openid', issuer });
    expect(new Set([ISSUER, OTHER, `${ISSUER}/realm`, `${ISSUER}/realm/`].map(pathOf)).size).toBe(4);
    expect(pathOf(`${ISSUER}/`)).toBe(pathOf(ISSUER));
    expect(pathOf(GOOGLE.issuer)).toMatch(/^\/oauth\/upstream\/callback\/[\w-]{22}$/);
    const shared = (['google', 'microsoft', 'fastmail'] as const).map((provider) => callbackPathOf({ provider }));
    expect(new Set(shared)).toEqual(new Set(['/oauth/upstream/callback']));
  });
});

describe('codes of Microsoft', () => {
  test.each([
    ['AADSTS90094: admin consent', 'interaction_required', /^An administrator of your organization has to allow/],
    ['AADSTS65004: declined', 'access_denied', /^You did not allow the access at Microsoft/],
    ['AADSTS50105: not assigned', 'access_denied', /^An administrator of your organization has to allow/],
    ['AADSTS53003: forbidden', 'access_denied', /^A rule of your organization forbids this sign-in .*\(AADSTS53003\)/],
    ['AADSTS50020: other', 'access_denied', /organization that may not be used here/],
    ['AADSTS50011: redirect URI', 'invalid_request', /^Microsoft refuses the requests of this server \(AADSTS50011\)/],
    ['AADSTS90033: outage', 'invalid_request', /^Microsoft cannot answer at the moment/],
    ['constructor', 'constructor', /^Microsoft did not allow the sign-in/],
  ])('%s, in the place of a code', async (error_description, error, sentence) => {
    await using at = await startJourney('microsoft');
    expect(problemOf(await at.journey({}, { error, error_description }))).toMatch(sentence);
    expect(at.app.logged()).toContain(error_description.split(':')[0]);
  });

  test.each([
    ['AADSTS7000222: expired', 'invalid_client', /\(AADSTS7000222\)/, 'The client secret has expired'],
    ['AADSTS65001: consent', 'invalid_grant', /^An administrator of your organization/, 'Grant admin consent'],
    ['AADSTS54005: used', 'invalid_grant', /^Microsoft does not accept this sign-in any more/, 'AADSTS54005'],
  ])('%s, at the token endpoint', async (error_description, error, sentence, logged) => {
    await using at = await startJourney('microsoft');
    const there = await at.leave();
    at.standIn.fail = ({ href }) =>
      href === MICROSOFT.token ? Response.json({ error, error_description }, { status: 400 }) : undefined;
    expect(problemOf(await at.browser.open(at.answerWith(there.url, {})))).toMatch(sentence);
    expect(at.app.logged()).toContain(logged);
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
      'a domain in ASCII',
      'google',
      { signIn: { tenants: ['k.example'] }, claims: { hd: '\u212a.example' } },
      /of an organ/,
    ],
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

  test.each([
    [false, 'fastmail', true],
    [true, 'fastmail', false],
    [false, 'google', false],
  ] as const)(
    'Redis: %s, %s: the page says that a restart ends the sign-in: %s',
    async (isShared, provider, isSaid) => {
      const registrations = { [provider]: { clientId: CLIENT_ID } };
      await using app = await startOAuthApp({ registrations, isShared, providerFetch: async () => Response.error() });
      const client = await app.mint({ servers: { ...exampleServers, signIn: { provider } } });
      const { html } = await createBrowser().open(app.origin + app.authorizePath(client));
      expect(html.includes('If this server is restarted, you have to sign in again.')).toBe(isSaid);
    },
  );

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

/** @returns the tokens of a sign-in, and what else was found out */
async function signInAt(
  at: Awaited<ReturnType<typeof startJourney>>,
  refreshToken: string,
  fields: Record<string, string> = {},
) {
  Object.assign(at.standIn.answer, { refresh_token: refreshToken });
  const page = await at.journey(fields);
  const code = page.url.searchParams.get('code') ?? '';
  const { approval = '' } = page.url.origin === at.app.origin ? {} : await codeOf(at.app, page);
  const client = { client_id: at.client.clientId, client_secret: at.client.clientSecret ?? '' };
  const post = async (path: string, form: Record<string, string>) => {
    const response = await at.app.post(path, { ...client, ...form });
    const answer: unknown = response.status === 200 && path.endsWith('revoke') ? {} : await response.json();
    return { status: response.status, ...Answer.parse(answer) };
  };
  const exchange = () =>
    post('/oauth/token', {
      ...{ grant_type: 'authorization_code', code, code_verifier: codeVerifier, redirect_uri: redirectUri },
    });
  const refresh = (refresh_token: string) => post('/oauth/token', { grant_type: 'refresh_token', refresh_token });
  const notes = () => at.app.state.notesById(`provider:${approval}`);
  return { ...at, page, code, post, exchange, refresh, notes };
}

const Answer = z.object({
  access_token: z.string().default(''),
  refresh_token: z.string().default(''),
  error: z.string().optional(),
});

describe('PROV-04 a refresh token that its provider replaces', () => {
  /** @returns the tokens of a sign-in */
  async function signInRotating(fields: Record<string, string> = {}) {
    const signIn = { issuer: OPENID.issuer, scopes: ['imap'] };
    return signInAt(await startJourney('openid', signIn, { isShared: true }), 'R0', fields);
  }

  test('of a sign-in whose code is not exchanged is gone after ten minutes', async () => {
    await using at = await signInRotating();
    expect((await at.notes()).has('refresh')).toBe(true);
    at.app.advance(601);
    expect((await at.notes()).has('refresh')).toBe(false);
  });

  test('is in the state until the grant ends, also after a refresh, and no longer', async () => {
    await using at = await signInRotating({ end: 'day' });
    const { refresh_token } = await at.exchange();
    at.app.advance(43_000);
    Object.assign(at.standIn.answer, { refresh_token: 'R1' });
    expect((await at.refresh(refresh_token)).status).toBe(200);
    at.app.advance(43_390);
    expect((await at.notes()).has('refresh')).toBe(true);
    at.app.advance(20);
    expect((await at.notes()).has('refresh')).toBe(false);
  });

  test('is removed with its grant, and does not come back', async () => {
    await using at = await signInRotating();
    const { refresh_token } = await at.exchange();
    await at.post('/oauth/revoke', { token: refresh_token });
    expect([...(await at.notes()).keys()]).toEqual([]);
    expect(await at.refresh(refresh_token)).toMatchObject({ status: 400, error: 'invalid_grant' });
    expect([...(await at.notes()).keys()]).toEqual([]);
  });
});

describe('a refresh token that leaves no room in a token', () => {
  const LONG = `long-${'x'.repeat(3000)}`;

  const signInLong = async (options: OAuthAppOptions = { isShared: true }) =>
    signInAt(await startJourney('google', {}, options), LONG);

  test('PROV-12 is in the state, the tokens have the key to it, and both are used for refreshing', async () => {
    await using at = await signInLong();
    const code = await codeOf(at.app, at.page);
    expect(code).toMatchObject({ sign_in: 'google', custody: expect.stringMatching(/^[\w-]{22}$/) });
    expect(code.provider_token).toBeUndefined();
    const first = await at.exchange();
    expect(first.access_token.length + first.refresh_token.length).toBeLessThan(1200);
    const [one, two] = [await at.refresh(first.refresh_token), await at.refresh(first.refresh_token)];
    expect([one.status, two.status]).toEqual([200, 200]);
    at.app.advance(120);
    expect((await at.refresh(one.refresh_token)).status).toBe(200);
    const used = at.standIn.tokenRequests.map((body) => body.get('refresh_token')).filter(Boolean);
    expect(used).toEqual([LONG, LONG]);
    for (const text of [...(await at.notes()).values(), at.app.logged()]) expect(text).not.toContain('long-x');
    expect((await at.app.tokens.access.unseal(one.access_token, at.app.now())).provider_token).toBeUndefined();
  });

  test('of a sign-in whose code is not exchanged is gone after ten minutes', async () => {
    await using at = await signInLong();
    expect((await at.notes()).has('refresh')).toBe(true);
    at.app.advance(601);
    expect((await at.notes()).has('refresh')).toBe(false);
  });

  test('that is lost before the code is exchanged is a reason to sign in again', async () => {
    await using at = await signInLong();
    const { approval = '' } = await codeOf(at.app, at.page);
    await at.app.state.removeNotes(`provider:${approval}`);
    expect(await at.exchange()).toMatchObject({ status: 400, error: 'invalid_grant' });
  });

  test.each(['notesById', 'replaceNote'] as const)(
    'PROV-11 of which the state fails in %s during the exchange costs no code',
    async (method) => {
      await using at = await signInLong();
      const original = at.app.state[method];
      Object.assign(at.app.state, { [method]: () => Promise.reject(new UpstreamError('Redis', 'unreachable', 'No.')) });
      expect((await at.exchange()).error).toContain('cannot be read at the moment');
      Object.assign(at.app.state, { [method]: original });
      expect((await at.exchange()).status).toBe(200);
    },
  );

  test('PROV-11 that is lost ends the grant at its refresh', async () => {
    await using at = await signInLong();
    const tokens = await at.exchange();
    const { approval = '' } = await codeOf(at.app, at.page);
    await at.app.state.removeNotes(`provider:${approval}`);
    expect(await at.refresh(tokens.refresh_token)).toMatchObject({ status: 400, error: 'invalid_grant' });
  });

  test.each<[string, (at: Awaited<ReturnType<typeof signInLong>>, token: string) => Promise<unknown>]>([
    ['its refresh token', (at, token) => at.post('/oauth/revoke', { token })],
    ['a second use of its code', (at) => at.exchange()],
    [
      'the end of what was approved',
      (at, token) => {
        at.standIn.fail = ({ href }) =>
          href === GOOGLE.token ? Response.json({ error: 'invalid_grant' }, { status: 400 }) : undefined;
        return at.refresh(token);
      },
    ],
    [
      'its owner, at /account',
      async (at) => {
        const page = await at.browser.open(
          `${at.app.origin}/account?client_id=${encodeURIComponent(at.client.clientId)}`,
        );
        const there = await at.browser.submit(page);
        const list = await at.browser.open(at.answerWith(there.url, {}));
        const [, id = ''] = /name="take_back" value="([^"]+)"/.exec(list.html) ?? [];
        await at.browser.submit(list, { take_back: id });
      },
    ],
  ])(
    'PROV-11 is removed when the grant is revoked by %s, and a record that comes back opens nothing',
    async (_by, revoke) => {
      await using at = await signInLong();
      const { refresh_token } = await at.exchange();
      const { approval = '' } = await codeOf(at.app, at.page);
      const record = (await at.notes()).get('refresh') ?? '';
      await revoke(at, refresh_token);
      expect((await at.notes()).has('refresh')).toBe(false);
      at.standIn.fail = undefined;
      await at.app.state.note(`provider:${approval}`, 'refresh', record, new Date(at.app.now().getTime() + 3_600_000));
      expect(await at.refresh(refresh_token)).toMatchObject({ status: 400, error: 'invalid_grant' });
    },
  );

  test('PROV-12 without Redis nothing is stored, and the page and the log say what is missing', async () => {
    await using at = await signInLong({});
    expect(problemOf(at.page)).toMatch(
      /^What Google issued is too long for this connection, and this server has no Redis/,
    );
    expect(at.app.logged()).toContain('REDIS_URL is required');
    expect(at.app.tried).toEqual([]);
  });

  test('longer than any record is a sentence on the page', async () => {
    await using at = await startJourney('google', {}, { isShared: true });
    Object.assign(at.standIn.answer, { refresh_token: 'x'.repeat(40_000) });
    expect(problemOf(await at.journey())).toMatch(/^What Google issued is too long for this server/);
  });

  test('one that fits stays in the token, and a longer one that follows it does not end the grant', async () => {
    await using at = await startJourney('google', {}, { isShared: true });
    Object.assign(at.standIn.answer, { refresh_token: 'x'.repeat(1000) });
    const page = await at.journey();
    const code = await codeOf(at.app, page);
    expect([code.custody, code.provider_token?.length]).toEqual([undefined, 1000]);
    const client = { client_id: at.client.clientId, client_secret: at.client.clientSecret ?? '' };
    const post = async (form: Record<string, string>) =>
      Answer.parse(await (await at.app.post('/oauth/token', { ...client, ...form })).json());
    const first = await post({
      ...{ grant_type: 'authorization_code', code: page.url.searchParams.get('code') ?? '' },
      ...{ code_verifier: codeVerifier, redirect_uri: redirectUri },
    });
    Object.assign(at.standIn.answer, { refresh_token: LONG });
    const { access_token } = await post({ grant_type: 'refresh_token', refresh_token: first.refresh_token });
    const { provider_token } = await at.app.tokens.access.unseal(access_token, at.app.now());
    expect(provider_token).toHaveLength(1000);
  });
});

describe('a state that fails once during the way back', () => {
  test.each(['claim', 'note', 'readMarks', 'count', 'notes'] as const)(
    'in %s: the sign-in succeeds, or can be repeated: from the page, or by loading it again',
    async (method) => {
      const clock = { now: new Date('2026-11-21T12:00:00Z') };
      const memory = createMemoryState({ now: () => clock.now });
      const state = { ...memory, isShared: true };
      await using at = await startJourney('google', {}, { state, now: () => clock.now });
      const original: (...given: never[]) => Promise<unknown> = memory[method];
      for (let failing = 1, calls = failing; calls >= failing; failing++) {
        const page = await at.browser.open(at.app.origin + at.app.authorizePath(at.client));
        const there = await at.browser.submit(page);
        calls = 0;
        const fail = async (...given: never[]) => {
          calls += 1;
          if (calls === failing) throw new UpstreamError('Redis', 'unreachable', 'Try again in a minute.');
          return original(...given);
        };
        Object.assign(state, { [method]: fail });
        let back = await at.browser.open(at.answerWith(there.url, {}));
        Object.assign(state, memory, { isShared: true });
        if (back.url.origin !== 'https://client.example') {
          const { url } = back.status === 200 ? await at.browser.submit(back) : there;
          if (back.status === 200)
            expect(problemOf(back)).toMatch(/^This server cannot finish the sign-in at the moment/);
          back = await at.browser.open(at.answerWith(url, {}));
        }
        expect(back.url.origin).toBe('https://client.example');
      }
    },
  );
});

describe('a server that is not registered at the provider', () => {
  test('FORM-14 says so on the page, before anything is typed and after, in each language', async () => {
    await using app = await startOAuthApp();
    const client = await app.mint({ servers: { ...exampleServers, signIn: { provider: 'google' } } });
    const browser = createBrowser('https://accounts.google.com', CALLBACK);
    const page = await browser.open(app.origin + app.authorizePath(client));
    const sentence = 'This server is not registered at Google: its operator has to repair that.';
    expect(problemOf(page)).toBe(sentence);
    expect(problemOf(await browser.submit(page))).toBe(sentence);
    expect(app.logged()).toContain('set GOOGLE_CLIENT_ID and GOOGLE_CLIENT_SECRET');
    const account = await browser.open(`${app.origin}/account?client_id=${encodeURIComponent(client.clientId)}`);
    expect(problemOf(await browser.submit(account))).toBe(sentence);
    expect(problemOf(await browser.submit(page, { language: 'de' }))).toMatch(/^Dieser Server ist bei Google nicht/);
  });
});

describe('an account page without Redis', () => {
  test.each([
    ['google', 'en', 'Remove the application’s access at Google'],
    ['microsoft', 'de', 'Entfernen Sie bei Microsoft den Zugriff der Anwendung'],
  ] as const)('of an account at %s, in %s, says where the access is removed', async (name, language, sentence) => {
    await using at = await startJourney(name);
    const path = `/account?client_id=${encodeURIComponent(at.client.clientId)}&language=${language}`;
    const there = await at.browser.submit(await at.browser.open(at.app.origin + path));
    const list = await at.browser.open(at.answerWith(there.url, {}));
    expect(list.html).toContain(sentence);
    expect(list.html).not.toMatch(/Change the password|Ändern Sie das Passwort/);
    // After a further request, too.
    expect((await at.browser.submit(list)).html).toContain(sentence);
  });
});

describe('codes that are made up', () => {
  test('are not sent to the provider beyond a limit, and the sign-in goes on after a minute', async () => {
    await using at = await startJourney();
    const there = await at.leave();
    const url = new URL(at.answerWith(there.url, {}));
    const cookies = new Map([...at.browser.cookies].map(([key, { value }]) => [key.split(' ')[1] ?? '', value]));
    const pieceOf = (state: string) => `mail-mcp-up-${state.slice(0, 16)}-0`;
    const { upstream } = at.app.tokens;
    const sealed = cookies.get(pieceOf(url.searchParams.get('state') ?? '')) ?? '';
    const left = await upstream.unseal(sealed, at.app.now());
    /** Of a further sign-in of the browser. */
    const invented = async () => {
      const another = await upstream.seal(left, at.app.now());
      const state = sha256(another);
      const all = [...cookies, [pieceOf(state), another]].map((pair) => pair.join('=')).join('; ');
      const headers = { cookie: all, accept: 'text/html' };
      return fetch(at.answerWith(there.url, { code: 'invented', state }), { headers });
    };
    let asked = 0;
    at.standIn.fail = ({ href }) => {
      if (href !== GOOGLE.token) return undefined;
      asked += 1;
      return Response.json({ error: 'invalid_grant' }, { status: 400 });
    };
    const attempts = Array.from({ length: 32 }, invented);
    const statuses = (await Promise.all(attempts)).map(({ status }) => status);
    expect([asked, statuses.filter((status) => status === 429).length]).toEqual([30, 2]);
    const refused = await at.browser.open(url);
    expect([refused.status, refused.headers.get('retry-after'), asked]).toEqual([429, '60', 30]);
    expect(refused.html).toContain('Too many sign-ins at a provider have failed from your network.');
    at.standIn.fail = undefined;
    at.app.advance(60);
    expect((await at.browser.open(url)).url.origin).toBe('https://client.example');
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

  test.each<[string, Record<string, string>]>([
    ['that another provider sends (RFC 9207)', { iss: MICROSOFT.issuer }],
    ['with two errors and a code', { error: 'access_denied' }],
  ])('PROV-01 a response %s gives no code, and its code is not sent anywhere', async (_what, parameters) => {
    await using at = await startJourney();
    const there = await at.leave();
    expect(problemOf(await at.browser.open(at.answerWith(there.url, parameters)))).not.toBe('');
    expect(at.standIn.tokenRequests).toEqual([]);
  });

  test.each<[string, Record<string, unknown>]>([
    ['of another provider', { iss: 'https://id.example.com' }],
    ['for another application', { aud: 'another-client' }],
    ['that has expired', { exp: 1_000_000_000 }],
  ])('PROV-01 an ID token %s gives no access', async (_what, claims) => {
    await using at = await startJourney();
    at.standIn.tokenClaims = claims;
    expect(problemOf(await at.journey())).toMatch(/^The answer of Google is not acceptable/);
    expect(at.app.tried).toEqual([]);
  });

  test('PROV-01 an ID token of another request gives no access', async () => {
    await using at = await startJourney();
    const there = await at.leave();
    const page = await at.browser.open(at.answerWith(there.url, { code: 'code another-nonce' }));
    expect(problemOf(page)).toMatch(/not acceptable/);
  });

  test('cookies of the way are seen by every page that leaves for a provider, so that older ones are removed', async () => {
    await using at = await startJourney();
    await at.leave();
    const paths = [...at.browser.cookies].filter(([name]) => name.includes('-up-')).map(([, { path }]) => path);
    expect(new Set(paths)).toEqual(new Set(['/']));
  });
});

function jwtFor(audience: string): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'RS256' })}.${part({ aud: audience })}.c2ln`;
}
