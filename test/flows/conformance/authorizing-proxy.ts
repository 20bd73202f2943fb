/** Starts a proxy in front of `/mcp` that adds an Authorization header, for clients that cannot sign in. */
import { createServer, request } from 'node:http';
import type { Socket } from 'node:net';
import { closeServer, listenOnLoopback } from '../../support/servers/proxies.ts';

export interface AuthorizingProxy extends AsyncDisposable {
  /** URL of the proxy. */
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
      // Host is passed on unchanged: the suite checks that a foreign one is refused.
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
