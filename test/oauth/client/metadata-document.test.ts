import { describe, expect, test } from 'vitest';
import { PRESET_HOSTS } from '../../../src/oauth/client/dynamic-clients.ts';
import { documentUrlProblem, parseClientDocument } from '../../../src/oauth/client/metadata-document.ts';

describe('a URL as a client_id (draft-ietf-oauth-client-id-metadata-document-00 §3)', () => {
  test.each([
    'https://claude.ai/oauth/mcp-oauth-client-metadata',
    'https://claude.ai/oauth/claude-code-client-metadata',
    'https://chatgpt.com/oauth/abc123/client.json',
    'https://client.example:8443/client.json',
    'https://client.example/client.json?tenant=1',
    'https://client.example/a..b/.well-known/client',
  ])('CIMD-02 %s may be a client_id', (url) => {
    expect(documentUrlProblem(url)).toBeNull();
  });

  test.each([
    ['http', 'http://client.example/client.json'],
    ['another scheme', 'ftp://client.example/client.json'],
    ['an upper case scheme', 'HTTPS://client.example/client.json'],
    ['an upper case host', 'https://Client.example/client.json'],
    ['no path', 'https://client.example'],
    ['only a slash for a path', 'https://client.example/'],
    ['only a query', 'https://client.example?x'],
    ['a fragment', 'https://client.example/client.json#x'],
    ['an empty fragment', 'https://client.example/client.json#'],
    ['a user', 'https://user@client.example/client.json'],
    ['a user and a password', 'https://user:password@client.example/client.json'],
    ['a single dot', 'https://client.example/./client.json'],
    ['two dots', 'https://client.example/a/../client.json'],
    ['two dots at the end', 'https://client.example/a/..'],
    ['an encoded dot', 'https://client.example/%2e/client.json'],
    ['two encoded dots', 'https://client.example/a/%2e%2E/client.json'],
    ['a dot and an encoded one', 'https://client.example/a/.%2e/client.json'],
    ['the usual port', 'https://client.example:443/client.json'],
    ['a port that is empty', 'https://client.example:/client.json'],
    ['one slash', 'https:/client.example/client.json'],
    ['no slash', 'https:client.example/client.json'],
    ['three slashes', 'https:///client.example/client.json'],
    ['backslashes', 'https:\\\\client.example\\client.json'],
    ['a blank before', ' https://client.example/client.json'],
    ['a line end after', 'https://client.example/client.json\n'],
    ['a tab within', 'https://client.exa\tmple/client.json'],
    ['a host that is not ASCII', 'https://cliént.example/client.json'],
    ['a path that is not ASCII', 'https://client.example/cliént.json'],
    ['an address', 'https://192.0.2.1/client.json'],
    ['an address in other digits', 'https://0x7f.1/client.json'],
    ['an IPv6 address', 'https://[2001:db8::1]/client.json'],
    ['too much', `https://client.example/${'a'.repeat(500)}`],
    ['nothing', ''],
  ])('CIMD-02 a URL with %s may not be a client_id', (_, url) => {
    expect(documentUrlProblem(url)).not.toBeNull();
  });
});

const url = 'https://client.example/client.json';
const document = {
  client_id: url,
  client_name: 'Example',
  redirect_uris: ['https://client.example/callback'],
};
const parsed = (changes: object) => parseClientDocument(JSON.stringify({ ...document, ...changes }), url, 'any');

