/**
 * Keeps TLS sessions for resumption (RFC 8446 §2.2): the next handshake with the same server needs no signature, and with TLS 1.2 one
 * round trip less. Only sessions with a valid certificate are kept; a resumed session is not verified again, so each is kept for an hour.
 */
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

const MAX_SERVERS = 500;
const KEPT_MS = 60 * 60_000;

const sessions = new Map<string, { session: Buffer; verifiedAt: number }>();

/** @param server host and port, and everything else that the validity of a certificate depends on */
export function sessionFor(server: string): Buffer | undefined {
  const kept = sessions.get(server);
  if (kept === undefined) return undefined;
  if (performance.now() - kept.verifiedAt < KEPT_MS) return kept.session;
  sessions.delete(server);
  return undefined;
}

/** Keeps the sessions that the server issues on this connection, for later connections. */
export function keepSessionOf(socket: Socket, server: string): void {
  if (!(socket instanceof TLSSocket)) return;
  socket.on('session', (session: Buffer) => {
    // TLS 1.3 sends tickets after the handshake. Resumption verifies no certificate, so the time of the verification is kept.
    if (!socket.authorized) return;
    const verifiedAt = socket.isSessionReused() ? sessions.get(server)?.verifiedAt : performance.now();
    if (verifiedAt === undefined) return;
    sessions.delete(server);
    sessions.set(server, { session, verifiedAt });
    const [oldest] = sessions.keys();
    if (sessions.size > MAX_SERVERS && oldest !== undefined) sessions.delete(oldest);
  });
}
