/** Signs in to Missive: the sign-in page with one field, its error messages, and the tokens while Missive accepts the API token or not. */
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { LoginProblem } from '../../../src/missive/account.ts';
import { verifyToken } from '../../../src/missive/verify-token.ts';
import { signInForm } from '../../../src/oauth/forms/forms.ts';
import { parseParameters } from '../../../src/oauth/http/parameters.ts';
import { en } from '../../../src/oauth/pages/languages/en.ts';
import { createKeyring } from '../../../src/oauth/sealed/jwe.ts';
import { createTokenFit, createTokens } from '../../../src/oauth/sealed/sealed-types.ts';
import { SCOPES } from '../../../src/policy.ts';
import { openToClients, startOAuthApp, testKey } from '../../support/app/oauth-app.ts';
import { openSignIn, pageOf, submit } from '../../support/app/sign-in-page.ts';
import { answerOf, codeGrant, refreshGrant } from '../../support/app/token-requests.ts';
import { type MissiveSignIn, startMissiveSignIn, VERIFIER } from '../../support/missive/missive-sign-in.ts';
import { type MissiveStandIn, startMissive } from '../../support/missive/stand-in.ts';

const now = () => new Date();
const atMissive = { servers: { missive: { url: 'https://public.missiveapp.com/v1' } } };

const problemOf = (html: string): string =>
  (/<p class="problem"[^>]*>([^<]*)/.exec(html)?.[1] ?? '').replaceAll(/\s+/g, ' ').trim();

async function refused(signIn: MissiveSignIn, api_token: string) {
  const { status, html, callback } = await (await signIn.form()).submit({ api_token });
  expect(callback).toBeUndefined();
  return { status, html, problem: problemOf(html) };
}

describe('the sign-in page of a Missive client', () => {
  test('refuses a token that is too long beside the limits of the client (BEAR-08)', () => {
    const tokens = createTokens(createKeyring({ current: testKey(), previous: [] }));
    const client = { jti: 'c'.repeat(22), name: 'Test client' };
    const fitsBeside = (length: number) => {
      const policy = { folders: ['p'.repeat(length)] };
      const claims = {
        iss: 'https://mail.example.com',
        aud: 'https://mail.example.com/mcp',
        client,
        scope: [...SCOPES],
      };
      return createTokenFit(tokens.access, { ...claims, ...atMissive, policy }, now());
    };
    const form = signInForm(atMissive.servers).read(parseParameters(`api_token=${'"'.repeat(1024)}`));
    expect(form.validate(fitsBeside(500))).toEqual([]);
    const [problem] = form.validate(fitsBeside(1900));
    expect(problem?.sentence(en)).toBe('The API token is too long beside the limits of this connection.');
  });

  test('has one field, explains where the token is found and where it is sent, and lists the powers that may be granted', async () => {
    await using signIn = await startMissiveSignIn();
    const { html } = await signIn.form();
    const inputs = [...html.matchAll(/<input id="(\w+)"[^>]*type="(text|email|password)"/g)].map(([, id]) => id);
    expect(inputs).toEqual(['api_token']);
    expect(html).toContain('autocomplete="current-password"');
    expect(html).toContain('Connect your Missive account');
    expect(html).toContain('Settings, API');
    expect(html).toContain('Productive plan');
    expect(html).toContain('Your API token goes to Missive and nowhere else');
    expect(html).toContain(`<strong>${new URL(signIn.missive.url).host}</strong>`);
    expect(html).toContain('Change conversations, contacts, labels and tasks');
    const words = html.slice(html.indexOf('<main>')).replaceAll(/="[^"]*"/g, '');
    expect(words).not.toMatch(/mailbox|mail server|imap|smtp/i);
  });

  test('accepts the token with surrounding whitespace, verifies it with one request, and redirects with a code', async () => {
    await using signIn = await startMissiveSignIn();
    const { token, requests } = signIn.missive;
    const { callback } = await (await signIn.form()).submit({ api_token: `  ${token}\n` });
    expect(callback?.get('code')).toMatch(/^[\w-]+\./);
    expect(requests.map(({ method, path }) => `${method} ${path}`)).toEqual(['GET /organizations']);
  });

  test.each([
    ['nothing', '', 'Enter your API token.'],
    ['two lines', 'missive_pat-a\nmissive_pat-b', 'no blanks, line breaks or accents'],
    ['letters that are invalid in a header', 'missive_pat-é', 'no blanks, line breaks or accents'],
    ['more than a kilobyte', 'x'.repeat(1025), 'too long: 1024 bytes at most'],
  ])('refuses %s without a request to Missive', async (_what, typed, sentence) => {
    await using signIn = await startMissiveSignIn();
    expect((await refused(signIn, typed)).problem).toContain(sentence);
    expect(signIn.missive.requests).toEqual([]);
  });

  const cases: [what: string, misbehave: (missive: MissiveStandIn) => unknown, sentence: string][] = [
    ['a wrong token', () => {}, 'Missive does not accept this API token.'],
    ['a plan without API', (it) => it.misbehave({ kind: 'answer', status: 403 }), 'Productive plan'],
    ['a plan that is not paid', (it) => it.misbehave({ kind: 'answer', status: 402 }), 'Productive plan'],
    ['too many requests', (it) => it.misbehave({ kind: 'rate limited', retryAfter: 12 }), 'Try again in 12 seconds.'],
    [
      'too many requests for minutes',
      (it) => it.misbehave({ kind: 'rate limited', retryAfter: 600 }),
      'in 10 minutes.',
    ],
    ['a fault of Missive', (it) => it.misbehave({ kind: 'answer', status: 500 }), 'did not answer as Missive does'],
    ['a server that is not Missive', (it) => it.misbehave({ kind: 'garbage' }), 'did not answer as Missive does'],
    ['another JSON', (it) => it.misbehave({ kind: 'answer', status: 200, json: {} }), 'did not answer as Missive does'],
    ['a connection that is cut', (it) => it.misbehave({ kind: 'cut' }), 'could not be reached. Try again in a minute.'],
    ['no server', (it) => it[Symbol.asyncDispose](), 'could not be reached. Try again in a minute.'],
  ];
  test.each(cases)('explains the problem: %s', async (what, misbehave, sentence) => {
    await using signIn = await startMissiveSignIn();
    await misbehave(signIn.missive);
    const token = what === 'a wrong token' ? 'missive_pat-wrong' : signIn.missive.token;
    const { html, problem, status } = await refused(signIn, token);
    expect({ status, problem }).toEqual({ status: 200, problem: expect.stringContaining(sentence) });
    expect(html).not.toContain(token);
    expect(signIn.missive.requests.length).toBeLessThanOrEqual(1);
  });

  test('explains that Missive did not answer in time', async () => {
    await using app = await startOAuthApp({ missiveProblems: [{ service: 'missive', fault: 'timeout' }] });
    const page = await openSignIn(app, await app.mint(atMissive));
    const { html } = await pageOf(await submit(app, page, { api_token: 'missive_pat-x' }));
    expect(problemOf(html)).toBe('public.missiveapp.com did not answer in time. Try again in a minute.');
  });

  test('throttles repeated attempts with one token, without requests to Missive', async () => {
    await using signIn = await startMissiveSignIn();
    for (let attempt = 0; attempt < 10; attempt++) await refused(signIn, 'missive_pat-wrong');
    const { status, problem } = await refused(signIn, 'missive_pat-wrong');
    expect(status).toBe(429);
    expect(problem).toContain('Nothing was sent to Missive.');
    expect(signIn.missive.requests).toHaveLength(10);
  });

  test('the API token is neither in the log nor in clear in a token of the client', async () => {
    await using signIn = await startMissiveSignIn();
    const tokens = await signIn.tokens();
    await refused(signIn, 'missive_pat-wrong');
    const everything = JSON.stringify([tokens, signIn.app.logged()]);
    expect(everything).toContain('signed in');
    expect(everything).not.toContain('missive_pat');
  });
});

