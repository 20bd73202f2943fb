/** Serves client metadata documents and other pages over https on this machine, with a certificate of the test CA. */
import { readFileSync } from 'node:fs';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { documentFetcher, type FetchDocument, type FetchOptions } from '../../../src/oauth/client/fetch-document.ts';
import { createOneClick, type OneClickOptions, type PostOneClick } from '../../../src/web/one-click.ts';
import type { KeyPair } from './certificates.ts';
import { testServers } from './servers.ts';

export interface DocumentServer extends AsyncDisposable {
  /** `localhost:` and the port. */
  host: string;
  port: number;
  /** Requests so far. */
  requests: IncomingMessage[];
  /** TCP connections so far. */
  connections(): number;
  url(path?: string): string;
  /** Serves a client metadata document at `url(path)`. @returns that URL */
  publish(metadata: Record<string, unknown>, headers?: Record<string, string>, path?: string): string;
  /** Answers all later requests with the listener. */
  answer(listener: RequestListener): void;
}

export async function startDocumentServer({
  pair = testServers().certificates.server,
  address = '127.0.0.1',
  port: wanted = 0,
  onSecureConnection,
}: {
  pair?: KeyPair;
  address?: string;
  port?: number;
  /** Takes each connection instead of the server. */
  onSecureConnection?: (socket: TLSSocket) => void;
} = {}): Promise<DocumentServer> {
  const documents = new Map<string, { body: string; headers: Record<string, string> }>();
  const requests: IncomingMessage[] = [];
  let connections = 0;
  let listener: RequestListener = (request: IncomingMessage, response: ServerResponse) => {
    const document = documents.get(request.url ?? '');
    if (!document) return void response.writeHead(404).end();
    response.writeHead(200, { 'Content-Type': 'application/json', ...document.headers }).end(document.body);
  };
  const server = createServer({ cert: readFileSync(pair.cert), key: readFileSync(pair.key) }, (request, response) => {
    requests.push(request);
    listener(request, response);
  });
  server.on('connection', () => {
    connections++;
  });
  if (onSecureConnection !== undefined)
    server.removeAllListeners('secureConnection').on('secureConnection', onSecureConnection);
  server.listen(wanted, address);
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  const host = `localhost:${port}`;
  const url = (path = '/client.json') => `https://${host}${path}`;
  return {
    host,
    port,
    requests,
    connections: () => connections,
    url,
    publish(metadata, headers = {}, path = '/client.json') {
      documents.set(path, { body: JSON.stringify({ client_id: url(path), ...metadata }), headers });
      return url(path);
    },
    answer(next) {
      listener = next;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** This machine only, trusting the test CA only. */
export const toLoopback = () => ({
  resolve: async () => [{ address: '127.0.0.1', family: 4 }],
  isAllowed: (address: string) => address === '127.0.0.1',
  ca: readFileSync(testServers().ca, 'utf8'),
});

/** Fetches documents as the server does, but from this machine. */
export const createLoopbackFetch = (options: FetchOptions = {}): FetchDocument =>
  documentFetcher({ ...toLoopback(), ...options });

/** Sends one-click requests likewise. */
export const createLoopbackOneClick = (options: OneClickOptions = {}): PostOneClick =>
  createOneClick({ ...toLoopback(), ...options });
