import express, { type ErrorRequestHandler, type Express, type Request, type RequestHandler } from 'express';
import helmet from 'helmet';
import { OAuthError, UpstreamError } from '../errors.ts';
import { describeError } from '../log.ts';
import { adminTokenHandler, mintClientHandler } from '../minting/admin-clients.ts';
import { createGrantFinder, type Grant, invalidToken } from '../oauth/bearer/bearer.ts';
import { createErrorResponse } from '../oauth/endpoints/error-response.ts';
import { allowOtherOrigins } from '../oauth/http/cors.ts';
import { oauthRoutes } from '../oauth/routes.ts';
import type { OAuthServices } from '../oauth/services.ts';
import { createSemaphore } from '../state/semaphore.ts';
import { originGuard } from './origin-guard.ts';
import { createRequestLog, type RequestLog } from './request-log.ts';
import { type SessionServices, serviceEndpoints } from './service-endpoints.ts';

/** Everything the app works with. server.ts makes the real ones, a test its own. */
export interface Services extends OAuthServices, SessionServices {
  /** True lets web pages on this machine call `/mcp`. */
  isLocal: boolean;
  /** Of pages elsewhere that may call `/mcp`. */
  allowedOrigins: ReadonlySet<string>;
  trustProxy: number | string | false;
  /** Who presents it may mint clients; absent: nobody may. */
  adminToken: string | undefined;
  /** False from the moment the server is told to stop. */
  isReady(): boolean;
  /** GET of a sealed attachment link; absent with S3. */
  attachmentLinks: RequestHandler | undefined;
}

/** Longest request to /mcp: a message with a long text, as JSON. Attachments travel as links. */
const MAX_BODY = '12mb';

/** Most requests to /mcp that one access token may have running at a time. The mailbox has limits of its own, in the pool. */
const MAX_CONCURRENT = 32;

/** Every URL on one screen. */
export function createApp(services: Services): Express {
  const app = express();
  app.disable('x-powered-by');
  app.enable('case sensitive routing');
  // What Express itself answers then has no stack in it, whatever NODE_ENV says.
  app.set('env', 'production');
  app.set('trust proxy', services.trustProxy);
  app.set('query parser', false);
  const requests = createRequestLog(services.log);
  const { authenticate, serve } = mcpHandlers(services, requests);

  app.use(requests.middleware);
  app.use(noticeProxy(services));
  app.use(securityHeaders());
  app.get('/health', (_request, response) => void response.json({ status: 'ok' }));
  app.get('/ready', (_request, response) => {
    const isReady = services.isReady();
    response.status(isReady ? 200 : 503).json({ status: isReady ? 'ok' : 'stopping' });
  });
  app.use(refuseWhileStopping(services));
  app.use(oauthRoutes(services));
  const { adminToken } = services;
  if (adminToken !== undefined) {
    const admin = { ...services, adminToken };
    app.post('/admin/clients', adminTokenHandler(admin), express.json({ limit: '64kb' }), mintClientHandler(admin));
  }
  if (services.attachmentLinks !== undefined) app.get('/attachments/:link', services.attachmentLinks);
  app
    .route(['/mcp', '/mcp/'])
    .all(originGuard(services), allowOtherOrigins(['POST']), authenticate)
    .post(express.json({ limit: MAX_BODY }), serve)
    .all((_request, response) => void response.status(405).set('Allow', 'POST').end());
  app.use((_request, response) => void response.status(404).json({ error: 'not_found' }));
  app.use(errorHandler(services, requests));
  return app;
}

/** Defaults for everything that is not a page; pages set their own stricter ones. */
function securityHeaders(): RequestHandler {
  return helmet({
    contentSecurityPolicy: { useDefaults: false, directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] } },
    crossOriginResourcePolicy: { policy: 'cross-origin' },
    referrerPolicy: { policy: 'no-referrer' },
  });
}

