/** What clients say on `/mcp` once they have a token: the ways to a tool call, each with the headers of those who go it. */
import { expect } from 'vitest';
import { z } from 'zod';
import type { Headers, Reply, Send } from './wire.ts';

export interface Line {
  url: string;
  token: string;
  send: Send;
}

/** @returns the paths of the mailboxes, as `list_mailboxes` tells them */
export type Conversation = (line: Line) => Promise<string[]>;

const bothTypes = { accept: 'application/json, text/event-stream' };
const clientInfo = { name: 'client', version: '1.0.0' };

const Mailboxes = z.object({
  result: z.object({ structuredContent: z.object({ mailboxes: z.array(z.object({ path: z.string() })) }) }),
});

function post({ url, token, send }: Line, body: object, headers: Headers = {}): Promise<Reply> {
  const standard = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
  return send('POST', url, { ...standard, ...headers }, JSON.stringify({ jsonrpc: '2.0', ...body }));
}

/** Hosted Claude drops an answer of any other media type. */
function answer(reply: Reply): unknown {
  expect(reply.status, reply.body).toBe(200);
  expect(reply.headers['content-type']).toBe('application/json');
  return JSON.parse(reply.body);
}

const mailboxesOf = (reply: Reply): string[] =>
  Mailboxes.parse(answer(reply)).result.structuredContent.mailboxes.map(({ path }) => path);

const call = { method: 'tools/call', params: { name: 'list_mailboxes', arguments: {} } };

async function initialize(line: Line): Promise<void> {
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo };
  const reply = await post(line, { id: 0, method: 'initialize', params }, bothTypes);
  expect(answer(reply)).toMatchObject({ result: { protocolVersion: '2025-11-25', capabilities: { tools: {} } } });
  // A client that got one would send it with every request, and other replicas could not know it.
  expect(reply.headers['mcp-session-id']).toBeUndefined();
}

/** The 2025 eras as the official SDKs speak them: initialize, a look for a stream, the list, the call. */
export const fullHandshake: Conversation = async (line) => {
  await initialize(line);
  const headers = { ...bothTypes, 'mcp-protocol-version': '2025-11-25' };
  expect((await post(line, { method: 'notifications/initialized' }, headers)).status).toBe(202);
  const stream = { authorization: `Bearer ${line.token}`, accept: 'text/event-stream' };
  // That is how a server says that it has none; some clients take anything else for the end of everything.
  expect((await line.send('GET', line.url, stream)).status).toBe(405);
  const listed = answer(await post(line, { id: 1, method: 'tools/list', params: {} }, headers));
  expect(JSON.stringify(listed)).toContain('"name":"list_mailboxes"');
  return mailboxesOf(await post(line, { id: 2, ...call }, headers));
};

/** After initialize no version any more, and half of the media types. */
export const withoutVersion: Conversation = async (line) => {
  await initialize(line);
  expect((await post(line, { method: 'notifications/initialized' }, bothTypes)).status).toBe(202);
  return mailboxesOf(await post(line, { id: 1, ...call }, { accept: 'application/json' }));
};

/** The list is known from long ago: a new conversation begins with the call, and says nothing about media types. */
export const callAtOnce: Conversation = async (line) => mailboxesOf(await post(line, { id: 1, ...call }));

const meta = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientCapabilities': {},
  'io.modelcontextprotocol/clientInfo': clientInfo,
};

/** A request of 2026-07-28. */
function ask(line: Line, method: string, params: { name?: string }, headers: Headers): Promise<Reply> {
  const name = params.name === undefined ? {} : { 'mcp-name': params.name };
  const standard = { ...bothTypes, 'mcp-method': method, ...name };
  return post(line, { id: 1, method, params: { ...params, _meta: meta } }, { ...standard, ...headers });
}

export const modern: Conversation = async (line) => {
  const headers = { 'mcp-protocol-version': '2026-07-28' };
  const discovered = answer(await ask(line, 'server/discover', {}, headers));
  expect(discovered).toMatchObject({ result: { supportedVersions: ['2026-07-28'] } });
  expect(JSON.stringify(answer(await ask(line, 'tools/list', {}, headers)))).toContain('"name":"list_mailboxes"');
  return mailboxesOf(await ask(line, call.method, call.params, headers));
};

/** The header of one era and the body of the other. */
export const mismatched: Conversation = async (line) =>
  mailboxesOf(await ask(line, call.method, call.params, { 'mcp-protocol-version': '2025-11-25' }));
