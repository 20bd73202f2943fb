/** Starts a reverse proxy in front of a server, which changes requests and answers as a test defines. */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, request as sendRequest } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ProxyFault {
  /** Answers itself. */
  answer?: (path: string, headers: IncomingHttpHeaders) => { status: number; location?: string } | undefined;
  /** Changes the headers of the request. */
  onRequest?: (headers: IncomingHttpHeaders) => void;
  /** Changes the headers of the answer. */
  onAnswer?: (headers: IncomingHttpHeaders) => void;
}

export interface ReverseProxy extends AsyncDisposable {
  origin: string;
  host: string;
  /** Sets where requests go. */
  leadTo(port: number): void;
}

export async function startReverseProxy({ answer, onRequest, onAnswer }: ProxyFault): Promise<ReverseProxy> {
  let target = 0;
  const server = createServer({ maxHeaderSize: 64 * 1024 }, (request, response) => {
    const { headers, method, url: path = '/' } = request;
    const own = answer?.(path, headers);
    if (own !== undefined) {
      response.writeHead(own.status, own.location === undefined ? {} : { location: own.location });
      return void response.end();
    }
    onRequest?.(headers);
    const passed = sendRequest({ host: '127.0.0.1', port: target, method, path, headers }, (answered) => {
      onAnswer?.(answered.headers);
      response.writeHead(answered.statusCode ?? 502, answered.headers);
      answered.pipe(response);
    });
    passed.on('error', () => response.destroy());
    request.pipe(passed);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://localhost:${port}`,
    host: `localhost:${port}`,
    leadTo(to) {
      target = to;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
