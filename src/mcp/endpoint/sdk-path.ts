/** Answers a request through the MCP SDK: every request that is not on the fast path, valid or not. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  type CallToolResult,
  createMcpHandler,
  isLegacyRequest,
  ProtocolError,
  ProtocolErrorCode,
  Server,
  WebStandardStreamableHTTPServerTransport,
} from '@modelcontextprotocol/server';
import type { Log } from '../../log.ts';
import type { Catalog } from '../catalog.ts';
import { type CallParams, callTool, type Exchange, resultParts } from './call-tool.ts';

/** Members of Implementation that clients show to people (MCP 2025-11-25, schema). */
export interface Website {
  websiteUrl: string;
  icons: { src: string; mimeType: string; sizes: string[] }[];
}

interface SdkPathOptions<Session> {
  catalog: Catalog<Session>;
  /** Name, title and version, which `initialize` and every result of the 2026 era contain. */
  serverInfo: { name: string; title: string; version: string };
  website: Website;
  instructions: string;
  log: Log;
}

export interface SdkPath<Session> {
  /** Whether the SDK treats a request as one of the 2025 era. */
  isLegacy(request: Request, body: unknown): Promise<boolean>;
  /** @param body of the request, parsed */
  answer(request: Request, body: unknown, exchange: Exchange<Session>): Promise<Response>;
}

/** Each request gets an SDK server of its own, so that no state outlives it. */
export function createSdkPath<Session>(options: SdkPathOptions<Session>): SdkPath<Session> {
  const exchanges = new WeakMap<Request, { exchange: Exchange<Session>; body: unknown }>();
  const modern = createMcpHandler(({ requestInfo }) => serverFor(requestInfo), { legacy: 'reject' });

  function serverFor(request: Request | undefined): Server {
    const known = request && exchanges.get(request);
    if (known === undefined) throw new Error('The SDK asked for a server outside of a request');
    // Every other result of the 2026 era would repeat the icons.
    const serverInfo = { ...options.serverInfo, ...(connects(known.body) && options.website) };
    return createServer(known.exchange, { ...options, serverInfo });
  }

  async function answerLegacy(request: Request, parsedBody: unknown): Promise<Response> {
    const transport = new WebStandardStreamableHTTPServerTransport({ enableJsonResponse: true });
    const server = serverFor(request);
    await server.connect(transport);
    try {
      return await transport.handleRequest(request, { parsedBody });
    } finally {
      await server.close();
    }
  }

  return {
    isLegacy: (request, body) => isLegacyRequest(request, body),
    answer(request, body, exchange) {
      exchanges.set(request, { exchange, body });
      return exchange.era === '2025' ? answerLegacy(request, body) : modern.fetch(request, { parsedBody: body });
    },
  };
}

/** Whether the request is the one by which a client of either era gets to know the server. */
function connects(body: unknown): boolean {
  const method = typeof body === 'object' && body !== null && 'method' in body ? body.method : undefined;
  return method === 'initialize' || method === 'server/discover';
}

function createServer<Session>(exchange: Exchange<Session>, options: SdkPathOptions<Session>): Server {
  const { catalog, serverInfo, instructions } = options;
  const { caller, record } = exchange;
  const server = new Server(serverInfo, { capabilities: { tools: {} }, instructions });
  server.setRequestHandler('tools/list', () => {
    record.outcome = 'ok';
    return { tools: catalog.list(caller.permit) };
  });
  server.setRequestHandler('tools/call', ({ params }) => callToolResult(params, exchange, options));
  return server;
}

async function callToolResult<Session>(
  params: CallParams,
  exchange: Exchange<Session>,
  { catalog, log }: SdkPathOptions<Session>,
): Promise<CallToolResult> {
  if (!catalog.has(params.name, exchange.caller.permit)) {
    exchange.record.outcome = 'unknown_tool';
    throw new ProtocolError(
      ProtocolErrorCode.InvalidParams,
      'There is no such tool. This connection has those that tools/list names, and perhaps a few that it does not.',
    );
  }
  const outcome = await callTool(params, exchange, { catalog, log });
  const { texts, structure } = resultParts(outcome, exchange.era);
  return {
    content: texts.map((text) => ({ type: 'text', text })),
    ...(structure !== undefined && { structuredContent: JSON.parse(structure) }),
    ...('failure' in outcome && { isError: true }),
  };
}

/**
 * The request as the SDK reads it: method and headers. The URL is a constant, as the SDK does not use it. The body is passed beside it, parsed,
 * so that it is not serialised and parsed again.
 */
export function toWebRequest({ method = '', headers }: IncomingMessage, signal: AbortSignal): Request {
  const names = ['content-type', ...Object.keys(headers).filter((name) => name.startsWith('mcp-'))];
  const pairs = names.flatMap((name) => (headers[name] === undefined ? [] : [[name, headers[name].toString()]]));
  // Some clients accept only one of the two media types that the specification requires, and can read JSON all the same.
  const accepted = ['accept', 'application/json, text/event-stream'];
  return new Request('http://localhost/mcp', {
    method,
    headers: Object.fromEntries([...pairs, accepted]),
    signal,
  });
}

export async function sendWebResponse(response: Response, httpResponse: ServerResponse): Promise<void> {
  httpResponse.statusCode = response.status;
  response.headers.forEach((value, name) => {
    httpResponse.setHeader(name, value);
  });
  // Written in one piece: the body is one JSON text in both eras, and streaming it would take longer than creating it.
  httpResponse.end(response.body === null ? undefined : new Uint8Array(await response.arrayBuffer()));
}
