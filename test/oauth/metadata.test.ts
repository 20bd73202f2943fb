import { get } from 'node:http';
import { text } from 'node:stream/consumers';
import {
  OAuthMetadataSchema,
  OAuthProtectedResourceMetadataSchema,
  OpenIdProviderDiscoveryMetadataSchema,
} from '@modelcontextprotocol/sdk/shared/auth.js';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type OAuthAppOptions, openToClients, startOAuthApp } from '../support/app/oauth-app.ts';

const authorizationServer = '/.well-known/oauth-authorization-server';
const protectedResource = '/.well-known/oauth-protected-resource';
const openid = '/.well-known/openid-configuration';
const openidAliases = [`${openid}/mcp`, '/mcp/.well-known/openid-configuration'];
const documents = [
  ...[authorizationServer, `${authorizationServer}/mcp`, protectedResource, `${protectedResource}/mcp`],
  ...[openid, ...openidAliases, '/oauth/jwks'],
];

describe('discovery (RFC 8414, RFC 9728)', () => {
  test('META-01 PRM-01 the documents are plain JSON, with any token and without one', async () => {
    await using app = await startOAuthApp();
    for (const path of documents) {
      for (const headers of [{}, { Authorization: 'Bearer wrong' }]) {
        const response = await app.fetch(path, { headers });
        expect(response.status).toBe(200);
        expect(response.headers.get('content-type')).toBe('application/json');
      }
    }
  });

  test('META-02 PRM-02 the issuer is the same string in every document', async () => {
    await using app = await startOAuthApp({ issuer: 'https://mail.example.com' });
    const server = OAuthMetadataSchema.parse(await (await app.fetch(authorizationServer)).json());
    const resource = OAuthProtectedResourceMetadataSchema.parse(
      await (await app.fetch(`${protectedResource}/mcp`)).json(),
    );
    expect(server.issuer).toBe('https://mail.example.com');
    expect(resource.authorization_servers).toEqual(['https://mail.example.com']);
    expect(resource.resource).toBe('https://mail.example.com/mcp');
  });

  test('META-03 HOST-03 host and protocol of the request are ignored', async () => {
    await using app = await startOAuthApp();
    const headers = {
      Host: 'evil.example',
      'X-Forwarded-Host': 'evil.example',
      'X-Forwarded-Proto': 'https',
      Forwarded: 'host=evil.example',
    };
    for (const path of documents) {
      const plain = await (await app.fetch(path)).text();
      // fetch would set its own Host.
      const spoofed = await new Promise<string>((resolve, reject) => {
        get(app.origin + path, { headers }, async (response) => resolve(await text(response))).on('error', reject);
      });
      expect(spoofed).toBe(plain);
    }
  });

  test('META-04 META-05 META-07 the authorization server lists its capabilities', async () => {
    await using app = await startOAuthApp();
    expect(await (await app.fetch(authorizationServer)).json()).toEqual({
      issuer: app.issuer,
      authorization_endpoint: `${app.issuer}/oauth/authorize`,
      token_endpoint: `${app.issuer}/oauth/token`,
      response_types_supported: ['code'],
      response_modes_supported: ['query'],
      grant_types_supported: ['authorization_code', 'refresh_token'],
      code_challenge_methods_supported: ['S256'],
      token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post', 'none'],
      scopes_supported: ['mail.read', 'mail.write', 'mail.send', 'mail.delete', 'offline_access'],
      authorization_response_iss_parameter_supported: true,
    });
  });

  test('META-07 PRM-02 PRM-05 the resource lists its own scopes, without offline_access', async () => {
    await using app = await startOAuthApp();
    expect(await (await app.fetch(`${protectedResource}/mcp`)).json()).toEqual({
      resource: `${app.issuer}/mcp`,
      authorization_servers: [app.issuer],
      bearer_methods_supported: ['header'],
      scopes_supported: ['mail.read', 'mail.write', 'mail.send', 'mail.delete'],
      resource_name: 'Mail',
    });
  });

  test('PRM-06 the document without the path is that of the base URL, and otherwise the same (RFC 9728 §3.3)', async () => {
    await using app = await startOAuthApp();
    const ofMcp = z.looseObject({}).parse(await (await app.fetch(`${protectedResource}/mcp`)).json());
    expect(await (await app.fetch(protectedResource)).json()).toEqual({ ...ofMcp, resource: app.issuer });
  });

  test('META-06 META-09 PRM-04 endpoints that are not offered are 404', async () => {
    await using app = await startOAuthApp();
    const absent = [
      `${openid}/other`,
      `${openid}/`,
      '/other/.well-known/openid-configuration',
      `${authorizationServer}/other`,
      `${authorizationServer}/mcp/`,
      `${protectedResource}/other`,
      `${protectedResource}/mcp/`,
      '/oauth/revoke',
      '/oauth/introspect',
      '/oauth/register',
      '/register',
    ];
    for (const path of absent) expect((await app.fetch(path)).status, path).toBe(404);
  });

  test.each<[string, OAuthAppOptions, string[]]>([
    ['nothing else', {}, []],
    ['clients that register', { dynamicClients: openToClients }, ['registration_endpoint']],
    ['a state that all replicas share', { isShared: true }, ['revocation_endpoint']],
  ])('META-06 with %s every listed endpoint answers, and no other exists', async (_, options, more) => {
    await using app = await startOAuthApp(options);
    const document = z.record(z.string(), z.unknown()).parse(await (await app.fetch(openid)).json());
    const optional = {
      registration_endpoint: '/oauth/register',
      revocation_endpoint: '/oauth/revoke',
      introspection_endpoint: '/oauth/introspect',
      userinfo_endpoint: '/oauth/userinfo',
    };
    const named = Object.keys(document).filter((name) => /_endpoint$|_uri$/.test(name));
    expect(named.sort()).toEqual(['authorization_endpoint', 'jwks_uri', 'token_endpoint', ...more].sort());
    for (const name of named) {
      const path = z.string().parse(document[name]).slice(app.issuer.length);
      const statuses = [(await app.fetch(path)).status, (await app.post(path, {})).status];
      expect(statuses, name).not.toContain(404);
    }
    for (const [name, path] of Object.entries(optional)) {
      if (!named.includes(name)) expect((await app.post(path, {})).status, name).toBe(404);
    }
  });

  test('META-09 the documents at the paths of the resource are the same bytes', async () => {
    await using app = await startOAuthApp();
    const textOf = async (path: string) => (await app.fetch(path)).text();
    expect(await textOf(`${authorizationServer}/mcp`)).toBe(await textOf(authorizationServer));
    for (const path of openidAliases) expect(await textOf(path)).toBe(await textOf(openid));
  });

  test('META-08 the OpenID configuration is the same document with the required members of an OpenID provider', async () => {
    await using app = await startOAuthApp();
    const server = z.looseObject({}).parse(await (await app.fetch(authorizationServer)).json());
    const answer: unknown = await (await app.fetch(openid)).json();
    expect(answer).toMatchObject(server);
    // The official client throws if this schema refuses the document.
    const configuration = OpenIdProviderDiscoveryMetadataSchema.parse(answer);
    expect(configuration.code_challenge_methods_supported).toEqual(['S256']);
    expect(configuration.scopes_supported).not.toContain('openid');
    expect(configuration.jwks_uri).toBe(`${app.issuer}/oauth/jwks`);
    expect(await (await app.fetch('/oauth/jwks')).json()).toEqual({ keys: [] });
  });

  test('META-08 META-09 without aliases the metadata is served at one path only', async () => {
    await using app = await startOAuthApp({ hasMetadataAliases: false });
    const absent = [`${authorizationServer}/mcp`, openid, ...openidAliases, '/oauth/jwks'];
    for (const path of absent) expect((await app.fetch(path)).status, path).toBe(404);
    for (const path of [authorizationServer, protectedResource, `${protectedResource}/mcp`]) {
      expect((await app.fetch(path)).status, path).toBe(200);
    }
  });

  test('META-10 CORS-01 the documents may be cached, and read by every origin, and only read', async () => {
    await using app = await startOAuthApp();
    for (const path of documents) {
      const response = await app.fetch(path, { headers: { Origin: 'http://localhost:6274' } });
      expect(response.headers.get('cache-control')).toBe('public, max-age=3600');
      expect(response.headers.get('access-control-allow-origin')).toBe('*');
      expect((await app.fetch(path, { method: 'HEAD' })).status).toBe(200);
      expect((await app.fetch(path, { method: 'OPTIONS' })).status).toBe(204);
      for (const method of ['POST', 'PUT', 'DELETE']) {
        const refused = await app.fetch(path, { method });
        expect(refused.status).toBe(405);
        expect(refused.headers.get('allow')).toBe('GET, HEAD, OPTIONS');
      }
    }
  });

  test('META-11 any MCP-Protocol-Version is accepted', async () => {
    await using app = await startOAuthApp();
    for (const version of ['2024-11-05', 'garbage']) {
      const headers = { 'MCP-Protocol-Version': version };
      for (const path of documents) expect((await app.fetch(path, { headers })).status).toBe(200);
    }
  });

  test('CORS-01 the token endpoint answers preflights without authentication and names its headers', async () => {
    await using app = await startOAuthApp();
    for (const path of ['/oauth/token', '/token']) {
      const response = await app.fetch(path, {
        method: 'OPTIONS',
        headers: {
          Origin: 'http://localhost:6274',
          'Access-Control-Request-Method': 'POST',
          'Access-Control-Request-Headers': 'authorization,mcp-protocol-version',
        },
      });
      expect(response.status).toBe(204);
      expect(response.headers.get('access-control-allow-origin')).toBe('*');
      expect(response.headers.get('access-control-allow-credentials')).toBeNull();
      const allowed = response.headers.get('access-control-allow-headers') ?? '';
      for (const header of [
        'Authorization',
        'Content-Type',
        'MCP-Protocol-Version',
        'Mcp-Session-Id',
        'Last-Event-ID',
      ]) {
        expect(allowed.split(',')).toContain(header);
      }
      const answer = await app.post(path, {}, { Origin: 'http://localhost:6274' });
      expect(answer.headers.get('access-control-expose-headers')).toContain('WWW-Authenticate');
    }
  });
});
