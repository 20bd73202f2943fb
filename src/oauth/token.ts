/** POST /oauth/token: the two grants, one function each (RFC 6749 §4.1.3, §6). */
import type { RequestHandler } from 'express';
import { OAuthError } from '../errors.ts';
import { isOurResource } from './authorization-request.ts';
import type { Client } from './client.ts';
import { authenticateClient } from './client-authentication.ts';
import { accountOf } from './credentials.ts';
import { toSeconds } from './jwe.ts';
import { resourceOf } from './metadata.ts';
import type { OAuthServices } from './oauth-services.ts';
import { type Parameters, queryOf, readForm } from './parameters.ts';
import { verifies } from './pkce.ts';
import { narrowedScope, type Scope } from './scope.ts';
import { subjectOf } from './subject.ts';
import { tokenThrottle } from './token-throttle.ts';
import { createTokens, lifetimes, type RefreshPayload } from './tokens.ts';

const maxFormBytes = 32 * 1024;

const farFuture = new Date(8.64e15);

/** A code that was tried wrongly so often is not tried by its owner. */
const maxFailuresOfCode = 5;

type TokenServices = Pick<OAuthServices, 'issuer' | 'keyring' | 'now' | 'log' | 'state' | 'clients'>;

/** RFC 6749 §5.1. */
interface TokenResponse {
  access_token: string;
  token_type: 'Bearer';
  expires_in: number;
  scope: string;
  refresh_token: string;
}

export function token(services: TokenServices): RequestHandler {
  const { issuer, keyring, now, log, state, clients } = services;
  const tokens = createTokens(keyring);
  const throttled = tokenThrottle(services);

  /** Both tokens of a grant. The account is put together anew from what was typed and the servers of the client as it is now. */
  async function issue(client: Client, grant: RefreshPayload, scope: Scope): Promise<TokenResponse> {
    const { iss, aud, sub, gid, granted_at, consent, login } = grant;
    const { servers, policy } = client;
    const limits = { ...(consent && { consent }), ...(Object.keys(policy).length > 0 && { policy }) };
    const access = { iss, aud, sub, gid, granted_at, login, scope, servers, ...limits };
    const grantEnds = endOf(grant, client);
    return {
      access_token: await tokens.access.seal(
        { ...access, client: { jti: client.jti, name: client.name } },
        now(),
        grantEnds,
      ),
      token_type: 'Bearer',
      expires_in: Math.min(lifetimes.accessSeconds, Math.floor((grantEnds.getTime() - now().getTime()) / 1000)),
      scope: scope.join(' '),
      refresh_token: await tokens.refresh.seal(grant, now(), grantEnds),
    };
  }

  async function exchangeCode(form: Parameters, client: Client): Promise<TokenResponse> {
    const code = await tokens.code.open(required(form, 'code'), now()).catch((cause) => {
      throw new OAuthError('invalid_grant', 'The code is not valid or has expired.', { cause });
    });
    const expiresAt = new Date((code.exp ?? 0) * 1000);
    const mark = `code:${code.jti}`;
    // Another server may have the same key (REF-04).
    if (code.aud !== resourceOf(issuer)) throw new OAuthError('invalid_grant', 'The code is for another server.');
    checkResource(form, issuer);
    const fault = faultOf(code, form, client);
    if (fault) {
      // A wrong request does not use up the code of an honest one, but guessing ends.
      const failures = await state.count(`${mark}:failures`, lifetimes.codeSeconds);
      if (failures.count >= maxFailuresOfCode) await state.claim(mark, expiresAt);
      throw new OAuthError('invalid_grant', fault);
    }
    if ((await state.claim(mark, expiresAt)) !== null) {
      throw new OAuthError('invalid_grant', 'The code was already used.');
    }

    const sub = subjectOf(keyring, accountOf(code.login, client.servers));
    const { aud, scope, login, iat: granted_at, jti: gid } = code;
    const grant = {
      iss: issuer,
      aud,
      sub,
      gid,
      granted_at,
      client: client.jti,
      scope,
      login,
      ...(code.consent && { consent: code.consent }),
    };
    log.info({ client: client.jti, grant: gid }, 'tokens issued for a code');
    return issue(client, grant, scope);
  }

  async function refresh(form: Parameters, client: Client): Promise<TokenResponse> {
    const sealed = await tokens.refresh.open(required(form, 'refresh_token'), now()).catch((cause) => {
      throw new OAuthError('invalid_grant', 'The refresh token is not valid or has expired.', { cause });
    });
    if (sealed.iss !== issuer || sealed.client !== client.jti) {
      throw new OAuthError('invalid_grant', 'The refresh token belongs to another client.');
    }
    checkResource(form, issuer);
    const { jti: _jti, iat: _iat, exp: _exp, ...grant } = sealed;
    const scope = narrowedScope(form.get('scope'), grant.scope);
    log.info({ client: client.jti, grant: grant.gid }, 'tokens issued for a refresh token');
    return issue(client, grant, scope);
  }

  const grants = new Map([
    ['authorization_code', exchangeCode],
    ['refresh_token', refresh],
  ]);

  return async (request, response) => {
    // Set first, so that refusals carry them too (RFC 6749 §5.1).
    response.set({ 'Cache-Control': 'no-store', Pragma: 'no-cache' });
    if (queryOf(request)) throw new OAuthError('invalid_request', 'Parameters belong in the body, not in the URL.');
    const form = await readForm(request, maxFormBytes);
    if (form.repeated.size > 0) throw repeatedParameter(form);
    const answer = grants.get(required(form, 'grant_type'));
    if (!answer) {
      throw new OAuthError('unsupported_grant_type', `grant_type must be ${[...grants.keys()].join(' or ')}.`);
    }
    const client = await authenticateClient(request, form, clients, throttled(request, response));
    response.json(await answer(form, client));
  };
}

/** When everything of the grant is over: it has grown old, or the owner or the operator set an earlier end. */
function endOf({ granted_at, consent }: RefreshPayload, { expiresAt }: Client): Date {
  const ends = [granted_at + lifetimes.grantSeconds, consent?.until ?? Infinity, toSeconds(expiresAt ?? farFuture)];
  return new Date(Math.min(...ends) * 1000);
}

function faultOf(
  code: { client: string; redirect_uri: string; code_challenge: string },
  form: Parameters,
  client: Client,
): string | null {
  if (code.client !== client.jti) return 'The code belongs to another client.';
  const redirectUri = form.get('redirect_uri');
  // OAuth 2.1 leaves it out of the token request; who sends it must send the right one (§10.2 there).
  if (redirectUri !== undefined && redirectUri !== code.redirect_uri) {
    return 'redirect_uri is not the one of the authorization request.';
  }
  return verifies(form.get('code_verifier') ?? '', code.code_challenge)
    ? null
    : 'code_verifier is missing or does not match code_challenge.';
}

function required(form: Parameters, name: string): string {
  const value = form.get(name);
  if (value === undefined) throw new OAuthError('invalid_request', `${name} is missing.`);
  return value;
}

function repeatedParameter(form: Parameters): OAuthError {
  const isResource = form.repeated.size === 1 && form.repeated.has('resource');
  return new OAuthError(isResource ? 'invalid_target' : 'invalid_request', 'A parameter is repeated.');
}

/** All grants are for the one resource there is, so its other spellings are welcome here as well. */
function checkResource(form: Parameters, issuer: string): void {
  const resource = form.get('resource');
  if (resource !== undefined && !isOurResource(resource, issuer)) {
    throw new OAuthError('invalid_target', 'The resource is not the one that was granted.');
  }
}
