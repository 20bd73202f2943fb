/** Serves the metadata documents by which clients find the endpoints: RFC 8414 for the authorization server, RFC 9728 for `/mcp`. */
import type { RequestHandler } from 'express';
import { SCOPES } from '../policy.ts';
import {
  basePathOf,
  KEY_SET_PATH,
  LANDING_PATH,
  PROTECTED_RESOURCE_METADATA_PATH,
  REGISTRATION_PATHS,
  REVOCATION_PATHS,
} from './http/paths.ts';
import type { OAuthServices } from './services.ts';

/** The one resource of the server (RFC 8707 §2): the audience of every access token. */
export const resourceOf = (issuer: string): string => `${issuer}/mcp`;

/** The URL in the 401 challenge (RFC 9728 §3.1, §5.1): clients compare the `resource` there with the URL that they requested. */
export function resourceMetadataUrl(issuer: string, requestedPath: string): string {
  const resourcePath = basePathOf(issuer) + (requestedPath === LANDING_PATH ? '' : '/mcp');
  return new URL(issuer).origin + PROTECTED_RESOURCE_METADATA_PATH + resourcePath;
}

/** Hosted Claude sends the secret in the body, the TypeScript SDK prefers Basic. */
export const CLIENT_AUTHENTICATION_METHODS = ['client_secret_basic', 'client_secret_post', 'none'] as const;

type MetadataServices = Pick<OAuthServices, 'issuer' | 'clients' | 'state'>;

/** RFC 8414 §2. */
export const authorizationServerMetadataHandler = (services: MetadataServices): RequestHandler =>
  documentHandler(describeServer(services));

/**
 * Serves the same metadata to clients that request that of an OpenID provider, with its required members (OpenID Connect Discovery §3): the official
 * client throws on a document without them. No ID token is ever issued, so there is no key, and `openid` is not a scope.
 */
export function openidConfigurationHandler(services: MetadataServices): RequestHandler {
  return documentHandler({
    ...describeServer(services),
    jwks_uri: services.issuer + KEY_SET_PATH,
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
  });
}

/** RFC 7517 §5. */
export const emptyKeySetHandler = (): RequestHandler => documentHandler({ keys: [] });

function describeServer({ issuer, clients, state }: MetadataServices): object {
  const { acceptsRegistration = false, acceptsDocuments = false } = clients.dynamicClients ?? {};
  return {
    issuer,
    authorization_endpoint: `${issuer}/oauth/authorize`,
    token_endpoint: `${issuer}/oauth/token`,
    ...(acceptsRegistration && { registration_endpoint: issuer + REGISTRATION_PATHS[0] }),
    ...(state.isShared && {
      revocation_endpoint: issuer + REVOCATION_PATHS[0],
      revocation_endpoint_auth_methods_supported: CLIENT_AUTHENTICATION_METHODS,
    }),
    response_types_supported: ['code'],
    response_modes_supported: ['query'],
    grant_types_supported: ['authorization_code', 'refresh_token'],
    code_challenge_methods_supported: ['S256'],
    token_endpoint_auth_methods_supported: CLIENT_AUTHENTICATION_METHODS,
    // Some clients request a refresh token only if this is listed; it is not a scope of the resource.
    scopes_supported: [...SCOPES, 'offline_access'],
    authorization_response_iss_parameter_supported: true,
    ...(acceptsDocuments && { client_id_metadata_document_supported: true }),
  };
}

/**
 * RFC 9728 §2.
 *
 * @param resource the URL that the client was given: that of `/mcp`, or of the server alone. Both are the same resource, with the same tokens.
 */
export function protectedResourceMetadataHandler(resource: string, { issuer }: { issuer: string }): RequestHandler {
  return documentHandler({
    resource,
    authorization_servers: [issuer],
    bearer_methods_supported: ['header'],
    scopes_supported: SCOPES,
    resource_name: 'Mail',
  });
}

function documentHandler(document: object): RequestHandler {
  // A buffer, so that Express adds no charset: the media type has none (RFC 8259 §11).
  const body = Buffer.from(JSON.stringify(document));
  return (_request, response) => {
    response.setHeader('Content-Type', 'application/json');
    response.setHeader('Cache-Control', 'public, max-age=3600');
    response.send(body);
  };
}
