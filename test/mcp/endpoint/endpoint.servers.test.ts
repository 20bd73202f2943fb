/** POST /mcp over HTTP: both protocol eras, both paths, and requests that are refused. */
import { request } from 'node:http';
import { Client as SdkOneClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as SdkOneTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { startApp, type TestApp } from '../../support/app/start-app.ts';
import { newAccount } from '../../support/mail/accounts.ts';
import { message } from '../../support/mail/build-message.ts';
import { appendMessages } from '../../support/mail/mailboxes.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.stop());

const account = newAccount();
let token: string;
beforeAll(async () => {
  await appendMessages(account, { INBOX: [message({ subject: 'Hello' })] });
  token = await app.accessToken(account);
});

function post(body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${app.origin}/mcp`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      authorization: `Bearer ${token}`,
      ...headers,
    },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}

const Answer = z.object({
  result: z.looseObject({
    content: z.array(z.object({ text: z.string() })).default([]),
    structuredContent: z.unknown().optional(),
    isError: z.boolean().optional(),
    tools: z.array(z.unknown()).optional(),
  }),
});

/** The JSON-RPC result in a response. */
const resultOf = async (response: Promise<Response>) => Answer.parse(await (await response).json()).result;

const call = (name: string, args: object, id = 1) => ({
  jsonrpc: '2.0',
  id,
  method: 'tools/call',
  params: { name, arguments: args },
});
const modern = (method: string, params: object = {}) => ({
  jsonrpc: '2.0',
  id: 1,
  method,
  params: {
    ...params,
    _meta: {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientCapabilities': {},
      'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1' },
    },
  },
});

describe('POST /mcp, both eras', () => {
  test.each([
    ['auto', '2026-07-28'],
    ['legacy', '2025-11-25'],
  ] as const)('the official client in mode %s speaks %s and reads mail', async (era, version) => {
    await using assistant = await app.assistant(account, { era });
    expect(assistant.client.getNegotiatedProtocolVersion()).toBe(version);
    expect((await assistant.client.listTools()).tools).toHaveLength(11);
    expect(await assistant.call('list_mail_messages', {})).toMatchObject({
      total: 1,
      messages: [{ subject: 'Hello' }],
    });
  });

  test('the client of the 1.x SDK reads mail too', async () => {
    const client = new SdkOneClient({ name: 'old', version: '1.0.0' });
    const requestInit = { headers: { authorization: `Bearer ${token}` } };
    await client.connect(new SdkOneTransport(new URL(`${app.origin}/mcp`), { requestInit }));
    const result = await client.callTool({ name: 'list_mail_messages', arguments: {} });
    expect(result.structuredContent).toMatchObject({ total: 1 });
    await client.close();
  });

  test('the client of the 1.x SDK, which validates results, accepts every shape of rows and messages', async () => {
    const rich = newAccount();
    const { INBOX } = await appendMessages(rich, {
      INBOX: [
        message({ raw: 'X-Nothing: at all\n\n' }),
        message({
          ...{ sender: 'office@example.test', replyTo: 'b@example.test', cc: 'c@example.test', bcc: 'd@example.test' },
          ...{ html: '<p>Hello</p>', references: ['<a@b>'], inReplyTo: '<a@b>', flags: ['\\Flagged'] },
          attachments: [{ filename: 'a.txt', content: 'x' }],
          headers: { 'List-Id': 'a.b' },
        }),
      ],
    });
    const client = new SdkOneClient({ name: 'old', version: '1.0.0' });
    const requestInit = { headers: { authorization: `Bearer ${await app.accessToken(rich)}` } };
    await client.connect(new SdkOneTransport(new URL(`${app.origin}/mcp`), { requestInit }));
    // The client compiles the output schemas of this list.
    await client.listTools();
    const rows = { preview: 50, links: true };
    for (const [name, args] of [
      ['list_mail_messages', rows],
      ['list_mail_messages', { page: 7 }],
      ['list_mail_messages', { per_page: 1 }],
      ['search_mail_messages', { query: 'ALL', ...rows }],
      ['search_mail_messages', { query: 'ALL', with_envelopes: false }],
      ['search_mail_messages', { query: 'SUBJECT nothing' }],
      ...INBOX.flatMap((uid) =>
        ['text', 'html', 'both'].map((body_format) => ['get_mail_message', { folder: 'inbox', uid, body_format }]),
      ),
    ] as [string, Record<string, unknown>][]) {
      const result = await client.callTool({ name, arguments: args });
      expect(result, `${name} ${JSON.stringify(args)}`).toMatchObject({ structuredContent: expect.anything() });
      expect(result.isError).toBeFalsy();
    }
    await client.close();
  });

  test('the text of a result is its structured content as compact JSON', async () => {
    const { content, structuredContent } = await resultOf(post(call('list_mailboxes', {})));
    expect(structuredContent).toBeTypeOf('object');
    expect(content.map(({ text }) => text)).toEqual([JSON.stringify(structuredContent)]);
  });

  test('both eras list the same tools, byte for byte', async () => {
    const old = await resultOf(post({ jsonrpc: '2.0', id: 1, method: 'tools/list' }));
    const headers = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/list' };
    const now = await resultOf(post(modern('tools/list'), headers));
    expect(JSON.stringify(now.tools)).toBe(JSON.stringify(old.tools));
    expect(now).toMatchObject({ resultType: 'complete', cacheScope: 'private' });
  });

  const fastPathRequests: [method: string, params: Record<string, unknown>][] = [
    ['tools/list', {}],
    ['tools/call', { name: 'list_mail_messages', arguments: {} }],
    ['tools/call', { name: 'list_mail_messages' }],
    ['tools/call', { name: 'list_mail_messages', arguments: { folder: 'Nowhere' } }],
    ['tools/call', { name: 'list_mail_messages', arguments: { page: 'one' } }],
    ['tools/call', { name: 'no_such_tool', arguments: {} }],
  ];
  /** Status, body, and the headers that do not differ from response to response. */
  const whole = async (sent: Promise<Response>) => {
    const response = await sent;
    const headers = [...response.headers].filter(([name]) => !['date', 'x-request-id'].includes(name));
    return [response.status, Object.fromEntries(headers), await response.text()];
  };

  test.each(fastPathRequests)(
    'on the fast path %s of 2025 is answered as through the SDK, byte for byte: %j',
    async (method, params) => {
      const body = { jsonrpc: '2.0', id: 'x"1', method, params };
      // A header of the other era sends a request through the SDK.
      const [plain, full] = await Promise.all([whole(post(body)), whole(post(body, { 'mcp-method': method }))]);
      expect(plain).toEqual(full);
    },
  );

  test.each(fastPathRequests)(
    'on the fast path %s of 2026 is answered as through the SDK, byte for byte: %j',
    async (method, params) => {
      const body = modern(method, params);
      const name = typeof params.name === 'string' ? { 'mcp-name': params.name } : {};
      const headers = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': method, ...name };
      const logLevel = { 'io.modelcontextprotocol/logLevel': 'error' };
      const special = { ...body, params: { ...body.params, _meta: { ...body.params._meta, ...logLevel } } };
      const [plain, full] = await Promise.all([whole(post(body, headers)), whole(post(special, headers))]);
      expect(plain).toEqual(full);
    },
  );

  test.each([['application/json'], ['*/*'], ['text/event-stream']])(
    'HTTP-01 HTTP-02 a client that accepts only %s gets JSON',
    async (accept) => {
      const response = await post(call('list_mailboxes', {}), { accept });
      expect(response.status).toBe(200);
      expect(response.headers.get('content-type')).toBe('application/json');
    },
  );

  test('a notification is answered with 202 and an empty body', async () => {
    const response = await post({ jsonrpc: '2.0', method: 'notifications/initialized' });
    expect({ status: response.status, body: await response.text() }).toEqual({ status: 202, body: '' });
  });

  test('/mcp/ is the same endpoint, without a redirect (PRM-03)', async () => {
    const response = await fetch(`${app.origin}/mcp/`, {
      method: 'POST',
      redirect: 'manual',
      headers: { 'content-type': 'application/json', accept: 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify(call('list_mailboxes', {})),
    });
    expect(response.status).toBe(200);
  });
});

describe('a request that is refused', () => {
  test.each([['GET'], ['DELETE']])('%s with a token returns 405 and allows POST (HTTP-04)', async (method) => {
    const response = await fetch(`${app.origin}/mcp`, { method, headers: { authorization: `Bearer ${token}` } });
    expect({ status: response.status, allow: response.headers.get('allow') }).toEqual({ status: 405, allow: 'POST' });
  });

  test.each([['GET'], ['POST'], ['DELETE']])(
    '%s without a token returns 401 and the URL of the resource metadata (BEAR-01, BEAR-02)',
    async (method) => {
      const response = await fetch(`${app.origin}/mcp`, { method });
      expect(response.status).toBe(401);
      expect(response.headers.get('www-authenticate')).toContain(
        `resource_metadata="${app.origin}/.well-known/oauth-protected-resource/mcp"`,
      );
    },
  );

  test('a body that is not JSON is a parse error', async () => {
    const response = await post('{"jsonrpc":');
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ jsonrpc: '2.0', error: { code: -32700 } });
  });

  test('a body of another media type is refused', async () => {
    expect((await post('a=b', { 'content-type': 'text/plain' })).status).toBe(415);
  });

  test('a body larger than the limit is refused', async () => {
    const response = await post(JSON.stringify(call('list_mailboxes', { x: 'x'.repeat(13 * 1024 * 1024) })));
    expect(response.status).toBe(413);
  });

  test('an unknown tool is an invalid parameter (MCP-10)', async () => {
    expect(await (await post(call('read_minds', {}))).json()).toMatchObject({ error: { code: -32602 } });
  });

  test('wrong arguments are a tool error that names the parameter (MCP-10)', async () => {
    const { isError, content } = await resultOf(post(call('get_mail_message', { folder: 'INBOX', uid: 'first' })));
    expect({ isError, text: content[0]?.text }).toEqual({ isError: true, text: expect.stringContaining('uid') });
  });

  test('a message without a version in its envelope is refused (MCP-04)', async () => {
    const response = await post(
      {
        jsonrpc: '2.0',
        id: 1,
        method: 'tools/list',
        params: { _meta: { 'io.modelcontextprotocol/clientCapabilities': {} } },
      },
      { 'mcp-protocol-version': '2026-07-28' },
    );
    expect(response.status).toBe(400);
  });

  test.each([['https://evil.example'], ['null']])(
    'a page from %s is refused, before anything else is checked (HOST-01)',
    async (origin) => {
      expect((await post(call('list_mailboxes', {}), { origin, authorization: '' })).status).toBe(403);
    },
  );

  test.each([
    ['evil.example', 421],
    ['localhost.evil.example', 421],
    ['localhost', 401],
    ['LOCALHOST:%p', 401],
    ['127.0.0.1:%p', 401],
  ])('HOST-02 a host name rebound to this server is refused: Host %s returns %i', async (host, status) => {
    const options = { method: 'POST', headers: { host: host.replace('%p', String(app.port)) } };
    const answered = await new Promise((resolve, reject) => {
      request(`${app.origin}/mcp`, options, (response) => resolve(response.resume().statusCode))
        .on('error', reject)
        .end();
    });
    expect(answered).toBe(status);
  });

  test('a page on this machine may call a local server, and its preflight is allowed (HOST-01, CORS-01)', async () => {
    const origin = 'http://localhost:6274';
    expect((await post(call('list_mailboxes', {}), { origin })).headers.get('access-control-allow-origin')).toBe('*');
    const preflight = await fetch(`${app.origin}/mcp`, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-headers')?.toLowerCase()).toContain('authorization');
  });
});
