/** Starts an OpenID provider (oidc-provider) on this machine, at which one account after another is signed in without a page. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { exportJWK, exportSPKI, generateKeyPair } from 'jose';
import Provider, { type Configuration, errors } from 'oidc-provider';
import { redirectUriOf } from '../../../src/oauth/upstream/callback-path.ts';
import { freePort } from '../servers/ports.ts';

export interface OpenidProvider extends AsyncDisposable {
  issuer: string;
  clientId: string;
  clientSecret: string;
  /** Where Dovecot asks about access tokens. */
  introspectionUrl: string;
  /** Public key of its JWTs (PEM). Their key ID is `one`. */
  tokenKey: string;
  /** True: access tokens that are issued from now on are JWTs. */
  hasJwts: boolean;
  /** What the person at the provider does next. */
  person: Person;
  /** Lifetime of access tokens that are issued from now on. */
  accessTokenSeconds: number;
  /** True: each refresh ends the refresh token that it used, and a second use of one ends the approval. */
  isRotating: boolean;
  /** True: refresh tokens that are issued from now on have more than 4,095 characters. */
  hasLongTokens: boolean;
  /** Requests so far, by path. */
  requests: string[];
  /** Answers requests in the place of the provider; returns false for those that it leaves. */
  intercept: ((request: IncomingMessage, response: ServerResponse) => boolean) | undefined;
  /** Ends all that the account has approved, or only the access tokens so far. */
  revoke(account: string, what?: 'all' | 'access tokens'): Promise<void>;
}

interface Person {
  /** The `sub` of the account. */
  account: string;
  claims: Record<string, unknown>;
  /** False: they do not allow the access. */
  allows: boolean;
}

const CLIENT_ID = 'mail-mcp-at-the-provider';
/** The resource that access tokens are for, if they are JWTs. */
const MAIL = 'urn:mail';

const CLIENT_SECRET = 'a-secret-of-this-test-0123456789abcdef';

