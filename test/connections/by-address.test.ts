/** Checks the choice among several connections by the address: the pages, what is sealed, and that nothing of one connection is used with another. */
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { LoginProblem } from '../../src/mail/account.ts';
import type { DefaultConnection } from '../../src/oauth/client/client.ts';
import {
  connectionFaults,
  connectionForAddress,
  connectionOfGrant,
  isForOther,
} from '../../src/oauth/client/connection-choice.ts';
import { deniedClientKey } from '../../src/oauth/client/denied-clients.ts';
import { type DynamicClients, readDynamicClients } from '../../src/oauth/client/dynamic-clients.ts';
import { sealConnection } from '../../src/oauth/client/mint-client.ts';
import { providerHashOf } from '../../src/oauth/sealed/identity.ts';
import { createKeyring } from '../../src/oauth/sealed/jwe.ts';
import { createTokens, type RefreshPayload } from '../../src/oauth/sealed/sealed-types.ts';
import {
  codeVerifier,
  type OAuthApp,
  type OAuthAppOptions,
  openToClients,
  redirectUri,
  startOAuthApp,
  testKey,
} from '../support/app/oauth-app.ts';
import { openSignIn, pageOf, type SignInPage, submit } from '../support/app/sign-in-page.ts';
import { createStandInProvider, GOOGLE } from '../support/oauth/stand-in-provider.ts';

const serversAt = (domain: string) => ({
  imap: { host: `imap.${domain}`, port: 993, security: 'tls' as const },
  smtp: { host: `smtp.${domain}`, port: 465, security: 'tls' as const },
});

const idOf = (number: number) => Buffer.alloc(16, number).toString('base64url');

const ONE: DefaultConnection = {
  ...{ id: idOf(1), servers: serversAt('one.example'), policy: { folders: ['Invoices'] }, expiresAt: null },
  domains: ['one.example', 'xn--bcher-kva.example'],
};
const TWO: DefaultConnection = {
  ...{ id: idOf(2), servers: serversAt('two.example'), policy: { methods: ['list', 'get'] }, expiresAt: null },
  domains: ['two.example'],
};
const GOOGLE_SIGN_IN: DefaultConnection = {
  ...{ id: idOf(3), policy: {}, expiresAt: null, domains: ['three.example'] },
  servers: { ...serversAt('gmail.com'), signIn: { provider: 'google' } },
};
const MISSIVE: DefaultConnection = {
  ...{ id: idOf(4), servers: { missive: { url: 'https://missive.example/v1' } }, policy: {}, expiresAt: null },
};
const OTHERS: DefaultConnection = {
  ...{ id: idOf(5), servers: serversAt('others.example'), policy: {}, expiresAt: null },
};

const LIST = [ONE, TWO, GOOGLE_SIGN_IN, MISSIVE];

const CALLBACK = 'http://127.0.0.1/callback';

interface Started extends OAuthApp {
  client: { clientId: string; clientSecret: null };
}

/** An app whose clients register, and one of them. */
async function start(
  connections: readonly DefaultConnection[] = LIST,
  { clientId, ...options }: OAuthAppOptions & { clientId?: string } = {},
): Promise<Started> {
  const google = await createStandInProvider(GOOGLE, 'here');
  const dynamicClients: DynamicClients = { ...openToClients, connections };
  const registrations = { google: { clientId: 'here', clientSecret: 'secret' } };
  const app = await startOAuthApp({ dynamicClients, registrations, providerFetch: google.fetch, ...options });
  return Object.assign(app, { client: { clientId: clientId ?? (await register(app)), clientSecret: null } });
}

const Registered = z.object({ client_id: z.string() });

async function register(app: OAuthApp): Promise<string> {
  const metadata = { redirect_uris: [CALLBACK], token_endpoint_auth_method: 'none' };
  const headers = { 'content-type': 'application/json' };
  const response = await app.fetch('/oauth/register', { method: 'POST', headers, body: JSON.stringify(metadata) });
  return Registered.parse(await response.json()).client_id;
}

