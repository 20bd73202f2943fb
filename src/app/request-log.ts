import { randomUUID } from 'node:crypto';
import type { Request, RequestHandler } from 'express';
import type { Log } from '../log.ts';

/** What is known of one HTTP request while it runs. Ends as one line of the log. */
export interface RequestRecord {
  readonly id: string;
  /** `jti` of the client. */
  client?: string;
  /** `jti` of the access token. */
  tokenId?: string;
  /** Whose tools were asked for: `mail` or `missive`. */
  service?: string;
  tool?: string;
  outcome?: string;
}

export interface RequestLog {
  middleware: RequestHandler;
  of(request: Request): RequestRecord;
}

/** One line a request, when its response has ended: never a URL, which can hold a client id or a code, but the route that matched. */
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
        log.info(writableFinished ? line : { ...line, outcome: 'client_gone' }, 'request');
      });
      next();
    },
    of(request) {
      const record = records.get(request);
      if (record === undefined) throw new Error('A request came in beside the request log');
      return record;
    },
  };
}

/** The path as it was declared; of a route with several, the one that was asked for. */
function routeOf(request: Request): string {
  const declared: unknown = request.route?.path;
  const paths: unknown[] = Array.isArray(declared) ? declared : [declared];
  const path = paths.find((one) => one === request.path) ?? paths[0];
  return typeof path === 'string' ? path : 'none';
}
