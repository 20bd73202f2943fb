import { expect, test } from 'vitest';
import { startMcpApp } from '../support/app/mcp-app.ts';

test.each([
  ['an unknown path', '/nowhere', {}],
  ['an unknown method', '/oauth/token', { method: 'PUT' }],
  ['GET of /mcp', '/mcp', { headers: 'token' }],
  ['a request without a token', '/mcp', { method: 'POST' }],
  ['a foreign origin', '/mcp', { method: 'POST', headers: { origin: 'https://evil.example' } }],
  ['the health of the server', '/health', {}],
  ['a path that cannot be decoded', '/attachments/%ff', {}],
] as const)('no answer is kept by a cache: %s', async (_name, path, init) => {
  await using app = await startMcpApp();
  const authorization = `Bearer ${await app.token()}`;
  const headers = 'headers' in init ? (init.headers === 'token' ? { authorization } : init.headers) : {};
  const response = await app.fetch(path, { ...init, headers });
  expect(response.headers.get('cache-control')).toContain('no-store');
});

test('a metadata document may be kept', async () => {
  await using app = await startMcpApp();
  const response = await app.fetch('/.well-known/oauth-authorization-server');
  expect(response.headers.get('cache-control')).not.toContain('no-store');
});