const open = (app: Started, overrides = {}) => openSignIn(app, app.client, { redirect_uri: CALLBACK, ...overrides });

/** Goes on from the page with what a browser would send, and nothing of other pages. */
async function goOn(app: Started, page: SignInPage, fields: Record<string, string>): Promise<SignInPage> {
  return pageOf(await submit(app, page, fields), page.cookie);
}

const step = async (app: Started, email: string) => goOn(app, await open(app), { action: 'address', email });

const PASSWORD = { imap_password: 'correct horse', use_same_credentials: '1' };

const addressIn = ({ html }: SignInPage) =>
  /<input (?:id="email"|hidden name="email")[^>]* value="([^"]*)"/.exec(html)?.[1];

const problemIn = ({ html }: SignInPage) => /<p class="problem"[^>]*>([^<]*)/.exec(html)?.[1]?.trim();

/** What the page asks for. */
function kindOf({ html }: SignInPage): string {
  if (html.includes('id="imap_password"')) return 'password';
  if (html.includes('id="api_token"')) return 'missive';
  if (html.includes('Continue with Google')) return 'provider';
  return html.includes('value="address" class="primary"') ? 'address' : 'other';
}

const codeIn = ({ response }: SignInPage) =>
  new URL(response.headers.get('location') ?? 'about:blank').searchParams.get('code') ?? '';

/** Of the token endpoint; the empty string for a token that it did not issue. */
const Answer = z.object({
  access_token: z.string().default(''),
  refresh_token: z.string().default(''),
  error: z.string().optional(),
});

async function tokensFor(app: Started, code: string) {
  const form = { grant_type: 'authorization_code', client_id: app.client.clientId, code, code_verifier: codeVerifier };
  return Answer.parse(await (await app.post('/oauth/token', { ...form, redirect_uri: CALLBACK })).json());
}

async function refresh(app: Started, token: string) {
  const form = { grant_type: 'refresh_token', client_id: app.client.clientId, refresh_token: token };
  return Answer.parse(await (await app.post('/oauth/token', form)).json());
}

const Used = z.object({
  account: z
    .object({ imap: z.object({ server: z.object({ host: z.string() }) }), url: z.string() })
    .partial()
    .optional(),
  error_description: z.string().optional(),
});

/** @returns the status, and where the account is */
async function use(app: Started, token: string) {
  const response = await app.fetch('/mcp', { method: 'POST', headers: { authorization: `Bearer ${token}` } });
  const { account, error_description: sentence } = Used.parse(await response.json());
  return { status: response.status, host: account?.imap?.server.host ?? account?.url, sentence };
}

async function grantFor(app: Started, email: string) {
  const page = await step(app, email);
  const code = codeIn(await goOn(app, page, { email, ...PASSWORD }));
  const { access_token: access, refresh_token: refreshToken } = await tokensFor(app, code);
  return { page, code, access, refresh: refreshToken };
}