describe('the verification of a token', () => {
  test('ends after its time limit', async () => {
    await using missive = await startMissive();
    missive.misbehave({ kind: 'silent' });
    const account = { url: missive.url, token: missive.token };
    expect(await verifyToken(account, { now, totalMs: 200 })).toEqual([{ service: 'missive', fault: 'timeout' }]);
  });
});

describe('after the sign-in', () => {
  const refresh = (signIn: MissiveSignIn, refresh_token: string) =>
    signIn.token({ grant_type: 'refresh_token', refresh_token });
  const call = (signIn: MissiveSignIn, token: string) =>
    fetch(`${signIn.app.origin}/mcp`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({
        jsonrpc: '2.0',
        id: 1,
        method: 'tools/call',
        params: { name: 'list_all_missive_organizations', arguments: {} },
      }),
    });

  test('REF-05 a refresh is refused when Missive refuses the API token, and the grant is revoked', async () => {
    await using signIn = await startMissiveSignIn();
    const { access_token, refresh_token } = await signIn.tokens();
    signIn.missive.misbehave({ kind: 'answer', status: 401 });
    expect(await refresh(signIn, refresh_token)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
    expect((await call(signIn, access_token)).status).toBe(401);
  });

  test.each([
    ['has too many requests', { kind: 'rate limited' } as const],
    ['has a fault', { kind: 'answer', status: 500 } as const],
    ['cannot be reached', { kind: 'cut' } as const],
  ])('REF-05 a refresh succeeds when Missive %s', async (_what, fault) => {
    await using signIn = await startMissiveSignIn();
    const { refresh_token } = await signIn.tokens();
    signIn.missive.misbehave(fault, { times: 9 });
    expect((await refresh(signIn, refresh_token)).status).toBe(200);
  });

  test('BEAR-07 a call returns 401 when Missive refuses the API token, so that the client asks its user to sign in again', async () => {
    await using signIn = await startMissiveSignIn();
    const { access_token } = await signIn.tokens();
    expect((await call(signIn, access_token)).status).toBe(200);
    signIn.missive.misbehave({ kind: 'answer', status: 401 });
    const response = await call(signIn, access_token);
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toContain('error="invalid_token"');
  });

  test('a code is used once', async () => {
    await using signIn = await startMissiveSignIn();
    const { callback } = await (await signIn.form()).submit({ api_token: signIn.missive.token });
    const grant = { grant_type: 'authorization_code', code: callback?.get('code') ?? '', code_verifier: VERIFIER };
    expect((await signIn.token(grant)).status).toBe(200);
    expect(await signIn.token(grant)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
  });
});

describe('grants at /account', () => {
  const problems: LoginProblem[] = [];
  const start = () => startOAuthApp({ isShared: true, missiveProblems: problems });
  const hidden = (html: string, name: string) => new RegExp(`name="${name}" value="([^"]*)"`).exec(html)?.[1] ?? '';

  test('are listed for the API token they were granted with, with their powers, and end when they are revoked', async () => {
    await using app = await start();
    const client = await app.mint({ ...atMissive, name: 'Triage' });
    const page = await openSignIn(app, client, { scope: 'mail.read mail.write' });
    const location = (await submit(app, page, { api_token: 'missive_pat-ana' })).headers.get('location') ?? '';
    const code = new URL(location).searchParams.get('code') ?? '';
    const { access_token = '' } = await answerOf(await app.post('/oauth/token', codeGrant(client, code)));
    const status = async () =>
      (await app.fetch('/mcp', { headers: { authorization: `Bearer ${access_token}` } })).status;
    expect(await status()).toBe(200);

    const signInTo = async (api_token: string) => {
      const door = await pageOf(await app.fetch(`/account?client_id=${client.clientId}`));
      expect(door.html).toContain('Personal API token');
      const fields = { transaction: hidden(door.html, 'transaction'), api_token };
      const response = await app.post('/account', fields, { cookie: door.cookie, origin: app.issuer });
      return pageOf(response, door.cookie);
    };
    expect((await signInTo('missive_pat-bo')).html).toContain('No application has access to this Missive account');

    const list = await signInTo('missive_pat-ana');
    expect(list.html).toContain('Triage</h2>');
    expect(list.html).toContain('change conversations, contacts, labels and tasks');
    expect(list.html).toContain('public.missiveapp.com');
    expect(list.html).not.toContain('missive_pat');
    const all = { session: hidden(list.html, 'session'), take_back: 'all' };
    await app.post('/account', all, { cookie: list.cookie, origin: app.issuer });
    expect(await status()).toBe(401);
  });

  test('are not shown if Missive refuses the API token', async () => {
    await using app = await startOAuthApp({ missiveProblems: [{ service: 'missive', fault: 'credentials' }] });
    const door = await pageOf(await app.fetch(`/account?client_id=${(await app.mint(atMissive)).clientId}`));
    const fields = { transaction: hidden(door.html, 'transaction'), api_token: 'missive_pat-wrong' };
    const { html } = await pageOf(await app.post('/account', fields, { cookie: door.cookie, origin: app.issuer }));
    expect(problemOf(html)).toContain('Missive does not accept this API token.');
    expect(html).not.toContain('name="session"');
  });
});

describe('dynamic clients, after the operator has changed the default connection from a mailbox to Missive', () => {
  test('have invalid codes and refresh tokens', async () => {
    await using before = await startOAuthApp({ issuer: 'http://same.example', dynamicClients: openToClients });
    const connection = { servers: atMissive.servers, policy: {}, expiresAt: null };
    await using after = await startOAuthApp({
      issuer: 'http://same.example',
      dynamicClients: { ...openToClients, connections: [connection] },
      state: before.state,
      now: before.now,
    });
    const redirect_uri = 'http://localhost/callback';
    const metadata = { redirect_uris: [redirect_uri], token_endpoint_auth_method: 'none' };
    const headers = { 'content-type': 'application/json' };
    const registered = await before.fetch('/oauth/register', {
      method: 'POST',
      headers,
      body: JSON.stringify(metadata),
    });
    const { client_id: clientId } = z.object({ client_id: z.string() }).parse(await registered.json());
    const client = { clientId, clientSecret: null };
    const codeOf = async () => {
      const page = await openSignIn(before, client, { redirect_uri });
      const location = (await submit(before, page)).headers.get('location') ?? '';
      return new URL(location).searchParams.get('code') ?? '';
    };
    const { refresh_token = '' } = await answerOf(await before.post('/oauth/token', codeGrant(client, await codeOf())));
    const ofCode = await answerOf(await after.post('/oauth/token', codeGrant(client, await codeOf())));
    const ofRefresh = await answerOf(await after.post('/oauth/token', refreshGrant(client, refresh_token)));
    const refusal = {
      status: '400',
      error: 'invalid_grant',
      error_description: expect.stringContaining('another kind'),
    };
    expect([ofCode, ofRefresh]).toEqual([refusal, refusal]);
    expect((await before.post('/oauth/token', refreshGrant(client, refresh_token))).status).toBe(200);
  });
});
