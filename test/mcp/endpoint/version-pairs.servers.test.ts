/** Requests whose version header disagrees with the version in the body. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApp, type TestApp } from '../../support/app/start-app.ts';
import { newAccount } from '../../support/mail/accounts.ts';

const OLD = '2025-11-25';
const NEW = '2026-07-28';

const envelope = (version: string = NEW) => ({
  'io.modelcontextprotocol/protocolVersion': version,
  'io.modelcontextprotocol/clientCapabilities': {},
});

interface Sent {
  /** MCP-Protocol-Version; undefined sends none. */
  header?: string | undefined;
  headers?: Record<string, string>;
  method?: string;
  params?: object;
  /** A notification has none. */
  id?: number | undefined;
}

const call = { name: 'list_mailboxes', arguments: {} };

/** Sends a call of a tool, unless `sent` says otherwise. */
async function send(app: TestApp, sent: Sent) {
  const { method = 'tools/call', params = call, id = 1 } = sent;
  const response = await fetch(`${app.origin}/mcp`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      ...(sent.header !== undefined && { 'mcp-protocol-version': sent.header }),
      ...sent.headers,
    },
    body: JSON.stringify({ jsonrpc: '2.0', ...(!('id' in sent && sent.id === undefined) && { id }), method, params }),
  });
  const text = await response.text();
  return { status: response.status, body: text === '' ? '' : JSON.parse(text) };
}

const refused = { status: 400, body: { error: { code: expect.any(Number) } } };
const structuredContent = { mailboxes: expect.any(Array) };
const MODERN_HEADERS = { 'mcp-method': 'tools/call', 'mcp-name': call.name };
const modernCall = (meta: object = envelope()) => ({ ...call, _meta: meta });

let app: TestApp;
let replica: TestApp;
let strict: TestApp;
let strictByEarlierName: TestApp;
let token: string;
beforeAll(async () => {
  app = await startApp();
  token = await app.accessToken(newAccount());
  replica = await app.replica({ TOLERATE_VERSION_MISMATCH: 'true' });
  strict = await app.replica({ STRICT_VERSIONS: 'true', TOLERATE_VERSION_MISMATCH: 'true' });
  strictByEarlierName = await app.replica({ TOLERATE_VERSION_MISMATCH: 'false' });
});
afterAll(() => Promise.all([app, replica, strict, strictByEarlierName].map((each) => each.stop())));

const warnings = ({ logged }: TestApp) => logged().match(/disagrees with the version in the body/g) ?? [];

describe('the header of 2025-11-25 with a complete envelope of 2026-07-28', () => {
  test.each<[string, Sent]>([
    ['a call with the headers of 2026', { params: modernCall(), headers: MODERN_HEADERS }],
    ['a call without the other headers of 2026', { params: modernCall() }],
    [
      'a call from a client that names itself',
      { params: modernCall({ ...envelope(), 'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1' } }) },
    ],
    [
      'a call that the SDK answers',
      { params: modernCall({ ...envelope(), 'io.modelcontextprotocol/logLevel': 'error' }) },
    ],
  ])('MCP-15 %s is served on two replicas, as a result of 2026', async (_, sent) => {
    for (const server of [app, replica]) {
      expect(await send(server, { header: OLD, ...sent })).toMatchObject({
        status: 200,
        body: { result: { structuredContent, resultType: 'complete' } },
      });
    }
  });

  test('MCP-15 the list of tools and server/discover are served, and a notification is accepted', async () => {
    const params = { _meta: envelope() };
    expect(await send(app, { header: OLD, method: 'tools/list', params })).toMatchObject({
      body: { result: { tools: expect.any(Array), ttlMs: 0 } },
    });
    expect(await send(app, { header: OLD, method: 'server/discover', params })).toMatchObject({
      body: { result: { supportedVersions: [NEW] } },
    });
    const cancelled = { method: 'notifications/cancelled', params: { ...params, requestId: 1 }, id: undefined };
    expect(await send(app, { header: OLD, ...cancelled })).toMatchObject({ status: 202 });
  });

  test.each<[string, Sent]>([
    ['another header', { header: '2025-06-18' }],
    ['no header', { header: undefined }],
    ['a header of two values', { header: `${OLD}, ${NEW}` }],
    ['an envelope of an unknown version', { params: modernCall(envelope('2099-01-01')) }],
    ['an envelope without capabilities', { params: modernCall({ 'io.modelcontextprotocol/protocolVersion': NEW }) }],
    ['another method in its header', { headers: { ...MODERN_HEADERS, 'mcp-method': 'tools/list' } }],
    ['another name in its header', { headers: { ...MODERN_HEADERS, 'mcp-name': 'other' } }],
  ])('MCP-02 MCP-04 a call with %s is refused all the same', async (_, sent) => {
    expect(await send(app, { header: OLD, params: modernCall(), headers: MODERN_HEADERS, ...sent })).toMatchObject(
      refused,
    );
  });
});

