import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import {
  type CallToolResult,
  createMcpHandler,
  isLegacyRequest,
  ProtocolError,
  ProtocolErrorCode,
  Server,
  WebStandardStreamableHTTPServerTransport,
} from '@modelcontextprotocol/server';
import type { Request as HttpRequest, Response as HttpResponse, RequestHandler } from 'express';
import { OAuthError, ToolError, UpstreamError } from '../../errors.ts';
import { describeError, type Log } from '../../log.ts';
import type { Permit } from '../../policy.ts';
import type { Catalog } from '../catalog.ts';
import { limitFault } from './message-limits.ts';
import { partsOf, plainAnswers, type ToolAnswer } from './plain-answer.ts';
import { type PlainRequest, readPlainRequest } from './plain-request.ts';

/** Who calls, as far as tools need to know. */
export interface Caller<Session> {
  session: Session;
  permit: Permit;
}

/** What happened to one HTTP request; the request log reads it when the response has ended. */
export interface CallRecord {
  tool?: string;
  outcome?: string;
}

interface EndpointOptions<Session> {
  catalog: Catalog<Session>;
  /** For people: whose tools these are. */
  title: string;
  version: string;
  instructions: string;
  /** Runs after the bearer check; the caller of this request. `cancelled`: the client does not want the answer any more. */
  callerOf(request: HttpRequest, cancelled: AbortSignal): Caller<Session>;
  recordOf(request: HttpRequest): CallRecord;
  /** Puts right what a client is known to get wrong, before anything is compared. */
  correctVersion?(headers: IncomingHttpHeaders, body: unknown): void;
  log: Log;
}

/** One HTTP request on its way through the SDK. `refusal` is an error that must become an HTTP status, not a tool result. */
interface Exchange<Session> {
  era: PlainRequest['era'];
  caller: Caller<Session>;
  record: CallRecord;
  refusal?: OAuthError | UpstreamError;
}

/**
 * POST /mcp: stateless Streamable HTTP for both protocol eras (MCP 2026-07-28 and 2025-03-26 to 2025-11-25). Every request gets a
 * server of its own and is answered with one JSON body.
 *
 * @throws {OAuthError | UpstreamError} (to the error handler) when the answer is a 401 or 403 challenge
 */
export function mcpEndpoint<Session>(options: EndpointOptions<Session>): RequestHandler {
  const exchanges = new WeakMap<Request, Exchange<Session>>();
  const modern = createMcpHandler(({ requestInfo }) => serverFor(requestInfo), { legacy: 'reject' });
  const answers = plainAnswers(serverInfo(options));

  function serverFor(request: Request | undefined): Server {
    const exchange = request && exchanges.get(request);
    if (exchange === undefined) throw new Error('The SDK asked for a server outside of a request');
    return createServer(exchange, options);
  }

  async function legacy(request: Request, parsedBody: unknown): Promise<Response> {
    const transport = new WebStandardStreamableHTTPServerTransport({ enableJsonResponse: true });
    const server = serverFor(request);
    await server.connect(transport);
    try {
      return await transport.handleRequest(request, { parsedBody });
    } finally {
      await server.close();
    }
  }

  /** The body of the answer: what the SDK would say, without a server, a request and a response of the Fetch API for every call. */
  async function answerPlain(plain: PlainRequest, exchange: Exchange<Session>): Promise<string> {
    if (plain.method === 'tools/list') {
      exchange.record.outcome = 'ok';
      return answers.listing(plain, options.catalog.listText(exchange.caller.permit));
    }
    const answer = await callTool(plain.params, exchange, options);
    if (exchange.refusal !== undefined) throw exchange.refusal;
    return answers.result(plain, answer);
  }

  return async (httpRequest, httpResponse) => {
    const { body, headers } = httpRequest;
    options.correctVersion?.(headers, body);
    const fault = limitFault(body, headers['mcp-protocol-version']?.toString());
    if (fault !== undefined) {
      const error = { code: ProtocolErrorCode.InvalidRequest, message: fault };
      return void httpResponse.status(400).json({ jsonrpc: '2.0', id: null, error });
    }
    const plain = readPlainRequest(body, headers);
    if (plain !== undefined) {
      const caller = options.callerOf(httpRequest, plain.era === '2026' ? disconnection(httpResponse) : NEVER);
      if (plain.method === 'tools/list' || options.catalog.has(plain.params.name, caller.permit)) {
        const answer = await answerPlain(plain, { era: plain.era, caller, record: options.recordOf(httpRequest) });
        return void httpResponse.setHeader('Content-Type', 'application/json').end(answer);
      }
    }
    const disconnected = disconnection(httpResponse);
    const request = toWebRequest(httpRequest, disconnected);
    const isLegacy = await isLegacyRequest(request, body);
    const caller = options.callerOf(httpRequest, isLegacy ? NEVER : disconnected);
    const era = isLegacy ? '2025' : '2026';
    const exchange: Exchange<Session> = { era, caller, record: options.recordOf(httpRequest) };
    exchanges.set(request, exchange);
    const response = isLegacy ? await legacy(request, body) : await modern.fetch(request, { parsedBody: body });
    // A client repeats what was answered with a challenge; of a batch, other entries have had their effect by now.
    if (exchange.refusal !== undefined && !Array.isArray(body)) throw exchange.refusal;
    await send(response, httpResponse);
  };
}

