/**
 * Computes the grant that results from an authorization request, limited by the operator's policy, by the choices of the account owner, and by the room
 * that the client's tokens have.
 */
import { type Servers, serviceOf } from '../../account.ts';
import { type Power, SCOPES } from '../../policy.ts';
import { clientInToken } from '../client/client.ts';
import type { Approved } from '../forms/form.ts';
import { signInForm } from '../forms/forms.ts';
import type { Parameters } from '../http/parameters.ts';
import { PageError } from '../pages/page-error.ts';
import { scopeWith } from '../scope.ts';
import { MAILBOX_ID_TO_COME } from '../sealed/identity.ts';
import { type Keyring, toSeconds } from '../sealed/jwe.ts';
import { type ClaimsBesideLogin, type CodePayload, createTokenFit, createTokens } from '../sealed/sealed-types.ts';
import type { OAuthServices } from '../services.ts';
import { offeredPowers, toConsent } from '../sign-in/consent-choices.ts';
import type { SignInContent } from '../sign-in/sign-in.ts';
import type { ProviderApproval } from '../upstream/provider-sign-in.ts';
import { type AuthorizationRequest, errorRedirect } from './authorization-request.ts';
import type { SubmittedAuthorization } from './authorization-transaction.ts';

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

interface AuthorizationGrant {
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
function toGrant(
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

export type Measure = ReturnType<typeof createMeasure>;

/** @returns a function that computes the grant of a form, and what its code and its access token have room for */
export function createMeasure({
  issuer,
  now,
  powersLeft,
  keyring,
}: Pick<OAuthServices, 'issuer' | 'now' | 'powersLeft' | 'keyring'>) {
  const { layout } = keyring;
  const tokens = createTokens(keyring);
  function measure({ authorization, shownAt }: SubmittedAuthorization, content: SignInContent) {
    const offered = offeredFor(authorization, powersLeft);
    const grant = toGrant(authorization, content, { offered, shownAt, issuer, layout });
    return {
      grant,
      codeLength: tokens.code.lengthOf({ ...grant.code, mailbox: MAILBOX_ID_TO_COME }, now()),
      fits: createTokenFit(tokens.access, grant.sealedBeside, now()),
    };
  }
  /** Whether the access token has room for what the form has. */
  const fits = (pending: SubmittedAuthorization, content: SignInContent) =>
    measure(pending, content).fits(content.form.credentials());
  return { of: measure, fits };
}

/** @returns the form with the refresh token of the provider, or with the key to it if the tokens of the client have no room for it */
export async function withRoom(
  approval: ProviderApproval,
  { servers, submitted }: { servers: Servers; submitted: Parameters },
  fits: (form: SignInContent['form']) => boolean,
): Promise<SignInContent['form']> {
  const read = (approved: Approved) => signInForm(servers).read(submitted, approved);
  const whole = read(approval.approved);
  // Fewer addresses may leave room.
  const isShortened = whole.identities !== undefined && !approval.canBeStored;
  return isShortened || fits(whole) ? whole : read(await approval.intoCustody());
}
