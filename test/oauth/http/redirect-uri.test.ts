import { describe, expect, test } from 'vitest';
import { PRESETS } from '../../../src/oauth/client/presets.ts';
import {
  formActionSources,
  isRegistered,
  redirectUriProblem,
  withParameters,
} from '../../../src/oauth/http/redirect-uri.ts';

describe('redirect URIs (RFC 9700 §2.1, RFC 8252)', () => {
  test('AUTHZ-10 only the registered string matches', () => {
    const registered = 'https://client.example/cb/path';
    expect(isRegistered(registered, [registered])).toBe(true);
    const tricks = [
      'https://CLIENT.example/cb/path',
      'HTTPS://client.example/cb/path',
      'https://client.example:443/cb/path',
      'https://client.example/cb/path/',
      'https://client.example/cb//path',
      'https://client.example/cb/./path',
      'https://client.example/cb/x/../path',
      'https://client.example/cb/%70ath',
      'https://client.example./cb/path',
      'https://user@client.example/cb/path',
      'https://client.example@evil.example/cb/path',
      'https://client.example.evil.example/cb/path',
      'https://client.example/cb/path#fragment',
      'https://client.example/cb/path?added=1',
      'https://client.example/cb/path\\..',
      'https://client.example/cb/path\n',
      ' https://client.example/cb/path',
      'http://client.example/cb/path',
      'https://client.example:8443/cb/path',
      'client.example/cb/path',
      '',
    ];
    for (const trick of tricks) expect(isRegistered(trick, [registered]), trick).toBe(false);
  });

  test.each([
    ['http://localhost/callback', 'http://localhost:3118/callback', true],
    ['http://localhost:6274/callback', 'http://localhost:3118/callback', true],
    ['http://localhost:6274/callback', 'http://localhost/callback', true],
    ['http://127.0.0.1/callback', 'http://127.0.0.1:65535/callback', true],
    ['http://[::1]/callback', 'http://[::1]:3118/callback', true],
    ['http://127.0.0.1/', 'http://127.0.0.1:33418/', true],
    ['http://localhost/callback', 'http://127.0.0.1:3118/callback', false],
    ['http://localhost/callback', 'http://localhost:3118/callback/', false],
    ['http://localhost/callback', 'http://localhost:3118/callback?x=1', false],
    ['http://localhost/callback', 'http://localhost:3118/callback#x', false],
    ['http://localhost/callback', 'https://localhost:3118/callback', false],
    ['http://localhost/callback', 'http://localhost.evil.example:3118/callback', false],
    ['http://localhost/callback', 'http://localhost:3118@evil.example/callback', false],
    ['http://localhost/callback', 'http://user@localhost:3118/callback', false],
    ['http://localhost/callback', 'http://localhost:/callback', false],
    ['http://localhost/callback', 'http://localhost:99999/callback', false],
    ['http://localhost/callback', 'http://localhost:0/callback', false],
    ['http://localhost/callback', 'http://LOCALHOST:3118/callback', false],
    ['http://localhost/callback', 'http://127.1:3118/callback', false],
    ['https://localhost/callback', 'https://localhost:3118/callback', false],
  ])('AUTHZ-11 %s and %s match: %s', (registered, requested, matches) => {
    expect(isRegistered(requested, [registered])).toBe(matches);
  });

  test.each([
    'https://client.example/callback',
    'https://client.example:8443/callback?tenant=1',
    'http://localhost/callback',
    'http://127.0.0.1:33418/',
    'http://[::1]:8080/callback',
    'cursor://anysphere.cursor-mcp/oauth/callback',
    'com.example.app:/callback',
  ])('AUTHZ-12 %s may be registered', (uri) => {
    expect(redirectUriProblem(uri)).toBeNull();
  });

  test.each([
    'javascript:alert(1)',
    'data:text/html,x',
    'file:///etc/passwd',
    'blob:https://client.example/x',
    'vbscript:x',
    'about:blank',
    'ftp://client.example/',
    'ws://client.example/',
    'wss://client.example/',
    'http://client.example/callback',
    'http://192.168.0.1/callback',
    'http://localhost.evil.example/callback',
    'https://user@client.example/callback',
    'https://client.example/callback#fragment',
    'https://client.example/callback#',
    'https://192.0.2.1/callback',
    'https://[2001:db8::1]/callback',
    'https://0x7f000001/callback',
    'https:client.example/callback',
    'https:///client.example/callback',
    'HTTPS://client.example/callback',
    // phrase allowed: a URI with a blank
    'https://client.example/call back',
    'https://client.example\\callback',
    'https://cliént.example/callback',
    'https://client.example/\u202ecallback',
    'https://',
    '/callback',
    'callback',
    '',
    'http://localhost:0/callback',
    'http://127.0.0.1:00/callback',
    'http://[::1]:00000/callback',
    'http://localhost:0',
    'http://localhost:0?x=1',
    'https://client.example:0/callback',
    'https://client.example:0000000/callback',
    'com.example.app://host:0/callback',
    'cursor://anysphere.cursor-mcp:000/oauth/callback',
    `https://client.example/${'a'.repeat(500)}`,
  ])('AUTHZ-12 %s may not be registered', (uri) => {
    expect(redirectUriProblem(uri)).not.toBeNull();
  });

  test.each(['http://localhost:0/callback', 'http://127.0.0.1:000/callback', 'https://client.example:0/callback'])(
    'AUTHZ-12 %s matches nothing, also where an earlier release has registered it',
    (uri) => {
      expect(isRegistered(uri, [uri])).toBe(false);
      expect(isRegistered(uri.replace(/:0+/, ':3118'), [uri])).toBe(uri.startsWith('http:'));
    },
  );

  test.each(['code', 'state', 'iss', 'error', 'error_description', '%63ode'])(
    'AUTHZ-24 AUTHZ-20 a redirect URI with a %s of its own may not be registered',
    (name) => {
      expect(redirectUriProblem(`https://client.example/callback?x=1&${name}=evil`)).not.toBeNull();
      expect(redirectUriProblem(`http://localhost/callback?${name}`)).not.toBeNull();
      expect(redirectUriProblem(`https://client.example/callback?x_${name}=1`)).toBeNull();
    },
  );

  test('AUTHZ-12 every redirect URI of a preset may be registered', () => {
    for (const { redirectUris } of Object.values(PRESETS)) {
      for (const uri of redirectUris) expect(redirectUriProblem(uri), uri).toBeNull();
    }
  });

  test.each([
    ['https://a.example/cb', 'https://a.example/cb?code=c+%26&state=s'],
    ['https://a.example/cb?x=1', 'https://a.example/cb?x=1&code=c+%26&state=s'],
    ['https://a.example/cb?', 'https://a.example/cb?code=c+%26&state=s'],
    ['com.example.app:/cb', 'com.example.app:/cb?code=c+%26&state=s'],
  ])('AUTHZ-13 parameters are appended to %s', (uri, expected) => {
    expect(withParameters(uri, { code: 'c &', absent: undefined, state: 's' })).toBe(expected);
  });

  test('FORM-04 the sign-in form may redirect to the origin or the scheme of its redirect URI', () => {
    expect(formActionSources('https://claude.ai/cb')).toEqual(['https://claude.ai', 'https:']);
    expect(formActionSources('http://localhost:3118/cb')).toEqual(['http://localhost:3118', 'https:']);
    expect(formActionSources('http://[::1]:3118/cb')).toEqual(['http:', 'https:']);
    expect(formActionSources('cursor://anysphere.cursor-mcp/cb')).toEqual(['cursor:']);
  });
});
