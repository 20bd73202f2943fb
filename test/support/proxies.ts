/** TCP proxies between the code under test and a real server: one that is far away, one whose cable can be pulled. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

export interface Target {
  host: string;
  port: number;
}

export interface Proxy extends AsyncDisposable {
  host: 'localhost';
  port: number;
  /** Connections accepted so far. */
  accepted(): number;
  /** Connections open now. */
  open(): number;
}

export interface CuttableProxy extends Proxy {
  /** Resets every open connection, in the middle of whatever it is doing. New ones are accepted again. */
  cut(): void;
  /** From here on bytes are swallowed in both directions and connections stay open, until `thaw`. */
  freeze(): void;
  thaw(): void;
}

/** Holds each chunk for `delayMs` in each direction, so that a round trip costs twice that. Chunks do not wait for each other. */
export function delayProxy({ target, delayMs }: { target: Target; delayMs: number }): Promise<Proxy> {
  return startProxy(target, (from, to) => {
    from.on('data', (chunk) => setTimeout(() => to.writable && to.write(chunk), delayMs));
    from.on('end', () => setTimeout(() => to.end(), delayMs));
  });
}

/** Passes everything on at once, until told otherwise. */
export async function cuttableProxy({ target }: { target: Target }): Promise<CuttableProxy> {
  const pairs = new Set<Socket>();
  let frozen = false;
  const proxy = await startProxy(target, (from, to) => {
    pairs.add(from);
    from.on('close', () => pairs.delete(from));
    from.on('data', (chunk) => !frozen && to.writable && to.write(chunk));
    from.on('end', () => to.end());
  });
  return {
    ...proxy,
    cut: () => {
      for (const socket of pairs) socket.resetAndDestroy();
    },
    freeze: () => {
      frozen = true;
    },
    thaw: () => {
      frozen = false;
    },
  };
}

async function startProxy(target: Target, join: (from: Socket, to: Socket) => void): Promise<Proxy> {
  let accepted = 0;
  const near = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    accepted += 1;
    near.add(client);
    const upstream = connect({ ...target, allowHalfOpen: true, noDelay: true });
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      socket.on('error', () => other.destroy());
      socket.on('close', () => other.destroy());
      join(socket, other);
    }
    client.on('close', () => near.delete(client));
  });
  const port = await listening(server);
  return {
    host: 'localhost',
    port,
    accepted: () => accepted,
    open: () => near.size,
    [Symbol.asyncDispose]: () => closed(server, near),
  };
}

/** Listens on a free loopback port and returns it. */
export async function listening(server: Server): Promise<number> {
  server.listen({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** Stops listening and ends all connections. */
export async function closed(server: Server, sockets: Iterable<Socket>): Promise<void> {
  const done = once(server, 'close');
  server.close();
  for (const socket of sockets) socket.destroy();
  await done;
}
