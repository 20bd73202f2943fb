/** Every URL of the authorization server, the aliases of older clients included. */
import { type RequestHandler, Router } from 'express';
import { account } from './endpoints/account.ts';
import { authorize } from './endpoints/authorize.ts';
import { registration } from './endpoints/register.ts';
import { revocation } from './endpoints/revoke.ts';
import { token } from './endpoints/token.ts';
import { allowOtherOrigins } from './http/cors.ts';
import {
  accountPath,
  authorizationServerMetadataAliases,
  authorizationServerMetadataPath,
  authorizePaths,
  keySetPath,
  openidConfigurationPaths,
  protectedResourceMetadataPaths,
  registrationPaths,
  revocationPaths,
  tokenPaths,
} from './http/paths.ts';
import {
  authorizationServerMetadata,
  emptyKeySet,
  openidConfiguration,
  protectedResourceMetadata,
} from './metadata.ts';
import type { OAuthServices } from './services.ts';

/** @returns a router for the root of the app; its errors are for the app's error handler (error-response.ts) */
export function oauthRoutes(services: OAuthServices): Router {
  const router = Router({ caseSensitive: true, strict: true });

  const { hasMetadataAliases } = services;
  const aliases = hasMetadataAliases ? authorizationServerMetadataAliases : [];
  serveDocument(router, [authorizationServerMetadataPath, ...aliases], authorizationServerMetadata(services));
  serveDocument(router, protectedResourceMetadataPaths, protectedResourceMetadata(services));
  if (hasMetadataAliases) {
    serveDocument(router, openidConfigurationPaths, openidConfiguration(services));
    serveDocument(router, [keySetPath], emptyKeySet());
  }

  const { show, submit } = authorize(services);
  router
    .route([...authorizePaths])
    // Express would run the GET handler for HEAD; link previews start no sign-in.
    .head(methodNotAllowed('GET, POST'))
    .get(show)
    .post(submit)
    .all(methodNotAllowed('GET, POST'));

  const owner = account(services);
  router
    .route(accountPath)
    .head(methodNotAllowed('GET, POST'))
    .get(owner.show)
    .post(owner.submit)
    .all(methodNotAllowed('GET, POST'));

  router
    .route([...tokenPaths])
    .all(allowOtherOrigins(['POST']))
    .post(token(services))
    .all(methodNotAllowed('POST'));

  if (services.state.isShared) {
    router
      .route([...revocationPaths])
      .all(allowOtherOrigins(['POST']))
      .post(revocation(services))
      .all(methodNotAllowed('POST'));
  }

  const { selfRegistration } = services.clients;
  if (selfRegistration?.acceptsRegistration) {
    router
      .route([...registrationPaths])
      .all(allowOtherOrigins(['POST']))
      .post(registration({ ...services, selfRegistration }))
      .all(methodNotAllowed('POST'));
  }
  return router;
}

/** For every web page to read. */
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
