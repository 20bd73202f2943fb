/** Authorization header → grant, or the error that becomes a 401 challenge (RFC 6750 §2.1, §3). */
import type { Request } from 'express';
import type { Account } from '../../account.ts';
import { OAuthError } from '../../errors.ts';
import { type Permit, SCOPES } from '../../policy.ts';
import { type Origin, recalls } from '../grant/revocation.ts';
import { errorDescription } from '../http/error-description.ts';
import { parseParameters, queryOf } from '../http/parameters.ts';
import { resourceMetadataUrl, resourceOf } from '../metadata.ts';
import { accountOf } from '../sealed/credentials.ts';
import { type AccessPayload, createTokens, lifetimes } from '../sealed/sealed-types.ts';
import type { OAuthServices } from '../services.ts';
import { createTokenCache } from './token-cache.ts';

/** What an access token allows: whose account, by which client, and what may be done. */
export interface Grant {
  account: Account;
  client: AccessPayload['client'];
  permit: Permit;
  /** Names the access token, in logs. */
  jti: string;
  /** Names the sign-in that all tokens of this grant come from. */
  grantId: string;
  expiresAt: Date;
  /** When nothing that came of the grant may work any more, such as links. Not before `expiresAt`. */
  endsAt: Date;
  /** The same for the same account; tells nothing about it. */
  subject: string;
}

const MAX_HEADER_LENGTH = 8 * 1024;

/** The token is missing, no good, or stands for a login that the mail server refuses by now: the client has to sign in again. */
export function invalidToken(cause?: unknown): OAuthError {
  return new OAuthError('invalid_token', 'The access token is not valid or has expired.', { cause });
}

/**
 * @returns a function that finds out what a request may do
 * @throws {OAuthError} `invalid_token` if there is no valid token; `invalid_request` if it is somewhere else than in the one header
 */
export function bearer(services: Pick<OAuthServices, 'issuer' | 'keyring' | 'now' | 'log' | 'state' | 'clients'>) {
  const { issuer, now } = services;
  const tokens = createTokens(services.keyring);
  const opened = createTokenCache<{ grant: Grant; origin: Origin; expiresAt: Date }>(now);
  const isRecalled = recalls(services);

  async function open(token: string) {
    const known = opened.get(token);
    if (known !== undefined) return known;
    const access = await tokens.access.unseal(token, now()).catch((error) => {
      throw invalidToken(error);
    });
    if (access.iss !== issuer || access.aud !== resourceOf(issuer)) throw invalidToken('meant for another server');
    const ends = [access.exp ?? 0, access.consent?.until ?? Infinity];
    const expiresAt = new Date(Math.min(...ends) * 1000);
    if (expiresAt <= now()) throw invalidToken('what was granted has ended');
    const grant = {
      account: accountIn(access),
      client: access.client,
      permit: { scope: access.scope, consent: access.consent ?? {}, policy: access.policy ?? {} },
      jti: access.jti,
      grantId: access.gid,
      expiresAt,
      endsAt: new Date((access.ends ?? access.granted_at + lifetimes.grantSeconds) * 1000),
      subject: access.sub,
    };
    const { jti, gid, sub, granted_at, client } = access;
    const content = { grant, origin: { jti, gid, sub, granted_at, client }, expiresAt };
    opened.put(token, content);
    return content;
  }

  return async function requireGrant(request: Request): Promise<Grant> {
    const { grant, origin } = await open(presentedToken(request));
    if (await isRecalled(origin)) throw invalidToken('revoked');
    return grant;
  };
}
export type RequireGrant = ReturnType<typeof bearer>;

function accountIn({ login, servers }: AccessPayload): Account {
  try {
    return accountOf(login, servers);
  } catch (cause) {
    throw invalidToken(cause);
  }
}

function presentedToken(request: Request): string {
  const query = parseParameters(queryOf(request));
  if (query.get('access_token') !== undefined || query.repeated.has('access_token')) {
    throw new OAuthError('invalid_request', 'The access token belongs in the Authorization header, not in the URL.');
  }
  // Node keeps the first of several in `headers`.
  const headers = request.headersDistinct.authorization ?? [];
  if (headers.length > 1) throw new OAuthError('invalid_request', 'There is more than one Authorization header.');
  const [header = ''] = headers;
  // Its body is not read to find out whether there is one: nothing else that comes as a form has business here.
  if (/^application\/x-www-form-urlencoded\b/i.test(request.headers['content-type'] ?? '')) {
    throw new OAuthError('invalid_request', 'The access token belongs in the Authorization header alone.');
  }
  if (header.length > MAX_HEADER_LENGTH) throw invalidToken('header too long');
  const [, token] = /^Bearer +([\w.~+/-]+=*)$/i.exec(header) ?? [];
  if (token === undefined) throw invalidToken('no bearer token');
  return token;
}

/**
 * The `WWW-Authenticate` value of a refusal (RFC 6750 §3, RFC 9728 §5.1): where to find out how to sign in, and what to ask for.
 * Without an error for requests that did not try to authenticate (§3.1).
 */
export function challenge(request: Request, error: OAuthError, issuer: string): string {
  const tried = error.code !== 'invalid_token' || /^Bearer\b/i.test(request.headers.authorization ?? '');
  return `Bearer ${[
    ...(tried ? [`error="${error.code}"`, `error_description="${errorDescription(error.message)}"`] : []),
    `resource_metadata="${resourceMetadataUrl(issuer)}"`,
    `scope="${error.scope ?? SCOPES.join(' ')}"`,
  ].join(', ')}`;
}