const NEVER = new AbortController().signal;

function serverInfo({ title, version }: { title: string; version: string }) {
  return { name: 'mail-mcp', title, version };
}

/** Aborted when the client goes away before it has its answer; in the 2026 era, and only there, that cancels the request. */
function disconnection(response: HttpResponse): AbortSignal {
  const controller = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) controller.abort(new ToolError('The client cancelled this call.'));
  });
  return controller.signal;
}

/**
 * The request as the SDK reads it: method and headers; the URL tells it nothing. Its body is handed over beside it, parsed, so that it is not written out and
 * read again.
 */
function toWebRequest({ method, headers }: HttpRequest, signal: AbortSignal): Request {
  const names = ['content-type', ...Object.keys(headers).filter((name) => name.startsWith('mcp-'))];
  const pairs = names.flatMap((name) => (headers[name] === undefined ? [] : [[name, headers[name].toString()]]));
  // Some clients leave out half of the media types that they must accept, and can read JSON all the same.
  const accepted = ['accept', 'application/json, text/event-stream'];
  return new Request('http://localhost/mcp', {
    method,
    headers: Object.fromEntries([...pairs, accepted]),
    signal,
  });
}

async function send(response: Response, httpResponse: HttpResponse): Promise<void> {
  httpResponse.status(response.status);
  response.headers.forEach((value, name) => {
    httpResponse.setHeader(name, value);
  });
  // All at once, as both eras answer with one JSON body: reading it as a stream takes longer than making it.
  httpResponse.end(response.body === null ? undefined : new Uint8Array(await response.arrayBuffer()));
}

function createServer<Session>(exchange: Exchange<Session>, options: EndpointOptions<Session>): Server {
  const { catalog, instructions } = options;
  const { caller, record } = exchange;
  const server = new Server(serverInfo(options), { capabilities: { tools: {} }, instructions });
  server.setRequestHandler('tools/list', () => {
    record.outcome = 'ok';
    return { tools: catalog.list(caller.permit) };
  });
  server.setRequestHandler('tools/call', async ({ params }): Promise<CallToolResult> => {
    if (!catalog.has(params.name, caller.permit)) {
      record.outcome = 'unknown_tool';
      throw new ProtocolError(
        ProtocolErrorCode.InvalidParams,
        'There is no such tool. tools/list names those there are.',
      );
    }
    const answer = await callTool(params, exchange, options);
    const { texts, structure } = partsOf(answer, exchange.era);
    return {
      content: texts.map((text) => ({ type: 'text', text })),
      ...(structure !== undefined && { structuredContent: JSON.parse(structure) }),
      ...('failure' in answer && { isError: true }),
    };
  });
  return server;
}

async function callTool<Session>(
  params: { name: string; arguments?: Record<string, unknown> | undefined },
  exchange: Exchange<Session>,
  { catalog, log }: EndpointOptions<Session>,
): Promise<ToolAnswer> {
  const { caller, record } = exchange;
  record.tool = params.name;
  try {
    const result = await catalog.call(params.name, params.arguments, caller.permit, caller.session);
    record.outcome = 'ok';
    return { json: JSON.stringify(result) };
  } catch (error) {
    const details = error instanceof ToolError && error.details ? JSON.stringify(error.details) : undefined;
    return { failure: failure(error, exchange, log), details };
  }
}

/** Turns what a tool threw into what the model reads, and marks what must be answered with an HTTP status instead. */
function failure<Session>(error: unknown, exchange: Exchange<Session>, log: Log): string {
  const { record } = exchange;
  if (error instanceof OAuthError || (error instanceof UpstreamError && error.fault === 'credentials')) {
    exchange.refusal = error;
  }
  if (error instanceof ToolError || error instanceof OAuthError) {
    record.outcome = error instanceof OAuthError ? error.code : 'tool_error';
    return error.message;
  }
  if (error instanceof UpstreamError) {
    record.outcome = `${error.service.toLowerCase()}_${error.fault}`;
    log.warn({ tool: record.tool, service: error.service, error: describeError(error) }, 'upstream failure');
    return error.message;
  }
  const id = randomUUID();
  record.outcome = 'internal_error';
  log.error({ id, tool: record.tool, error: describeError(error) }, 'internal error');
  return `Internal error. Its id is ${id}; the operator of this server finds it in the log.`;
}
