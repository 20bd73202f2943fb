/** POST /oauth/revoke (RFC 7009). Offered where a revocation takes effect on all replicas, and nowhere else. */
import type { RequestHandler } from 'express';
import type { Client } from '../client/client.ts';
import { createGrants } from '../grant/grants.ts';
import { revokedTokenKey } from '../grant/revocation.ts';
import { rememberedUntil } from '../sealed/jwe.ts';
import { createTokens } from '../sealed/sealed-types.ts';
import type { OAuthServices } from '../services.ts';
import { authenticateClient } from './client-authentication.ts';
import { readTokenRequest, required } from './token-request.ts';
import { tokenThrottle } from './token-throttle.ts';

export function revocation(services: OAuthServices): RequestHandler {
  const { issuer, keyring, now, log, state, clients } = services;
  const throttled = tokenThrottle(services);
  const tokens = createTokens(keyring);
  const grants = createGrants(services);

  /** The type that the client may hint at is not needed: a token opens as what it is. */
  async function tokenOf(text: string) {
    const access = await tokens.access.unseal(text, now()).catch(() => undefined);
    if (access !== undefined) return { ...access, type: 'access' as const, client: access.client.jti };
    const refresh = await tokens.refresh.unseal(text, now()).catch(() => undefined);
    return refresh === undefined ? undefined : { ...refresh, type: 'refresh' as const };
  }

  /** @returns for the log, what came of it. The client is told the same in any case (§2.2) */
  async function revoke(text: string, client: Client): Promise<object> {
    const token = await tokenOf(text);
    if (token === undefined) return { result: 'unknown' };
    const { type, jti, gid, iss } = token;
    if (iss !== issuer || token.client !== client.jti) return { result: 'foreign', grant: gid };
    if (type === 'access') await state.mark(revokedTokenKey(jti), rememberedUntil(token));
    // Whoever gives up the refresh token gives up everything (§2.1).
    else await grants.revoke(gid);
    return { result: type, grant: gid };
  }

  return async (request, response) => {
    response.set({ 'Cache-Control': 'no-store', Pragma: 'no-cache' });
    const form = await readTokenRequest(request);
    const client = await authenticateClient(request, form, clients, throttled(request, response));
    const outcome = await revoke(required(form, 'token'), client);
    log.info({ client: client.jti, ...outcome }, 'revocation');
    response.status(200).end();
  };
}
