/** POST /oauth/token (RFC 6749 §3.2): who is asking, and for which of the two grants. */
import type { RequestHandler } from 'express';
import { OAuthError } from '../../errors.ts';
import { createGrants } from '../grant/grants.ts';
import { createRotation } from '../grant/rotation.ts';
import { createTokenIssuer } from '../grant/token-issuer.ts';
import type { OAuthServices } from '../services.ts';
import { authenticateClient } from './client-authentication.ts';
import { codeGrant } from './code-grant.ts';
import { refreshGrant } from './refresh-grant.ts';
import { readTokenRequest, required } from './token-request.ts';
import { tokenThrottle } from './token-throttle.ts';

export function token(services: OAuthServices): RequestHandler {
  const throttled = tokenThrottle(services);
  const grants = createGrants(services);
  const rotation = createRotation({ ...services, grants });
  const issuer = createTokenIssuer({ ...services, rotation, grants });
  const answers = new Map([
    ['authorization_code', codeGrant(services, { issuer, grants })],
    ['refresh_token', refreshGrant(services, { issuer, grants, rotation })],
  ]);

  return async (request, response) => {
    // Set first, so that refusals carry them too (RFC 6749 §5.1).
    response.set({ 'Cache-Control': 'no-store', Pragma: 'no-cache' });
    const form = await readTokenRequest(request);
    const answer = answers.get(required(form, 'grant_type'));
    if (!answer) {
      throw new OAuthError('unsupported_grant_type', `grant_type must be ${[...answers.keys()].join(' or ')}.`);
    }
    const client = await authenticateClient(request, form, services.clients, throttled(request, response));
    response.json(await answer(form, client));
  };
}
