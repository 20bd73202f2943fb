/** The requests of known clients at `/mcp`, from their first one to a tool call, with the headers that they send. */
import { expect } from 'vitest';
import { z } from 'zod';
import type { Headers, Reply, Send } from './wire.ts';

interface Connection {
  url: string;
  token: string;
  send: Send;
}

/** @returns the paths of the mailboxes that `list_mailboxes` returns */
export type Conversation = (connection: Connection) => Promise<string[]>;

const bothTypes = { accept: 'application/json, text/event-stream' };
const clientInfo = { name: 'client', version: '1.0.0' };

const Mailboxes = z.object({
  result: z.object({ structuredContent: z.object({ mailboxes: z.array(z.object({ path: z.string() })) }) }),
});

function post({ url, token, send }: Connection, body: object, headers: Headers = {}): Promise<Reply> {
  const standard = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
  return send('POST', url, { ...standard, ...headers }, JSON.stringify({ jsonrpc: '2.0', ...body }));
}

/** Parses a JSON answer. Hosted Claude ignores answers of other media types. */
function answer(reply: Reply): unknown {
  expect(reply.status, reply.body).toBe(200);
  expect(reply.headers['content-type']).toBe('application/json');
  return JSON.parse(reply.body);
}

const mailboxesOf = (reply: Reply): string[] =>
  Mailboxes.parse(answer(reply)).result.structuredContent.mailboxes.map(({ path }) => path);

const call = { method: 'tools/call', params: { name: 'list_mailboxes', arguments: {} } };

async function initialize(
  connection: Connection,
  protocolVersion = '2025-11-25',
  headers: Headers = {},
): Promise<void> {
  const params = { protocolVersion, capabilities: {}, clientInfo };
  const reply = await post(connection, { id: 0, method: 'initialize', params }, { ...bothTypes, ...headers });
  expect(answer(reply)).toMatchObject({ result: { protocolVersion, capabilities: { tools: {} } } });
  // A client would send a session id with every request, and other replicas would not know it.
  expect(reply.headers['mcp-session-id']).toBeUndefined();
}

const isListOfTools = (reply: Reply) => expect(JSON.stringify(answer(reply))).toContain('"name":"list_mailboxes"');

async function openStream({ url, token, send }: Connection): Promise<void> {
  // 405 means that there is no stream; some clients treat any other status as fatal.
  expect((await send('GET', url, { authorization: `Bearer ${token}`, accept: 'text/event-stream' })).status).toBe(405);
}

/** The 2025 versions as in the official SDKs: initialize, an attempt to open a stream, the list, the call. */
export const fullHandshake: Conversation = async (connection) => {
  await initialize(connection);
  const headers = { ...bothTypes, 'mcp-protocol-version': '2025-11-25' };
  expect((await post(connection, { method: 'notifications/initialized' }, headers)).status).toBe(202);
  await openStream(connection);
  isListOfTools(await post(connection, { id: 1, method: 'tools/list', params: {} }, headers));
  return mailboxesOf(await post(connection, { id: 2, ...call }, headers));
};

/** 2025-06-18, with progress tokens; also lists resources, although the server has announced none. */
export const listsResourcesToo: Conversation = async (connection) => {
  await initialize(connection, '2025-06-18');
  const headers = { ...bothTypes, 'mcp-protocol-version': '2025-06-18' };
  expect((await post(connection, { method: 'notifications/initialized' }, headers)).status).toBe(202);
  const withProgress = (progressToken: number) => ({ _meta: { progressToken } });
  isListOfTools(await post(connection, { id: 1, method: 'tools/list', params: withProgress(0) }, headers));
  for (const [index, method] of ['resources/list', 'resources/templates/list'].entries()) {
    const reply = await post(connection, { id: 2 + index, method, params: withProgress(1 + index) }, headers);
    expect(answer(reply)).toMatchObject({ id: 2 + index });
  }
  return mailboxesOf(
    await post(connection, { id: 4, ...call, params: { ...call.params, ...withProgress(3) } }, headers),
  );
};

