/**
 * Speaks OAuth 2.0 and OpenID Connect with a provider. The only importer of openid-client.
 *
 * Invariant: no text of a provider becomes part of an error message.
 */
import * as openid from 'openid-client';
import { UpstreamError } from '../../errors.ts';
import { en } from '../pages/languages/en.ts';
import { microsoftActor } from './microsoft-codes.ts';
import type { Provider, Registration } from './providers.ts';
import { IDENTITY_SCOPES } from './providers.ts';

/** What a provider knows of an account: claims of its ID token (OpenID Connect Core 1.0 §2, §5.1). */
type ProviderClaims = Readonly<Record<string, unknown>>;

export interface ProviderTokens {
  accessToken: string;
  lifetimeSeconds: number;
  /** Absent: the one that was used stays valid; or the provider issues none. */
  refreshToken?: string | undefined;
  /** As granted; absent where the provider does not say. */
  scope?: string | undefined;
  /** Absent from providers without ID tokens. */
  claims?: ProviderClaims | undefined;
}

/** What binds an authorization response to its request. */
export interface RequestSecrets {
  state: string;
  nonce: string;
  codeVerifier: string;
}

export interface ProviderClient {
  /** The URL to which the browser is sent. @param options.isConsentAsked asks again what was approved before */
  authorizationUrl(
    secrets: RequestSecrets,
    options: { isConsentAsked: boolean; hint?: string | undefined },
  ): Promise<URL>;
  /** The origin of that URL; the issuer's own until its metadata can be read. */
  authorizationOrigin(): Promise<string>;
  /** Exchanges the code of an authorization response, after its `state`, `iss` and `nonce` were checked. @param url with the query of the response */
  exchange(url: URL, secrets: RequestSecrets): Promise<ProviderTokens>;
  /** @param resource what the access token shall give access to */
  refresh(refreshToken: string, resource: 'mail' | 'graph'): Promise<ProviderTokens>;
}

export interface ProviderClientOptions {
  provider: Provider;
  registration: Registration;
  redirectUri: string;
  /** Replaces the fetch of the runtime. */
  fetch?: openid.CustomFetch | undefined;
}

/** For each request. */
const TIMEOUT_SECONDS = 10;

/** Metadata of providers have a few kilobytes. */
const MAX_ANSWER_BYTES = 512 * 1024;

/** Of a token that the state keeps, sealed, as JSON. */
const MAX_TOKEN_BYTES = 28_000;

/** Whether the state has no room for a token of a provider. */
export const isTooLongToKeep = (token: string): boolean => Buffer.byteLength(JSON.stringify(token)) > MAX_TOKEN_BYTES;

/** How long metadata and keys of a provider are used before they are read again. */
const METADATA_MS = 60 * 60_000;

/** Of an access token whose response does not say it (RFC 6749 §5.1). */
const DEFAULT_LIFETIME_SECONDS = 300;

/** No provider of mail issues them for longer; what a provider says may be any number. */
const MAX_LIFETIME_SECONDS = 86_400;

/**
 * @throws {UpstreamError} (from its methods) of the service `Provider`: `credentials` if the account owner has to sign in again there, with the code of
 *   RFC 6749; `refused` for every other answer; `timeout` and `unreachable`
 */
export function createProviderClient(options: ProviderClientOptions): ProviderClient {
  const { provider, redirectUri } = options;
  const { title } = provider;
  const configuration = cached(() => discover(options));
  const withConfiguration = async <T>(use: (config: openid.Configuration) => Promise<T>): Promise<T> => {
    try {
      return await use(await configuration());
    } catch (error) {
      throw providerFault(title, error);
    }
  };
  const resourceScope = (resource: 'mail' | 'graph'): Record<string, string> => {
    if (provider.sendScope === undefined) return {};
    // The ID token says again of which organization the account is.
    const scopes = resource === 'graph' ? [provider.sendScope] : ['openid', ...provider.mailScopes, 'offline_access'];
    return { scope: scopes.join(' ') };
  };

  return {
    authorizationUrl: ({ state, nonce, codeVerifier }, { isConsentAsked, hint }) =>
      withConfiguration(async (config) => {
        authorizationOriginOf(config);
        return openid.buildAuthorizationUrl(config, {
          redirect_uri: redirectUri,
          scope: scopesOf(provider).join(' '),
          state,
          code_challenge: await openid.calculatePKCECodeChallenge(codeVerifier),
          code_challenge_method: 'S256',
          ...(provider.endpoints === undefined && { nonce }),
          ...(hint !== undefined && { login_hint: hint }),
          ...provider.parameters,
          ...(isConsentAsked && provider.consentParameters),
        });
      }),
    authorizationOrigin: () =>
      configuration()
        .then(authorizationOriginOf)
        .catch(() => new URL(provider.issuer).origin),
    exchange: (url, { state, nonce, codeVerifier }) =>
      withConfiguration(async (config) => {
        const response = new URL(redirectUri);
        response.search = url.search;
        const hasIdToken = provider.endpoints === undefined;
        const checks = { expectedState: state, pkceCodeVerifier: codeVerifier };
        const answer = await openid.authorizationCodeGrant(
          config,
          response,
          { ...checks, ...(hasIdToken && { expectedNonce: nonce, idTokenExpected: true }) },
          resourceScope('mail'),
        );
        return toTokens(answer);
      }),
    refresh: (refreshToken, resource) =>
      withConfiguration(async (config) =>
        storable(toTokens(await openid.refreshTokenGrant(config, refreshToken, resourceScope(resource)))),
      ).catch((error: unknown) => {
        throw resource === 'graph' ? asFaultOfSending(title, error) : error;
      }),
  };
}

