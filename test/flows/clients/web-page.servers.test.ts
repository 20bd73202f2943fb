/** Checks CORS with a web page in Chromium. */
import { createServer } from 'node:http';
import { expect, test } from 'vitest';
import { startApp } from '../../support/app/start-app.ts';
import { newAccount } from '../../support/mail/accounts.ts';
import { launchChromium } from '../../support/servers/chromium.ts';
import { closeServer, listenOnLoopback } from '../../support/servers/proxies.ts';

/** Opens an empty page of another origin in Chromium. */
async function openPage() {
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>A client</title>');
  });
  const port = await listenOnLoopback(server);
  const browser = await launchChromium();
  const page = await browser.newPage();
  await page.goto(`http://localhost:${port}/`);
  return {
    page,
    async [Symbol.asyncDispose]() {
      await browser.close();
      server.closeAllConnections();
      await closeServer(server, []);
    },
  };
}

test('CORS-01 a page of another origin on this machine reads the metadata, requests tokens and calls a tool', async () => {
  await using app = await startApp();
  const token = await app.accessToken(newAccount());
  await using tab = await openPage();
  const seen = await tab.page.evaluate(
    async ({ origin, bearer }) => {
      const refused = await fetch(`${origin}/mcp`, { method: 'POST' });
      const metadata = [];
      for (const path of ['oauth-protected-resource/mcp', 'oauth-authorization-server', 'openid-configuration']) {
        const headers = { 'mcp-protocol-version': '2026-07-28' };
        metadata.push((await fetch(`${origin}/.well-known/${path}`, { headers })).status);
      }
      const tokens = await fetch(`${origin}/oauth/token`, {
        method: 'POST',
        headers: { authorization: 'Basic YTpi', 'mcp-protocol-version': '2026-07-28' },
        body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: 'x' }),
      });
      const call = await fetch(`${origin}/mcp`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${bearer}`,
          'content-type': 'application/json',
          accept: 'application/json, text/event-stream',
          'mcp-protocol-version': '2026-07-28',
          'mcp-method': 'tools/call',
          'mcp-name': 'list_mailboxes',
        },
        body: JSON.stringify({
          jsonrpc: '2.0',
          id: 1,
          method: 'tools/call',
          params: {
            name: 'list_mailboxes',
            _meta: {
              'io.modelcontextprotocol/protocolVersion': '2026-07-28',
              'io.modelcontextprotocol/clientCapabilities': {},
            },
          },
        }),
      });
      const stream = await fetch(`${origin}/mcp`, {
        headers: { authorization: `Bearer ${bearer}`, 'last-event-id': '1', 'mcp-session-id': 'x' },
      });
      return {
        challenge: refused.headers.get('www-authenticate'),
        metadata,
        tokens: await tokens.json(),
        call: await call.text(),
        stream: stream.status,
      };
    },
    { origin: app.origin, bearer: token },
  );
  expect(seen).toMatchObject({
    challenge: expect.stringContaining('resource_metadata='),
    metadata: [200, 200, 200],
    tokens: { error: 'invalid_client' },
    call: expect.stringContaining('"structuredContent"'),
    stream: 405,
  });
});

test('CORS-02 a page of another origin cannot read the sign-in page', async () => {
  await using app = await startApp();
  await using tab = await openPage();
  const outcome = await tab.page.evaluate(
    (url) =>
      fetch(url).then(
        () => 'read',
        () => 'refused',
      ),
    `${app.origin}/oauth/authorize`,
  );
  expect(outcome).toBe('refused');
});
