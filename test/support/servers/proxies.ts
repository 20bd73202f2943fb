/** Starts TCP proxies between the code under test and a real server: one adds latency, one cuts connections. */
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

export interface DelayProxy extends Proxy {
  /** Number of times that the client sent after the server had sent: round trips, independent of the load of the machine. */
  roundTrips(): number;
}

export interface CuttableProxy extends Proxy {
  /** Resets every open connection at once. New ones are accepted. */
  cut(): void;
  /** Discards bytes in both directions and keeps connections open, until `thaw`. */
  freeze(): void;
  /** Resets new connections, until `thaw`. */
  refuse(): void;
  thaw(): void;
}

export interface DelayOptions {
  target: Target;
  delayMs: number;
  /** Sees what clients send; `isNewRoundTrip` is true if the server had sent before. */
  onClientData?: (chunk: Buffer, isNewRoundTrip: boolean) => void;
}

/** Holds each chunk for `delayMs` in each direction, so that a round trip costs twice that. Chunks do not wait for each other. */
export async function startDelayProxy({ target, delayMs, onClientData }: DelayOptions): Promise<DelayProxy> {
  let roundTrips = 0;
  let isClientsTurn = true;
  const proxy = await startProxy(target, (from, to, side) => {
    from.on('data', (chunk) => {
      if (side === 'client') {
        onClientData?.(chunk, isClientsTurn);
        if (isClientsTurn) roundTrips += 1;
        isClientsTurn = false;
      }
      setTimeout(() => {
        if (side === 'server') isClientsTurn = true;
        if (to.writable) to.write(chunk);
      }, delayMs);
    });
    from.on('end', () => setTimeout(() => to.end(), delayMs));
  });
  return { ...proxy, roundTrips: () => roundTrips };
}

/** Relays everything at once, until one of the methods is called. */
export async function startCuttableProxy({ target }: { target: Target }): Promise<CuttableProxy> {
  const pairs = new Set<Socket>();
  let isFrozen = false;
  let isRefusing = false;
  const proxy = await startProxy(target, (from, to) => {
    if (isRefusing) from.resetAndDestroy();
    pairs.add(from);
    from.on('close', () => pairs.delete(from));
    from.on('data', (chunk) => !isFrozen && to.writable && to.write(chunk));
    from.on('end', () => to.end());
  });
  return {
    ...proxy,
    cut: () => {
      for (const socket of pairs) socket.resetAndDestroy();
    },
    freeze: () => {
      isFrozen = true;
    },
    refuse: () => {
      isRefusing = true;
    },
    thaw: () => {
      isFrozen = false;
      isRefusing = false;
    },
  };
}

async function startProxy(
  target: Target,
  relay: (from: Socket, to: Socket, side: 'client' | 'server') => void,
): Promise<Proxy> {
  let accepted = 0;
  const near = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    accepted += 1;
    near.add(client);
    const upstream = connect({ ...target, allowHalfOpen: true, noDelay: true });
    for (const [socket, other, side] of [
      [client, upstream, 'client'],
      [upstream, client, 'server'],
    ] as const) {
      socket.on('error', () => other.destroy());
      socket.on('close', () => other.destroy());
      relay(socket, other, side);
    }
    client.on('close', () => near.delete(client));
  });
  const port = await listenOnLoopback(server);
  return {
    host: 'localhost',
    port,
    accepted: () => accepted,
    open: () => near.size,
    [Symbol.asyncDispose]: () => closeServer(server, near),
  };
}

/** Listens on a free loopback port and returns it. */
export async function listenOnLoopback(server: Server): Promise<number> {
  server.listen({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** Stops listening and ends all connections. */
export async function closeServer(server: Server, sockets: Iterable<Socket>): Promise<void> {
  const done = once(server, 'close');
  server.close();
  for (const socket of sockets) socket.destroy();
  await done;
}
