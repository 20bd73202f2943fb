/** The discovery documents: RFC 8414 for the authorization server, RFC 9728 for `/mcp`. Pure functions of the issuer. */
import type { RequestHandler } from 'express';
import { SCOPES } from '../policy.ts';
import { KEY_SET_PATH, REGISTRATION_PATHS, REVOCATION_PATHS } from './http/paths.ts';
import type { OAuthServices } from './services.ts';

/** The one resource there is (RFC 8707 §2): the audience of every access token. */
export const resourceOf = (issuer: string): string => `${issuer}/mcp`;

/** Where the 401 challenge sends clients (RFC 9728 §3.1, §5.1). */
export const resourceMetadataUrl = (issuer: string): string => `${issuer}/.well-known/oauth-protected-resource/mcp`;

/** How clients may authenticate: hosted Claude sends the secret in the body, the TypeScript SDK prefers Basic. */
export const clientAuthenticationMethods = ['client_secret_basic', 'client_secret_post', 'none'] as const;

type Facts = Pick<OAuthServices, 'issuer' | 'clients' | 'state'>;

/** RFC 8414 §2. */
export const authorizationServerMetadata = (facts: Facts): RequestHandler => sendDocument(describeServer(facts));

/**
 * The same for clients that look for an OpenID provider, with what those must have (OpenID Connect Discovery §3): the official client
 * throws on a document without it. No ID token is ever issued, so there is no key, and `openid` is no scope.
 */
export function openidConfiguration(facts: Facts): RequestHandler {
  return sendDocument({
    ...describeServer(facts),
    jwks_uri: facts.issuer + KEY_SET_PATH,
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
  });
}

/** RFC 7517 §5. */
export const emptyKeySet = (): RequestHandler => sendDocument({ keys: [] });

function describeServer({ issuer, clients, state }: Facts): object {
  const { acceptsRegistration = false, acceptsDocuments = false } = clients.dynamicClients ?? {};
  return {
    issuer,
    authorization_endpoint: `${issuer}/oauth/authorize`,
    token_endpoint: `${issuer}/oauth/token`,
    ...(acceptsRegistration && { registration_endpoint: issuer + REGISTRATION_PATHS[0] }),
    ...(state.isShared && {
      revocation_endpoint: issuer + REVOCATION_PATHS[0],
      revocation_endpoint_auth_methods_supported: clientAuthenticationMethods,
    }),
    response_types_supported: ['code'],
    response_modes_supported: ['query'],
    grant_types_supported: ['authorization_code', 'refresh_token'],
    code_challenge_methods_supported: ['S256'],
    token_endpoint_auth_methods_supported: clientAuthenticationMethods,
    // Some clients ask for a refresh token only if this is listed here; it is no scope of the resource.
    scopes_supported: [...SCOPES, 'offline_access'],
    authorization_response_iss_parameter_supported: true,
    ...(acceptsDocuments && { client_id_metadata_document_supported: true }),
  };
}

/** RFC 9728 §2. */
export function protectedResourceMetadata({ issuer }: { issuer: string }): RequestHandler {
  return sendDocument({
    resource: resourceOf(issuer),
    authorization_servers: [issuer],
    bearer_methods_supported: ['header'],
    scopes_supported: SCOPES,
    resource_name: 'Mail',
  });
}

function sendDocument(document: object): RequestHandler {
  // A buffer, so that Express adds no charset: the media type has none (RFC 8259 §11).
  const body = Buffer.from(JSON.stringify(document));
  return (_request, response) => {
    response.setHeader('Content-Type', 'application/json');
    response.setHeader('Cache-Control', 'public, max-age=3600');
    response.send(body);
  };
}
