/** Checks that the endpoints accept what earlier releases issued to clients and browsers, and that earlier marks still revoke it. */
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { isGranted, isListed } from '../../../src/mcp/permit/permit.ts';
import { toolsOf } from '../../../src/mcp/services.ts';
import { createGrants } from '../../../src/oauth/grant/grants.ts';
import { Scope } from '../../../src/oauth/scope.ts';
import { Consent, Policy } from '../../../src/policy.ts';
import { type OAuthApp, openToClients, startOAuthApp } from '../../support/app/oauth-app.ts';
import {
  clientOf,
  type Fixtures,
  keyringOf,
  ofType,
  type SealedFixture,
  sealedFixtures,
  serviceIn,
} from '../../support/app/sealed-fixtures.ts';
import { ada, pageOf } from '../../support/app/sign-in-page.ts';
import { startApp, type TestApp } from '../../support/app/start-app.ts';
import { answerOf } from '../../support/app/token-requests.ts';

const Client = z.object({ jti: z.string(), minted: z.literal(false).optional() });

const missiveFields = { api_token: 'missive_pat-test-token' };
const fieldsOf = (client: SealedFixture) => (serviceIn(client) === 'missive' ? missiveFields : ada);

/** The authorization server at the time when the fixtures were sealed. */
const appOf = ({ keys, issuer, sealed_at: sealedAt }: Fixtures, now: () => Date = () => sealedAt): Promise<OAuthApp> =>
  startOAuthApp({
    ...{ issuer, keys: { current: keys.current, previous: [keys.previous] }, now },
    ...{ isShared: true, dynamicClients: openToClients },
  });

const credentialsOf = ({ token, secret }: SealedFixture) => ({
  client_id: token,
  ...(typeof secret === 'string' && { client_secret: secret }),
});

/** The token request with the code of the fixture. */
const codeForm = (fixtures: Fixtures, { token, payload, code_verifier }: SealedFixture) => ({
  ...{ grant_type: 'authorization_code', code: token, code_verifier },
  ...credentialsOf(clientOf(fixtures, payload.client)),
});

const refreshForm = (fixtures: Fixtures, { token, payload }: SealedFixture) => ({
  ...{ grant_type: 'refresh_token', refresh_token: token },
  ...credentialsOf(clientOf(fixtures, payload.client)),
});

const post = async (app: OAuthApp, form: Record<string, string>) => answerOf(await app.post('/oauth/token', form));

const withCookie = (app: OAuthApp, cookie: string) => ({
  ...{ cookie: `__Host-mail-mcp=${cookie}`, origin: app.issuer },
});

const withToken = (token: string) => ({ method: 'POST', headers: { authorization: `Bearer ${token}` } });

describe.each(sealedFixtures)('clients of release $release', (fixtures) => {
  test.each(ofType(fixtures, 'client_id'))(
    '$name: the authorization endpoint accepts all its redirect URIs',
    async (fixture) => {
      await using app = await appOf(fixtures);
      for (const redirect_uri of fixture.redirect_uris) {
        const path = app.authorizePath({ clientId: fixture.token, clientSecret: null }, { redirect_uri });
        const page = await pageOf(await app.fetch(path));
        expect({ redirect_uri, status: page.response.status }).toEqual({ redirect_uri, status: 200 });
        expect(page.transaction).not.toBe('');
      }
    },
  );

  test.each(ofType(fixtures, 'dcr'))('$name: the authorization endpoint accepts it', async ({ token }) => {
    await using app = await appOf(fixtures);
    const redirect_uri = 'http://localhost:1234/callback';
    const page = await pageOf(
      await app.fetch(app.authorizePath({ clientId: token, clientSecret: null }, { redirect_uri })),
    );
    expect(page.response.status).toBe(200);
    expect(page.transaction).not.toBe('');
  });

  const confidential = [...ofType(fixtures, 'client_id'), ...ofType(fixtures, 'dcr')].filter(
    ({ secret, payload }) => typeof secret === 'string' && payload.auth_method !== 'none',
  );
  test.each(confidential)('$name: its secret authenticates it, and no other does', async (fixture) => {
    await using app = await appOf(fixtures);
    const form = { grant_type: 'refresh_token', refresh_token: 'none', ...credentialsOf(fixture) };
    expect(await post(app, { ...form, client_secret: '0'.repeat(64) })).toMatchObject({ error: 'invalid_client' });
    expect(await post(app, form)).toMatchObject({ error: 'invalid_grant' });
  });
});

