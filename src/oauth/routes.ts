/** Every URL of the authorization server, the aliases of older clients included. */
import { type RequestHandler, Router } from 'express';
import { account } from './endpoints/account.ts';
import { authorize } from './endpoints/authorize.ts';
import { registration } from './endpoints/register.ts';
import { revocation } from './endpoints/revoke.ts';
import { token } from './endpoints/token.ts';
import { allowOtherOrigins } from './http/cors.ts';
import {
  ACCOUNT_PATH,
  AUTHORIZATION_SERVER_METADATA_ALIASES,
  AUTHORIZATION_SERVER_METADATA_PATH,
  AUTHORIZE_PATHS,
  KEY_SET_PATH,
  OPENID_CONFIGURATION_PATHS,
  PROTECTED_RESOURCE_METADATA_PATHS,
  REGISTRATION_PATHS,
  REVOCATION_PATHS,
  TOKEN_PATHS,
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
  const aliases = hasMetadataAliases ? AUTHORIZATION_SERVER_METADATA_ALIASES : [];
  serveDocument(router, [AUTHORIZATION_SERVER_METADATA_PATH, ...aliases], authorizationServerMetadata(services));
  serveDocument(router, PROTECTED_RESOURCE_METADATA_PATHS, protectedResourceMetadata(services));
  if (hasMetadataAliases) {
    serveDocument(router, OPENID_CONFIGURATION_PATHS, openidConfiguration(services));
    serveDocument(router, [KEY_SET_PATH], emptyKeySet());
  }

  const { show, submit } = authorize(services);
  router
    .route([...AUTHORIZE_PATHS])
    // Express would run the GET handler for HEAD; link previews start no sign-in.
    .head(methodNotAllowed('GET, POST'))
    .get(show)
    .post(submit)
    .all(methodNotAllowed('GET, POST'));

  const owner = account(services);
  router
    .route(ACCOUNT_PATH)
    .head(methodNotAllowed('GET, POST'))
    .get(owner.show)
    .post(owner.submit)
    .all(methodNotAllowed('GET, POST'));

  router
    .route([...TOKEN_PATHS])
    .all(allowOtherOrigins(['POST']))
    .post(token(services))
    .all(methodNotAllowed('POST'));

  if (services.state.isShared) {
    router
      .route([...REVOCATION_PATHS])
      .all(allowOtherOrigins(['POST']))
      .post(revocation(services))
      .all(methodNotAllowed('POST'));
  }

  const { dynamicClients } = services.clients;
  if (dynamicClients?.acceptsRegistration) {
    router
      .route([...REGISTRATION_PATHS])
      .all(allowOtherOrigins(['POST']))
      .post(registration({ ...services, dynamicClients }))
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
