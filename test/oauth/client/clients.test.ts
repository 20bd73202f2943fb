import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { OAuthError } from '../../../src/errors.ts';
import { deniedClientKey } from '../../../src/oauth/client/denied-clients.ts';
import type { DynamicClients } from '../../../src/oauth/client/dynamic-clients.ts';
import { sha256 } from '../../../src/oauth/http/constant-time.ts';
import {
  exampleConnection,
  exampleServers,
  type MintedClient,
  openToClients,
  startOAuthApp,
} from '../../support/app/oauth-app.ts';
import { ada, callbackOf, openSignIn, submit } from '../../support/app/sign-in-page.ts';
import { answerOf, codeGrant, codeOf, refreshGrant, tokensOf } from '../../support/app/token-requests.ts';

const claudeCode = 'https://claude.ai/oauth/claude-code-client-metadata';
const callback = 'https://claude.ai/api/mcp/auth_callback';

/** A client that is described by a metadata document, with the URL as its client_id. */
const at = (url: string): MintedClient => ({ clientId: url, clientSecret: null });

const claudeCodeDocument = {
  client_id: claudeCode,
  client_name: 'Claude Code',
  redirect_uris: ['http://localhost/callback', 'http://127.0.0.1/callback'],
  token_endpoint_auth_method: 'none',
};

/** A server, and the metadata documents that it can fetch. */
async function start(dynamicClients: Partial<DynamicClients> = {}, options: Parameters<typeof startOAuthApp>[0] = {}) {
  const world = new Map<string, object>([[claudeCode, claudeCodeDocument]]);
  const fetched: string[] = [];
  const app = await startOAuthApp({
    ...options,
    dynamicClients: { ...openToClients, ...dynamicClients },
    async fetchDocument(url) {
      fetched.push(url);
      const document = world.get(url);
      if (document === undefined) throw new OAuthError('invalid_client', 'The client_id is no client.');
      return { text: JSON.stringify(document), freshSeconds: 0 };
    },
  });
  const publish = (url: string, changes: object = {}) => {
    world.set(url, { client_id: url, client_name: 'Example', redirect_uris: [callback], ...changes });
    return at(url);
  };
  return { app, world, fetched, publish, [Symbol.asyncDispose]: () => app[Symbol.asyncDispose]() };
}

async function registered(
  app: Awaited<ReturnType<typeof startOAuthApp>>,
  metadata: object = {},
): Promise<MintedClient> {
  const response = await app.fetch('/oauth/register', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ redirect_uris: [callback], token_endpoint_auth_method: 'none', ...metadata }),
  });
  const { client_id: clientId } = z.object({ client_id: z.string() }).parse(await response.json());
  return { clientId, clientSecret: null };
}

const Metadata = z.looseObject({ token_endpoint_auth_methods_supported: z.array(z.string()) });

