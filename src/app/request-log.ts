/** Logs every HTTP request in one line. */
import { randomUUID } from 'node:crypto';
import type { Request, RequestHandler } from 'express';
import type { Log } from '../log.ts';

/** The fields that handlers record about a running request, for its line in the log. */
interface RequestRecord {
  readonly id: string;
  /** `jti` of the client. */
  client?: string;
  /** `jti` of the access token. */
  tokenId?: string;
  /** The service of the account: `mail` or `missive`. */
  service?: string;
  tool?: string;
  outcome?: string;
  /** Why it was refused; no text of a client but names of hosts. */
  reason?: string;
}

export interface RequestLog {
  middleware: RequestHandler;
  of(request: Request): RequestRecord;
}

/** Asked every few seconds by what supervises the server. What goes well there is logged at DEBUG. */
const HEALTH_ROUTES = new Set(['/health', '/ready']);

/** Writes the line when the response has ended. It contains the matched route and never the URL, which can contain a client_id or a code. */
export function createRequestLog(log: Log): RequestLog {
  const records = new WeakMap<Request, RequestRecord>();
  return {
    middleware(request, response, next) {
      const record: RequestRecord = { id: randomUUID() };
      records.set(request, record);
      response.setHeader('X-Request-Id', record.id);
      const startedAt = performance.now();
      response.once('close', () => {
        const { id, ...rest } = record;
        const durationMs = Math.round(performance.now() - startedAt);
        const { statusCode: status, writableFinished } = response;
        const line = { requestId: id, method: request.method, route: routeOf(request), status, durationMs, ...rest };
        const level = status === 200 && HEALTH_ROUTES.has(line.route) ? 'debug' : 'info';
        log[level](writableFinished ? line : { ...line, outcome: 'client_gone' }, 'request');
      });
      next();
    },
    of(request) {
      const record = records.get(request);
      if (record === undefined) throw new Error('A request bypassed the request log');
      return record;
    },
  };
}

/** @returns the path that the route declares; if it declares several, the requested one */
function routeOf(request: Request): string {
  const declared: unknown = request.route?.path;
  const paths: unknown[] = Array.isArray(declared) ? declared : [declared];
  const path = paths.find((one) => one === request.path) ?? paths[0];
  return typeof path === 'string' ? path : 'none';
}
