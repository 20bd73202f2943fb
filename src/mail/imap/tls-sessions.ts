import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

/**
 * TLS sessions to resume (RFC 8446 §2.2): the next handshake with the same server costs it no signature, and with TLS 1.2 one round trip
 * less. Only sessions whose certificate was found valid; a resumed one is not checked again, so none is kept for long.
 */

const MOST_SERVERS = 500;
const KEPT_MS = 60 * 60_000;

const sessions = new Map<string, { session: Buffer; verifiedAt: number }>();

/** @param server host and port, and whatever else the verdict on a certificate depends on */
export function sessionFor(server: string): Buffer | undefined {
  const kept = sessions.get(server);
  if (kept === undefined) return undefined;
  if (performance.now() - kept.verifiedAt < KEPT_MS) return kept.session;
  sessions.delete(server);
  return undefined;
}

/** Keeps what the server gives on this connection for the next one. */
export function keepSessionOf(socket: Socket, server: string): void {
  if (!(socket instanceof TLSSocket)) return;
  socket.on('session', (session: Buffer) => {
    // With TLS 1.3 tickets come after the handshake; a resumed session keeps the day of its certificate.
    if (!socket.authorized) return;
    const verifiedAt = socket.isSessionReused() ? sessions.get(server)?.verifiedAt : performance.now();
    if (verifiedAt === undefined) return;
    sessions.delete(server);
    sessions.set(server, { session, verifiedAt });
    const [oldest] = sessions.keys();
    if (sessions.size > MOST_SERVERS && oldest !== undefined) sessions.delete(oldest);
  });
}
