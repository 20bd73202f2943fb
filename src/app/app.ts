/**
 * Declares every URL of the server and the handlers behind it.
 *
 * Invariant: this folder joins `oauth` and `mcp`, which do not import each other.
 */
import express, { type Express, type Request, type RequestHandler, Router } from 'express';
import helmet from 'helmet';
import { type ConnectionSettings, connectionHandler, type OfConnection } from '../connections/connections.ts';
import { adminTokenHandler, mintClientHandler } from '../minting/admin-clients.ts';
import { adminPageRoutes, mintedElsewhereRoutes } from '../minting/admin-page.ts';
import { createGrantFinder, type GrantFinder } from '../oauth/bearer/bearer.ts';
import { allowOtherOrigins } from '../oauth/http/cors.ts';
import { MCP_PATHS } from '../oauth/http/paths.ts';
import { notFoundHandler } from '../oauth/landing/landing.ts';
import { oauthRoutes } from '../oauth/routes.ts';
import type { OAuthServices } from '../oauth/services.ts';
import type { Background } from './background.ts';
import { errorHandler } from './error-handler.ts';
import { originGuard, type Refusal } from './origin-guard.ts';
import { createPlaces, type Place } from './places.ts';
import { readyHandler } from './readiness.ts';
import { adminBodyHandler, createMessageReader, limitForms } from './request-bodies.ts';
import { createRequestLog, type RequestLog } from './request-log.ts';
import { takeTurns } from './request-turns.ts';
import { type RunningRequest, type SessionServices, serviceEndpoints } from './service-endpoints.ts';

/** The dependencies of all handlers. assemble() creates them from the settings; a test may create its own. */
export interface Services extends OAuthServices, SessionServices {
  /** True if web pages on this machine may call `/mcp`. */
  isLocal: boolean;
  /** Origins of web pages elsewhere that may call `/mcp`. */
  allowedOrigins: ReadonlySet<string>;
  trustProxy: number | string | false;
  /** The text of `/.well-known/openai-apps-challenge`; without it the URL does not exist. */
  openaiAppsChallenge: string | undefined;
  /** The token of `/admin` and `/admin/clients`; without it neither exists. */
  adminToken: string | undefined;
  /** True if there would be an admin token, and this server cannot mint. */
  isMintedElsewhere?: boolean;
  /** False as soon as the server begins to stop. */
  isReady(): boolean;
  /** Handles GET of a sealed attachment link; undefined with S3. */
  attachmentLinks: RequestHandler | undefined;
  /** Absent: the default connection is the only one. */
  connections?: ConnectionSettings | undefined;
  /** Takes the work of calls, which may go on after they were answered. */
  background?: Background;
}

/** Limit of concurrent requests to /mcp with one access token. The IMAP pool limits the connections of an account separately. */
const MAX_CONCURRENT = 32;

export function createApp(services: Services): Express {
  const app = express();
  app.disable('x-powered-by');
  app.enable('case sensitive routing');
  // Responses of Express itself then contain no stack, whatever NODE_ENV says.
  app.set('env', 'production');
  app.set('trust proxy', services.trustProxy);
  app.set('query parser', false);
  const requests = createRequestLog(services.log);
  const shared = { requests, mcp: mcpHandlers(services, requests), forms: limitForms() };

  app.use(requests.middleware);
  app.use(takeTurns());
  app.use(warnOfUntrustedProxy(services));
  app.use(securityHeaders());
  app.use(storeNothing);
  app.get('/health', (_request, response) => void response.json({ status: 'ok' }));
  app.get('/ready', readyHandler(services));
  app.use(refuseWhileStopping(services));
  if (services.connections !== undefined) {
    app.use(
      connectionHandler(services, services.connections, (own) => connectionRoutes({ ...services, ...own }, shared)),
    );
  }
  app.use(shared.forms);
  app.use(oauthRoutes(services));
  const { adminToken, openaiAppsChallenge: challenge } = services;
  if (challenge !== undefined) {
    app.get('/.well-known/openai-apps-challenge', (_request, response) => void response.type('text').send(challenge));
  }
  if (adminToken !== undefined) {
    const admin = { ...services, adminToken };
    app.use(adminPageRoutes(admin));
    app.post('/admin/clients', adminTokenHandler(admin), adminBodyHandler, mintClientHandler(admin));
  }
  if (services.isMintedElsewhere) app.use(mintedElsewhereRoutes(services));
  if (services.attachmentLinks !== undefined) app.get('/attachments/:link', services.attachmentLinks);
  app.use(mcpRoutes(services, shared));
  app.use(notFoundHandler(services));
  app.use(errorHandler(services, requests));
  return app;
}

