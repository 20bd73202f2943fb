/** Computes the grant that results from an authorization request, limited by the operator's policy and by the choices of the account owner. */
import { serviceOf } from '../../account.ts';
import { type Power, SCOPES } from '../../policy.ts';
import { clientInToken } from '../client/client.ts';
import { PageError } from '../pages/page-error.ts';
import { scopeWith } from '../scope.ts';
import { type Keyring, toSeconds } from '../sealed/jwe.ts';
import type { ClaimsBesideLogin, CodePayload } from '../sealed/sealed-types.ts';
import type { OAuthServices } from '../services.ts';
import { offeredPowers, toConsent } from '../sign-in/consent-choices.ts';
import type { SignInContent } from '../sign-in/sign-in.ts';
import { type AuthorizationRequest, errorRedirect } from './authorization-request.ts';

type PowersLeft = OAuthServices['powersLeft'];

/** @returns the powers that were requested and that the operator's policy allows */
export function offeredFor({ client, scope }: AuthorizationRequest, powersLeft: PowersLeft): Power[] {
  return offeredPowers(scope, powersLeft(client.policy, serviceOf(client.servers)));
}

/** Whether a request asks for everything that the operator's policy allows: as clients do that no call has asked for more. */
export function isWhole(request: AuthorizationRequest, powersLeft: PowersLeft): boolean {
  const everything = offeredFor({ ...request, scope: [...SCOPES] }, powersLeft);
  return offeredFor(request, powersLeft).length === everything.length;
}

/**
 * @returns the request with the scope that the operator's policy allows (AUTHZ-23)
 * @throws {OAuthError} `invalid_scope` if the policy allows nothing of the requested scope
 */
export function withinPolicy(request: AuthorizationRequest, powersLeft: PowersLeft): AuthorizationRequest {
  const scope = scopeWith(request.scope, offeredFor(request, powersLeft));
  if (scope.length > 0) return { ...request, scope };
  throw new PageError('invalid_scope', (t) => t.errors.nothingAllowed, { redirect: errorRedirect(request) });
}

export interface AuthorizationGrant {
  /** Payload of the code. */
  code: CodePayload;
  /** Claims of the access token beside the credentials. */
  sealedBeside: ClaimsBesideLogin;
}

/**
 * @param request within the operator's policy
 * @param content the sign-in page as it was submitted; its choices may have problems
 * @param page.shownAt time from which the ends on the page are counted
 */
export function toGrant(
  request: AuthorizationRequest,
  { form, choices }: SignInContent,
  page: { offered: readonly Power[]; shownAt: Date; issuer: string; layout: Keyring['layout'] },
): AuthorizationGrant {
  const { client, resource: aud } = request;
  const { issuer } = page;
  const { servers, policy, expiresAt } = client;
  const scope = scopeWith(request.scope, choices.powers);
  const consent = toConsent(choices, page.offered, page);
  const limits = { ...(Object.keys(policy).length > 0 && { policy }), ...(consent && { consent }) };
  const end = consent?.until ?? (expiresAt && toSeconds(expiresAt));
  const timeZone = form.timeZone ?? client.timeZone;
  const identities = form.identities && { identities: [...form.identities] };
  const connection = client.connection !== undefined && { connection: client.connection };
  return {
    code: {
      client: client.jti,
      redirect_uri: request.redirectUri,
      code_challenge: request.codeChallenge,
      aud,
      scope,
      ...(consent && { consent }),
      login: form.credentials(),
      ...(form.timeZone !== undefined && { time_zone: form.timeZone }),
      ...identities,
      ...connection,
      ...form.approval,
    },
    sealedBeside: {
      iss: issuer,
      aud,
      client: clientInToken(client),
      scope,
      servers,
      ...limits,
      ...(end && { ends: end }),
      ...(timeZone !== undefined && { time_zone: timeZone }),
      ...identities,
      ...connection,
      ...form.approval,
    },
  };
}
