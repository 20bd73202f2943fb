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

async function initialize(connection: Connection): Promise<void> {
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo };
  const reply = await post(connection, { id: 0, method: 'initialize', params }, bothTypes);
  expect(answer(reply)).toMatchObject({ result: { protocolVersion: '2025-11-25', capabilities: { tools: {} } } });
  // A client would send a session id with every request, and other replicas would not know it.
  expect(reply.headers['mcp-session-id']).toBeUndefined();
}

/** The 2025 versions as in the official SDKs: initialize, an attempt to open a stream, the list, the call. */
export const fullHandshake: Conversation = async (connection) => {
  await initialize(connection);
  const headers = { ...bothTypes, 'mcp-protocol-version': '2025-11-25' };
  expect((await post(connection, { method: 'notifications/initialized' }, headers)).status).toBe(202);
  const stream = { authorization: `Bearer ${connection.token}`, accept: 'text/event-stream' };
  // 405 means that there is no stream; some clients treat any other status as fatal.
  expect((await connection.send('GET', connection.url, stream)).status).toBe(405);
  const listed = answer(await post(connection, { id: 1, method: 'tools/list', params: {} }, headers));
  expect(JSON.stringify(listed)).toContain('"name":"list_mailboxes"');
  return mailboxesOf(await post(connection, { id: 2, ...call }, headers));
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
  expect(JSON.stringify(answer(await ask(connection, 'tools/list', {}, headers)))).toContain('"name":"list_mailboxes"');
  return mailboxesOf(await ask(connection, call.method, call.params, headers));
};

/** The header of one version and the body of another. */
export const mismatched: Conversation = async (connection) =>
  mailboxesOf(await ask(connection, call.method, call.params, { 'mcp-protocol-version': '2025-11-25' }));
