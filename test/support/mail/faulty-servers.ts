/** Starts small servers in the test process that fail at connection level; scripted-imap.ts starts servers that follow a script. */
import { readFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, Server as TlsServer } from 'node:tls';
import type { KeyPair } from '../servers/certificates.ts';
import { freePort } from '../servers/ports.ts';
import { closeServer, listenOnLoopback } from '../servers/proxies.ts';

export interface FaultyServer extends AsyncDisposable {
  host: 'localhost';
  port: number;
  /** Connections accepted so far. */
  accepted(): number;
}

/** Accepts connections and never sends anything. */
export function startSilentServer(): Promise<FaultyServer> {
  return serve(createServer());
}

/** Sends bytes of no known protocol. */
export function startGarbageServer(): Promise<FaultyServer> {
  const garbage = Buffer.from([0x00, 0x01, 0xff, 0xfe, ...Buffer.from('what?\r\n\r\n')]);
  return serve(createServer((socket) => socket.write(garbage)));
}

/** Accepts a connection and drops it at once. */
export function startDroppingServer(): Promise<FaultyServer> {
  return serve(createServer((socket) => socket.resetAndDestroy()));
}

/** Returns a port at which nothing listens. */
export async function unusedPort(): Promise<{ host: 'localhost'; port: number }> {
  return { host: 'localhost', port: await freePort() };
}

/** Speaks implicit TLS with the certificate; after the handshake it sends the greeting and nothing else. */
export function startServerWithCertificate({ cert, key }: KeyPair, greeting: string): Promise<FaultyServer> {
  return serve(
    createTlsServer({ cert: readFileSync(cert), key: readFileSync(key) }, (socket) => {
      socket.on('error', () => {});
      socket.write(`${greeting}\r\n`);
    }),
  );
}

async function serve(server: Server): Promise<FaultyServer> {
  const sockets = new Set<Socket>();
  let accepted = 0;
  server.on('connection', (socket: Socket) => {
    accepted += 1;
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    // Without a reader the socket would not notice that the peer has closed.
    if (!(server instanceof TlsServer)) socket.resume();
  });
  const port = await listenOnLoopback(server);
  return {
    host: 'localhost',
    port,
    accepted: () => accepted,
    [Symbol.asyncDispose]: () => closeServer(server, sockets),
  };
}