describe('clients by metadata document (draft-ietf-oauth-client-id-metadata-document)', () => {
  test('CIMD-05 Claude Code signs in on any port of both its loopback redirect URIs, which its document lists without a port', async () => {
    await using server = await start();
    const { app } = server;
    for (const redirect_uri of ['http://localhost:3118/callback', 'http://127.0.0.1:65535/callback']) {
      const tokens = await tokensOf(app, at(claudeCode), { redirect_uri });
      expect(tokens.status).toBe('200');
    }
    expect(app.tried[0]?.imap.server).toEqual(exampleServers.imap);
  });

  test.each([
    'http://localhost:3118/callback/',
    'http://localhost:3118/other',
    'https://localhost:3118/callback',
    'http://[::1]:3118/callback',
    'http://localhost.evil.example:3118/callback',
    'https://claude.ai/callback',
  ])('CIMD-05 %s is not one of its redirect URIs', async (redirect_uri) => {
    await using server = await start();
    const response = await server.app.fetch(server.app.authorizePath(at(claudeCode), { redirect_uri }));
    expect([response.status, response.headers.get('location')]).toEqual([400, null]);
  });

  test('CIMD-01 META-05 META-06 metadata documents are advertised only when they are enabled, and then with the method none', async () => {
    const metadataOf = async (dynamicClients: Partial<DynamicClients>) => {
      await using server = await start(dynamicClients);
      const response = await server.app.fetch('/.well-known/oauth-authorization-server');
      return Metadata.parse(await response.json());
    };
    const on = await metadataOf({});
    expect(on).toMatchObject({ client_id_metadata_document_supported: true });
    expect(on.token_endpoint_auth_methods_supported).toContain('none');
    expect(await metadataOf({ acceptsDocuments: false })).not.toHaveProperty('client_id_metadata_document_supported');
    await using never = await startOAuthApp();
    expect(await (await never.fetch('/.well-known/oauth-authorization-server')).json()).not.toHaveProperty(
      'client_id_metadata_document_supported',
    );
  });

  test('CLI-01 CIMD-08 while metadata documents are disabled, or there is no default connection, a URL is no client and is not fetched', async () => {
    await using off = await start({ acceptsDocuments: false });
    await using never = await startOAuthApp();
    for (const app of [off.app, never]) {
      const response = await app.fetch(
        app.authorizePath(at(claudeCode), { redirect_uri: 'http://localhost/callback' }),
      );
      expect([response.status, response.headers.get('location')]).toEqual([400, null]);
    }
    expect(off.fetched).toEqual([]);
  });

  test('CIMD-08 the mail servers and limits are those of the operator, and the form cannot change them', async () => {
    const policy = { methods: ['list' as const, 'get' as const] };
    await using server = await start({ connections: [{ ...exampleConnection, policy }] });
    const { app } = server;
    const client = server.publish('https://claude.ai/client.json', { servers: 'evil.example' });
    const code = (
      await callbackOf(
        app,
        client,
        { redirect_uri: callback },
        {
          email: 'ada@example.com',
          imap_password: 'x',
          use_same_credentials: '1',
          imap_host: 'evil.example',
          imap_server: 'evil.example',
        },
      )
    ).get('code');
    expect(app.tried.map(({ imap, smtp }) => [imap.server, smtp.server])).toEqual([
      [exampleServers.imap, exampleServers.smtp],
    ]);
    const { access_token = '' } = await answerOf(await app.post('/oauth/token', codeGrant(client, code ?? '')));
    expect(await app.tokens.access.unseal(access_token, app.now())).toMatchObject({ policy, servers: exampleServers });
  });

  test('CIMD-07 nothing is fetched from a host that is not trusted, and the page says so', async () => {
    await using server = await start();
    const { app } = server;
    const client = server.publish('https://evil.example/client.json');
    const response = await app.fetch(app.authorizePath(client, { redirect_uri: callback }));
    expect([response.status, response.headers.get('location')]).toEqual([400, null]);
    const html = await response.text();
    expect(html).toContain('not trusted here');
    expect(html).toContain('TRUSTED_CLIENT_HOSTS');
    expect(server.fetched).toEqual([]);
  });

  const loopback = 'http://127.0.0.1:19876/callback';
  test.each([
    ['one loopback redirect URI', [loopback], 200],
    ['all spellings of loopback', [loopback, 'http://localhost/cb', 'http://[::1]:1/cb'], 200],
    [
      'a loopback redirect URI beside one at its own host, which no client may have',
      [loopback, 'https://new.example/cb'],
      200,
    ],
    ['a redirect URI at a trusted host too', [loopback, callback], 400],
    ['the private-use URI of another application', [loopback, 'cursor://anysphere.cursor-mcp/oauth/callback'], 400],
    ['no loopback redirect URI', ['https://new.example/cb'], 400],
    ['a host that looks like loopback', ['http://localhost.new.example/cb'], 400],
  ])('CIMD-07 where clients may register, a document of any host with %s', async (_, redirect_uris, status) => {
    await using server = await start({ acceptsLoopbackDocuments: true });
    const { app } = server;
    const client = server.publish('https://new.example/client.json', { redirect_uris });
    const response = await app.fetch(app.authorizePath(client, { redirect_uri: redirect_uris[0] ?? '' }));
    expect([response.status, response.headers.get('location')]).toEqual([status, null]);
    const html = await response.text();
    // The host vouches for nothing: it is not shown.
    if (status === 200) expect(html.replaceAll(encodeURIComponent(client.clientId), '')).not.toContain('new.example');
  });

  test('CIMD-04 TOK-03 a client by metadata document is refused with a secret', async () => {
    await using server = await start();
    const { app } = server;
    const code = await codeOf(app, at(claudeCode), { redirect_uri: 'http://localhost/callback' });
    const response = await app.post('/oauth/token', codeGrant(at(claudeCode), code, { client_secret: 'x' }));
    expect(await answerOf(response)).toMatchObject({ status: '401', error: 'invalid_client' });
  });

  test('CIMD-06 TOK-07 a withdrawn document ends its client at the token endpoint, for a code and for a refresh', async () => {
    await using server = await start();
    const { app, world } = server;
    const client = server.publish('https://claude.ai/client.json');
    const tokens = await tokensOf(app, client, { redirect_uri: callback });
    const code = await codeOf(app, client, { redirect_uri: callback });
    world.delete(client.clientId);
    app.advance(30);
    expect((await app.post('/oauth/token', codeGrant(client, code))).status).toBe(200);
    app.advance(300);
    for (const form of [codeGrant(client, 'x'), refreshGrant(client, tokens.refresh_token ?? '')]) {
      expect(await answerOf(await app.post('/oauth/token', form))).toMatchObject({
        status: '401',
        error: 'invalid_client',
      });
    }
  });

  test('CIMD-06 a redirect URI that the document no longer lists is refused, also for a sign-in that has started', async () => {
    await using server = await start();
    const { app } = server;
    const other = 'https://claude.com/api/mcp/auth_callback';
    const client = server.publish('https://claude.ai/client.json', { redirect_uris: [callback, other] });
    const page = await openSignIn(app, client, { redirect_uri: callback });
    server.publish('https://claude.ai/client.json', { redirect_uris: [other] });
    app.advance(299);
    const code = await codeOf(app, client, { redirect_uri: callback });
    app.advance(1);
    expect(await answerOf(await app.post('/oauth/token', codeGrant(client, code)))).toMatchObject({
      error: 'invalid_grant',
      error_description: expect.stringContaining('redirect_uri'),
    });
    for (const fields of [ada, { action: 'cancel' }]) {
      const response = await submit(app, page, fields);
      expect([response.status, response.headers.get('location')]).toEqual([400, null]);
    }
  });

  test('CIMD-02 TOK-07 another spelling of the URL is another client', async () => {
    await using server = await start();
    const { app } = server;
    const client = server.publish('https://claude.ai/client.json');
    const other = server.publish('https://claude.ai/client.json?x');
    const code = await codeOf(app, client, { redirect_uri: callback });
    expect(await answerOf(await app.post('/oauth/token', codeGrant(other, code)))).toMatchObject({
      error: 'invalid_grant',
    });
    expect(
      await answerOf(await app.post('/oauth/token', codeGrant(at('https://CLAUDE.ai/client.json'), code))),
    ).toMatchObject({ status: '401', error: 'invalid_client' });
  });

  test('CIMD-03 while a document is unavailable, the page and the token response say to try again', async () => {
    await using app = await startOAuthApp({
      dynamicClients: openToClients,
      fetchDocument: async () => {
        throw new OAuthError('temporarily_unavailable', 'It could not be fetched.');
      },
    });
    const page = await app.fetch(app.authorizePath(at(claudeCode), { redirect_uri: 'http://localhost/callback' }));
    expect([page.status, page.headers.get('location')]).toEqual([503, null]);
    const answer = await app.post('/oauth/token', codeGrant(at(claudeCode), 'code'));
    expect(await answerOf(answer)).toMatchObject({ status: '503', error: 'temporarily_unavailable' });
  });
});