describe('the header of 2026-07-28 with a body that has no envelope', () => {
  test.each<[string, Sent]>([
    ['a call', {}],
    ['a call with a progress token', { params: { ...call, _meta: { progressToken: 1 } } }],
    ['a call with the headers of 2026', { headers: MODERN_HEADERS }],
    ['a call that the SDK answers', { params: { ...call, task: {} } }],
  ])('MCP-15 %s is served on two replicas, as a result of 2025', async (_, sent) => {
    for (const server of [app, replica]) {
      const { status, body } = await send(server, { header: NEW, ...sent });
      expect({ status, body }).toMatchObject({ status: 200, body: { result: { structuredContent } } });
      expect(Object.keys(body.result)).toEqual(['content', 'structuredContent']);
    }
  });

  test('MCP-15 the list of tools and ping are served, and a notification is accepted', async () => {
    const list = await send(app, { header: NEW, method: 'tools/list', params: {} });
    expect(Object.keys(list.body.result)).toEqual(['tools']);
    expect(await send(app, { header: NEW, method: 'ping', params: {} })).toMatchObject({
      status: 200,
      body: { result: {} },
    });
    const initialized = { method: 'notifications/initialized', params: {}, id: undefined };
    expect(await send(app, { header: NEW, ...initialized })).toMatchObject({ status: 202 });
  });

  test.each<[string, Sent]>([
    ['initialize', { method: 'initialize', params: { protocolVersion: OLD, capabilities: {} } }],
    ['server/discover', { method: 'server/discover', params: {} }],
    ['a method outside of tools', { method: 'resources/list', params: {} }],
    ['capabilities and no version', { params: modernCall({ 'io.modelcontextprotocol/clientCapabilities': {} }) }],
    ['a log level and no version', { params: modernCall({ 'io.modelcontextprotocol/logLevel': 'error' }) }],
    ['an envelope of 2025-11-25', { params: modernCall(envelope(OLD)) }],
    ['an unknown version in the header', { header: '2026-07-29' }],
    ['two versions in the header', { header: `${NEW}, ${NEW}` }],
    ['another method in its header', { headers: { 'mcp-method': 'tools/list' } }],
    ['another name in its header', { headers: { 'mcp-name': 'send_mail_message' } }],
  ])('MCP-02 MCP-04 a request with %s is refused all the same', async (_, sent) => {
    expect(await send(app, { header: NEW, ...sent })).toMatchObject(refused);
  });
});

describe('the settings', () => {
  test('MCP-15 STRICT_VERSIONS=true and TOLERATE_VERSION_MISMATCH=false refuse both pairs', async () => {
    for (const server of [strict, strictByEarlierName]) {
      const first = await send(server, { header: OLD, params: modernCall(), headers: MODERN_HEADERS });
      expect(first).toMatchObject({ status: 400, body: { error: { code: -32020 } } });
      expect(await send(server, { header: NEW })).toMatchObject({ status: 400, body: { error: { code: -32602 } } });
      expect(await send(server, { header: OLD })).toMatchObject({ status: 200 });
      expect(await send(server, { header: NEW, params: modernCall(), headers: MODERN_HEADERS })).toMatchObject({
        status: 200,
      });
      expect(warnings(server)).toEqual([]);
    }
  });

  test('MCP-15 the defect of a client is logged once on each replica, with the client and without its request', async () => {
    await using quiet = await app.replica();
    await send(quiet, { header: OLD });
    expect(warnings(quiet)).toEqual([]);
    for (const sent of [{ header: OLD, params: modernCall() }, { header: NEW }, { header: NEW }]) {
      await send(quiet, sent);
    }
    expect(warnings(quiet)).toHaveLength(1);
    token = await app.accessToken(newAccount());
    await send(quiet, { header: NEW });
    expect(warnings(quiet)).toHaveLength(2);
  });
});
