/**
 * Handles POST /mcp: stateless Streamable HTTP for both protocol eras (MCP 2026-07-28, and 2025-03-26 to 2025-11-25).
 *
 * Invariant: no state outlives a request.
 */
import { ProtocolErrorCode } from '@modelcontextprotocol/server';
import type { Request, RequestHandler, Response } from 'express';
import { ToolError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import type { Catalog } from '../catalog.ts';
import { type Caller, type CallRecord, callTool, type Exchange } from './call-tool.ts';
import { createFastPathAnswers, type FastPathAnswers } from './fast-path-answer.ts';
import { type FastPathRequest, readFastPathRequest } from './fast-path-request.ts';
import { removeAbsent } from './lenient-message.ts';
import { messageFault } from './message-limits.ts';
import { createSdkPath, type SdkPath, sendWebResponse, toWebRequest, type Website } from './sdk-path.ts';
import { withShortErrors } from './short-errors.ts';

interface EndpointOptions<Session> {
  catalog: Catalog<Session>;
  /** For people: the name of the service. */
  title: string;
  version: string;
  /** URL of the page about the server, and icons on the same origin; only a client that connects gets them. */
  website: Website;
  instructions: string;
  /** The caller of this request; runs after the bearer check. `cancelled`: the client no longer wants the answer. */
  callerOf(request: Request, cancelled: AbortSignal): Caller<Session>;
  recordOf(request: Request): CallRecord;
  /** Corrects known defects of clients in the headers, before they are compared with the body. */
  correctHeaders?(request: Request): void;
  log: Log;
}

/** The options, and the two paths that answer a request. */
interface Endpoint<Session> extends EndpointOptions<Session> {
  answers: FastPathAnswers;
  sdkPath: SdkPath<Session>;
}

/**
 * Every request is answered with one JSON body. The fast path answers plain tools/list and tools/call requests; the SDK answers all others.
 *
 * @throws {OAuthError | UpstreamError} (to the error handler) when the response is a 401 or 403 challenge
 */
export function mcpHandler<Session>(options: EndpointOptions<Session>): RequestHandler {
  const { title, version, correctHeaders } = options;
  const serverInfo = { name: 'mail-mcp', title, version };
  const answers = createFastPathAnswers(serverInfo);
  const endpoint = { ...options, answers, sdkPath: createSdkPath({ ...options, serverInfo }) };
  return async (request, response) => {
    removeAbsent(request.body);
    correctHeaders?.(request);
    const { body, headers } = request;
    const fault = messageFault(body, headers['mcp-protocol-version']?.toString());
    if (fault !== undefined) return rejectMessage(response, fault);
    const answer = await answerOnFastPath(endpoint, request, response);
    if (answer !== undefined) return void response.setHeader('Content-Type', 'application/json').end(answer);
    const throughSdk = await answerThroughSdk(endpoint, request, response);
    await sendWebResponse(await withShortErrors(throughSdk, body), response);
  };
}

function rejectMessage(response: Response, message: string): void {
  const error = { code: ProtocolErrorCode.InvalidRequest, message };
  response.status(400).json({ jsonrpc: '2.0', id: null, error });
}

/**
 * Answers without an SDK server and without a Request and a Response of the Fetch API, which the SDK path creates for each call.
 *
 * @returns the body of the response; undefined if the SDK has to answer the request
 */
async function answerOnFastPath<Session>(
  endpoint: Endpoint<Session>,
  request: Request,
  response: Response,
): Promise<string | undefined> {
  const plain = readFastPathRequest(request.body, request.headers);
  if (plain === undefined) return undefined;
  const caller = endpoint.callerOf(request, plain.era === '2026' ? disconnection(response) : NEVER);
  if (plain.method === 'tools/call' && !endpoint.catalog.has(plain.params.name, caller.permit)) return undefined;
  return fastPathAnswer(endpoint, plain, { era: plain.era, caller, record: endpoint.recordOf(request) });
}

async function fastPathAnswer<Session>(
  { catalog, log, answers }: Endpoint<Session>,
  plain: FastPathRequest,
  exchange: Exchange<Session>,
): Promise<string> {
  if (plain.method === 'tools/list') {
    exchange.record.outcome = 'ok';
    return answers.listing(plain, catalog.listJson(exchange.caller.permit));
  }
  const outcome = await callTool(plain.params, exchange, { catalog, log });
  if (exchange.refusal !== undefined) throw exchange.refusal;
  return answers.result(plain, outcome);
}

async function answerThroughSdk<Session>(
  { callerOf, recordOf, sdkPath }: Endpoint<Session>,
  httpRequest: Request,
  httpResponse: Response,
): Promise<globalThis.Response> {
  const { body } = httpRequest;
  const disconnected = disconnection(httpResponse);
  const request = toWebRequest(httpRequest, disconnected);
  const isLegacy = await sdkPath.isLegacy(request, body);
  const caller = callerOf(httpRequest, isLegacy ? NEVER : disconnected);
  const era = isLegacy ? '2025' : '2026';
  const exchange: Exchange<Session> = { era, caller, record: recordOf(httpRequest) };
  const response = await sdkPath.answer(request, body, exchange);
  // A batch gets no challenge: the client would repeat the whole batch, whose other entries have taken effect.
  if (exchange.refusal !== undefined && !Array.isArray(body)) throw exchange.refusal;
  return response;
}

const NEVER = new AbortController().signal;

/** @returns a signal that is aborted when the client disconnects before the response has ended; only in the 2026 era that cancels the request */
function disconnection(response: Response): AbortSignal {
  const controller = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) controller.abort(new ToolError('The client cancelled this call.'));
  });
  return controller.signal;
}
