/** GET /ready: whether this process accepts new requests, and with `?verbose` what it depends on. */
import type { Request, RequestHandler } from 'express';
import type { State } from '../state/state.ts';

interface Readiness {
  /** False as soon as the server begins to stop. */
  isReady(): boolean;
  state: Pick<State, 'isShared' | 'isReachable'>;
}

/**
 * Answers 503 only while the server stops. Without Redis the status is `degraded` and the code 200: mail tools work, and a load balancer that takes all
 * replicas out would end them too.
 */
export function readyHandler({ isReady, state }: Readiness): RequestHandler {
  return (request, response) => {
    const isReachable = state.isReachable();
    const status = !isReady() ? 'stopping' : isReachable ? 'ok' : 'degraded';
    const redis = !state.isShared ? 'not used' : isReachable ? 'ok' : 'unreachable';
    const details = { redis, forwarded: forwardedOf(request) };
    response.status(isReady() ? 200 : 503).json({ status, ...(isVerbose(request) && details) });
  };
}

const isVerbose = ({ originalUrl }: Request): boolean => /\?(?:.*&)?verbose\b/.test(originalUrl);

/** How TRUST_PROXY fits: whether the header came, and the address that counts if it was taken from there. An address of a proxy is not disclosed. */
function forwardedOf(request: Request): string {
  if (request.headers['x-forwarded-for'] === undefined) return 'absent';
  return request.ip === undefined || request.ip === request.socket.remoteAddress ? 'ignored' : request.ip;
}
