/** Handles POST /oauth/token (RFC 6749 §3.2): authenticates the client, and exchanges one of two grants for tokens. */
import type { RequestHandler } from 'express';
import { OAuthError } from '../../errors.ts';
import { createGrants } from '../grant/grants.ts';
import { createRotation } from '../grant/rotation.ts';
import { createTokenIssuer } from '../grant/token-issuer.ts';
import type { OAuthServices } from '../services.ts';
import { authenticateClient, findClient } from './client-authentication.ts';
import { createCodeExchange } from './code-grant.ts';
import { createRefreshExchange } from './refresh-grant.ts';
import { readTokenRequest, required } from './token-request.ts';
import { createTokenThrottle } from './token-throttle.ts';

export function tokenHandler(services: OAuthServices): RequestHandler {
  const throttle = createTokenThrottle(services);
  const grants = createGrants(services);
  const rotation = createRotation({ ...services, grants });
  const issuer = createTokenIssuer({ ...services, rotation, grants });
  const exchanges = new Map([
    ['authorization_code', createCodeExchange(services, { issuer, grants })],
    ['refresh_token', createRefreshExchange(services, { issuer, grants, rotation, throttle })],
  ]);

  return async (request, response) => {
    // Set first, so that error responses have them too (RFC 6749 §5.1).
    response.set({ 'Cache-Control': 'no-store', Pragma: 'no-cache' });
    const form = await readTokenRequest(request, services.issuer);
    const exchange = exchanges.get(required(form, 'grant_type'));
    if (!exchange) {
      throw new OAuthError('unsupported_grant_type', `grant_type must be ${[...exchanges.keys()].join(' or ')}.`);
    }
    const presented = await findClient(request, form, services.clients);
    const guarded = { request, form, clientJti: presented.client.jti };
    response.json(await throttle.guard(guarded, async () => exchange(form, authenticateClient(presented))));
  };
}
