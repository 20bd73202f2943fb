/**
 * Finds the grant of the access token in the Authorization header, or throws the error that becomes a 401 challenge (RFC 6750 §2.1, §3).
 *
 * Invariant: the decision is made before the body is read.
 */
import type { Request } from 'express';
import type { Account } from '../../account.ts';
import { OAuthError } from '../../errors.ts';
import { type Permit, SCOPES } from '../../policy.ts';
import { connectionOfGrant } from '../client/connection-choice.ts';
import { createRevocationCheck, type TokenOrigin } from '../grant/revocation.ts';
import { errorDescription } from '../http/error-description.ts';
import { parseParameters, queryOf } from '../http/parameters.ts';
import { resourceMetadataUrl, resourceOf } from '../metadata.ts';
import { isMeantFor } from '../sealed/audience.ts';
import { accountOf } from '../sealed/identity.ts';
import type { Claims } from '../sealed/jwe.ts';
import { type AccessPayload, createTokens, SEALED_TYPES } from '../sealed/sealed-types.ts';
import type { OAuthServices } from '../services.ts';
import { createTokenCache } from './token-cache.ts';

/** What an access token allows: the account, the client, and what it may do. */
export interface Grant {
  account: Account;
  client: AccessPayload['client'];
  permit: Permit;
  /** Identifies the access token in logs. */
  jti: string;
  /** Identifies the grant: one sign-in and all tokens that result from it. */
  grantId: string;
  expiresAt: Date;
  /** End of everything that is issued under the grant, such as attachment links. Never before `expiresAt`. */
  endsAt: Date;
  /** Of the account owner, by its name in the IANA time zone database; this runtime may not know it. Absent: none was given. */
  timeZone?: string;
  /** Further addresses of the account owner, with names: `Ida Brandt <ida@example.org>`. Absent: none was given. */
  identities?: readonly string[];
  /** The `sub` claim: a keyed hash, the same for every grant of the same account. */
  subject: string;
}

const MAX_HEADER_LENGTH = 8 * 1024;

/** @returns the error for a token that is missing, not valid, or contains credentials that the mail server now refuses: the client needs a new one */
export function invalidToken(cause?: unknown): OAuthError {
  return new OAuthError('invalid_token', 'The access token is not valid or has expired.', { cause });
}

export interface GrantFinder {
  /**
   * @throws {OAuthError} `invalid_token` if there is no valid token; `invalid_request` if it is in the URL or the body, or if there are two
   *   Authorization headers
   */
  find(request: Request): Promise<Grant>;
}

/** The content of a token whose seal, audience and expiry were verified. Revocation is checked anew for every request. */
interface Verified {
  grant: Grant;
  origin: TokenOrigin;
  expiresAt: Date;
}

export function createGrantFinder(
  services: Pick<OAuthServices, 'issuer' | 'keyring' | 'now' | 'log' | 'state' | 'clients'>,
): GrantFinder {
  const { issuer, now, clients } = services;
  const tokens = createTokens(services.keyring);
  const cache = createTokenCache<Verified>(now);
  const revocations = createRevocationCheck(services);

  async function verify(token: string): Promise<Verified> {
    const known = cache.get(token);
    if (known !== undefined) return known;
    const access = await tokens.access.unseal(token, now()).catch((error) => {
      throw invalidToken(error);
    });
    if (!isMeantFor(access, { issuer, resource: resourceOf(issuer) })) throw invalidToken('meant for another server');
    const verified = toVerified(access);
    if (verified.expiresAt <= now()) throw invalidToken('what was granted has ended');
    cache.put(token, verified);
    return verified;
  }

  return {
    async find(request) {
      const { grant, origin } = await verify(presentedToken(request));
      if (isOfRemovedConnection(origin, clients)) throw new OAuthError('invalid_token', REMOVED);
      if (await revocations.isRevoked(origin)) throw invalidToken('revoked');
      return grant;
    },
  };
}

const REMOVED = 'The connection that the access token was granted for was removed from this server. Sign in again.';

/** Whether a token of a dynamic client belongs to none of the connections of the settings. One that names none belongs to the only one. */
function isOfRemovedConnection({ client, ...granted }: TokenOrigin, { dynamicClients }: OAuthServices['clients']) {
  if (client.minted !== false) return false;
  const connections = dynamicClients?.connections;
  if (connections === undefined) return granted.connection !== undefined;
  return connectionOfGrant(connections, granted) === undefined;
}

function toVerified(access: AccessPayload & Claims): Verified {
  const { jti, gid, sub, granted_at, client, scope, consent, policy, connection, login } = access;
  const expiresAt = new Date(Math.min(access.exp ?? 0, consent?.until ?? Infinity) * 1000);
  const grant = {
    account: accountIn(access),
    client,
    permit: { scope, consent: consent ?? {}, policy: policy ?? {} },
    jti,
    grantId: gid,
    expiresAt,
    endsAt: new Date((access.ends ?? granted_at + SEALED_TYPES.grant.lifetimeSeconds) * 1000),
    ...(access.time_zone !== undefined && { timeZone: access.time_zone }),
    ...(access.identities !== undefined && { identities: access.identities }),
    subject: sub,
  };
  return { grant, origin: { jti, gid, sub, granted_at, client, connection, login }, expiresAt };
}

function accountIn({ login, servers, ...facts }: AccessPayload): Account {
  try {
    return accountOf(login, servers, facts);
  } catch (cause) {
    throw invalidToken(cause);
  }
}

function presentedToken(request: Request): string {
  const query = parseParameters(queryOf(request));
  if (query.get('access_token') !== undefined || query.repeated.has('access_token')) {
    throw new OAuthError('invalid_request', 'The access token belongs in the Authorization header, not in the URL.');
  }
  // `request.headers` contains only the first of several values.
  const headers = request.headersDistinct.authorization ?? [];
  if (headers.length > 1) throw new OAuthError('invalid_request', 'There is more than one Authorization header.');
  const [header] = headers;
  // RFC 6750 §2.2 would allow a token in a form body. The body is not read: no request to this endpoint is a form.
  if (/^application\/x-www-form-urlencoded\b/i.test(request.headers['content-type'] ?? '')) {
    throw new OAuthError('invalid_request', 'The access token belongs in the Authorization header alone.');
  }
  if (header === undefined) throw invalidToken('no Authorization header');
  if (header.length > MAX_HEADER_LENGTH) throw invalidToken('header too long');
  const [, token] = /^Bearer +([\w.~+/-]+=*)$/i.exec(header) ?? [];
  if (token === undefined) throw invalidToken('the Authorization header has no bearer token');
  return token;
}

/**
 * The `WWW-Authenticate` value of a refusal (RFC 6750 §3, RFC 9728 §5.1): the URL of the resource metadata, and the scope to request.
 * It contains no error if the request has no bearer token (RFC 6750 §3.1).
 */
export function challenge(request: Request, error: OAuthError, issuer: string): string {
  const tried = error.code !== 'invalid_token' || /^Bearer\b/i.test(request.headers.authorization ?? '');
  return `Bearer ${[
    ...(tried ? [`error="${error.code}"`, `error_description="${errorDescription(error.message)}"`] : []),
    `resource_metadata="${resourceMetadataUrl(issuer, request.path)}"`,
    `scope="${error.scope ?? SCOPES.join(' ')}"`,
  ].join(', ')}`;
}
