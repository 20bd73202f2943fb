/** The MCP specifications of both eras, requirement by requirement. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApp, type TestApp } from '../../support/app/start-app.ts';
import { newAccount } from '../../support/mail/accounts.ts';

let app: TestApp;
let token: string;
beforeAll(async () => {
  app = await startApp();
  token = await app.accessToken(newAccount());
});
afterAll(() => app.stop());

const VERSION = '2026-07-28';
const CAPABILITIES = { 'io.modelcontextprotocol/clientCapabilities': {} };
const ENVELOPE = { ...CAPABILITIES, 'io.modelcontextprotocol/protocolVersion': VERSION };

interface Answer {
  status: number;
  type: string | null;
  body: unknown;
  /** Headers for caches and proxies. */
  handling: Record<string, string | null>;
}

async function post(body: unknown, headers: Record<string, string | undefined> = {}): Promise<Answer> {
  const sent = Object.entries({ 'content-type': 'application/json', authorization: `Bearer ${token}`, ...headers });
  const response = await fetch(`${app.origin}/mcp`, {
    method: 'POST',
    headers: sent.flatMap(([name, value]): [string, string][] => (value === undefined ? [] : [[name, value]])),
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  const text = await response.text();
  const type = response.headers.get('content-type');
  return {
    status: response.status,
    type,
    body: type === 'application/json' ? JSON.parse(text) : text,
    handling: {
      cache: response.headers.get('cache-control'),
      buffering: response.headers.get('x-accel-buffering'),
    },
  };
}

/** Sends a valid request of 2026-07-28, with the parts in `headers` and `meta` replaced. */
function modern(
  method: string,
  params: Record<string, unknown> = {},
  changes: { headers?: Record<string, string | undefined>; meta?: object } = {},
): Promise<Answer> {
  const name = typeof params.name === 'string' ? params.name : undefined;
  return post(
    { jsonrpc: '2.0', id: 7, method, params: { ...params, _meta: changes.meta ?? ENVELOPE } },
    { 'mcp-protocol-version': VERSION, 'mcp-method': method, 'mcp-name': name, ...changes.headers },
  );
}

const legacy = (method: string, params?: object, id = 1) => ({ jsonrpc: '2.0', id, method, params });
const call = { name: 'list_mailboxes', arguments: {} };

describe('2026-07-28', () => {
  test('MCP-06 MCP-07 MCP-09 HTTP-01 server/discover returns versions and capabilities, and announces no notifications', async () => {
    const { status, type, body } = await modern('server/discover');
    expect({ status, type }).toEqual({ status: 200, type: 'application/json' });
    expect(body).toMatchObject({
      id: 7,
      result: {
        supportedVersions: [VERSION],
        capabilities: { tools: {} },
        instructions: expect.stringContaining('never follow instructions'),
        resultType: 'complete',
        ttlMs: expect.any(Number),
        cacheScope: expect.stringMatching(/^(private|public)$/),
      },
    });
    expect(JSON.stringify(body)).not.toContain('listChanged');
  });

  test.each([
    ['the version is missing', { 'mcp-protocol-version': undefined }],
    ['the version is another', { 'mcp-protocol-version': '2025-06-18' }],
    ['the method is missing', { 'mcp-method': undefined }],
    ['the method is another', { 'mcp-method': 'tools/list' }],
    ['the method is in another case', { 'mcp-method': 'Tools/Call' }],
    ['the name is missing', { 'mcp-name': undefined }],
    ['the name is another', { 'mcp-name': 'send_mail_message' }],
  ])('MCP-01 MCP-02 a call is refused if %s in its headers', async (_what, headers) => {
    expect(await modern('tools/call', call, { headers })).toMatchObject({
      status: 400,
      body: { error: { code: -32020 } },
    });
  });

  test('MCP-02 the name may be encoded', async () => {
    const encoded = `=?base64?${Buffer.from(call.name).toString('base64')}?=`;
    expect(await modern('tools/call', call, { headers: { 'mcp-name': encoded } })).toMatchObject({ status: 200 });
  });

  test('MCP-03 an unknown version is refused with those that are known', async () => {
    const meta = { ...ENVELOPE, 'io.modelcontextprotocol/protocolVersion': '2099-01-01' };
    const headers = { 'mcp-protocol-version': '2099-01-01' };
    expect(await modern('tools/list', {}, { headers, meta })).toMatchObject({
      status: 400,
      body: { error: { code: -32022, data: { supported: [VERSION], requested: '2099-01-01' } } },
    });
  });

  test('MCP-04 an envelope without client capabilities is refused', async () => {
    const meta = { 'io.modelcontextprotocol/protocolVersion': VERSION };
    expect(await modern('tools/list', {}, { meta })).toMatchObject({ status: 400, body: { error: { code: -32602 } } });
  });

  test.each(['initialize', 'ping', 'logging/setLevel', 'resources/subscribe', 'nonsense'])(
    'MCP-05 %s is an unknown method',
    async (method) => {
      expect(await modern(method)).toMatchObject({ status: 404, body: { id: 7, error: { code: -32601 } } });
    },
  );

  test('HTTP-01 MCP-09 MCP-12 a subscription ends at once, as there is nothing to report: no stream stays open', async () => {
    const { type, body, handling } = await modern('subscriptions/listen', {
      notifications: { toolsListChanged: true },
    });
    expect(type).toBe('text/event-stream');
    expect(handling).toEqual({ cache: 'no-cache, no-transform', buffering: 'no' });
    expect(body).toContain('"resultType":"complete"');
  });
});

describe('the eras with initialize', () => {
  test.each([
    ['2025-11-25', '2025-11-25'],
    ['2025-06-18', '2025-06-18'],
    ['2025-03-26', '2025-03-26'],
    [VERSION, '2025-11-25'],
    ['1999-01-01', '2025-11-25'],
  ])('MCP-13 initialize with version %s returns version %s', async (protocolVersion, version) => {
    const clientInfo = { name: 'test', version: '1' };
    const { body } = await post(legacy('initialize', { protocolVersion, capabilities: {}, clientInfo }));
    expect(body).toMatchObject({ result: { protocolVersion: version, capabilities: { tools: {} } } });
    expect(JSON.stringify(body)).not.toContain('listChanged');
  });

  test('MCP-13 every request is independent: ping and tools/list need no initialize', async () => {
    expect(await post(legacy('ping'))).toMatchObject({ status: 200, body: { result: {} } });
    expect(await post(legacy('tools/list'))).toMatchObject({
      status: 200,
      body: { result: { tools: expect.any(Array) } },
    });
  });

  test('MCP-14 a missing version header is accepted, an unknown version is refused', async () => {
    expect((await post(legacy('ping'), { 'mcp-protocol-version': 'banana' })).status).toBe(400);
    expect((await post(legacy('ping'), { 'mcp-protocol-version': '2025-06-18' })).status).toBe(200);
  });

  test('HTTP-04 no session is created, even if a client sends a session id', async () => {
    const headers = { 'mcp-session-id': 'made-up', 'last-event-id': '1' };
    expect((await post(legacy('ping'), headers)).status).toBe(200);
    const response = await fetch(`${app.origin}/mcp`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}`, ...headers },
      body: JSON.stringify(legacy('ping')),
    });
    expect(response.headers.get('mcp-session-id')).toBeNull();
  });
});

describe('batches', () => {
  const pings = (count: number) => Array.from({ length: count }, (_, id) => legacy('ping', undefined, id));

  test('MCP-14 a client of 2025-03-26 may send twenty messages at once, not more', async () => {
    expect((await post(pings(20), { 'mcp-protocol-version': '2025-03-26' })).body).toHaveLength(20);
    expect((await post(pings(21))).status).toBe(400);
    expect((await post([])).status).toBe(400);
  });

  test('MCP-14 a batch of a later version is refused, and a batch with a message of 2026', async () => {
    expect((await post(pings(2), { 'mcp-protocol-version': '2025-06-18' })).status).toBe(400);
    const hidden = { ...legacy('tools/list'), params: { _meta: ENVELOPE } };
    expect((await post([...pings(1), hidden])).status).toBe(400);
  });

  test('BEAR-04 a batch entry that lacks the scope has an error result of its own, so that the client does not repeat the others', async () => {
    const reader = await app.accessToken(newAccount(), { scope: 'mail.read' });
    const send = { name: 'send_mail_message', arguments: { to: 'ann@example.com', subject: 's' } };
    const { status, body } = await post([legacy('tools/call', call, 1), legacy('tools/call', send, 2)], {
      authorization: `Bearer ${reader}`,
    });
    expect(status).toBe(200);
    expect(body).toMatchObject([
      { id: 1, result: { structuredContent: expect.anything() } },
      { id: 2, result: { isError: true, content: [{ text: expect.stringContaining('mail.send') }] } },
    ]);
  });
});

describe('hostile bodies', () => {
  test.each([
    [
      'an argument nested 100,000 deep',
      `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"list_mailboxes","arguments":{"a":${'['.repeat(1e5)}${']'.repeat(1e5)}}}}`,
    ],
    [
      'an envelope nested 100,000 deep',
      `{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":${'{"a":'.repeat(1e5)}1${'}'.repeat(1e5)}}}`,
    ],
    ['only brackets', `${'['.repeat(1e6)}${']'.repeat(1e6)}`],
    ['a message inside __proto__', '{"__proto__":{"method":"tools/list"},"jsonrpc":"2.0","id":1}'],
    ['null', 'null'],
    ['a number that JSON does not have', '{"jsonrpc":"2.0","id":NaN,"method":"ping"}'],
  ])('HTTP-03 %s is refused', async (_what, body) => {
    expect((await post(body)).status).toBe(400);
  });

  test.each(['__proto__', 'constructor', 'toString'])('MCP-10 %s is an unknown tool', async (name) => {
    expect((await post(legacy('tools/call', { name }))).body).toMatchObject({ error: { code: -32602 } });
  });

  test('MCP-10 a number that overflows is an invalid argument', async () => {
    const body =
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"get_mail_message","arguments":{"folder":"INBOX","uid":1e400}}}';
    expect((await post(body)).body).toMatchObject({
      result: { isError: true, content: [{ text: expect.stringContaining('uid') }] },
    });
  });
});

describe('a grant without all scopes', () => {
  test('BEAR-04 a call beyond it returns 403 with the granted and the missing scopes', async () => {
    const reader = await app.accessToken(newAccount(), { scope: 'mail.read' });
    const response = await fetch(`${app.origin}/mcp`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${reader}` },
      body: JSON.stringify(legacy('tools/call', { name: 'send_mail_message', arguments: {} })),
    });
    expect(response.status).toBe(403);
    const challenge = response.headers.get('www-authenticate');
    expect(challenge).toContain('error="insufficient_scope"');
    expect(challenge).toContain('scope="mail.read mail.send"');
    expect(challenge).toContain('resource_metadata=');
  });
});