describe('a dynamic client', () => {
  test('FORM-01 a registered client is shown as unverified, with the host of its redirect URI and the mail servers', async () => {
    await using server = await start();
    const client = await registered(server.app, { client_name: 'Claude <b>\u202e' });
    const { html } = await openSignIn(server.app, client, { redirect_uri: callback });
    expect(html).toContain('Claude &lt;b&gt;</strong> (unverified)');
    // phrase allowed: a sentence of the sign-in page
    expect(html).toContain('Nobody has verified that this is ');
    expect(html).toContain('You return to <strong>claude.ai</strong>');
    for (const shown of ['imap.example.com:993', 'smtp.example.com:465']) expect(html).toContain(shown);
    expect(html).not.toContain('\u202e');
  });

  test('FORM-01 a registered client without a name is named by its host', async () => {
    await using server = await start();
    const { html } = await openSignIn(server.app, await registered(server.app), { redirect_uri: callback });
    expect(html).toContain('<strong>claude.ai</strong> (unverified)');
  });

  test('FORM-01 CIMD-07 a client by metadata document is shown with the host of the document, and nothing else is called verified', async () => {
    await using server = await start();
    const { html } = await openSignIn(server.app, at(claudeCode), { redirect_uri: 'http://localhost:3118/callback' });
    expect(html).toContain('<strong>Claude Code</strong> of <strong>claude.ai</strong> would like');
    expect(html).toContain('Verified host: <strong>claude.ai</strong>');
    expect(html.match(/verified/gi)).toHaveLength(1);
    expect(html).toContain('You return to a program on this device');
  });

  test('FORM-01 the page of a minted client says neither verified nor unverified', async () => {
    await using server = await start();
    const { html } = await openSignIn(server.app, await server.app.mint());
    expect(html).not.toMatch(/verified/i);
  });

  test.each([
    ['scope', { scope: 'unknown' }, 'invalid_scope'],
    ['response_type', { response_type: 'token' }, 'unsupported_response_type'],
    ['code_challenge', { code_challenge: undefined }, 'invalid_request'],
    ['resource', { resource: 'https://other.example/mcp' }, 'invalid_target'],
    ['state that cannot be kept', { state: '\u0001'.repeat(2000) }, 'invalid_request'],
  ])(
    'AUTHZ-04 an error in the %s does not redirect the browser, and the page shows the target of the redirect',
    async (_, defect, error) => {
      // In layout 2, every state that fits into a request can be kept.
      await using server = await start({}, { layout: 1 });
      const { app } = server;
      const clients = [await registered(app), server.publish('https://claude.ai/client.json')];
      for (const client of clients) {
        const response = await app.fetch(app.authorizePath(client, { redirect_uri: callback, ...defect }));
        expect([response.status, response.headers.get('location')]).toEqual([400, null]);
        const html = await response.text();
        expect(html).toContain('Go to claude.ai</a>');
        const href = /<a class="button" href="([^"]*)"/.exec(html)?.[1]?.replaceAll('&amp;', '&') ?? '';
        const target = new URL(href);
        expect(target.origin + target.pathname).toBe(callback);
        expect(target.searchParams.get('error')).toBe(error);
        expect(target.searchParams.get('iss')).toBe(app.issuer);
        expect(target.searchParams.get('state')).toBe('state' in defect ? defect.state : 'a state');
      }
    },
  );

  test('AUTHZ-04 an invalid parameter is reported to a minted client without confirmation', async () => {
    await using server = await start();
    const response = await server.app.fetch(server.app.authorizePath(await server.app.mint(), { scope: 'unknown' }));
    expect(response.status).toBe(303);
  });

  test('AUTHZ-04 after the account owner has cancelled, the browser is redirected without confirmation', async () => {
    await using server = await start();
    const client = await registered(server.app);
    const parameters = await callbackOf(server.app, client, { redirect_uri: callback }, { action: 'cancel' });
    expect(parameters.get('error')).toBe('access_denied');
  });

  test('all dynamic clients end when the default connection ends', async () => {
    const expiresAt = new Date('2026-11-21T12:10:00Z');
    await using server = await start({ connections: [{ ...exampleConnection, expiresAt }] });
    const { app } = server;
    const clients = [await registered(app), server.publish('https://claude.ai/client.json')];
    const paths = clients.map((client) => app.authorizePath(client, { redirect_uri: callback }));
    for (const path of paths) expect((await app.fetch(path)).status).toBe(200);
    app.advance(600);
    for (const path of paths) expect((await app.fetch(path)).status).toBe(400);
  });
});