describe('the choice', () => {
  const tables: [address: string, list: DefaultConnection[], expected: DefaultConnection | undefined][] = [
    ['ada@one.example', LIST, ONE],
    ['ADA@ONE.EXAMPLE.', LIST, ONE],
    ['ada@bücher.example', LIST, ONE],
    ['ada@xn--bcher-kva.example', LIST, ONE],
    ['ada@mail.one.example', LIST, undefined],
    ['ada@two.example@one.example', LIST, ONE],
    ['ada@other.example', LIST, undefined],
    ['ada@other.example', [...LIST, OTHERS], OTHERS],
    ['ada@one.example', [...LIST, OTHERS], ONE],
    ['ada', [...LIST, OTHERS], undefined],
    ['ada@', [...LIST, OTHERS], undefined],
  ];

  test.each(tables.map((row, index) => [index + 1, ...row] as const))(
    'CONN-05 row %i: the domain behind the last @ decides, whole and as A-labels',
    (_number, address, list, expected) => {
      expect(connectionForAddress(list, address)).toBe(expected);
    },
  );

  test.each<[string, DefaultConnection[], boolean]>([
    ['ada', LIST, false],
    ['ada@one.example', LIST, false],
    ['ada@bücher.example.', LIST, false],
    ['ada@corp.internal', LIST, false],
    ['ada@corp.internal', [...LIST, OTHERS], true],
    ['ada@two.example', LIST, true],
    ['ADA@TWO.EXAMPLE', LIST, true],
    ['ada@two\u3002example', LIST, true],
    ['ada@tw\u00ado.example', LIST, true],
    ['ada@two.example..', LIST, true],
    ['ada@two.example ', LIST, true],
    ['ada@two.example*ada', LIST, true],
    ['ada@two.example@', LIST, true],
    ['ada@two.example@one.example', LIST, true],
    ['ada@one.example@two.example', LIST, true],
    ['ada@', LIST, true],
    ['ada\uff20two.example', LIST, true],
    ['ada\ufe6btwo.example', LIST, true],
    ['ada\uff20two.example@one.example', LIST, true],
    ['ada\uff20one.example', LIST, false],
    ['ada@b\u00fccher\u3002example', LIST, false],
    ['ada@one.example/two', LIST, true],
    ['ada@one.example?two', LIST, true],
    ['ada@one.example:80', LIST, true],
    ['ada@two.example', [ONE], false],
  ])(
    'CONN-02 row %#: a user name of another connection than the first, or of none that is clear',
    (name, list, expected) => {
      expect(isForOther({ connections: list, connection: ONE.id }, name)).toBe(expected);
      const login = { name: '', email: 'ada@one.example', imap: { password: '', username: name } };
      expect(connectionOfGrant(list, { login })).toBe(expected ? undefined : ONE);
    },
  );

  test('CONN-05 a list in which the address could not decide is refused at the start, by the numbers of both', () => {
    expect(connectionFaults([ONE, { ...TWO, domains: ['two.example', 'one.example'] }])).toEqual([
      'Its connections 1 and 2 both have the domain one.example.',
    ]);
    expect(connectionFaults([OTHERS, ONE, OTHERS])).toEqual([
      'Its connections 1 and 3 have no domain: one alone can be for all other addresses.',
    ]);
    expect(connectionFaults([MISSIVE, ONE, MISSIVE])).toEqual(['Its connections 1 and 3 are both for Missive.']);
    expect(connectionFaults([ONE, { ...OTHERS, id: undefined }])).toEqual([
      'Number 2 is a client id: several can only be connections.',
    ]);
    expect(connectionFaults([...LIST, OTHERS])).toEqual([]);
    expect(connectionFaults([{ ...OTHERS, id: undefined }])).toEqual([]);
  });

  test('CONN-05 is read from DEFAULT_CONNECTION, and reports the faults of the list', async () => {
    const keyring = createKeyring({ current: testKey(), previous: [] });
    const now = new Date();
    const sealed = await Promise.all([ONE, TWO].map((one) => sealConnection(keyring, one, now)));
    const read = (connections: string[]) =>
      readDynamicClients({ ...openToClients, trustedHosts: undefined, connections }, keyring, now);
    expect((await read(sealed))?.connections).toMatchObject([{ domains: ONE.domains }, { domains: TWO.domains }]);
    await expect(read([...sealed, ...sealed])).rejects.toThrow(
      'DEFAULT_CONNECTION: Its connections 1 and 3 both have the domain one.example.',
    );
    await expect(read([...sealed, 'x'])).rejects.toThrow('DEFAULT_CONNECTION, number 3, is not valid');
  });
});

