/** Tests messages that differ a little from the specification: what is served all the same, and that every other one has a short error. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type McpApp, startMcpApp } from '../../support/app/mcp-app.ts';

let app: McpApp;
let token: string;
beforeAll(async () => {
  app = await startMcpApp();
  token = await app.token();
});
afterAll(() => app[Symbol.asyncDispose]());

async function send(body: unknown, headers: Record<string, string> = {}) {
  const response = await app.post(typeof body === 'string' ? body : JSON.stringify(body), { token, headers });
  const text = await response.text();
  return { status: response.status, text, body: text === '' ? '' : JSON.parse(text) };
}

const request = (method: string, params?: unknown) => ({ jsonrpc: '2.0', id: 1, method, params });
const initialize = (params: object) =>
  request('initialize', {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'a', version: '1' },
    ...params,
  });
const envelope = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientCapabilities': {},
};
const MODERN = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/list' };

describe('null and the empty list count as absent', () => {
  test.each([
    ['tools/list', []],
    ['tools/list', null],
    ['tools/list', ''],
    ['tools/list', { cursor: null }],
    ['tools/list', { cursor: '' }],
    ['tools/list', { cursor: [] }],
    ['tools/list', { _meta: null }],
    ['tools/list', { _meta: [] }],
    ['tools/list', { _meta: { progressToken: null } }],
    ['tools/list', { cursor: null, _meta: null, task: null }],
    ['ping', []],
    ['ping', null],
    ['ping', { _meta: null }],
  ])('in %s with the parameters %j', async (method, params) => {
    expect(await send(request(method, params))).toMatchObject({ status: 200, body: { id: 1, result: {} } });
  });

  test.each([[null], [[]], [''], [undefined], ['{}'], [{}]])('in a call with the arguments %j', async (args) => {
    // The tool says that its parameters are missing: it was called without any.
    const { body } = await send(request('tools/call', { name: 'get_mail_message', arguments: args, _meta: null }));
    expect(body.result.content[0].text).toMatch(/folder: is missing.*uid: is missing/);
  });

  test('the arguments of a call may be JSON text', async () => {
    const { body } = await send(request('tools/call', { name: 'get_mail_message', arguments: '{"folder":"INBOX"}' }));
    expect(body.result.content[0].text).toMatch(/^Wrong arguments for get_mail_message: uid: is missing/);
  });

  test.each([[{ capabilities: [] }], [{ capabilities: null }], [{ _meta: null }]])(
    'in initialize with %j',
    async (params) => {
      expect(await send(initialize(params))).toMatchObject({ body: { result: { protocolVersion: '2025-11-25' } } });
    },
  );

  test('in the 2026 era, except for the members of an envelope that are required', async () => {
    const list = (meta: object) => request('tools/list', { cursor: null, _meta: { ...envelope, ...meta } });
    const good = { progressToken: null, 'io.modelcontextprotocol/clientInfo': null };
    expect(await send(list(good), MODERN)).toMatchObject({ status: 200, body: { result: { resultType: 'complete' } } });
    const incomplete = { 'io.modelcontextprotocol/clientCapabilities': null };
    expect(await send(list(incomplete), MODERN)).toMatchObject({ status: 400, body: { error: { code: -32602 } } });
  });

  test('in notifications', async () => {
    for (const params of [null, [], {}, undefined]) {
      const notification = { jsonrpc: '2.0', method: 'notifications/initialized', params };
      expect(await send(notification)).toMatchObject({ status: 202, text: '' });
    }
  });
});

describe('a malformed message has a short error', () => {
  test.each([
    [initialize({ clientInfo: undefined }), 'params.clientInfo is missing: an object with name and version.'],
    [initialize({ clientInfo: null }), 'params.clientInfo is missing: an object with name and version.'],
    [initialize({ clientInfo: { name: 'a' } }), 'params.clientInfo must be an object with name and version.'],
    [initialize({ protocolVersion: 5 }), 'params.protocolVersion must be a version such as "2025-11-25".'],
    [initialize({ capabilities: 'all' }), 'params.capabilities must be an object, which may be empty.'],
    [request('initialize'), 'params.protocolVersion is missing: a version such as "2025-11-25".'],
    [request('tools/list', { cursor: 5 }), 'params.cursor must be a text, or left out.'],
    [request('tools/call'), 'params.name is missing: the name of a tool, as tools/list returns it.'],
    [request('tools/call', { name: 5 }), 'params.name must be the name of a tool, as tools/list returns it.'],
    [
      request('tools/call', { name: 'list_mailboxes', arguments: 5 }),
      'params.arguments must be an object with the parameters of the tool by name.',
    ],
    [
      request('tools/call', { name: 'list_mailboxes', arguments: ['INBOX'] }),
      'params.arguments must be an object with the parameters of the tool by name.',
    ],
    [
      request('tools/call', { name: 'list_mailboxes', arguments: 'INBOX' }),
      'params.arguments must be an object with the parameters of the tool by name.',
    ],
  ])('%j: %s', async (body, message) => {
    expect((await send(body)).body).toEqual({ jsonrpc: '2.0', id: 1, error: { code: -32602, message } });
  });

  test.each([
    ['{}'],
    ['[1]'],
    ['[]'],
    ['5'],
    ['"ping"'],
    ['null'],
    ['true'],
    ['{"jsonrpc":"2.0","id":1}'],
    ['{"id":1,"method":"ping"}'],
    ['{"jsonrpc":"1.0","id":1,"method":"ping"}'],
    ['{"jsonrpc":"2.0","id":null,"method":"ping"}'],
    ['{"jsonrpc":"2.0","id":{},"method":"ping"}'],
    ['{"jsonrpc":"2.0","id":1,"method":5}'],
    ['{"jsonrpc":"2.0","id":1,"method":"ping","params":"a"}'],
    ['{"jsonrpc":"2.0","id":1,"method":"ping","params":[1]}'],
    ['[{"jsonrpc":"2.0","id":1,"method":"ping"},{}]'],
    ['{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"progressToken":{}}}}'],
  ])('%s', async (body) => {
    const answer = await send(body);
    expect(answer).toMatchObject({ status: 400, body: { error: { code: expect.any(Number) } } });
    expect(answer.text.length).toBeLessThan(300);
  });

  test('in a batch, and the other entries are answered', async () => {
    const answer = await send([{ ...request('ping'), id: 2 }, request('tools/list', { cursor: 5 })]);
    expect(answer.body).toEqual(
      expect.arrayContaining([
        { jsonrpc: '2.0', id: 2, result: {} },
        { jsonrpc: '2.0', id: 1, error: { code: -32602, message: 'params.cursor must be a text, or left out.' } },
      ]),
    );
  });

  test('in the 2026 era, after its headers have been checked', async () => {
    const params = { name: 'list_mailboxes', arguments: 5, _meta: envelope };
    const headers = { ...MODERN, 'mcp-method': 'tools/call', 'mcp-name': 'list_mailboxes' };
    expect((await send(request('tools/call', params), headers)).body.error).toMatchObject({
      code: -32602,
      message: expect.stringMatching(/^params\.arguments must be an object/),
    });
    const other = { ...headers, 'mcp-name': 'other' };
    expect(await send(request('tools/call', params), other)).toMatchObject({
      status: 400,
      body: { error: { code: -32020 } },
    });
  });

  test.each([
    ['[', ']'],
    ['{"a":', '}'],
  ])('JSON text in arguments that is nested deep with %s', async (open, close) => {
    const deep = `${open.repeat(9000)}1${close.repeat(9000)}`;
    for (const args of [{ add: deep, remove: deep }, `{"add":${deep}}`]) {
      const call = request('tools/call', { name: 'update_mail_message_flags', arguments: args });
      const { status, text } = await send(call);
      expect({ status, isShort: text.length < 1000 }).toEqual({ status: 200, isShort: true });
      expect(text).not.toContain('Internal error');
    }
  });
});

describe('requests of the other era', () => {
  test.each([[{}], [{ 'mcp-protocol-version': '2025-11-25' }], [{ 'mcp-protocol-version': '2025-06-18' }]])(
    'MCP-06 server/discover without an envelope, with the headers %j, is an unknown method, after which clients initialize',
    async (headers) => {
      expect(await send(request('server/discover', {}), headers)).toMatchObject({
        status: 200,
        body: { id: 1, error: { code: -32601 } },
      });
    },
  );

  test('MCP-05 initialize with an envelope is an unknown method', async () => {
    const body = initialize({ _meta: envelope });
    const headers = { ...MODERN, 'mcp-method': 'initialize' };
    expect(await send(body, headers)).toMatchObject({ status: 404, body: { error: { code: -32601 } } });
  });

  test('MCP-13 initialize with the version 2026-07-28 agrees on the last version that has it', async () => {
    const { body } = await send(initialize({ protocolVersion: '2026-07-28' }));
    expect(body.result.protocolVersion).toBe('2025-11-25');
  });

  test.each([['2025-06-18'], ['2025-11-25'], ['2026-07-28']])(
    'MCP-14 a batch of version %s is refused',
    async (version) => {
      const answer = await send([request('ping'), request('ping')], { 'mcp-protocol-version': version });
      expect(answer).toMatchObject({ status: 400, body: { error: { code: -32600 } } });
    },
  );

  test('MCP-14 a batch without a version is answered, and one with a message of 2026 is refused', async () => {
    expect((await send([request('ping'), { ...request('ping'), id: 2 }])).body).toHaveLength(2);
    const mixed = [request('ping'), request('tools/list', { _meta: envelope })];
    expect(await send(mixed)).toMatchObject({ status: 400, body: { error: { code: -32600 } } });
  });

  test.each([
    ['GET', {}],
    ['GET', { accept: 'text/event-stream' }],
    ['GET', { accept: 'text/event-stream', 'mcp-protocol-version': '2026-07-28', 'last-event-id': '1' }],
    ['DELETE', { 'mcp-session-id': 'made-up' }],
    ['PUT', {}],
  ])('HTTP-04 %s with the headers %j is 405 and allows POST', async (method, headers) => {
    const response = await app.fetch('/mcp', { method, headers: { ...headers, authorization: `Bearer ${token}` } });
    expect({ status: response.status, allow: response.headers.get('allow') }).toEqual({ status: 405, allow: 'POST' });
  });
});
