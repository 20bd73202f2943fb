/** Takes the place of the network between the server and Google, Microsoft or Fastmail: answers as their documentation says. */
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import type { ProviderClientOptions } from '../../../src/oauth/upstream/provider-client.ts';

/** What the token endpoint answers; members of the JSON. */
type TokenAnswer = Record<string, unknown>;

export interface StandInProvider {
  fetch: NonNullable<ProviderClientOptions['fetch']>;
  /** Bodies of the requests to the token endpoint. */
  tokenRequests: URLSearchParams[];
  /** Replaces members of the answers to codes and refresh tokens; `undefined` removes one. */
  answer: TokenAnswer;
  /** Replaces claims of the ID tokens. */
  claims: Record<string, unknown>;
  /** Replaces the registered claims of the ID tokens: `iss`, `aud`, `exp`. */
  tokenClaims: Record<string, unknown>;
  /** Takes the place of an answer. */
  fail: ((url: URL) => Response | Promise<Response> | undefined) | undefined;
}

interface Metadata {
  issuer: string;
  authorization: string;
  token: string;
}

export const TENANT = '11111111-2222-4333-8444-555555555555';

export const GOOGLE: Metadata = {
  issuer: 'https://accounts.google.com',
  authorization: 'https://accounts.google.com/o/oauth2/v2/auth',
  token: 'https://oauth2.googleapis.com/token',
};

export const MICROSOFT: Metadata = {
  issuer: 'https://login.microsoftonline.com/{tenantid}/v2.0',
  authorization: 'https://login.microsoftonline.com/common/oauth2/v2.0/authorize',
  token: 'https://login.microsoftonline.com/common/oauth2/v2.0/token',
};

/** Of all stand-ins: to make some takes a while. */
let keys: ReturnType<typeof generateKeyPair> | undefined;

/** @param clientId of the server under test there */
export async function createStandInProvider(metadata: Metadata, clientId: string): Promise<StandInProvider> {
  keys ??= generateKeyPair('RS256', { extractable: true });
  const { publicKey, privateKey } = await keys;
  const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: 'one', alg: 'RS256', use: 'sig' }] };
  const { origin } = new URL(metadata.issuer.replace('{tenantid}', 'common'));
  const standIn: StandInProvider = {
    ...{ tokenRequests: [], answer: {}, claims: {}, tokenClaims: {}, fail: undefined },
    async fetch(input, init) {
      const url = new URL(input);
      const failure = await standIn.fail?.(url);
      if (failure !== undefined) return failure;
      if (url.pathname.endsWith('/.well-known/openid-configuration')) return Response.json(discovery());
      if (url.href === `${origin}/keys`) return Response.json(jwks);
      if (url.href !== metadata.token) return new Response('not here', { status: 404 });
      const body = new URLSearchParams(String(init?.body ?? ''));
      standIn.tokenRequests.push(body);
      return Response.json(await tokens(body));
    },
  };
  /** The nonce of the authorization request, which a provider keeps beside the code. */
  const nonceOf = (body: URLSearchParams) => (body.get('code') ?? '').split(' ')[1];

  const discovery = () => ({
    ...{ issuer: metadata.issuer, authorization_endpoint: metadata.authorization, token_endpoint: metadata.token },
    ...{ jwks_uri: `${origin}/keys`, response_types_supported: ['code'], subject_types_supported: ['pairwise'] },
    token_endpoint_auth_methods_supported: ['client_secret_post', 'client_secret_basic'],
    id_token_signing_alg_values_supported: ['RS256'],
  });

  async function tokens(body: URLSearchParams): Promise<TokenAnswer> {
    const nonce = nonceOf(body);
    const claims = { tid: TENANT, oid: 'an-object', email: 'ada@example.com', name: 'Ada', ...standIn.claims };
    const registered = {
      ...{ iss: metadata.issuer.replace('{tenantid}', String(claims.tid)), aud: clientId, sub: 'a-subject' },
      ...{ iat: Math.floor(Date.now() / 1000), exp: Math.floor(Date.now() / 1000) + 300 },
    };
    const idToken = await new SignJWT({ ...claims, ...(nonce && { nonce }), ...registered, ...standIn.tokenClaims })
      .setProtectedHeader({ alg: 'RS256', kid: 'one' })
      .sign(privateKey);
    const answer = {
      ...{ access_token: 'opaque-access-token', token_type: 'Bearer', expires_in: 3599, id_token: idToken },
      ...{ refresh_token: 'a-refresh-token', ...standIn.answer },
    };
    return Object.fromEntries(Object.entries(answer).filter(([, value]) => value !== undefined));
  }
  return standIn;
}
