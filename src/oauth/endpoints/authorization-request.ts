/**
 * Validates an authorization request (RFC 6749 §4.1.1) in two phases: until the redirect URI is validated, an error is shown to the account
 * owner; after that, it is sent to the client (RFC 6749 §4.1.2.1).
 */
import type { Request } from 'express';
import { type ErrorRedirect, OAuthError, type OAuthErrorCode } from '../../errors.ts';
import type { Client, RequestingClient } from '../client/client.ts';
import type { Clients } from '../client/clients.ts';
import { type Parameters, parseParameters, queryOf } from '../http/parameters.ts';
import { basePathOf } from '../http/paths.ts';
import { isCodeChallenge } from '../http/pkce.ts';
import { hasRedirectUri } from '../http/redirect-uri.ts';
import { resourceOf } from '../metadata.ts';
import { PageError } from '../pages/page-error.ts';
import { grantedScope, type Scope } from '../scope.ts';

/** The client that sent the request, and where its authorization response may be sent. */
export interface Target {
  client: RequestingClient;
  /** As requested: the port of a loopback URI may differ from the registered one. */
  redirectUri: string;
  state: string | undefined;
}

/** A valid request, before it is known which connection the account uses. */
export interface RequestedAccess extends Target {
  codeChallenge: string;
  /** The canonical URI of the one resource. */
  resource: string;
  scope: Scope;
}

/** A valid request for the servers and limits of one connection. */
export interface AuthorizationRequest extends RequestedAccess {
  client: Client;
}

/** Parameters that would change the meaning of the request, so that they must not be ignored. */
const UNSUPPORTED_PARAMETERS = ['request', 'request_uri', 'registration'];

/** A common limit of proxies for a request line: longer requests do not reach the server in production. */
const MAX_QUERY_LENGTH = 8190;

/** @throws {OAuthError} if the query is too long */
export function parseAuthorizationRequest(request: Request): Parameters {
  const query = queryOf(request);
  if (query.length > MAX_QUERY_LENGTH) throw new PageError('invalid_request', (t) => t.errors.linkTooLong);
  return parseParameters(query);
}

/**
 * First phase: validates the client and its redirect URI.
 *
 * @param address of the request
 * @throws {OAuthError} without `redirect`: shown as a page
 */
export async function validateTarget(
  parameters: Parameters,
  clients: Clients,
  address: string | undefined,
): Promise<Target> {
  for (const name of ['client_id', 'redirect_uri']) {
    if (parameters.repeated.has(name)) throw new PageError('invalid_request', (t) => t.errors.namedTwice({ name }));
    if (!parameters.get(name)) throw new PageError('invalid_request', (t) => t.errors.notNamed({ name }));
  }
  const client = await clients.resolve(parameters.get('client_id') ?? '', address);
  const redirectUri = parameters.get('redirect_uri') ?? '';
  if (!hasRedirectUri(client, redirectUri)) {
    throw new PageError('invalid_request', (t) => t.errors.redirectUriUnknown);
  }
  return { client, redirectUri, state: parameters.get('state') };
}

/**
 * Second phase: validates everything else.
 *
 * @throws {OAuthError} with `redirect`: sent to the client, with its state
 */
export function validateRequest(parameters: Parameters, target: Target, issuer: string): RequestedAccess {
  const redirect = errorRedirect(target);
  const refuse = (code: OAuthErrorCode, description: string) => new OAuthError(code, description, { redirect });

  if (repeatedParameter(parameters) !== undefined) throw refuse('invalid_request', 'A parameter is repeated.');
  const responseType = parameters.get('response_type');
  if (!responseType) throw refuse('invalid_request', 'response_type is missing.');
  if (responseType !== 'code') throw refuse('unsupported_response_type', 'Only response_type code is supported.');
  if ((parameters.get('response_mode') ?? 'query') !== 'query') {
    throw refuse('invalid_request', 'Only response_mode query is supported.');
  }
  const refused = UNSUPPORTED_PARAMETERS.find((name) => parameters.get(name));
  if (refused) throw refuse('invalid_request', `The parameter ${refused} is not supported.`);

  const codeChallenge = parameters.get('code_challenge');
  if (!codeChallenge) throw refuse('invalid_request', 'code_challenge is missing: PKCE is required.');
  // A missing method would mean `plain` (RFC 7636 §4.3).
  if (parameters.get('code_challenge_method') !== 'S256') {
    throw refuse('invalid_request', 'code_challenge_method must be S256.');
  }
  if (!isCodeChallenge(codeChallenge)) {
    throw refuse('invalid_request', 'code_challenge must be 43 characters of base64url.');
  }
  if (!areOurResources(parameters, issuer)) throw refuse('invalid_target', 'The resource is not one of this server.');
  try {
    const scope = grantedScope(parameters.get('scope'));
    return { ...target, codeChallenge, resource: resourceOf(issuer), scope };
  } catch (error) {
    throw error instanceof OAuthError ? refuse(error.code, error.message) : error;
  }
}

/**
 * Where errors of a request are sent before the account owner has interacted with a page. Anyone can register a client and publish such a
 * link: the browser is not redirected to a dynamic client until the account owner agrees (AUTHZ-04).
 */
export function errorRedirect({ client, redirectUri, state }: Target): ErrorRedirect {
  return { uri: redirectUri, state, ...(client.origin !== 'minted' && { needsConfirmation: true }) };
}

/** @returns the name of a parameter that was sent more than once and may not be: all but `resource` (RFC 8707 §2) */
export function repeatedParameter({ repeated }: Parameters): string | undefined {
  return [...repeated].find((name) => name !== 'resource');
}

/** Whether every `resource` of a request names the one resource of this server: it may be repeated, in any of its spellings. */
export function areOurResources(parameters: Parameters, issuer: string): boolean {
  return parameters.all('resource').every((resource) => isOurResource(resource, issuer));
}

/**
 * Hosts and schemes are case-insensitive and a default port means nothing (RFC 3986 §6.2.2.1, §6.2.3), clients add a slash when they parse the URL,
 * and some know only the origin.
 */
function isOurResource(resource: string, issuer: string): boolean {
  const [, origin = '', path = ''] = /^([a-z]+:\/\/[^/?#]*)(.*)$/is.exec(resource) ?? [];
  const lower = origin.toLowerCase();
  const withoutPort = lower.startsWith('https:') ? lower.replace(/:443$/, '') : lower.replace(/:80$/, '');
  const base = basePathOf(issuer);
  if (![lower, withoutPort].includes(new URL(issuer).origin) || !path.startsWith(base)) return false;
  return ['', '/', '/mcp', '/mcp/'].includes(path.slice(base.length));
}