describe('a denied client', () => {
  const kinds = ['minted', 'registered', 'by metadata document'] as const;

  test.each(kinds)(
    'CLI-07 %s: the client is refused at authorization, code, refresh and call, and accepted after it was allowed again',
    async (kind) => {
      await using server = await start();
      const { app } = server;
      const client =
        kind === 'minted'
          ? await app.mint({ redirectUris: [callback] })
          : kind === 'registered'
            ? await registered(app)
            : server.publish('https://claude.ai/client.json');
      const redirect = { redirect_uri: callback };
      const code = await codeOf(app, client, redirect);
      const { refresh_token = '', access_token = '' } = await tokensOf(app, client, redirect);
      const { jti } = (await app.tokens.access.unseal(access_token, app.now())).client;
      if (kind === 'by metadata document') expect(jti).toBe(sha256(client.clientId));

      const call = () => app.fetch('/mcp', { headers: { authorization: `Bearer ${access_token}` } });
      expect((await call()).status).toBe(200);

      await app.state.mark(deniedClientKey(jti), new Date('2027-01-01'));
      const asked = await app.fetch(app.authorizePath(client, redirect));
      expect([asked.status, asked.headers.get('location')]).toEqual([400, null]);
      for (const form of [codeGrant(client, code), refreshGrant(client, refresh_token)]) {
        expect(await answerOf(await app.post('/oauth/token', form))).toMatchObject({
          status: '401',
          error: 'invalid_client',
        });
      }

      expect((await call()).status).toBe(401);

      await app.state.release(deniedClientKey(jti));
      expect((await call()).status).toBe(200);
      expect((await app.post('/oauth/token', codeGrant(client, code))).status).toBe(200);
    },
  );

  test('CLI-07 the settings deny a client as well, a registered one by its jti, one by metadata document by the hash of its URL', async () => {
    await using server = await start({}, { deniedClients: [sha256(claudeCode)] });
    const response = await server.app.fetch(
      server.app.authorizePath(at(claudeCode), { redirect_uri: 'http://localhost/callback' }),
    );
    expect(response.status).toBe(400);
  });
});