describe.each(sealedFixtures)('a sign-in that began with release $release', (fixtures) => {
  test.each(ofType(fixtures, 'transaction'))('$name: its page can be submitted', async ({ token, payload, cookie }) => {
    await using app = await appOf(fixtures);
    const client = fixtures.sealed.find(({ token: id }) => id === payload.client_id);
    if (client === undefined) throw new Error('The client of the transaction is not in the fixtures');
    const form = { transaction: token, ...fieldsOf(client) };
    const response = await app.post('/oauth/authorize', form, withCookie(app, cookie));
    const location = new URL(response.headers.get('location') ?? 'about:blank');
    expect(location.href.startsWith(`${payload.redirect_uri}?`)).toBe(true);
    expect(location.searchParams.get('state')).toBe(payload.state ?? null);
    const code = await app.tokens.code.unseal(location.searchParams.get('code') ?? '', app.now());
    expect(code).toMatchObject({ client: client.payload.jti, scope: payload.scope, aud: payload.aud });
  });

  test.each(ofType(fixtures, 'transaction'))('$name: its page is used once', async ({ token, payload, cookie }) => {
    await using app = await appOf(fixtures);
    const client = fixtures.sealed.find(({ token: id }) => id === payload.client_id);
    if (client === undefined) throw new Error('The client of the transaction is not in the fixtures');
    await app.state.claim(`transaction:${payload.tid}`, soon(app));
    const form = { transaction: token, ...fieldsOf(client) };
    const response = await app.post('/oauth/authorize', form, withCookie(app, cookie));
    expect([response.status, response.headers.get('location')]).toEqual([400, null]);
  });

  test.each(ofType(fixtures, 'code'))('$name: the token endpoint exchanges it', async (fixture) => {
    await using app = await appOf(fixtures);
    const answer = await post(app, codeForm(fixtures, fixture));
    expect(answer).toMatchObject({ status: '200', scope: scopeOf(fixture) });
    const { access_token: access = '', refresh_token: refresh = '' } = answer;
    const { jti, consent, login } = fixture.payload;
    const expected = { gid: jti, login, ...(consent !== undefined && { consent }) };
    expect(await app.tokens.access.unseal(access, app.now())).toMatchObject(expected);
    expect(await app.tokens.refresh.unseal(refresh, app.now())).toMatchObject(expected);
  });

  test.each(ofType(fixtures, 'code'))('$name: it is exchanged once', async (fixture) => {
    await using app = await appOf(fixtures);
    await app.state.claim(`code:${fixture.payload.jti}`, soon(app));
    expect(await post(app, codeForm(fixtures, fixture))).toMatchObject({ error: 'invalid_grant' });
  });
});

const scopeOf = ({ payload }: SealedFixture): string => Scope.parse(payload.scope).join(' ');

const soon = (app: OAuthApp): Date => new Date(app.now().getTime() + 3_600_000);

