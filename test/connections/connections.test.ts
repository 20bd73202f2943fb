/** Checks connections by host and by path: issuers, metadata, and that nothing of one of them is accepted at another. */
import { randomBytes } from 'node:crypto';
import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { createApp } from '../../src/app/app.ts';
import { assemble } from '../../src/app/assemble.ts';
import { generate } from '../../src/commands/generate.ts';
import { createLog } from '../../src/log.ts';
import { deniedClientKey, jtiOfClient } from '../../src/oauth/client/denied-clients.ts';
import { challengeOf } from '../../src/oauth/http/pkce.ts';
import { createKeyring } from '../../src/oauth/sealed/jwe.ts';
import { readConfig } from '../../src/settings/config.ts';
import type { State } from '../../src/state/state.ts';

const ORIGIN = 'http://localhost:3000';
const VERIFIER = 'v'.repeat(43);
const CALLBACK = 'http://127.0.0.1/callback';
const ENV = { BASE_URL: ORIGIN, ENCRYPTION_KEY: randomBytes(32).toString('base64') };

const MAIL = { provider: 'gmail' };
const MISSIVE = { missive: true };

async function connectionOf(flags: object, more: object = {}): Promise<string> {
  const given = { connection: true, json: true, probe: false, ...flags, ...more };
  return JSON.parse(await generate(given, ENV, new Date())).default_connection;
}

interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
}

/** fetch() sends no other Host than that of the URL. */
function send(url: string, { method = 'GET', headers = {}, body = '' } = {}): Promise<Answer> {
  const { host, pathname, search } = new URL(url);
  return new Promise((resolve, reject) => {
    const options = { port, host: '127.0.0.1', method, path: pathname + search, headers: { host, ...headers } };
    const request = httpRequest(options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('end', () => {
        const text = Buffer.concat(chunks).toString();
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
      });
    });
    request.once('error', reject).end(body);
  });
}

const Document = z.record(z.string(), z.unknown());
const json = ({ text }: Answer) => Document.parse(JSON.parse(text));

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

const post = (url: string, form: Record<string, string>, headers: Record<string, string> = {}) =>
  send(url, { method: 'POST', headers: { ...FORM, ...headers }, body: String(new URLSearchParams(form)) });

async function register(issuer: string): Promise<string> {
  const metadata = { redirect_uris: [CALLBACK], token_endpoint_auth_method: 'none' };
  const headers = { 'content-type': 'application/json' };
  const answer = await send(`${issuer}/oauth/register`, { method: 'POST', headers, body: JSON.stringify(metadata) });
  return String(json(answer).client_id);
}

/** The sign-in page of a new client. */
async function openPage(issuer: string, resource = `${issuer}/mcp`) {
  const client = await register(issuer);
  const query = new URLSearchParams({
    ...{ response_type: 'code', client_id: client, redirect_uri: CALLBACK, resource },
    ...{ code_challenge: challengeOf(VERIFIER), code_challenge_method: 'S256' },
  });
  const page = await send(`${issuer}/oauth/authorize?${query}`);
  const cookie = String(page.headers['set-cookie']?.[0]).split(';')[0] ?? '';
  const [, action = ''] = /<form id="form" method="post" action="([^"]*)"/.exec(page.text) ?? [];
  const [, transaction = ''] = /name="transaction" value="([^"]*)"/.exec(page.text) ?? [];
  return { client, action, transaction, cookie };
}

const ADA = {
  ...{ full_name: 'Ada', email: 'ada@example.com', imap_password: 'correct horse', use_same_credentials: '1' },
  ...{ api_token: 'missive_pat-example', allow_read: '1', end: 'revoked' },
};

type Page = Awaited<ReturnType<typeof openPage>>;

const submit = (url: string, { cookie, transaction }: Page) =>
  post(url, { transaction, ...ADA }, { cookie, origin: new URL(url).origin });

const codeGrant = (client: string, code: string) => ({
  ...{ grant_type: 'authorization_code', client_id: client, code, redirect_uri: CALLBACK, code_verifier: VERIFIER },
});

