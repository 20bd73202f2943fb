/**
 * Sends the browser to a provider and receives it back: state, nonce and PKCE bind the response to this browser and this page (RFC 9700 §2.1, §4.4).
 *
 * Invariant: identity is what the provider's ID token says by issuer, subject and tenant; an address in it is a proposal.
 */
import { randomBytes } from 'node:crypto';
import type { Request, Response } from 'express';
import { UpstreamError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import type { ProviderSignIn } from '../../mail/account.ts';
import type { State } from '../../state/state.ts';
import { parseParameters, queryOf } from '../http/parameters.ts';
import { en } from '../pages/languages/en.ts';
import { PageError } from '../pages/page-error.ts';
import { type Keyring, randomId, rememberedUntil } from '../sealed/jwe.ts';
import { createTokens, type UpstreamPayload } from '../sealed/sealed-types.ts';
import { type ApprovedAtProvider, approvedBy, ProviderRefusal } from './approval.ts';
import { callbackPathOf } from './callback-path.ts';
import { createExchangeLimit } from './exchange-limit.ts';
import { OTHER_CALLBACK, reportFault } from './fault-report.ts';
import { createCookiePieces } from './pieces.ts';
import type { ProviderAccess } from './provider-access.ts';
import type { ProviderTokens, RequestSecrets } from './provider-client.ts';
import type { Provider } from './providers.ts';
import type { Upstream } from './upstream.ts';
import { createUsedResponses } from './used-responses.ts';

/** A page that is left for the provider, and continued after it. */
type LeftPage = Pick<UpstreamPayload, 'page' | 'transaction' | 'form'>;

/** What the provider has sent with the browser. */
export interface ProviderResponse {
  left: LeftPage;
  /**
   * @param options.isOnce no refresh token is required: what was issued is used at once, and forgotten
   * @returns `asked again` after the browser was sent to the provider once more, to get a refresh token
   * @throws {ProviderRefusal} with the reason; {UpstreamError} if the provider does not answer; {PageError} with status 429 after too many refusals
   */
  approve(
    signIn: ProviderSignIn,
    response: Response,
    options?: { isOnce?: boolean },
  ): Promise<ProviderApproval | 'asked again'>;
}

export interface ProviderApproval {
  approved: ApprovedAtProvider;
  /** True if there is a state that outlives this process. */
  canBeStored: boolean;
  /**
   * Puts the refresh token into the state, for tokens that have no room for it.
   *
   * @returns what was approved, with a key in the place of the refresh token
   * @throws {ProviderRefusal} if there is no state that outlives this process, or the refresh token is too long for it; {UpstreamError} as the state
   */
  intoCustody(): Promise<ApprovedAtProvider>;
  /** Keeps what was issued, so that it is not requested again for the first login. */
  keep(): Promise<void>;
}

interface Services {
  issuer: string;
  keyring: Keyring;
  now: () => Date;
  log: Log;
  upstream: Upstream;
  providerAccess: Pick<ProviderAccess, 'keep' | 'deposit'>;
  state: Pick<State, 'isShared' | 'count' | 'claim' | 'release'>;
  replicas: number;
}

export interface ProviderSignIns {
  /** The origin that the form of the page leads to (CSP 3 §6.4.1). */
  formTarget(signIn: ProviderSignIn): Promise<string>;
  /** Logs why no sign-in at the provider is possible with the settings of this server. @returns `undefined` if one is */
  obstacle(signIn: ProviderSignIn): UpstreamError | undefined;
  /** True if the newest refresh token is kept in the memory of this process. */
  endsAtRestart(signIn: ProviderSignIn): boolean;
  /** Logs why a sign-in at the provider has failed, if the provider or this server is the reason. */
  report(error: unknown, signIn: ProviderSignIn): void;
  /** Redirects to the provider. @throws {UpstreamError} if its metadata cannot be read; {OAuthError} if the page is too long */
  start(
    request: Request,
    response: Response,
    options: { signIn: ProviderSignIn; left: LeftPage; hint: string | undefined },
  ): Promise<void>;
  /** @throws {OAuthError} `invalid_request` if this browser has not been sent to the provider, or too long ago */
  receive(request: Request, response: Response): Promise<ProviderResponse>;
}

/** In the place of a refresh token that is not needed. */
const NO_REFRESH_TOKEN = '-';

/** @throws {UpstreamError} if an older refresh token could be used on another replica, which may end what was approved (RFC 9700 §4.14.2) */
function requireNewestToken({ isRotating, title }: Provider, { state, replicas }: Services): void {
  if (!isRotating || state.isShared || replicas === 1) return;
  const sentence = en.providerRefusals.needsRedis({ provider: title });
  throw new UpstreamError('Provider', 'refused', sentence, { code: 'NO_REDIS' });
}

/** @throws {UpstreamError} if an older refresh token could be used on another replica, or this server is not registered at the provider */
function requireUsable(signIn: ProviderSignIn, services: Services): void {
  requireNewestToken(services.upstream.providerOf(signIn), services);
  services.upstream.clientOf(signIn);
}

/**
 * A code that came to the callback of another provider was issued by that one.
 *
 * @throws {UpstreamError} unless the response came to the callback of the provider for which the page was left (RFC 9700 §4.4.2.2)
 */
function requireCallback({ path }: Request, signIn: ProviderSignIn, { title }: Provider): void {
  if (path === callbackPathOf(signIn)) return;
  const sentence = en.providerRefusals.otherCallback({ provider: title });
  throw new UpstreamError('Provider', 'refused', sentence, { code: OTHER_CALLBACK });
}

function obstacle(signIn: ProviderSignIn, services: Services): UpstreamError | undefined {
  try {
    requireUsable(signIn, services);
    return undefined;
  } catch (error) {
    if (error instanceof UpstreamError) return error;
    throw error;
  }
}

async function formTarget(signIn: ProviderSignIn, services: Services): Promise<string> {
  const { upstream } = services;
  if (obstacle(signIn, services) !== undefined) return new URL(upstream.providerOf(signIn).issuer).origin;
  return upstream.clientOf(signIn).authorizationOrigin();
}

const report = (error: unknown, signIn: ProviderSignIn, { log }: Services): void =>
  reportFault(error, signIn, { log, what: 'sign-in at the provider failed' });

function reportedObstacle(signIn: ProviderSignIn, services: Services): UpstreamError | undefined {
  const found = obstacle(signIn, services);
  report(found, signIn, services);
  return found;
}

function toApproval(
  given: {
    signIn: ProviderSignIn;
    approval: string;
    approved: ApprovedAtProvider;
    tokens: ProviderTokens;
    isOnce: boolean;
  },
  { state, providerAccess, log }: Services,
): ProviderApproval {
  const { signIn, approval, approved, tokens, isOnce } = given;
  let custody: string | undefined;
  return {
    approved,
    canBeStored: state.isShared,
    async intoCustody() {
      const { provider_token: refreshToken = '', ...facts } = approved.facts;
      if (!state.isShared) {
        const { provider } = signIn;
        log.warn(
          { provider, chars: refreshToken.length },
          'a refresh token is too long for a token: REDIS_URL is required',
        );
        throw new ProviderRefusal('no_room');
      }
      custody = randomId();
      await providerAccess.deposit({ signIn, approval, custody }, refreshToken).catch((error: unknown) => {
        throw error instanceof RangeError ? new ProviderRefusal('too_long', error) : error;
      });
      return { ...approved, facts: { ...facts, custody } };
    },
    keep: () => providerAccess.keep({ signIn, approval, ...(custody && { custody }) }, tokens, { isOnce }),
  };
}

/** @returns a function that exchanges the code of a response, which counts once, and within the limit of the network */
function createExchange(services: Services) {
  const used = createUsedResponses(services.state);
  const limit = createExchangeLimit(services);
  return function exchange(
    { url, secrets, until }: { url: URL; secrets: RequestSecrets; until: Date },
    signIn: ProviderSignIn,
    address: string | undefined,
  ): Promise<ProviderTokens> {
    const client = services.upstream.clientOf(signIn);
    // An error in the place of a code costs no request (RFC 6749 §4.1.2.1). An empty one counts as none: its code is exchanged.
    const { searchParams } = url;
    if (!searchParams.has('code') || (searchParams.get('error') ?? '') !== '') return client.exchange(url, secrets);
    return used.once({ state: secrets.state, until }, () => limit.within(address, () => client.exchange(url, secrets)));
  };
}

export function createProviderSignIns(services: Services): ProviderSignIns {
  const { issuer, now, upstream } = services;
  const sealer = createTokens(services.keyring).upstream;
  const pieces = createCookiePieces(issuer);
  const exchange = createExchange(services);

  async function leave(
    request: Request,
    response: Response,
    signIn: ProviderSignIn,
    { left, isConsentAsked, hint }: { left: LeftPage; isConsentAsked: boolean; hint: string | undefined },
  ): Promise<void> {
    const nonce = randomBytes(16).toString('base64url');
    const codeVerifier = randomBytes(32).toString('base64url');
    const payload = {
      ...left,
      nonce,
      code_verifier: codeVerifier,
      asked: isConsentAsked ? ('twice' as const) : ('once' as const),
    };
    const sealed = await sealer.seal(payload, now()).catch((cause: unknown) => {
      if (!(cause instanceof RangeError)) throw cause;
      throw new PageError('invalid_request', (t) => t.errors.tooLongForProvider, { cause });
    });
    const client = upstream.clientOf(signIn);
    // The state is known once the cookies are sealed, and depends on them.
    const state = pieces.put(request, response, sealed);
    const url = await client.authorizationUrl({ state, nonce, codeVerifier }, { isConsentAsked, hint });
    response.set('Cache-Control', 'no-store').set('Referrer-Policy', 'no-referrer').redirect(303, url.href);
  }

  return {
    formTarget: (signIn) => formTarget(signIn, services),
    obstacle: (signIn) => reportedObstacle(signIn, services),
    endsAtRestart: (signIn) => !services.state.isShared && upstream.providerOf(signIn).isRotating,
    report: (error, signIn) => report(error, signIn, services),
    async start(request, response, { signIn, left, hint }) {
      requireUsable(signIn, services);
      await leave(request, response, signIn, { left, isConsentAsked: false, hint });
    },
    async receive(request, response) {
      const query = queryOf(request);
      const state = parseParameters(query).get('state') ?? '';
      const sealed = pieces.take(request, response, state);
      const payload = await sealer.unseal(sealed ?? '', now()).catch((cause: unknown) => {
        throw new PageError('invalid_request', (t) => t.errors.staleAtProvider, { cause });
      });
      const { nonce, code_verifier: codeVerifier, asked, page, transaction, form } = payload;
      const left = { page, transaction, form };
      return {
        left,
        async approve(signIn, to, { isOnce = false } = {}) {
          const url = new URL(`${issuer}/?${query}`);
          requireCallback(request, signIn, upstream.providerOf(signIn));
          const secrets = { state, nonce, codeVerifier };
          const tokens = await exchange({ url, secrets, until: rememberedUntil(payload) }, signIn, request.ip);
          const approval = randomBytes(16).toString('base64url');
          const approved = approvedBy(signIn, upstream.providerOf(signIn), tokens, approval);
          if (isOnce) approved.facts.provider_token ??= NO_REFRESH_TOKEN;
          if (approved.facts.provider_token === undefined) {
            if (asked === 'twice') throw new ProviderRefusal('no_refresh_token');
            await leave(request, to, signIn, { left, isConsentAsked: true, hint: approved.address });
            return 'asked again';
          }
          return toApproval({ signIn, approval, approved, tokens, isOnce }, services);
        },
      };
    },
  };
}