/** The handlers of /mcp. The token is verified before a byte of the body is read (BEAR-01). */
function mcpHandlers(
  services: Services,
  requests: RequestLog,
): { authenticate: RequestHandler; serve: RequestHandler } {
  const grantFinder = createGrantFinder(services);
  const running = createSemaphore({ placesPerKey: MAX_CONCURRENT });
  const grants = new WeakMap<Request, Grant>();
  const endpoints = serviceEndpoints(services, requests, grantOf);
  return {
    async authenticate(request, response, next) {
      const grant = await grantFinder.find(request);
      const record = requests.of(request);
      record.client = grant.client.jti;
      record.tokenId = grant.jti;
      record.service = grant.account.service;
      grants.set(request, grant);
      if (running.tryAcquire(grant.jti)) {
        response.once('close', () => running.release(grant.jti));
        return next();
      }
      const message = `More than ${MAX_CONCURRENT} requests run at the same time`;
      response.status(429).set('Retry-After', '1');
      response.json({ jsonrpc: '2.0', id: null, error: { code: -32000, message } });
    },
    serve: (request, response, next) => endpoints[grantOf(request).account.service](request, response, next),
  };

  function grantOf(request: Request): Grant {
    const grant = grants.get(request);
    if (grant === undefined) throw new Error('A request came to /mcp beside the bearer check');
    return grant;
  }
}

/** Behind a proxy that is not trusted all people have its address, and one of them can use up what it may do. Told once. */
function noticeProxy({ trustProxy, log }: Services): RequestHandler {
  let isSettled = trustProxy !== false;
  return (request, _response, next) => {
    if (!isSettled && request.headers['x-forwarded-for'] !== undefined) {
      isSettled = true;
      log.warn(
        {},
        'X-Forwarded-For came and TRUST_PROXY is not set: if it is of your reverse proxy, all people count as one address',
      );
    }
    next();
  };
}

/** While the server stops: what runs may end, what is new goes to another replica. */
function refuseWhileStopping({ isReady }: Services): RequestHandler {
  return (_request, response, next) => {
    if (isReady()) return next();
    response.status(503).set({ Connection: 'close', 'Retry-After': '5' }).json({ error: 'temporarily_unavailable' });
  };
}

/** The last handler: every error becomes an answer without a stack, a host name or a text of a mail server. */
function errorHandler(services: Services, requests: RequestLog): ErrorRequestHandler {
  const respondOAuth = createErrorResponse(services);
  return (error: unknown, request, response, _next) => {
    const record = requests.of(request);
    // Who has gone away hears nothing, and did nothing wrong.
    if (response.destroyed) {
      return services.log.debug({ requestId: record.id, error: describeError(error) }, 'the client has gone');
    }
    if (response.headersSent) {
      record.outcome = 'cut_off';
      services.log.warn({ requestId: record.id, error: describeError(error) }, 'answer cut off');
      // Not Express's own handler: it prints the message of the error.
      return void response.destroy();
    }
    const known = asOAuthError(error);
    if (known !== undefined) {
      record.outcome = known.code;
      // What only the operator can put right has to be seen without looking for it.
      const level = error instanceof UpstreamError && error.service === 'Redis' ? 'warn' : 'debug';
      services.log[level]({ requestId: record.id, error: describeError(error) }, 'refused');
      return respondOAuth(known, request, response);
    }
    const status = requestFault(error);
    if (status !== undefined) {
      record.outcome = 'bad_request';
      return void response.status(status).json({ jsonrpc: '2.0', id: null, error: jsonRpcFault(status) });
    }
    record.outcome = 'internal_error';
    services.log.error({ requestId: record.id, error: describeError(error) }, 'internal error');
    respondOAuth(new OAuthError('server_error', `Internal error ${record.id}.`), request, response);
  };
}

/**
 * A login that mail server or Missive refuse by now is a dead token: the client has to send the person to the form again (BEAR-07). What cannot
 * be looked up in Redis is not decided: no code, token or login is good, or bad, until it is back.
 */
function asOAuthError(error: unknown): OAuthError | undefined {
  if (error instanceof OAuthError) return error;
  if (error instanceof UpstreamError && error.service === 'Redis') {
    return new OAuthError('temporarily_unavailable', error.message, {
      cause: error,
      wait: { status: 503, seconds: 5 },
    });
  }
  return error instanceof UpstreamError && error.fault === 'credentials' ? invalidToken(error) : undefined;
}

/** The status of a fault that Express or body-parser found in a request, or undefined if it is another error. */
function requestFault(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('status' in error) || typeof error.status !== 'number') return undefined;
  return error.status >= 400 && error.status < 500 ? error.status : undefined;
}

function jsonRpcFault(status: number): { code: number; message: string } {
  return status === 413
    ? { code: -32000, message: `The request is longer than ${MAX_BODY}` }
    : { code: -32700, message: 'The body is not JSON' };
}