async function discover({
  provider,
  registration,
  fetch = runtimeFetch,
}: ProviderClientOptions): Promise<openid.Configuration> {
  const authentication = clientAuthentication(registration);
  const { clientId } = registration;
  const fetchShort = limited(fetch);
  const common = { timeout: TIMEOUT_SECONDS, [openid.customFetch]: fetchShort };
  if (provider.endpoints === undefined) {
    const isLocal = new URL(provider.issuer).protocol === 'http:';
    const local = isLocal ? { execute: [openid.allowInsecureRequests] } : {};
    return openid.discovery(new URL(provider.issuer), clientId, undefined, authentication, { ...common, ...local });
  }
  const { authorization, token } = provider.endpoints;
  const metadata = {
    ...{ issuer: provider.issuer, authorization_endpoint: authorization, token_endpoint: token },
    token_endpoint_auth_methods_supported: ['client_secret_post'],
  };
  const config = new openid.Configuration(metadata, clientId, undefined, authentication);
  config.timeout = TIMEOUT_SECONDS;
  config[openid.customFetch] = fetchShort;
  return config;
}

/** @throws {RangeError} if it is no origin of the web: it becomes part of a header of the page */
function authorizationOriginOf(config: openid.Configuration): string {
  const { origin } = new URL(config.serverMetadata().authorization_endpoint ?? '');
  if (!/^https?:\/\/[\w.:[\]-]+$/.test(origin)) throw new RangeError('no authorization endpoint');
  return origin;
}

const runtimeFetch: openid.CustomFetch = (url, { body, signal, ...options }) =>
  globalThis.fetch(url, { ...options, ...(body !== undefined && { body }), ...(signal && { signal }) });

/** Ends answers that are longer than any of a provider. */
function limited(fetch: openid.CustomFetch): openid.CustomFetch {
  return async (url, options) => {
    const response = await fetch(url, options);
    let bytes = 0;
    const counted = new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        bytes += chunk.length;
        if (bytes > MAX_ANSWER_BYTES) controller.error(new RangeError('the answer is too long'));
        else controller.enqueue(chunk);
      },
    });
    return response.body === null ? response : new Response(response.body.pipeThrough(counted), response);
  };
}

/** `client_secret_basic` is the default where the metadata does not say (RFC 8414 §2). */
function clientAuthentication({ clientSecret }: Registration): openid.ClientAuth {
  if (clientSecret === undefined) return openid.None();
  const [basic, post] = [openid.ClientSecretBasic(clientSecret), openid.ClientSecretPost(clientSecret)];
  return (server, client, body, headers) => {
    const methods = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
    const authenticate = methods.includes('client_secret_post') ? post : basic;
    return authenticate(server, client, body, headers);
  };
}

/** Everything that the account owner is asked for at once. */
const scopesOf = ({ endpoints, mailScopes, sendScope }: Provider): string[] => [
  ...(endpoints === undefined ? IDENTITY_SCOPES : ['offline_access']),
  ...mailScopes,
  ...(sendScope === undefined ? [] : [sendScope]),
];

function toTokens(answer: openid.TokenEndpointResponse & openid.TokenEndpointResponseHelpers): ProviderTokens {
  const { access_token: accessToken, expires_in, refresh_token: refreshToken, scope } = answer;
  // It becomes part of headers and of logins.
  if (!/^[\x20-\x7e]+$/.test(accessToken) || isTooLongToKeep(accessToken)) throw new RangeError('no access token');
  return {
    accessToken,
    lifetimeSeconds: Math.min(expires_in ?? DEFAULT_LIFETIME_SECONDS, MAX_LIFETIME_SECONDS),
    refreshToken,
    scope,
    claims: answer.claims(),
  };
}

