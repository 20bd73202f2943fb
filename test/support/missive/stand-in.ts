/** A stand-in for the Missive API over HTTP, as its reference describes it, with its silent behaviours and limits. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { closeServer, listenOnLoopback } from '../servers/proxies.ts';
import { type Call, type Handler, Refusal, type Reply } from './call.ts';
import { contactRoutes } from './contacts.ts';
import { conversationRoutes } from './conversations.ts';
import type { MissiveData } from './data.ts';
import { directoryRoutes } from './directory.ts';
import { type Aim, createPendingFaults, type Fault, isUnhandled, replaceResponse, responseInstead } from './faults.ts';
import { messageRoutes } from './messages.ts';
import { createRateLimit } from './rate-limit.ts';
import { createSeed } from './seed.ts';
import { workRoutes } from './work.ts';

/** A request as it arrived. */
interface SeenRequest {
  method: string;
  /** Below the base URL, still encoded. */
  path: string;
  query: Record<string, string>;
  /** Parsed; undefined if there was none. */
  body: unknown;
  headers: IncomingMessage['headers'];
}

export interface MissiveStandIn extends AsyncDisposable {
  /** Base URL of the API. */
  url: string;
  /** The personal API token that it accepts. */
  token: string;
  data: MissiveData;
  /** All requests so far, refused ones included. */
  requests: SeenRequest[];
  /** Applies a fault to the next request, or to the next ones that `aim` selects. */
  misbehave(fault: Fault, aim?: Aim): void;
  /** Makes successful responses report the remaining quota too, which the documentation does not promise. */
  reportQuota(): void;
  /** Removes all requests so far from the rate limit. */
  resetRateLimit(): void;
}

const MAX_BODY_BYTES = 10 * 1024 * 1024;
const BASE = '/v1';

const routes = [...directoryRoutes, ...contactRoutes, ...conversationRoutes, ...messageRoutes, ...workRoutes].map(
  ([route, handler]) => {
    const [method = '', path = ''] = route.split(' ');
    return { method, pattern: new RegExp(`^${path.replace(/:(\w+)/g, '(?<$1>[^/]+)')}$`), handler };
  },
);

export async function startMissive({
  token = 'missive_pat-stand-in-of-the-tests',
  now = () => new Date(),
}: {
  token?: string;
  now?: () => Date;
} = {}): Promise<MissiveStandIn> {
  const data = createSeed();
  const requests: SeenRequest[] = [];
  const faults = createPendingFaults();
  const limit = createRateLimit();
  let isQuotaReported = false;
  const seconds = () => Math.floor(now().getTime() / 1000);

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { seen, length } = await read(request);
    requests.push(seen);
    if (seen.headers.authorization !== `Bearer ${token}`) {
      return send(response, errorReply(401, 'Authentication token is invalid or has been revoked'));
    }
    const refused = limit.enter(seconds());
    if (refused !== undefined) return send(response, { ...errorReply(429, 'Too many requests'), headers: refused });
    response.once('close', () => limit.leave());
    const fault = faults.claim(seen);
    const instead = responseInstead(fault);
    if (instead !== undefined) return send(response, instead);
    const reply = isUnhandled(fault) ? { status: 200 } : answer(seen, length, { data, now: seconds() });
    if (replaceResponse(response, fault, JSON.stringify(reply.json ?? {}))) return;
    send(response, { ...reply, ...(isQuotaReported && { headers: limit.headers(seconds()) }) });
  }

  const sockets = new Set<Socket>();
  const server = createServer((request, response) => {
    serve(request, response).catch((error: unknown) => send(response, errorReply(500, String(error))));
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  const port = await listenOnLoopback(server);
  return {
    url: `http://127.0.0.1:${port}${BASE}`,
    token,
    data,
    requests,
    misbehave: (fault, aim = {}) => faults.add(fault, aim),
    reportQuota() {
      isQuotaReported = true;
    },
    resetRateLimit: () => limit.reset(),
    [Symbol.asyncDispose]: () => closeServer(server, sockets),
  };
}

async function read(request: IncomingMessage): Promise<{ seen: SeenRequest; length: number }> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(Buffer.from(piece));
  const text = Buffer.concat(pieces);
  const { pathname, searchParams } = new URL(request.url ?? '', 'http://missive');
  const path = pathname.startsWith(BASE) ? pathname.slice(BASE.length) : pathname;
  const query = Object.fromEntries(searchParams);
  const body: unknown = text.length === 0 ? undefined : JSON.parse(text.toString('utf8'));
  const seen = { method: request.method ?? '', path, query, body, headers: request.headers };
  return { seen, length: text.length };
}

function answer(seen: SeenRequest, length: number, { data, now }: Pick<Call, 'data' | 'now'>): Reply {
  const { method, path, query, body, headers } = seen;
  if (length > MAX_BODY_BYTES) return errorReply(413, 'Request is too large');
  if (body !== undefined && !headers['content-type']?.startsWith('application/json')) {
    return errorReply(400, 'Content-Type must be application/json');
  }
  const { handler, params } = routeOf(method, path);
  if (handler === undefined) return errorReply(404, 'Not found');
  const param = (name: string) => decodeURIComponent(params[name] ?? '');
  try {
    return handler({ data, now, param, query: new URLSearchParams(query), body });
  } catch (error) {
    if (error instanceof Refusal) return errorReply(error.status, error.message);
    throw error;
  }
}

function routeOf(method: string, path: string): { handler: Handler | undefined; params: Record<string, string> } {
  for (const route of routes) {
    const match = route.method === method ? route.pattern.exec(path) : null;
    if (match !== null) return { handler: route.handler, params: { ...match.groups } };
  }
  return { handler: undefined, params: {} };
}

const errorReply = (status: number, message: string): Reply => ({ status, json: { error: { message } } });

function send(
  response: ServerResponse,
  { status, json, text, headers = {} }: Reply & { text?: string; headers?: Record<string, string> },
): void {
  if (json === undefined) return void response.writeHead(status, headers).end(text ?? '');
  response.writeHead(status, { 'Content-Type': 'application/json', ...headers }).end(JSON.stringify(json));
}
