/**
 * Routes every URL of the authorization server to its handler.
 *
 * Invariant: nothing in `src/oauth` depends on a tool.
 */
import { type RequestHandler, Router } from 'express';
import { accountHandlers } from './endpoints/account.ts';
import { authorizeHandlers } from './endpoints/authorize.ts';
import { registerHandler } from './endpoints/register.ts';
import { revokeHandler } from './endpoints/revoke.ts';
import { tokenHandler } from './endpoints/token.ts';
import { allowOtherOrigins } from './http/cors.ts';
import {
  ACCOUNT_PATH,
  AUTHORIZATION_SERVER_METADATA_ALIASES,
  AUTHORIZATION_SERVER_METADATA_PATH,
  AUTHORIZE_PATHS,
  KEY_SET_PATH,
  LANDING_PATH,
  OPENID_CONFIGURATION_PATHS,
  PROTECTED_RESOURCE_METADATA_PATH,
  REGISTRATION_PATHS,
  REVOCATION_PATHS,
  TOKEN_PATHS,
  UPSTREAM_CALLBACK_PATH,
} from './http/paths.ts';
import { landingHandler } from './landing/landing.ts';
import { siteFiles } from './landing/site-files.ts';
import {
  authorizationServerMetadataHandler,
  emptyKeySetHandler,
  openidConfigurationHandler,
  protectedResourceMetadataHandler,
  resourceOf,
} from './metadata.ts';
import type { OAuthServices } from './services.ts';
import { upstreamCallbackHandler } from './upstream/callback.ts';
import { createProviderSignIns } from './upstream/provider-sign-in.ts';

/** @returns a router for the root of the app; it passes errors to the error handler of the app (error-response.ts) */
export function oauthRoutes(services: OAuthServices): Router {
  const router = Router({ caseSensitive: true, strict: true });

  const { hasMetadataAliases } = services;
  const aliases = hasMetadataAliases ? AUTHORIZATION_SERVER_METADATA_ALIASES : [];
  serveDocument(router, [AUTHORIZATION_SERVER_METADATA_PATH, ...aliases], authorizationServerMetadataHandler(services));
  for (const [end, resource] of [
    ['', services.issuer],
    ['/mcp', resourceOf(services.issuer)],
  ] as const) {
    const document = protectedResourceMetadataHandler(resource, services);
    serveDocument(router, [PROTECTED_RESOURCE_METADATA_PATH + end], document);
  }
  if (hasMetadataAliases) {
    serveDocument(router, OPENID_CONFIGURATION_PATHS, openidConfigurationHandler(services));
    serveDocument(router, [KEY_SET_PATH], emptyKeySetHandler());
  }

  // Not `get`: Express would then answer the preflight requests for the MCP endpoint here.
  router.all(LANDING_PATH, landingHandler(services));
  router.use(siteFiles(services));

  routePages(router, services);

  router
    .route([...TOKEN_PATHS])
    .all(allowOtherOrigins(['POST']))
    .post(tokenHandler(services))
    .all(methodNotAllowed('POST'));

  if (services.state.isShared) {
    router
      .route([...REVOCATION_PATHS])
      .all(allowOtherOrigins(['POST']))
      .post(revokeHandler(services))
      .all(methodNotAllowed('POST'));
  }

  const { dynamicClients } = services.clients;
  if (dynamicClients?.acceptsRegistration) {
    router
      .route([...REGISTRATION_PATHS])
      .all(allowOtherOrigins(['POST']))
      .post(registerHandler({ ...services, dynamicClients }))
      .all(methodNotAllowed('POST'));
  }
  return router;
}

/** The pages for people: sign-in, what comes back from a provider, and the account. */
function routePages(router: Router, services: OAuthServices): void {
  const providerSignIns = createProviderSignIns(services);
  const authorize = authorizeHandlers(services, providerSignIns);
  router
    .route([...AUTHORIZE_PATHS])
    // Express would run the GET handler for HEAD: a link preview must not start a sign-in.
    .head(methodNotAllowed('GET, POST'))
    .get(authorize.show)
    .post(authorize.submit)
    .all(methodNotAllowed('GET, POST'));

  const account = accountHandlers(services, providerSignIns);
  router
    .route(ACCOUNT_PATH)
    .head(methodNotAllowed('GET, POST'))
    .get(account.show)
    .post(account.submit)
    .all(methodNotAllowed('GET, POST'));

  const pages = { authorize: authorize.resume, account: account.resume };
  router
    .route([UPSTREAM_CALLBACK_PATH, `${UPSTREAM_CALLBACK_PATH}/:issuer`])
    .head(methodNotAllowed('GET'))
    .get(upstreamCallbackHandler(providerSignIns, pages))
    .all(methodNotAllowed('GET'));
}

/** Serves a document that scripts of every origin may read. */
function serveDocument(router: Router, paths: readonly string[], document: RequestHandler): void {
  router
    .route([...paths])
    .all(allowOtherOrigins(['GET', 'HEAD']))
    .get(document)
    .all(methodNotAllowed('GET, HEAD, OPTIONS'));
}

function methodNotAllowed(allow: string): RequestHandler {
  return (_request, response) => void response.status(405).set('Allow', allow).end();
}