async function codeOf(issuer: string): Promise<{ client: string; code: string }> {
  const page = await openPage(issuer);
  const { headers } = await submit(new URL(page.action, issuer).href, page);
  return { client: page.client, code: new URL(String(headers.location)).searchParams.get('code') ?? '' };
}

async function tokensOf(issuer: string) {
  const { client, code } = await codeOf(issuer);
  const { access_token: access, refresh_token: refresh } = json(
    await post(`${issuer}/oauth/token`, codeGrant(client, code)),
  );
  return { client, access: String(access), refresh: String(refresh) };
}

const list = (url: string, token: string) =>
  send(url, {
    method: 'POST',
    headers: {
      ...{ authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...{ accept: 'application/json, text/event-stream', 'mcp-protocol-version': '2025-11-25' },
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} }),
  });

let port = 0;
let issuers: Record<'base' | 'mailHost' | 'missiveHost' | 'mailPath' | 'missivePath', string>;
let deniedPath: string;
let endedPath: string;
let state: State;
const closers: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  const [base, mail, missive] = await Promise.all([MAIL, MAIL, MISSIVE].map((flags) => connectionOf(flags)));
  const [mailPath, missivePath, denied] = await Promise.all([MAIL, MISSIVE, MAIL].map((flags) => connectionOf(flags)));
  const soon = new Date(Date.now() + 3_600_000).toISOString();
  const ended = await connectionOf(MAIL, { expiresAt: soon });
  const settings = {
    DEFAULT_CONNECTION: base,
    CONNECTIONS: `sales.example=${mail}, Team.example=${missive}`,
    DENIED_CLIENTS: denied,
  };
  let now = new Date();
  ({ port, state } = await serve(settings, () => now));
  issuers = {
    base: ORIGIN,
    mailHost: 'http://sales.example',
    missiveHost: 'http://team.example',
    mailPath: `${ORIGIN}/c/${mailPath}`,
    missivePath: `${ORIGIN}/c/${missivePath}`,
  };
  deniedPath = `${ORIGIN}/c/${denied}`;
  endedPath = `${ORIGIN}/c/${ended}`;
  passHours = (hours) => {
    now = new Date(now.getTime() + hours * 3_600_000);
  };
});

let passHours: (hours: number) => void;

/** Starts a server that accepts clients which register. */
async function serve(settings: NodeJS.ProcessEnv, now: () => Date) {
  const config = readConfig({ ...ENV, CLIENT_REGISTRATION: 'true', ...settings });
  const assembly = await assemble(config, createLog('ERROR', { write: () => {} }), now);
  const app = createApp({ ...assembly.services, verifyLogin: async () => [] });
  const server = createServer({ maxHeaderSize: 32 * 1024 }, app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => new Promise((resolve) => server.close(resolve)), assembly.close);
  return { port: (server.address() as AddressInfo).port, state: assembly.services.state };
}

afterAll(async () => {
  for (const close of closers) await close();
});

const places = () => Object.entries(issuers);

