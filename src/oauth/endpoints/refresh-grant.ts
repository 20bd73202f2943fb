/** Exchanges a refresh token for new tokens, unless the mail server (or Missive) now refuses the login: `grant_type=refresh_token` (RFC 6749 §6). */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Account, LoginProblem } from '../../account.ts';
import { UpstreamError } from '../../errors.ts';
import type { ProviderLogin } from '../../mail/account.ts';
import type { RequestingClient } from '../client/client.ts';
import { connectionOfGrant } from '../client/connection-choice.ts';
import type { Grants } from '../grant/grants.ts';
import { invalidRefreshToken, type Rotation } from '../grant/rotation.ts';
import type { TokenIssuer, TokenResponse } from '../grant/token-issuer.ts';
import type { Parameters } from '../http/parameters.ts';
import { resourceOf } from '../metadata.ts';
import { narrowedScope } from '../scope.ts';
import { isMeantFor } from '../sealed/audience.ts';
import { accountOf } from '../sealed/identity.ts';
import { createTokens } from '../sealed/sealed-types.ts';
import type { OAuthServices } from '../services.ts';
import { checkResource, required } from './token-request.ts';
import type { TokenThrottle } from './token-throttle.ts';

const REFUSALS: ReadonlySet<LoginProblem['fault']> = new Set(['credentials', 'app_password', 'no_passwords']);

/** A client that refreshes in a loop must not cause a login at the mail server each time. */
const LOGIN_INTERVAL_SECONDS = 60;

/** Short, because the client waits for its tokens meanwhile. */
const MAX_LOGIN_MS = 5000;

interface TriedLogin {
  isRefused: boolean;
  providerToken?: string;
}

/** @throws {OAuthError} (from the returned function) `invalid_grant`, `invalid_target`, `invalid_scope`, `invalid_request` */
export function createRefreshExchange(
  services: Pick<
    OAuthServices,
    'issuer' | 'keyring' | 'now' | 'log' | 'state' | 'clients' | 'verifyLogin' | 'providerAccess'
  >,
  {
    issuer: tokenIssuer,
    grants,
    rotation,
    throttle,
  }: {
    issuer: TokenIssuer;
    grants: Pick<Grants, 'revoke'>;
    rotation: Rotation;
    throttle: Pick<TokenThrottle, 'countUse'>;
  },
) {
  const { issuer, keyring, now, log, state, clients, verifyLogin, providerAccess } = services;
  const tokens = createTokens(keyring);
  const resource = resourceOf(issuer);

  /**
   * Tries the login, or asks the provider for a new access token, at most once a minute for each grant.
   *
   * @returns `isRefused`: false also if the server does not answer: the credentials may still be valid. `providerToken`: a newer one of the provider
   */
  async function tryLogin(gid: string, account: Account): Promise<TriedLogin> {
    const until = new Date(now().getTime() + LOGIN_INTERVAL_SECONDS * 1000);
    if ((await state.claim(`login:${gid}`, until)) !== null) return { isRefused: false };
    if (account.service === 'mail' && account.imap.login.kind === 'provider') return renew(account.imap.login);
    const refusal = await verifyLogin(account, { only: 'imap', totalMs: MAX_LOGIN_MS });
    return { isRefused: refusal.some(({ fault }) => REFUSALS.has(fault)) };
  }

  /** A provider that answers too late has not ended anything; the request goes on, and keeps what it brings. */
  async function renew(login: ProviderLogin): Promise<TriedLogin> {
    const late = sleep(MAX_LOGIN_MS, undefined, { ref: false });
    const renewing = providerAccess.renew(login).catch((error: unknown) => {
      if (error instanceof UpstreamError) return error;
      throw error;
    });
    const answer = await Promise.race([renewing, late]);
    if (answer instanceof UpstreamError)
      return { isRefused: answer.service === 'Provider' && answer.fault === 'credentials' };
    return { isRefused: false, ...(answer?.refreshToken && { providerToken: answer.refreshToken }) };
  }

  return async function refresh(form: Parameters, requesting: RequestingClient): Promise<TokenResponse> {
    const token = await tokens.refresh.unseal(required(form, 'refresh_token'), now()).catch((cause) => {
      throw invalidRefreshToken(cause);
    });
    if (!isMeantFor(token, { issuer, resource }) || token.client !== requesting.jti)
      throw invalidRefreshToken('of another client or server');
    const connection = connectionOfGrant(requesting.connections, token);
    if (connection === undefined) throw invalidRefreshToken('its connection was removed');
    const client = await clients.connect(requesting, connection);
    const account = accountOf(token.login, client.servers, token);
    // The operator may have added replicas since the token was issued.
    if (!rotation.mayRefresh(client)) throw invalidRefreshToken('cannot be rotated any more');
    checkResource(form, issuer);
    const scope = narrowedScope(form.get('scope'), token.scope);
    await rotation.check(token, client);
    await throttle.countUse(token.gid);
    const { isRefused, providerToken } = await tryLogin(token.gid, account);
    if (isRefused) {
      await grants.revoke({ id: token.gid, approval: token.approval });
      log.info(
        { client: client.jti, grant: token.gid },
        'grant revoked: the mail server or the provider refuses its login',
      );
      throw invalidRefreshToken('mailbox login refused');
    }
    const successor = await rotation.consume(token);
    const { jti: _jti, iat: _iat, exp: _exp, sub: _sub, client: _client, parent: _parent, ...granted } = token;
    const options = { scope, successor, providerToken };
    const at = client.connection === undefined ? {} : { connection: client.connection };
    return tokenIssuer.issue(client, { ...granted, ...at, iss: issuer, aud: resource }, options);
  };
}
