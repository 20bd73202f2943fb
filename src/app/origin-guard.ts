/** Refuses requests of foreign web pages, and requests for other hosts. */
import type { Request, RequestHandler } from 'express';

const LOOPBACK = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/;

interface Origins {
  issuer: string;
  /** True if pages on this machine may call this server, also by a loopback address. */
  isLocal: boolean;
  /** Origins of other pages that may call; compared byte by byte, `null` like any other. */
  allowedOrigins: ReadonlySet<string>;
  /** Called before a request is refused. */
  onRefusal?: (request: Request, refusal: Refusal) => void;
}

/** For the log: what the operator has to change. */
export interface Refusal {
  outcome: 'wrong_host' | 'foreign_origin';
  reason: string;
}

/**
 * MCP 2026-07-28, Streamable HTTP, "Security": an `Origin` must be that of this server, one that the operator lists, or on this machine
 * where that is allowed. A `Host` must be that of this server, or a loopback address likewise, which prevents DNS rebinding. Clients that
 * are not web pages send no `Origin`.
 */
export function originGuard({ issuer, isLocal, allowedOrigins, onRefusal }: Origins): RequestHandler {
  const { host: ownHost, protocol, origin: ownOrigin } = new URL(issuer);
  // Hosts are case-insensitive, and a proxy may add the default port (RFC 9110 §4.2.3).
  const ownHosts = [ownHost, `${ownHost}${protocol === 'https:' ? ':443' : ':80'}`];
  const isAllowed = (origin: string) =>
    origin === ownOrigin || allowedOrigins.has(origin) || (isLocal && isLoopbackOrigin(origin));
  return (request, response, next) => {
    const { origin } = request.headers;
    const host = (request.headers.host ?? '').toLowerCase();
    if (!ownHosts.includes(host) && !(isLocal && LOOPBACK.test(host))) {
      onRefusal?.(request, { outcome: 'wrong_host', reason: `Host is ${loggable(host)}, and BASE_URL has ${ownHost}` });
      return void refuse(
        421,
        `The Host header must be ${ownHost}. A proxy in front has to pass on the one that it got.`,
      );
    }
    if (origin !== undefined && !isAllowed(origin)) {
      onRefusal?.(request, { outcome: 'foreign_origin', reason: `ALLOWED_ORIGINS does not have ${loggable(origin)}` });
      return void refuse(403, 'This Origin is not allowed here.');
    }
    next();

    function refuse(status: number, message: string): void {
      response.status(status).json({ jsonrpc: '2.0', id: null, error: { code: -32000, message } });
    }
  };
}

/** What a client has sent, if it is a host or an origin. */
const loggable = (text: string): string => (/^[\w.:/[\]-]{1,100}$/.test(text) ? text : 'no name of a host');

function isLoopbackOrigin(origin: string): boolean {
  return /^https?:/.test(origin) && URL.canParse(origin) && LOOPBACK.test(new URL(origin).host);
}