describe('a client metadata document (§4.1)', () => {
  test('CIMD-04 names the client and its redirect URIs', () => {
    expect(parsed({ scope: 'claudeai', logo_uri: 'https://client.example/logo.png' })).toEqual({
      name: 'Example',
      redirectUris: ['https://client.example/callback'],
      isFromTrustedHost: true,
    });
  });

  test.each([
    ['none', { token_endpoint_auth_method: 'none' }],
    ['no method', {}],
    [
      'private_key_jwt, but can do without',
      {
        token_endpoint_auth_method: 'private_key_jwt',
        token_endpoint_auth_methods_supported: ['private_key_jwt', 'none'],
        jwks_uri: 'https://client.example/jwks',
      },
    ],
    [
      'what each client has',
      { grant_types: ['authorization_code', 'refresh_token'], response_types: ['code'], application_type: 'web' },
    ],
    ['null', { grant_types: null, response_types: null, token_endpoint_auth_method: null, client_secret: null }],
    ['nothing', { grant_types: [], response_types: [], token_endpoint_auth_method: '', client_secret: '' }],
    ['lists of nothing', { grant_types: [null], response_types: [''], token_endpoint_auth_methods_supported: null }],
    ['one redirect URI among null', { redirect_uris: [null, 'https://client.example/callback', '', 1] }],
    ['a redirect URI that is no list', { redirect_uris: 'https://client.example/callback' }],
  ])('CIMD-04 a document that asks for %s is accepted', (_, changes) => {
    expect(parsed(changes).name).toBe('Example');
  });

  test.each([
    [
      'Claude',
      'https://claude.ai/oauth/mcp-oauth-client-metadata',
      {
        redirect_uris: ['https://claude.ai/api/mcp/auth_callback'],
        grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:jwt-bearer'],
        token_endpoint_auth_method: 'none',
      },
    ],
    [
      'Claude Code',
      'https://claude.ai/oauth/claude-code-client-metadata',
      {
        redirect_uris: ['http://localhost/callback', 'http://127.0.0.1/callback'],
        grant_types: ['authorization_code', 'refresh_token'],
        token_endpoint_auth_method: 'none',
      },
    ],
    [
      'ChatGPT',
      'https://chatgpt.com/oauth/client.json',
      {
        redirect_uris: ['https://chatgpt.com/connector_platform_oauth_redirect'],
        token_endpoint_auth_method: 'private_key_jwt',
        token_endpoint_auth_methods_supported: ['none', 'private_key_jwt'],
        token_endpoint_auth_signing_alg: 'RS256',
        jwks_uri: 'https://chatgpt.com/oauth/jwks.json',
      },
    ],
    [
      'VS Code',
      'https://vscode.dev/oauth/client-metadata.json',
      {
        redirect_uris: ['http://127.0.0.1:33418/', 'https://vscode.dev/redirect'],
        grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
        token_endpoint_auth_method: 'none',
        application_type: 'native',
      },
    ],
  ])(
    'CIMD-04 what %s publishes is accepted as it is, with the hosts of the presets trusted',
    (name, client_id, published) => {
      const text = JSON.stringify({ client_id, client_name: name, response_types: ['code'], ...published });
      expect(documentUrlProblem(client_id)).toBeNull();
      expect(parseClientDocument(text, client_id, PRESET_HOSTS)).toEqual({
        name,
        redirectUris: published.redirect_uris,
        isFromTrustedHost: true,
      });
    },
  );

  test('CIMD-07 a document from a trusted host cannot add a redirect URI at a host that is not trusted', () => {
    const known = 'https://claude.ai/client.json';
    const redirect_uris = ['https://evil.example/callback', 'https://claude.ai/callback', 'com.example.app:/callback'];
    const trusted = parseClientDocument(
      JSON.stringify({ ...document, redirect_uris, client_id: known }),
      known,
      PRESET_HOSTS,
    );
    expect(trusted.redirectUris).toEqual(['https://claude.ai/callback']);
    const none = JSON.stringify({ ...document, redirect_uris: ['https://evil.example/callback'] });
    expect(() => parseClientDocument(none, url, PRESET_HOSTS)).toThrow();
  });

  test.each([
    ['is about another URL', { client_id: 'https://client.example/Client.json' }],
    ['has no client_id', { client_id: undefined }],
    ['has no name', { client_name: undefined }],
    ['has an empty name', { client_name: '' }],
    ['has no redirect URIs', { redirect_uris: undefined }],
    ['has an empty list of them', { redirect_uris: [] }],
    ['has none that a client may have', { redirect_uris: ['javascript:alert(1)', 'http://client.example/cb'] }],
    ['has redirect URIs of another type', { redirect_uris: { 0: 'https://client.example/callback' } }],
    ['has redirect URIs that are no strings', { redirect_uris: [1, null, {}] }],
    ['has a secret', { client_secret: 'secret' }],
    ['has a secret that ends', { client_secret_expires_at: 0 }],
    ['wants to send a secret in the body', { token_endpoint_auth_method: 'client_secret_post' }],
    ['wants to send a secret in the header', { token_endpoint_auth_method: 'client_secret_basic' }],
    ['wants to sign with a secret', { token_endpoint_auth_method: 'client_secret_jwt' }],
    [
      'could send a secret',
      { token_endpoint_auth_method: 'none', token_endpoint_auth_methods_supported: ['none', 'client_secret_basic'] },
    ],
    ['cannot go without a key', { token_endpoint_auth_method: 'private_key_jwt' }],
    ['is for another grant', { grant_types: ['client_credentials'] }],
    ['is for another response', { response_types: ['token'] }],
  ])('CIMD-04 a document that %s is refused', (_, changes) => {
    expect(() => parsed(changes)).toThrow();
  });

  test.each(['', 'null', '[]', '"text"', '{', '<html>'])('CIMD-04 %j is refused: it is no document', (text) => {
    expect(() => parseClientDocument(text, url, 'any')).toThrow();
  });

  test('CIMD-04 redirect URIs that no client may have are left out', () => {
    const redirect_uris = ['data:text/html,x', 'http://localhost/callback', 'http://client.example/callback'];
    expect(parsed({ redirect_uris }).redirectUris).toEqual(['http://localhost/callback']);
  });

  test('FORM-01 its name is plain text', () => {
    expect(parsed({ client_name: `A\u202eB\n${'x'.repeat(100)}` }).name).toMatch(/^AB x{60}…$/);
    expect(parsed({ client_name: '\u202e' }).name).toBe('client.example');
  });
});