describe.each(sealedFixtures)('refresh tokens of release $release', (fixtures) => {
  test.each(ofType(fixtures, 'refresh'))('$name: is exchanged for new tokens of the same grant', async (fixture) => {
    await using app = await appOf(fixtures);
    const answer = await post(app, refreshForm(fixtures, fixture));
    expect(answer).toMatchObject({ status: '200', scope: scopeOf(fixture) });
    const { jti: used, gid, granted_at, consent, login } = fixture.payload;
    const same = { gid, granted_at, login, ...(consent !== undefined && { consent }) };
    const { access_token: access = '', refresh_token: refresh = '' } = answer;
    expect(await app.tokens.access.unseal(access, app.now())).toMatchObject(same);
    const { successor } = fixtures.derived.successors.find(({ jti }) => jti === used) ?? {};
    expect(await app.tokens.refresh.unseal(refresh, app.now())).toMatchObject({ ...same, jti: successor });
  });

  test.each(ofType(fixtures, 'refresh'))('$name: is refused after a mark that revokes its grant', async (fixture) => {
    await using app = await appOf(fixtures);
    await app.state.mark(`revoked:grant:${fixture.payload.gid}`, soon(app));
    expect(await post(app, refreshForm(fixtures, fixture))).toMatchObject({ error: 'invalid_grant' });
  });

  // The first release refused a token as soon as its successor was used, and a minute after its own first use.
  test.each(ofType(fixtures, 'refresh'))('$name: is refused an hour after its successor was used', async (fixture) => {
    let time = fixtures.sealed_at.getTime();
    await using app = await appOf(fixtures, () => new Date(time));
    const { jti } = fixture.payload;
    const { successor } = fixtures.derived.successors.find((one) => one.jti === jti) ?? {};
    const use = (id: unknown) => app.state.claim(`refresh:${id}`, new Date(time + 90 * 86_400_000));
    await use(jti);
    time += 61_000;
    expect(await post(app, refreshForm(fixtures, fixture))).toMatchObject({ status: '200' });
    await use(successor);
    time += 3_601_000;
    expect(await post(app, refreshForm(fixtures, fixture))).toMatchObject({ error: 'invalid_grant' });
  });
});

describe.each(sealedFixtures)('access tokens of release $release', (fixtures) => {
  test.each(ofType(fixtures, 'access'))(
    '$name: the resource accepts it, with its limits',
    async ({ token, payload }) => {
      await using app = await appOf(fixtures);
      const response = await app.fetch('/mcp', withToken(token));
      const { jti, gid: grantId, sub: subject, client, scope, consent = {}, policy = {} } = payload;
      expect(await response.json()).toMatchObject({
        jti,
        grantId,
        subject,
        client,
        permit: { scope, consent, policy },
      });
      expect(response.status).toBe(200);
    },
  );

  test.each([
    ['it', ({ jti }: SealedFixture['payload']) => `revoked:token:${jti}`],
    ['its grant', ({ gid }: SealedFixture['payload']) => `revoked:grant:${gid}`],
    ['its account', ({ sub }: SealedFixture['payload']) => `revoked:account:${sub}`],
    ['its client', ({ client }: SealedFixture['payload']) => `denied:client:${Client.parse(client).jti}`],
  ])('is refused after a mark for %s', async (_what, markOf) => {
    await using app = await appOf(fixtures);
    for (const { token, payload, name } of ofType(fixtures, 'access')) {
      await app.state.mark(markOf(payload), soon(app));
      expect((await app.fetch('/mcp', withToken(token))).status, name).toBe(401);
    }
  });
});

describe.each(sealedFixtures)('the pages at /account of release $release', (fixtures) => {
  const visits = ofType(fixtures, 'account-visit');
  const doors = ofType(fixtures, 'account-door');
  const stale = 'This page is too old';

  test.each(doors)('$name: can be submitted', async ({ token, cookie, fields }) => {
    await using app = await appOf(fixtures);
    const response = await app.post('/account', { transaction: token, ...fields }, withCookie(app, cookie));
    expect(response.status).toBe(200);
    expect(await response.text()).toMatch(/name="session" value="[^"]+"/);
  });

  test.each(visits)('$name: can be submitted', async ({ token, cookie }) => {
    await using app = await appOf(fixtures);
    const response = await app.post('/account', { session: token }, withCookie(app, cookie));
    expect(response.status).toBe(200);
    expect(await response.text()).toMatch(/name="session" value="[^"]+"/);
  });

  test('no other sealed value is accepted as one of them', async () => {
    await using app = await appOf(fixtures);
    const cookie = doors[0]?.cookie ?? '';
    for (const [field, type] of [
      ['transaction', 'account-door'],
      ['session', 'account-visit'],
    ] as const) {
      for (const { token, name } of fixtures.sealed.filter((one) => one.type !== type)) {
        const response = await app.post('/account', { [field]: token, ...doors[0]?.fields }, withCookie(app, cookie));
        expect([name, response.status]).toEqual([name, 400]);
        expect(await response.text()).toContain(stale);
      }
    }
  });
});