/** @param origins of the server under test */
export async function startOpenidProvider(origins: string | string[], wanted?: number): Promise<OpenidProvider> {
  const port = wanted ?? (await freePort());
  const issuer = `http://localhost:${port}`;
  const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true });
  const state: Omit<OpenidProvider, keyof AsyncDisposable | 'revoke'> = {
    ...{ issuer, clientId: CLIENT_ID, clientSecret: CLIENT_SECRET },
    introspectionUrl: `http://${CLIENT_ID}:${CLIENT_SECRET}@localhost:${port}/token/introspection`,
    tokenKey: await exportSPKI(publicKey),
    person: { account: 'none@example.test', claims: {}, allows: true },
    ...{
      accessTokenSeconds: 3600,
      isRotating: true,
      hasLongTokens: false,
      hasJwts: false,
      requests: [],
      intercept: undefined,
    },
  };
  const grants = new Map<string, Set<string>>();
  const tokens = new AccessTokens();
  const provider = new Provider(
    issuer,
    configurationOf(state, tokens, {
      redirectUris: [origins].flat().map((origin) => redirectUriOf(origin, { provider: 'openid', issuer })),
      key: { ...(await exportJWK(privateKey)), alg: 'RS256', kid: 'one' },
    }),
  );
  provider.on('access_token.saved', ({ grantId = '', jti }) => tokens.issued.push({ grantId, jti }));
  const handle = provider.callback();
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? '/', issuer);
    state.requests.push(pathname);
    if (state.intercept?.(request, response)) return;
    if (!pathname.startsWith('/interaction/')) return handle(request, response);
    await interact(provider, state, { request, response, grants }).catch(() => response.writeHead(500).end());
  }).listen(port, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return Object.assign(state, {
    async revoke(account: string, what: 'all' | 'access tokens' = 'all') {
      for (const id of grants.get(account) ?? []) {
        tokens.refuse(id);
        if (what === 'access tokens') continue;
        await (await provider.Grant.find(id))?.destroy();
        await provider.RefreshToken.revokeByGrantId(id);
      }
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}

/** Access tokens, of which some are not accepted any more. The store of oidc-provider ends all tokens of a grant, or none. */
class AccessTokens {
  readonly issued: { grantId: string; jti: string }[] = [];
  readonly refused = new Set<string>();

  refuse(grantId: string): void {
    for (const token of this.issued) if (token.grantId === grantId) this.refused.add(token.jti);
  }
}

type State = Pick<OpenidProvider, 'person' | 'accessTokenSeconds' | 'isRotating' | 'hasLongTokens' | 'hasJwts'>;

function configurationOf(
  state: State,
  { refused }: AccessTokens,
  { redirectUris, key }: { redirectUris: string[]; key: object },
): Configuration {
  return {
    clients: [
      {
        client_id: CLIENT_ID,
        client_secret: CLIENT_SECRET,
        redirect_uris: redirectUris,
        grant_types: ['authorization_code', 'refresh_token'],
      },
    ],
    jwks: { keys: [key] },
    scopes: ['openid', 'offline_access', 'profile', 'email', 'imap', 'smtp'],
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'preferred_username'] },
    conformIdTokenClaims: false,
    features: {
      devInteractions: { enabled: false },
      introspection: { enabled: true, allowedPolicy: (_ctx, _client, token) => !refused.has(token.jti) },
      revocation: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => (state.hasJwts ? MAIL : []),
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({
          ...{ scope: 'imap smtp', audience: MAIL, accessTokenTTL: state.accessTokenSeconds },
          ...{ accessTokenFormat: 'jwt', jwt: { sign: { alg: 'RS256' } } },
        }),
      },
    },
    interactions: { url: (_ctx, { uid }) => `/interaction/${uid}` },
    findAccount: (_ctx, id) => ({
      accountId: id,
      claims: () => ({ sub: id, ...(state.person.account === id ? state.person.claims : {}) }),
    }),
    issueRefreshToken: async () => true,
    rotateRefreshToken: () => state.isRotating,
    ttl: {
      AccessToken: () => state.accessTokenSeconds,
      AuthorizationCode: 60,
      RefreshToken: 86_400,
      Grant: 86_400,
      IdToken: 3_600,
      Interaction: 600,
      Session: 600,
    },
    formats: {
      customizers: {
        // Dovecot 2.3 does not know `at+jwt` (RFC 9068 §2.1).
        jwt(_ctx, _token, jwt) {
          jwt.header = { ...jwt.header, typ: 'JWT' };
        },
      },
      bitsOfOpaqueRandomness: (_ctx, { kind }) => (kind === 'RefreshToken' && state.hasLongTokens ? 25_000 : 256),
    },
    cookies: { keys: ['a key of this test'] },
    pkce: { required: () => true },
    allowOmittingSingleRegisteredRedirectUri: false,
    renderError: (ctx, out) => {
      ctx.type = 'json';
      ctx.body = out;
    },
  };
}

async function interact(
  provider: Provider,
  { person, hasJwts }: State,
  {
    request,
    response,
    grants,
  }: { request: IncomingMessage; response: ServerResponse; grants: Map<string, Set<string>> },
): Promise<void> {
  const { prompt, params, session } = await provider.interactionDetails(request, response);
  if (!person.allows) {
    const refusal = new errors.AccessDenied('the person did not allow it');
    const result = { error: refusal.error, error_description: refusal.error_description ?? '' };
    return provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
  }
  if (prompt.name === 'login') {
    const login = { login: { accountId: person.account } };
    return provider.interactionFinished(request, response, login, { mergeWithLastSubmission: false });
  }
  const accountId = session?.accountId ?? person.account;
  const grant = new provider.Grant({ accountId, clientId: CLIENT_ID });
  grant.addOIDCScope(String(params.scope));
  if (hasJwts) grant.addResourceScope(MAIL, 'imap smtp');
  const id = await grant.save();
  grants.set(accountId, (grants.get(accountId) ?? new Set()).add(id));
  await provider.interactionFinished(
    request,
    response,
    { consent: { grantId: id } },
    { mergeWithLastSubmission: true },
  );
}
