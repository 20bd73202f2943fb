/** Checks what a provider has issued: who has signed in, of which organization, with which scopes, and for which audience. */
import { decodeJwt } from 'jose';
import { z } from 'zod';
import { UpstreamError } from '../../errors.ts';
import type { ProviderSignIn } from '../../mail/account.ts';
import { en } from '../pages/languages/en.ts';
import { type ApprovalFacts, providerHashOf } from '../sealed/identity.ts';
import type { ProviderTokens } from './provider-client.ts';
import type { Provider } from './providers.ts';

/** Why a sign-in at a provider gives no access. */
export type RefusalReason =
  | 'other_tenant'
  | 'missing_scope'
  | 'wrong_audience'
  | 'no_refresh_token'
  | 'no_room'
  | 'too_long'
  | 'denied'
  | 'administrator'
  | 'failed';

/** The provider has answered, and what it says is not enough. */
export class ProviderRefusal extends Error {
  override name = 'ProviderRefusal';
  readonly reason: RefusalReason;

  constructor(reason: RefusalReason, cause?: unknown) {
    super(`the provider's answer gives no access: ${reason}`, { cause });
    this.reason = reason;
  }
}

/** What an account owner has approved; the provider token is absent if the provider has issued no refresh token. */
export interface ApprovedAtProvider {
  facts: ApprovalFacts;
  /** A proposal: the address of the mailbox, by what the provider says of the account. */
  address: string | undefined;
  name: string | undefined;
}

/** Claims of ID tokens (OpenID Connect Core 1.0 §5.1); `tid`: the tenant at Microsoft; `hd`: the domain of a Google Workspace. */
const Claims = z.object({
  tid: z.string().optional().catch(undefined),
  hd: z.string().optional().catch(undefined),
  name: z.string().optional().catch(undefined),
  email: z.string().optional().catch(undefined),
  preferred_username: z.string().optional().catch(undefined),
  upn: z.string().optional().catch(undefined),
});

const MAX_NAME_CHARS = 256;

/**
 * @param approval id of what was approved
 * @throws {ProviderRefusal} if the account belongs to another organization, or the access token is not for the mail servers
 */
export function approvedBy(
  signIn: ProviderSignIn,
  provider: Provider,
  tokens: ProviderTokens,
  approval: string,
): ApprovedAtProvider {
  const claims = Claims.parse(tokens.claims ?? {});
  if (!isOfTenants(signIn, claims)) throw new ProviderRefusal('other_tenant');
  if (tokens.scope === undefined && provider.hasGranularConsent) throw new ProviderRefusal('missing_scope');
  const reason = accessRefusal(provider, tokens, 'mail');
  if (reason !== undefined) throw new ProviderRefusal(reason);
  const hash = providerHashOf(signIn);
  const facts = {
    sign_in: signIn.provider,
    ...(hash !== undefined && { provider_hash: hash }),
    approval,
    ...(tokens.refreshToken && { provider_token: tokens.refreshToken }),
  };
  const name = claims.name?.replace(/\p{Cc}/gu, ' ').slice(0, MAX_NAME_CHARS);
  return { facts, address: addressIn(claims), name };
}

/** Tenants are compared by the ids that the provider asserts, never by what stands behind an @. */
function isOfTenants({ provider, tenants }: ProviderSignIn, { tid, hd }: z.output<typeof Claims>): boolean {
  if (tenants === undefined) return true;
  const asserted = provider === 'microsoft' ? tid : provider === 'google' ? hd : undefined;
  return asserted !== undefined && tenants.some((tenant) => lowered(tenant) === lowered(asserted));
}

/** In ASCII alone: the Kelvin sign is no K here. */
const lowered = (text: string): string => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());

/**
 * Checks what a refresh has brought: the operator may have named the organizations since the sign-in, and the provider may have issued less.
 *
 * @returns the tokens
 * @throws {UpstreamError} `credentials` if the account belongs to another organization, which ends the grant; `refused` if the access token is for another
 *   resource. Where an answer asserts no organization, the one of the sign-in counts
 */
export function refreshedTokens(
  signIn: ProviderSignIn,
  provider: Provider,
  { tokens, resource }: { tokens: ProviderTokens; resource: Resource },
): ProviderTokens {
  const claims = tokens.claims ?? claimsIn(tokens.accessToken);
  const asserts = tokens.claims !== undefined || claims?.tid !== undefined;
  const isOther = asserts && !isOfTenants(signIn, Claims.parse(claims));
  const reason = isOther ? 'other_tenant' : accessRefusal(provider, tokens, resource);
  if (reason === undefined) return tokens;
  const { title } = provider;
  const sentence = isOther
    ? `This account of ${title} may not be used here any more.`
    : wrongAudience({ provider: title });
  throw new UpstreamError('Provider', isOther ? 'credentials' : 'refused', sentence, { code: reason.toUpperCase() });
}

const { wrongAudience } = en.providerRefusals;

type Resource = 'mail' | 'graph';

/** @returns why an access token does not give access to a resource; `undefined` if it may */
function accessRefusal(provider: Provider, tokens: ProviderTokens, resource: Resource): RefusalReason | undefined {
  const { mailScopes, sendScope, audiences, sendAudiences } = provider;
  const isOfMail = resource === 'mail';
  if (!hasScopes(isOfMail ? mailScopes : [sendScope ?? ''], tokens)) return 'missing_scope';
  return isFor(isOfMail ? audiences : sendAudiences, tokens.accessToken) ? undefined : 'wrong_audience';
}

/**
 * Scopes that are not in the response were not granted, and without any all were that were requested (RFC 6749 §5.1). Providers may write them in another
 * case, or without their resource.
 */
function hasScopes(scopes: readonly string[], { scope }: ProviderTokens): boolean {
  if (scope === undefined) return true;
  const granted = new Set(scope.toLowerCase().split(' '));
  return scopes.every((one) => granted.has(one.toLowerCase()) || granted.has(lastSegment(one)));
}

const lastSegment = (scope: string): string => scope.slice(scope.lastIndexOf('/') + 1).toLowerCase() || scope;

/** An access token that is no JWT, or of a provider whose audiences are not known, is checked by its resource alone. */
function isFor(audiences: Provider['audiences'], accessToken: string): boolean {
  const claims = audiences && claimsIn(accessToken);
  if (claims === undefined) return true;
  const audience = Audience.safeParse(claims.aud).data ?? [];
  return [audience].flat().some((one) => audiences?.includes(one.replace(/\/$/, '')));
}

/** RFC 7519 §4.1.3. */
const Audience = z.union([z.string(), z.array(z.string())]);

/** @returns `undefined` if the token is no JWT */
function claimsIn(accessToken: string): { aud?: unknown; tid?: unknown } | undefined {
  if (!/^[\w-]+\.[\w-]+\.[\w-]+$/.test(accessToken)) return undefined;
  try {
    return decodeJwt(accessToken);
  } catch {
    return undefined;
  }
}

/** As short as RFC 5321 §4.5.3.1 wants, and without what has a meaning beside addresses: a name of a header, a second address, a control character. */
const ADDRESS = /^[^\s@<>()[\],;:"\\\p{Cc}]{1,64}@[^\s@<>()[\],;:"\\\p{Cc}]{1,255}$/u;

/** The first claim that has the form of an address. */
function addressIn({ email, preferred_username, upn }: z.output<typeof Claims>): string | undefined {
  return [email, preferred_username, upn].find((one) => one !== undefined && ADDRESS.test(one));
}