describe.each(sealedFixtures)('the list of grants of release $release', (fixtures) => {
  const keyring = keyringOf(fixtures);
  const grantsOf = ({ state, now }: OAuthApp) => {
    const ignore = () => undefined;
    return createGrants({ state, now, keyring, log: { debug: ignore, info: ignore, warn: ignore, error: ignore } });
  };

  test.each(ofType(fixtures, 'grant'))(
    '$name: is listed with all its fields',
    async ({ token, list, id, account, payload }) => {
      await using app = await appOf(fixtures);
      await app.state.note(list, id, token, soon(app));
      if (account === undefined) throw new Error('The note belongs to no account');
      const { gid, client, scope, powers, recipients, redirect_host: redirectHost, granted_at, until } = payload;
      expect(await grantsOf(app).list(account)).toEqual([
        {
          id: gid,
          client,
          scope,
          powers,
          recipients,
          redirectHost,
          grantedAt: timeOf(granted_at),
          until: timeOf(until),
        },
      ]);
    },
  );

  test('no other sealed value is accepted as a note', async () => {
    await using app = await appOf(fixtures);
    const [note] = ofType(fixtures, 'grant');
    if (note?.account === undefined) throw new Error('There is no note');
    for (const { token, type } of fixtures.sealed)
      if (type !== 'grant') await app.state.note(note.list, token, token, soon(app));
    expect(await grantsOf(app).list(note.account)).toEqual([]);
  });
});

const timeOf = (seconds: unknown): Date => new Date(z.int().parse(seconds) * 1000);

/** Sends the public host in Host, which `fetch` cannot set. */
async function listTools({ port }: TestApp, token: string): Promise<{ status: number | undefined; body: string }> {
  const headers = { host: 'mail.example.com', 'content-type': 'application/json', authorization: `Bearer ${token}` };
  const sent = request({ host: '127.0.0.1', port, path: '/mcp', method: 'POST', headers });
  sent.end(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' }));
  const [response]: IncomingMessage[] = await once(sent, 'response');
  if (response === undefined) throw new Error('There was no answer');
  return { status: response.statusCode, body: await text(response) };
}

describe.each(sealedFixtures)('the whole server with values of release $release', (fixtures) => {
  afterEach(() => void vi.useRealTimers());

  const start = (): Promise<TestApp> => {
    vi.useFakeTimers({ toFake: ['Date'], now: fixtures.sealed_at });
    return startApp({
      ...{ BASE_URL: fixtures.issuer, HOST: '127.0.0.1' },
      ENCRYPTION_KEY: fixtures.keys.current.toString('base64'),
      ENCRYPTION_KEYS_PREVIOUS: fixtures.keys.previous.toString('base64'),
    });
  };
  const Listed = z.object({ result: z.object({ tools: z.array(z.object({ name: z.string() })) }) });

  test('tools/list returns the tools that each access token allows', async () => {
    await using app = await start();
    for (const { token, payload, name } of ofType(fixtures, 'access')) {
      const client = clientOf(fixtures, Client.parse(payload.client).jti);
      const permit = { scope: Scope.parse(payload.scope), consent: Consent.parse(payload.consent ?? {}) };
      // Tools for administration have been left out of lists since, unless the operator names them; they can be called.
      const policy = Policy.parse(payload.policy ?? {});
      const granted = toolsOf(serviceIn(client)).filter((tool) => isGranted(permit, tool) && isListed(policy, tool));
      const expected = client.tools.filter((tool) => granted.some((one) => one.name === tool));
      expect(expected.length, name).toBeGreaterThan(0);
      const { status, body } = await listTools(app, token);
      expect([name, status]).toEqual([name, 200]);
      const listed = Listed.parse(JSON.parse(body)).result.tools.map((tool) => tool.name);
      expect(listed, name).toEqual(expect.arrayContaining(expected));
    }
  });

  test('only attachment links are accepted as such, and lead to their mail server', async () => {
    await using app = await start();
    for (const { token, type, name } of fixtures.sealed) {
      const { status } = await fetch(`${app.origin}/attachments/${token}`);
      // Nothing listens at the port in the links.
      expect([name, status]).toEqual([name, type === 'attachment' ? 502 : 404]);
    }
  });
});