describe('connections by host and by path', () => {
  test('CONN-01 each has metadata of an issuer of its own, with its endpoints (RFC 8414 §3.1, RFC 9728 §3.1)', async () => {
    for (const [name, issuer] of places()) {
      const { origin, pathname } = new URL(issuer);
      const path = pathname === '/' ? '' : pathname;
      const challenge = String((await send(`${issuer}/mcp`, { method: 'POST' })).headers['www-authenticate']);
      const [, url = ''] = /resource_metadata="([^"]*)"/.exec(challenge) ?? [];
      expect(url, name).toBe(`${origin}/.well-known/oauth-protected-resource${path}/mcp`);
      const resource = { resource: `${issuer}/mcp`, authorization_servers: [issuer] };
      expect(json(await send(url)), name).toMatchObject(resource);
      const endpoints = {
        issuer,
        authorization_endpoint: `${issuer}/oauth/authorize`,
        token_endpoint: `${issuer}/oauth/token`,
        registration_endpoint: `${issuer}/oauth/register`,
      };
      for (const document of [
        `${origin}/.well-known/oauth-authorization-server${path}`,
        `${origin}/.well-known/openid-configuration${path}`,
        `${issuer}/.well-known/openid-configuration`,
      ]) {
        expect(json(await send(document)), document).toMatchObject(endpoints);
      }
      expect((await send(`${issuer}/`, { headers: { accept: 'text/html' } })).text, name).toContain(`${issuer}/mcp`);
      expect((await send(`${issuer}/account`)).text, name).toContain(`action="${path}/account"`);
    }
  });

  test('CONN-02 an access token is good for its own connection alone, at /mcp and at /: all pairs', async () => {
    const tokens = await Promise.all(places().map(async ([name, issuer]) => [name, await tokensOf(issuer)] as const));
    const found: string[] = [];
    for (const [of, { access }] of tokens) {
      for (const [at, issuer] of places()) {
        for (const end of ['/mcp', '/']) {
          const { status, text } = await list(issuer + end, access);
          expect([200, 401], `${of} at ${at}`).toContain(status);
          if (status !== 200) continue;
          found.push(`${of} at ${at}${end}`);
          expect(text.includes('missive'), of).toBe(of.startsWith('missive'));
        }
      }
    }
    expect(found).toEqual(places().flatMap(([name]) => [`${name} at ${name}/mcp`, `${name} at ${name}/`]));
  });

  test('CONN-02 a refresh token, a code and a sign-in page are good for their own connection alone: all pairs', async () => {
    for (const [of, own] of places()) {
      for (const [at, issuer] of places()) {
        const isOwn = of === at;
        const { client, refresh } = await tokensOf(own);
        const form = { grant_type: 'refresh_token', client_id: client, refresh_token: refresh };
        expect((await post(`${issuer}/oauth/token`, form)).status === 200, `refresh of ${of} at ${at}`).toBe(isOwn);
        const code = await codeOf(own);
        const exchanged = await post(`${issuer}/oauth/token`, codeGrant(code.client, code.code));
        expect(exchanged.status === 200, `code of ${of} at ${at}`).toBe(isOwn);
        const page = await openPage(own);
        const submitted = await submit(`${issuer}/oauth/authorize`, page);
        expect(submitted.headers.location !== undefined, `page of ${of} at ${at}`).toBe(isOwn);
      }
    }
  });

  test('CONN-02 a sign-in for the resource of another connection is refused', async () => {
    for (const resource of [
      `${issuers.mailHost}/mcp`,
      `${issuers.mailPath}/mcp`,
      `${issuers.mailPath}x/mcp`,
      `${ORIGIN}/c/x`,
    ]) {
      for (const issuer of [issuers.base, issuers.missivePath]) {
        expect((await openPage(issuer, resource)).action, `${resource} at ${issuer}`).toBe('');
      }
    }
    for (const resource of [issuers.mailPath, `${issuers.mailPath}/`, `${issuers.mailPath}/mcp/`]) {
      expect((await openPage(issuers.mailPath, resource)).action).toBe(
        `${new URL(issuers.mailPath).pathname}/oauth/authorize`,
      );
    }
  });

  test('CONN-03 minted clients are refused at a connection, which alone decides about servers', async () => {
    const minted = JSON.parse(
      await generate({ ...MAIL, json: true, probe: false, preset: ['claude-code'] }, ENV, new Date()),
    );
    const query = `client_id=${minted.client_id}&redirect_uri=${encodeURIComponent('http://localhost/callback')}`;
    expect((await send(`${ORIGIN}/oauth/authorize?${query}`)).status).toBe(303);
    for (const issuer of [issuers.mailHost, issuers.mailPath]) {
      const { status, text } = await send(`${issuer}/oauth/authorize?${query}`);
      expect([status, text]).toEqual([400, expect.stringContaining('The client_id is not known here.')]);
    }
  });

  test('CONN-04 what is no connection, or one that was denied or has ended, is answered with a sentence', async () => {
    const { access } = await tokensOf(endedPath);
    expect((await list(`${endedPath}/mcp`, access)).status).toBe(200);
    passHours(2);
    for (const url of [deniedPath, endedPath]) {
      const answer = await send(`${url}/mcp`, { method: 'POST' });
      expect([answer.status, json(answer).error_description]).toEqual([404, expect.stringMatching(/has ended/)]);
    }
    for (const sealed of ['x', 'eyJhbGciOiJkaXIifQ..a.b.c', 'x'.repeat(4000)]) {
      for (const url of [`/c/${sealed}/mcp`, `/.well-known/oauth-authorization-server/c/${sealed}`]) {
        const answer = await send(ORIGIN + url);
        expect([answer.status, json(answer).error_description]).toEqual([404, expect.stringMatching(/no such/)]);
      }
    }
    expect((await send(`${ORIGIN}/c/${'x'.repeat(4001)}/mcp`)).status).toBe(404);
    const statuses = [];
    for (let index = 0; index < 70; index += 1) statuses.push((await send(`${ORIGIN}/c/${index}/mcp`)).status);
    expect(statuses.at(-1)).toBe(429);
    // Known connections are not concerned.
    expect((await send(`${issuers.mailPath}/mcp`, { method: 'POST' })).status).toBe(401);
  });

  test('CONN-04 a connection that deny has named ends with everything that was granted', async () => {
    // The minute of the test before has passed.
    passHours(1);
    const sealed = await connectionOf(MAIL);
    const issuer = `${ORIGIN}/c/${sealed}`;
    const { client, access, refresh } = await tokensOf(issuer);
    const keyring = createKeyring({ current: Buffer.from(ENV.ENCRYPTION_KEY, 'base64'), previous: [] });
    await state.mark(deniedClientKey(await jtiOfClient(sealed, keyring)), new Date(Date.now() + 1e9));
    expect((await list(`${issuer}/mcp`, access)).status).toBe(401);
    const form = { grant_type: 'refresh_token', client_id: client, refresh_token: refresh };
    expect(json(await post(`${issuer}/oauth/token`, form))).toMatchObject({ error: 'invalid_client' });
    expect((await openPage(issuer)).action).toBe('');
    expect((await send(`${issuer}/account`)).text).not.toContain('name="transaction"');
    const other = await tokensOf(issuers.base);
    expect((await list(`${ORIGIN}/mcp`, other.access)).status).toBe(200);
  });

  test('CONN-04 TOKENS_NOT_BEFORE ends connections that no setting names, wherever a request names them', async () => {
    const [listed, hosted, stolen] = await Promise.all([MAIL, MAIL, MAIL].map((flags) => connectionOf(flags)));
    const later = new Date(Date.now() + 60_000);
    const settings = { DEFAULT_CONNECTION: listed, CONNECTIONS: `sales.example=${hosted}` };
    const replica = await serve({ ...settings, TOKENS_NOT_BEFORE: later.toISOString() }, () => later);
    const origin = `http://127.0.0.1:${replica.port}`;
    const cookie = `mail-mcp-up-${'h'.repeat(16)}-c=${stolen}`;
    for (const path of [
      `/c/${stolen}/mcp`,
      `/c/${stolen}/account`,
      `/.well-known/oauth-authorization-server/c/${stolen}`,
    ]) {
      const answer = await fetch(origin + path);
      expect([answer.status, await answer.text()], path).toEqual([404, expect.stringMatching(/has ended/)]);
    }
    const back = await fetch(`${origin}/oauth/upstream/callback?state=${'h'.repeat(43)}`, { headers: { cookie } });
    expect([back.status, await back.text()]).toEqual([404, expect.stringMatching(/has ended/)]);
    for (const sealed of [listed, hosted]) expect((await fetch(`${origin}/c/${sealed}/account`)).status).toBe(200);
  });
});
