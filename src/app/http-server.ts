/** Creates the HTTP server around the app: what a connection may send before a request is read, and the words for what it may not. */
import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { LANGUAGES } from '../oauth/pages/languages/languages.ts';

/**
 * Idle connections are kept longer than reverse proxies keep them: 60 s in nginx and load balancers, 90 s in Traefik, 2 minutes in Caddy.
 * A proxy that sends a request over a connection which the server is closing cannot send a POST again, and answers 502.
 */
const KEEP_ALIVE_MS = 125_000;

/** Cookies of sign-ins at a provider have up to 27 KiB; a URL with a connection, a client id and a state 14 KiB. */
const MAX_HEADER_BYTES = 48 * 1024;

/** Requests of one connection without an answer (RFC 9112 §9.3.2). Known clients and proxies send no second request before the answer to the first. */
const MAX_UNANSWERED = 8;

export function createHttpServer(app: RequestListener): Server {
  const { handle, isAnswering } = limitPipelines(app);
  const server = createServer(
    {
      ...{ maxHeaderSize: MAX_HEADER_BYTES, headersTimeout: 10_000, requestTimeout: 60_000 },
      keepAliveTimeout: KEEP_ALIVE_MS,
      // By default Node checks timeouts every 30 s only, so that headers could take 40 s.
      connectionsCheckingInterval: 2000,
    },
    handle,
  );
  server.on('clientError', ({ code = '' }: NodeJS.ErrnoException, socket) => {
    if (!socket.writable || isAnswering(socket)) return void socket.destroy();
    socket.end(responseTo(code), () => socket.destroy());
  });
  return server;
}

/**
 * Disconnects a client that sends more requests before it has read the answers: Node handles all requests that arrive in one packet in one turn of the
 * event loop, so a few packets would delay the requests of others by seconds.
 */
function limitPipelines(app: RequestListener): { handle: RequestListener; isAnswering(socket: Duplex): boolean } {
  const unanswered = new WeakMap<Duplex, Set<ServerResponse>>();
  return {
    isAnswering: (socket) => (unanswered.get(socket)?.size ?? 0) > 0,
    handle(request, response) {
      const { socket } = request;
      // Node goes on with what has arrived of a connection that was destroyed.
      if (socket.destroyed) return;
      const responses = unanswered.get(socket) ?? new Set();
      unanswered.set(socket, responses);
      responses.add(response);
      response.once('close', () => responses.delete(response));
      if (responses.size > MAX_UNANSWERED) return void socket.destroy();
      return app(request, response);
    },
  };
}

/** By the code of the error with which Node ends a request before its handler runs. */
const STATUSES: ReadonlyMap<string, string> = new Map([
  ['HPE_HEADER_OVERFLOW', '431 Request Header Fields Too Large'],
  ['HPE_CHUNK_EXTENSIONS_OVERFLOW', '413 Payload Too Large'],
  ['ERR_HTTP_REQUEST_TIMEOUT', '408 Request Timeout'],
]);

/** Which language the browser accepts is not known: a header that is too large is not read. */
function responseTo(code: string): string {
  const body =
    code === 'HPE_HEADER_OVERFLOW' ? LANGUAGES.map(({ errors }) => `${errors.headersTooLarge}\n`).join('\n') : '';
  return [
    `HTTP/1.1 ${STATUSES.get(code) ?? '400 Bad Request'}`,
    'Connection: close',
    'Cache-Control: no-store',
    'Content-Type: text/plain; charset=utf-8',
    'X-Content-Type-Options: nosniff',
    `Content-Length: ${Buffer.byteLength(body)}`,
    '',
    body,
  ].join('\r\n');
}