describe('the pages', () => {
  test('PAGE-ADDR the address is asked for alone, and what follows is that of its connection', async () => {
    await using app = await start();
    const first = await open(app);
    expect(kindOf(first)).toBe('address');
    expect(first.html).not.toMatch(/type="password"|name="allow_|imap\.one\.example/);
    expect(first.html.match(/<input (?!type="hidden")/g)).toHaveLength(1);
    expect(first.html).toContain('Use a Missive account instead');

    const one = await step(app, 'ada@one.example');
    expect([kindOf(one), addressIn(one)]).toEqual(['password', 'ada@one.example']);
    expect(one.html).toMatch(/Limits of this connection: Only in Invoices/);
    expect(one.html).toMatch(/<input hidden name="email"[^>]*autocomplete="username"/);
    expect(one.html).not.toContain('class="summary"');
    const two = await step(app, 'ada@two.example');
    expect([kindOf(two), two.html.includes('Invoices'), two.html.includes('name="allow_send"')]).toEqual([
      ...['password', false, false],
    ]);
    expect(kindOf(await step(app, 'ada@three.example'))).toBe('provider');
    expect(kindOf(await goOn(app, first, { action: 'missive', email: '' }))).toBe('missive');
    expect(app.tried).toEqual([]);
  });

  test('CONN-05 an address of no connection is refused before a password is asked for, and says whom to ask', async () => {
    await using app = await start(LIST, { operator: { name: 'Example Ltd' } });
    const page = await step(app, 'ada@<b>.example');
    expect([kindOf(page), problemIn(page)]).toEqual(['address', 'Enter one email address, such as name@example.com.']);
    const refused = await step(app, 'ada@elsewhere.example');
    expect([kindOf(refused), problemIn(refused), addressIn(refused)]).toEqual([
      'address',
      'Addresses at elsewhere.example cannot be connected here. Ask Example Ltd which can.',
      'ada@elsewhere.example',
    ]);
    expect(problemIn(await step(app, ''))).toBe('Enter your email address.');
    const all = await goOn(app, await open(app), { email: 'ada@elsewhere.example', ...PASSWORD });
    expect(kindOf(all)).toBe('address');
    expect(app.tried).toEqual([]);
    expect(kindOf(await goOn(app, refused, { action: 'address', email: 'ada@one.example' }))).toBe('password');
  });

  test('the address can be changed, and a refusal of the servers keeps it', async () => {
    const loginProblems: LoginProblem[] = [{ service: 'imap', fault: 'credentials' }];
    await using app = await start(LIST, { loginProblems });
    const page = await step(app, 'ada@one.example');
    const refused = await goOn(app, page, { email: 'ada@one.example', ...PASSWORD });
    expect([kindOf(refused), addressIn(refused)]).toEqual(['password', 'ada@one.example']);
    const changed = await goOn(app, refused, { action: 'change', email: 'ada@one.example' });
    expect([kindOf(changed), addressIn(changed), problemIn(changed)]).toEqual([
      'address',
      'ada@one.example',
      undefined,
    ]);
    expect(kindOf(await goOn(app, changed, { action: 'address', email: 'ada@three.example' }))).toBe('provider');
    const cancelled = await goOn(app, changed, { action: 'cancel' });
    expect(cancelled.response.headers.get('location')).toContain('error=access_denied');
  });

  test('one request with all fields signs in too, for a mailbox and for Missive', async () => {
    await using app = await start();
    const ofMail = await goOn(app, await open(app), { email: 'ada@two.example', ...PASSWORD });
    const { access_token: access } = await tokensFor(app, codeIn(ofMail));
    expect(await use(app, access)).toMatchObject({ status: 200, host: 'imap.two.example' });
    const ofMissive = await goOn(app, await open(app), { api_token: 'missive_pat-example' });
    const missive = await tokensFor(app, codeIn(ofMissive));
    expect(await use(app, missive.access_token)).toMatchObject({ status: 200, host: 'https://missive.example/v1' });
  });

  test('one connection with domains asks for the address first, and its tokens do not name it', async () => {
    await using app = await start([ONE]);
    expect(kindOf(await open(app))).toBe('address');
    expect(kindOf(await step(app, 'ada@two.example'))).toBe('address');
    const { access } = await grantFor(app, 'ada@one.example');
    expect(await app.tokens.access.unseal(access, app.now())).not.toHaveProperty('connection');
    expect(await use(app, access)).toMatchObject({ status: 200, host: 'imap.one.example' });
  });

  test('a provider gets the address as a hint', async () => {
    await using app = await start();
    const page = await step(app, 'ada@three.example');
    const { response } = await goOn(app, page, { email: 'ada@three.example' });
    const to = new URL(response.headers.get('location') ?? '');
    expect([to.origin, to.searchParams.get('login_hint')]).toEqual([
      'https://accounts.google.com',
      'ada@three.example',
    ]);
  });

  test('ACCT-ADDR /account asks for the address too, of any client that is not minted', async () => {
    await using app = await start();
    for (const query of ['', `?client_id=${app.client.clientId}`]) {
      const page = await pageOf(await app.fetch(`/account${query}`));
      expect(kindOf(page)).toBe('address');
    }
    const origin = { origin: app.issuer };
    const post = async (form: Record<string, string>, headers = origin) =>
      pageOf(await app.post('/account', form, headers));
    const mail = await post({ action: 'address', email: 'ada@one.example' });
    expect(mail.html).toMatch(/<input id="imap_username"[^>]*value="ada@one.example"/);
    expect(kindOf(await post({ action: 'address', email: 'ada@three.example' }))).toBe('provider');
    expect(kindOf(await post({ action: 'missive', email: '' }))).toBe('missive');
    expect(problemIn(await post({ action: 'address', email: 'ada@elsewhere.example' }))).toMatch(
      /^Addresses at elsewhere/,
    );
    const foreign = await post({ action: 'address', email: 'ada@one.example' }, { origin: 'https://evil.example' });
    expect([kindOf(foreign), foreign.cookie]).toEqual(['address', '']);
    const signed = await app.post(
      '/account',
      { transaction: mail.transaction, imap_username: 'ada@one.example', imap_password: 'correct horse' },
      { cookie: mail.cookie, ...origin },
    );
    expect(await signed.text()).toContain('at imap.one.example');
    const linked = (await step(app, 'ada@one.example')).html;
    expect(linked).toContain('href="/account"');
  });
});

describe('two connections at one URL', () => {
  const OF = { one: 'ada@one.example', two: 'ada@two.example' } as const;
  const pairs = (['one', 'two'] as const).flatMap((own) => (['one', 'two'] as const).map((at) => [own, at] as const));

  test.each(pairs)('CONN-02 a page of connection %s, submitted with an address of %s', async (own, at) => {
    await using app = await start();
    const page = await step(app, OF[own]);
    const next = await goOn(app, page, { email: OF[at], ...PASSWORD });
    expect(app.tried.map(({ imap }) => imap.server.host)).toEqual(own === at ? [`imap.${own}.example`] : []);
    if (own !== at) expect([kindOf(next), addressIn(next)]).toEqual(['password', OF[at]]);
    const named = await goOn(app, await step(app, OF[own]), { email: OF[own], imap_username: OF[at], ...PASSWORD });
    const usual = await goOn(app, await step(app, OF[own]), { email: OF[own], imap_username: 'ada', ...PASSWORD });
    expect([codeIn(named) !== '', codeIn(usual) !== '']).toEqual([own === at, true]);
  });

  test.each(['one', 'two'] as const)(
    'CONN-02 what %s grants keeps its connection through code, tokens and refresh',
    async (own) => {
      await using app = await start();
      const { code, access, refresh: token } = await grantFor(app, OF[own]);
      const id = own === 'one' ? ONE.id : TWO.id;
      const renewed = await refresh(app, token);
      const { tokens } = app;
      const sealed = [
        tokens.code.inspect(code),
        tokens.access.inspect(access),
        tokens.refresh.inspect(token),
        tokens.access.inspect(renewed.access_token),
        tokens.refresh.inspect(renewed.refresh_token),
      ];
      expect((await Promise.all(sealed)).map(({ connection }) => connection)).toEqual(Array.from(sealed, () => id));
      for (const one of [access, renewed.access_token]) {
        expect(await use(app, one)).toMatchObject({ status: 200, host: `imap.${own}.example` });
      }
      const { policy } = await tokens.access.inspect(renewed.access_token);
      expect(policy).toEqual(own === 'one' ? ONE.policy : TWO.policy);
    },
  );

  test('CONN-04 a connection that is denied, has expired or was removed ends what it has granted, and nothing else', async () => {
    await using before = await start();
    const grants = { one: await grantFor(before, OF.one), two: await grantFor(before, OF.two) };
    const { clientId } = before.client;
    const shared = { issuer: before.issuer, state: before.state, now: before.now, clientId };
    const codeOfOne = codeIn(await goOn(before, await step(before, OF.one), { email: OF.one, ...PASSWORD }));

    await using removed = await start([TWO, MISSIVE], shared);
    expect(await use(removed, grants.one.access)).toMatchObject({
      status: 401,
      sentence: expect.stringContaining('was removed from this server. Sign in again.'),
    });
    expect(await refresh(removed, grants.one.refresh)).toMatchObject({ error: 'invalid_grant' });
    expect(await tokensFor(removed, codeOfOne)).toMatchObject({ error: 'invalid_grant' });
    expect(await use(removed, grants.two.access)).toMatchObject({ status: 200 });

    await using alone = await start([TWO], shared);
    expect((await use(alone, grants.one.access)).status).toBe(401);
    expect(await use(alone, grants.two.access)).toMatchObject({ status: 200 });

    await using expired = await start([{ ...ONE, expiresAt: new Date(before.now().getTime() - 1) }, TWO], shared);
    expect(await refresh(expired, grants.one.refresh)).toMatchObject({ error: 'invalid_grant' });
    expect(problemIn(await step(expired, OF.one))).toMatch(/^The connection for one\.example has ended\. Ask /);

    await before.state.mark(deniedClientKey(ONE.id ?? ''), new Date(before.now().getTime() + 1e9));
    expect((await use(before, grants.one.access)).status).toBe(401);
    expect(await refresh(before, grants.one.refresh)).toMatchObject({ error: 'invalid_grant' });
    expect(problemIn(await step(before, OF.one))).toMatch(/has ended/);
    expect(await use(before, grants.two.access)).toMatchObject({ status: 200, host: 'imap.two.example' });
    expect((await refresh(before, grants.two.refresh)).error).toBeUndefined();
  });

  test('what was granted while there was one connection belongs to the one that its address has now', async () => {
    await using before = await start([{ ...ONE, domains: undefined }]);
    const page = await goOn(before, await open(before), { email: OF.two, ...PASSWORD });
    const granted = await tokensFor(before, codeIn(page));
    const shared = { issuer: before.issuer, state: before.state, now: before.now, clientId: before.client.clientId };
    await using after = await start(LIST, shared);
    const renewed = await refresh(after, granted.refresh_token);
    expect(await after.tokens.access.inspect(renewed.access_token)).toMatchObject({ connection: TWO.id });
    expect(await use(after, renewed.access_token)).toMatchObject({ host: 'imap.two.example' });
    await using none = await start([ONE, GOOGLE_SIGN_IN], shared);
    expect(await refresh(none, granted.refresh_token)).toMatchObject({ error: 'invalid_grant' });
  });

  test('CONN-06 one connection with domains in the place of another ends what was granted for addresses of others', async () => {
    await using before = await start([ONE]);
    const granted = await grantFor(before, OF.one);
    const shared = { issuer: before.issuer, state: before.state, now: before.now, clientId: before.client.clientId };
    const code = codeIn(await goOn(before, await step(before, OF.one), { email: OF.one, ...PASSWORD }));
    await using after = await start([TWO], shared);
    expect(await refresh(after, granted.refresh)).toMatchObject({ error: 'invalid_grant' });
    expect(await tokensFor(after, code)).toMatchObject({ error: 'invalid_grant' });
    expect((await use(after, granted.access)).status).toBe(401);
    expect(after.tried).toEqual([]);
    await using again = await start([{ ...ONE, id: idOf(9) }], shared);
    expect((await refresh(again, granted.refresh)).error).toBeUndefined();
  });

  test.each<[string, DefaultConnection[], DefaultConnection[]]>([
    ['one that stands alone', [OTHERS], [{ ...OTHERS, id: idOf(9), servers: serversAt('other.example') }]],
    ['one of a list', LIST, [{ ...ONE, id: idOf(9), servers: serversAt('other.example') }, TWO]],
  ])('CONN-06 a page of %s is shown again before anything is sent to its successor', async (_what, list, later) => {
    await using before = await start(list);
    const page = list.length > 1 ? await step(before, OF.one) : await open(before);
    const shared = { issuer: before.issuer, state: before.state, now: before.now, clientId: before.client.clientId };
    await using after = await start(later, shared);
    const shown = await goOn(after, page, { email: OF.one, ...PASSWORD });
    expect([kindOf(shown), after.tried]).toEqual(['password', []]);
    expect(shown.html).toContain('imap.other.example');
    expect(codeIn(await goOn(after, shown, { email: OF.one, ...PASSWORD }))).not.toBe('');
  });

  test('one connection does not make tokens longer', async () => {
    await using app = await start([OTHERS]);
    const page = await goOn(app, await open(app), { email: OF.one, ...PASSWORD });
    const { access_token: access, refresh_token: token } = await tokensFor(app, codeIn(page));
    const tokens = createTokens(app.keyring);
    for (const sealed of [tokens.access.inspect(access), tokens.refresh.inspect(token)]) {
      expect(await sealed).not.toHaveProperty('connection');
    }
  });
});

describe('CONN-06 what an OpenID provider has issued', () => {
  const at = (host: string): DefaultConnection => ({
    ...{ id: idOf(7), policy: {}, expiresAt: null },
    servers: {
      ...serversAt(host),
      signIn: { provider: 'openid', issuer: `https://${host}`, scopes: [], clientId: 'c' },
    },
  });
  const [X, Y] = [at('x.example'), at('y.example')];

  /** @returns the answer to a refresh token that was granted for X, and the hosts of the providers that were asked */
  async function refreshAt(connections: DefaultConnection[], facts: Partial<RefreshPayload>) {
    const asked = new Set<string>();
    const providerFetch = async (url: string) => {
      asked.add(new URL(url).host);
      return Response.error();
    };
    await using app = await start(connections, { isShared: true, providerFetch });
    const { jti: client } = await app.tokens.registered.inspect(app.client.clientId);
    const granted = { iss: app.issuer, aud: `${app.issuer}/mcp`, sub: idOf(1), gid: idOf(2) };
    const payload: RefreshPayload = {
      ...{ ...granted, granted_at: Math.floor(app.now().getTime() / 1000), client, scope: ['mail.read'] },
      login: { name: '', email: 'ada@y.example', imap: { password: '' } },
      ...{ sign_in: 'openid', provider_token: 'of X', approval: idOf(3), ...facts },
    };
    const note = { approval: idOf(3), kind: 'refresh' as const, value: 'of X' };
    const until = new Date(app.now().getTime() + 3_600_000);
    const text = await app.tokens.providerToken.seal(note, app.now(), until);
    await app.state.note(`provider:${note.approval}`, note.kind, text, until);
    const { error } = await refresh(app, await app.tokens.refresh.seal(payload, app.now()));
    return { error, asked: [...asked] };
  }

  const provider_hash = providerHashOf({ provider: 'openid', issuer: 'https://x.example' });

  test.each<[string, DefaultConnection[], Partial<RefreshPayload>, Awaited<ReturnType<typeof refreshAt>>]>([
    ['goes to it again', [X], { provider_hash }, { error: undefined, asked: ['x.example'] }],
    ['goes to no other one in its place', [Y], { provider_hash }, REFUSED],
    ['goes to none beside it', [{ ...Y, domains: ['y.example'] }, X], { provider_hash }, REFUSED],
    ['goes nowhere if it is not known whose it is', [X], {}, REFUSED],
  ])('%s', async (_what, connections, facts, expected) => {
    expect(await refreshAt(connections, facts)).toEqual(expected);
  });
});

const REFUSED = { error: 'invalid_grant', asked: [] };

test('minted clients keep their own servers beside a list of connections', async () => {
  await using app = await start();
  const minted = await app.mint();
  expect(kindOf(await openSignIn(app, minted, { redirect_uri: redirectUri }))).toBe('password');
});
