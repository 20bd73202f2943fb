/** Handles POST /oauth/revoke (RFC 7009): revokes an access token, or the grant of a refresh token. Needs a state that all replicas share. */
import type { RequestHandler } from 'express';
import type { RequestingClient } from '../client/client.ts';
import { createGrants } from '../grant/grants.ts';
import { revokedTokenKey } from '../grant/revocation.ts';
import { resourceOf } from '../metadata.ts';
import { isMeantFor } from '../sealed/audience.ts';
import { rememberedUntil } from '../sealed/jwe.ts';
import { createTokens } from '../sealed/sealed-types.ts';
import type { OAuthServices } from '../services.ts';
import { authenticateClient, findClient } from './client-authentication.ts';
import { readTokenRequest, required } from './token-request.ts';
import { createTokenThrottle } from './token-throttle.ts';

export function revokeHandler(services: OAuthServices): RequestHandler {
  const { issuer, keyring, now, log, state, clients } = services;
  const throttle = createTokenThrottle(services);
  const tokens = createTokens(keyring);
  const grants = createGrants(services);

  /** `token_type_hint` is not needed: a token can be decrypted as one type only. */
  async function unsealToken(text: string) {
    const access = await tokens.access.unseal(text, now()).catch(() => undefined);
    if (access !== undefined) return { ...access, type: 'access' as const, client: access.client.jti };
    const refresh = await tokens.refresh.unseal(text, now()).catch(() => undefined);
    return refresh === undefined ? undefined : { ...refresh, type: 'refresh' as const };
  }

  /** @returns the outcome, for the log; the response is the same for every outcome (§2.2) */
  async function revoke(text: string, client: RequestingClient): Promise<object> {
    const token = await unsealToken(text);
    if (token === undefined) return { result: 'unknown' };
    const { type, jti, gid, approval } = token;
    const isOurs = isMeantFor(token, { issuer, resource: resourceOf(issuer) });
    if (!isOurs || token.client !== client.jti) return { result: 'foreign', grant: gid };
    if (type === 'access') await state.mark(revokedTokenKey(jti), rememberedUntil(token));
    // The revocation of a refresh token revokes its grant (§2.1).
    else await grants.revoke({ id: gid, approval });
    return { result: type, grant: gid };
  }

  return async (request, response) => {
    response.set({ 'Cache-Control': 'no-store', Pragma: 'no-cache' });
    const form = await readTokenRequest(request, services.issuer);
    const presented = await findClient(request, form, clients);
    const guarded = { request, form, clientJti: presented.client.jti };
    const client = await throttle.guard(guarded, async () => authenticateClient(presented));
    const outcome = await revoke(required(form, 'token'), client);
    log.info({ client: client.jti, ...outcome }, 'revocation requested');
    response.status(200).end();
  };
}
