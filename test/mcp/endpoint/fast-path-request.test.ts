/** Tests which requests are on the fast path, and which go through the SDK. */
import { describe, expect, test } from 'vitest';
import { readFastPathRequest } from '../../../src/mcp/endpoint/fast-path-request.ts';

const call = (more: object = {}, params: object = {}) => ({
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: { name: 'list_mailboxes', arguments: {}, ...params },
  ...more,
});
const ENVELOPE = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientCapabilities': { elicitation: {} },
  'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1' },
};
const modern = (meta: object = {}, params: object = {}) => call({}, { _meta: { ...ENVELOPE, ...meta }, ...params });
const HEADERS = {
  'mcp-protocol-version': '2026-07-28',
  'mcp-method': 'tools/call',
  'mcp-name': 'list_mailboxes',
};

describe('a request of the 2025 era', () => {
  test.each([
    ['a call', call()],
    ['a call without arguments', { ...call(), params: { name: 'list_mailboxes' } }],
    ['a call with `_meta` of the client', call({}, { _meta: { progressToken: 7, 'client/toolUseId': 'a' } })],
    ['a list', { jsonrpc: '2.0', id: 'a', method: 'tools/list' }],
    ['a list with empty parameters', { jsonrpc: '2.0', id: 'a', method: 'tools/list', params: {} }],
  ])('%s is on the fast path', (_what, body) => {
    expect(readFastPathRequest(body, {})).toMatchObject({ era: '2025' });
    expect(readFastPathRequest(body, { 'mcp-protocol-version': '2025-11-25' })).toMatchObject({ era: '2025' });
  });

  test.each([
    ['another method', { jsonrpc: '2.0', id: 1, method: 'ping' }],
    ['a notification', { jsonrpc: '2.0', method: 'tools/list' }],
    ['an id that is null', call({ id: null })],
    ['an id that is not an integer', call({ id: 1.5 })],
    ['another version of JSON-RPC', call({ jsonrpc: '1.0' })],
    ['an unknown member', call({ more: 1 })],
    ['an unknown parameter', call({}, { task: {} })],
    ['a page of the list', { jsonrpc: '2.0', id: 1, method: 'tools/list', params: { cursor: 'a' } }],
    ['arguments that are a list', call({}, { arguments: [] })],
    ['a reserved key in `_meta`', call({}, { _meta: { 'io.modelcontextprotocol/related-task': {} } })],
    ['an envelope of the 2026 era', modern()],
    ['a batch', [call()]],
    ['nothing', undefined],
  ])('%s goes through the SDK', (_what, body) => {
    expect(readFastPathRequest(body, {})).toBeUndefined();
  });

  test.each([
    ['mcp-protocol-version', '2024-11-05'],
    ['mcp-method', 'tools/call'],
    ['mcp-name', 'list_mailboxes'],
  ])('a header %s: %s sends it through the SDK', (name, value) => {
    expect(readFastPathRequest(call(), { [name]: value })).toBeUndefined();
  });
});

describe('a request of 2026-07-28', () => {
  test('a call whose headers agree with its body is on the fast path', () => {
    expect(readFastPathRequest(modern(), HEADERS)).toMatchObject({ era: '2026', params: { name: 'list_mailboxes' } });
    expect(readFastPathRequest(modern({ traceparent: '00-1-2-01' }), HEADERS)).toMatchObject({ era: '2026' });
  });

  test.each([
    ['mcp-method', undefined],
    ['mcp-method', 'tools/list'],
    ['mcp-method', 'Tools/Call'],
    ['mcp-name', undefined],
    ['mcp-name', 'List_Mailboxes'],
    ['mcp-name', '=?base64?bGlzdF9tYWlsYm94ZXM=?='],
    ['mcp-protocol-version', undefined],
    ['mcp-protocol-version', '2025-11-25'],
    ['mcp-protocol-version', '2099-01-01'],
  ])('MCP-02 MCP-03 a header %s: %s sends it through the SDK', (name, value) => {
    expect(readFastPathRequest(modern(), { ...HEADERS, [name]: value })).toBeUndefined();
  });

  test('MCP-02 a list with a name in its headers goes through the SDK', () => {
    const list = { jsonrpc: '2.0', id: 1, method: 'tools/list', params: { _meta: ENVELOPE } };
    const { 'mcp-name': _, ...headers } = { ...HEADERS, 'mcp-method': 'tools/list' };
    expect(readFastPathRequest(list, headers)).toMatchObject({ era: '2026' });
    expect(readFastPathRequest(list, { ...headers, 'mcp-name': 'x' })).toBeUndefined();
  });

  test.each([
    ['no envelope', call()],
    ['another version', modern({ 'io.modelcontextprotocol/protocolVersion': '2025-11-25' })],
    ['no version', modern({ 'io.modelcontextprotocol/protocolVersion': undefined })],
    ['no capabilities', modern({ 'io.modelcontextprotocol/clientCapabilities': undefined })],
    ['capabilities of the wrong shape', modern({ 'io.modelcontextprotocol/clientCapabilities': { sampling: 1 } })],
    ['a client without a name', modern({ 'io.modelcontextprotocol/clientInfo': { version: '1' } })],
    ['a request for log messages', modern({ 'io.modelcontextprotocol/logLevel': 'debug' })],
    ['responses to input requests', modern({}, { inputResponses: {} })],
  ])('MCP-04 %s goes through the SDK', (_what, body) => {
    expect(readFastPathRequest(body, HEADERS)).toBeUndefined();
  });
});