/** What all connections share. */
interface Shared {
  requests: RequestLog;
  mcp: McpHandlers;
  forms: RequestHandler;
}

/** The routes of a connection beside the default one: those of its own issuer. */
function connectionRoutes(services: Services & OfConnection, shared: Shared): RequestHandler {
  const router = createRouter();
  router.use(shared.forms);
  router.use(oauthRoutes(services));
  router.use(mcpRoutes(services, shared));
  router.use(notFoundHandler(services));
  router.use(errorHandler(services, shared.requests));
  return router;
}

const createRouter = () => Router({ caseSensitive: true, strict: true });

function mcpRoutes(services: Services, { requests, mcp }: Shared): RequestHandler {
  const onRefusal = (request: Request, refusal: Refusal) => void Object.assign(requests.of(request), refusal);
  const router = createRouter();
  router
    .route([...MCP_PATHS])
    .all(
      originGuard({ ...services, onRefusal }),
      allowOtherOrigins(['POST']),
      mcp.authenticate(createGrantFinder(services)),
    )
    .post(mcp.readMessage, mcp.serve)
    .all((_request, response) => void response.status(405).set('Allow', 'POST').end());
  return router;
}

interface McpHandlers {
  authenticate(grantFinder: GrantFinder): RequestHandler;
  readMessage: RequestHandler;
  serve: RequestHandler;
}

/** Sets defaults for everything that is not a page; pages set stricter headers. */
function securityHeaders(): RequestHandler {
  const headers = helmet({
    contentSecurityPolicy: { useDefaults: false, directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] } },
    crossOriginResourcePolicy: { policy: 'cross-origin' },
    referrerPolicy: { policy: 'no-referrer' },
  });
  return (request, response, next) => {
    response.set('X-Robots-Tag', 'noindex');
    headers(request, response, next);
  };
}

/** Keeps every answer out of caches; documents that may be cached set a header of their own. */
const storeNothing: RequestHandler = (_request, response, next) => {
  response.set('Cache-Control', 'no-store');
  next();
};

/** Creates the handlers of /mcp. The token is verified before a byte of the body is read (BEAR-01). */
function mcpHandlers(services: Services, requests: RequestLog): McpHandlers {
  const messages = createMessageReader();
  const places = createPlaces({ placesPerKey: MAX_CONCURRENT });
  const running = new WeakMap<Request, RunningRequest & { place: Place }>();
  const endpoints = serviceEndpoints(services, requests, runningOf);
  return {
    authenticate: (grantFinder) => async (request, response, next) => {
      const arrivedAt = performance.now();
      const grant = await grantFinder.find(request);
      const record = requests.of(request);
      record.client = grant.client.jti;
      record.tokenId = grant.jti;
      record.service = grant.account.service;
      const place = places.take(grant.jti, response);
      if (place === 'gone') return;
      if (place !== 'full') {
        const keepUntil = (work: Promise<unknown>) => {
          place.keepUntil(work);
          services.background?.add(work);
        };
        running.set(request, { grant, response, arrivedAt, keepUntil, place });
        return next();
      }
      const message = `More than ${MAX_CONCURRENT} requests run at the same time`;
      response.status(429).set('Retry-After', '1');
      response.json({ jsonrpc: '2.0', id: null, error: { code: -32000, message } });
    },
    async readMessage(request, _response, next) {
      const { grant, place } = runningOf(request);
      await messages.read(request, { sender: grant.subject, onFree: place.onFree });
      next();
    },
    serve: (request, response, next) => endpoints[runningOf(request).grant.account.service](request, response, next),
  };

  function runningOf(request: Request): RunningRequest & { place: Place } {
    const found = running.get(request);
    if (found === undefined) throw new Error('A request to /mcp bypassed the bearer check');
    return found;
  }
}

/** Warns once about an untrusted proxy: all its clients count as one address, so one of them can exhaust the limits of all. */
function warnOfUntrustedProxy({ trustProxy, log }: Services): RequestHandler {
  let isDone = trustProxy !== false;
  return (request, _response, next) => {
    if (!isDone && request.headers['x-forwarded-for'] !== undefined) {
      isDone = true;
      log.warn(
        {},
        'A request has X-Forwarded-For, and TRUST_PROXY is not set: if your reverse proxy adds it, all clients count as one address',
      );
    }
    next();
  };
}

/** Refuses new requests while the server stops, so that they go to another replica. Running requests end normally. */
function refuseWhileStopping({ isReady }: Services): RequestHandler {
  return (_request, response, next) => {
    if (isReady()) return next();
    response.status(503).set({ Connection: 'close', 'Retry-After': '5' }).json({ error: 'temporarily_unavailable' });
  };
}