/** @throws {RangeError} if there is no room for the refresh token. At a sign-in, the page says so. */
function storable(tokens: ProviderTokens): ProviderTokens {
  if (isTooLongToKeep(tokens.refreshToken ?? '')) throw new RangeError('a refresh token is too long');
  return tokens;
}

/** One attempt at a time; a failed one is not kept. */
function cached<T>(read: () => Promise<T>): () => Promise<T> {
  let known: { value: Promise<T>; endsAt: number } | undefined;
  return () => {
    if (known === undefined || known.endsAt <= performance.now()) {
      const value = read();
      known = { value, endsAt: performance.now() + METADATA_MS };
      value.catch(() => {
        known = undefined;
      });
    }
    return known.value;
  };
}

/** Codes of RFC 6749 §5.2, OpenID Connect Core 1.0 §3.1.2.6 and Microsoft that mean: sign in again. */
const SIGN_IN_CODES = new Set(['invalid_grant', 'interaction_required', 'login_required', 'consent_required']);

const TEMPORARY_CODES = new Set(['temporarily_unavailable', 'server_error', 'slow_down']);

/** Sentences of the pages: refusal-sentence.ts finds them in other languages. */
const { providerRefusals: sentences } = en;

function providerFault(provider: string, cause: unknown): Error {
  if (cause instanceof UpstreamError) return cause;
  const fault = (kind: UpstreamError['fault'], sentence: string, code?: string) =>
    new UpstreamError('Provider', kind, sentence, { cause, code });
  if (cause instanceof openid.AuthorizationResponseError) {
    return fault('refused', sentences.notAllowed({ provider }), codeOf(cause));
  }
  if (cause instanceof openid.ResponseBodyError) {
    const code = codeOf(cause);
    if (cause.status === 429 || cause.status >= 500 || TEMPORARY_CODES.has(cause.error)) {
      return fault('unreachable', sentences.outage({ provider }), code);
    }
    const actor = microsoftActor(code);
    if (actor === 'time') return fault('unreachable', sentences.outage({ provider }), code);
    // What the operator has to repair ends nothing.
    if (SIGN_IN_CODES.has(cause.error) && actor !== 'operator') {
      return fault('credentials', `${provider} has ended this sign-in. The account owner has to sign in again.`, code);
    }
    return fault('refused', sentences.refusesRequests({ provider, code }), code);
  }
  const code = cause instanceof openid.ClientError ? cause.code : undefined;
  if (code === 'OAUTH_TIMEOUT' || causesOf(cause).some(({ name }) => name === 'TimeoutError'))
    return fault('timeout', sentences.timeout({ provider }), code);
  if (isOutage(cause)) return fault('unreachable', sentences.outage({ provider }), code);
  if (isNetworkError(cause)) return fault('unreachable', sentences.unreachable({ provider }));
  return fault('refused', sentences.notAcceptable({ provider }), code);
}

/** Sending alone may be forbidden: only the refusal of an access token for the mail servers ends what was approved. */
function asFaultOfSending(provider: string, error: unknown): unknown {
  if (!(error instanceof UpstreamError) || error.fault !== 'credentials') return error;
  const { code = '' } = error;
  const actor = microsoftActor(code);
  if (actor !== 'administrator' && actor !== 'rule') return error;
  const sentence = actor === 'rule' ? sentences.forbidden({ provider, code }) : sentences.administrator({ provider });
  return new UpstreamError('Provider', 'refused', sentence, { cause: error, code });
}

/** The code of the error; that of Microsoft where its description begins with one, as it says more. */
function codeOf({
  error,
  error_description: description = '',
}: {
  error: string;
  error_description?: string | undefined;
}): string {
  const [, aadsts] = /^(AADSTS\d{4,8})\b/.exec(description) ?? [];
  return aadsts ?? (/^[a-z_]{1,40}$/.test(error) ? error : 'unknown_error');
}

/** A page of a proxy in the place of an answer. */
const isOutage = (error: unknown): boolean =>
  error instanceof Error &&
  error.cause instanceof Response &&
  (error.cause.status === 429 || error.cause.status >= 500);

/** fetch() reports all failures of the network as a TypeError; `terminated`: in the middle of an answer. */
function isNetworkError(error: unknown): boolean {
  return causesOf(error).some(
    (one) => one instanceof TypeError && ['fetch failed', 'terminated'].includes(one.message),
  );
}

/** The error, and what has caused it. */
const causesOf = (error: unknown): Error[] => (error instanceof Error ? [error, ...causesOf(error.cause)] : []);
