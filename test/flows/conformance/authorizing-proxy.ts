/** A way to `/mcp` for clients that cannot sign in: adds the Authorization header to whatever passes. */
import { createServer, request } from 'node:http';
import type { Socket } from 'node:net';
import { closeServer, listenOnLoopback } from '../../support/servers/proxies.ts';

export interface AuthorizingProxy extends AsyncDisposable {
  /** Where it listens. */
  url: string;
}

export async function startAuthorizingProxy(target: { port: number; token: string }): Promise<AuthorizingProxy> {
  const server = createServer((incoming, outgoing) => {
    const { method, url, headers } = incoming;
    const onward = request({
      host: '127.0.0.1',
      port: target.port,
      method,
      path: url,
      // The Host that was asked for goes on too: the suite looks whether a foreign one is refused.
      headers: { ...headers, authorization: `Bearer ${target.token}` },
    });
    onward.on('error', () => outgoing.destroy());
    onward.on('response', (response) => {
      outgoing.writeHead(response.statusCode ?? 502, response.headers);
      response.pipe(outgoing);
    });
    outgoing.on('close', () => onward.destroy());
    incoming.pipe(onward);
  });
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => sockets.add(socket.once('close', () => sockets.delete(socket))));
  const port = await listenOnLoopback(server);
  return { url: `http://127.0.0.1:${port}/mcp`, [Symbol.asyncDispose]: () => closeServer(server, sockets) };
}
