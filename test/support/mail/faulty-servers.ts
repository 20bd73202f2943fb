/** Small servers in the test's own process that fail as no real server can be told to. Those that follow a script: scripted-imap.ts. */
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

/** Accepts connections and never says a word. */
export function startSilentServer(): Promise<FaultyServer> {
  return serve(createServer());
}

/** Speaks, but no protocol of ours. */
export function startGarbageServer(): Promise<FaultyServer> {
  const garbage = Buffer.from([0x00, 0x01, 0xff, 0xfe, ...Buffer.from('what?\r\n\r\n')]);
  return serve(createServer((socket) => socket.write(garbage)));
}

/** Accepts a connection and drops it at once. */
export function startDroppingServer(): Promise<FaultyServer> {
  return serve(createServer((socket) => socket.resetAndDestroy()));
}

/** A port at which nobody listens. */
export async function unusedPort(): Promise<{ host: 'localhost'; port: number }> {
  return { host: 'localhost', port: await freePort() };
}

/** Speaks TLS from the first byte, with a certificate nobody should accept; to who does, it greets and is silent. */
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
    // Without a reader the end of the other side would never be seen.
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