/** Initializes for itself, then for the program behind it; a 2025 version with the headers of 2026-07-28 that repeat the body. */
export const initializesTwice: Conversation = async (connection) => {
  const initialized = { method: 'notifications/initialized' };
  for (const version of ['2025-11-25', '2025-06-18']) {
    await initialize(connection, version, { 'mcp-method': 'initialize' });
    const headers = { ...bothTypes, 'mcp-protocol-version': version, 'mcp-method': initialized.method };
    expect((await post(connection, initialized, headers)).status).toBe(202);
    await openStream(connection);
  }
  const headers = { ...bothTypes, 'mcp-protocol-version': '2025-06-18' };
  const list = { id: 2, method: 'tools/list', params: {} };
  isListOfTools(await post(connection, list, { ...headers, 'mcp-method': list.method }));
  const named = { 'mcp-method': call.method, 'mcp-name': call.params.name };
  return mailboxesOf(await post(connection, { id: 3, ...call }, { ...headers, ...named }));
};

/** After initialize, the header of 2026-07-28 over bodies without its envelope. */
export const newerHeader: Conversation = async (connection) => {
  await initialize(connection);
  const headers = { ...bothTypes, 'mcp-protocol-version': '2026-07-28' };
  expect((await post(connection, { method: 'notifications/initialized' }, headers)).status).toBe(202);
  isListOfTools(await post(connection, { id: 1, method: 'tools/list', params: {} }, headers));
  return mailboxesOf(await post(connection, { id: 2, ...call }, headers));
};

/** Fills every optional field with null, as programs with strict schemas do. */
export const withNulls: Conversation = async (connection) => {
  await initialize(connection);
  const headers = { ...bothTypes, 'mcp-protocol-version': '2025-11-25' };
  const initialized = { method: 'notifications/initialized', params: null };
  expect((await post(connection, initialized, headers)).status).toBe(202);
  const list = { id: 1, method: 'tools/list', params: { cursor: null, _meta: null } };
  isListOfTools(await post(connection, list, headers));
  const params = { name: 'list_mailboxes', arguments: null, _meta: null };
  return mailboxesOf(await post(connection, { id: 2, method: 'tools/call', params }, headers));
};

/** After initialize, without the version header and with one media type. */
export const withoutVersion: Conversation = async (connection) => {
  await initialize(connection);
  expect((await post(connection, { method: 'notifications/initialized' }, bothTypes)).status).toBe(202);
  return mailboxesOf(await post(connection, { id: 1, ...call }, { accept: 'application/json' }));
};

/** The call is the first request, because the list is cached, and has no Accept header. */
export const callAtOnce: Conversation = async (connection) => mailboxesOf(await post(connection, { id: 1, ...call }));

const meta = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientCapabilities': {},
  'io.modelcontextprotocol/clientInfo': clientInfo,
};

/** A request of 2026-07-28. */
function ask(connection: Connection, method: string, params: { name?: string }, headers: Headers): Promise<Reply> {
  const name = params.name === undefined ? {} : { 'mcp-name': params.name };
  const standard = { ...bothTypes, 'mcp-method': method, ...name };
  return post(connection, { id: 1, method, params: { ...params, _meta: meta } }, { ...standard, ...headers });
}

export const modern: Conversation = async (connection) => {
  const headers = { 'mcp-protocol-version': '2026-07-28' };
  const discovered = answer(await ask(connection, 'server/discover', {}, headers));
  expect(discovered).toMatchObject({ result: { supportedVersions: ['2026-07-28'] } });
  isListOfTools(await ask(connection, 'tools/list', {}, headers));
  return mailboxesOf(await ask(connection, call.method, call.params, headers));
};

/** The header of one version and the body of another. */
export const mismatched: Conversation = async (connection) =>
  mailboxesOf(await ask(connection, call.method, call.params, { 'mcp-protocol-version': '2025-11-25' }));
