/** Checks the sign-in at a provider as far as that works without an account: metadata, registration, and what it needs of this server. */
import { z } from 'zod';
import type { ProviderSignIn } from '../../mail/account.ts';
import { redirectUriOf } from '../../oauth/upstream/callback-path.ts';
import { microsoftActor, microsoftMeaning } from '../../oauth/upstream/microsoft-codes.ts';
import {
  IDENTITY_SCOPES,
  type Provider,
  providerOf,
  type Registration,
  type Registrations,
} from '../../oauth/upstream/providers.ts';
import { signInFaults } from '../../oauth/upstream/sign-in-faults.ts';
import type { Config } from '../../settings/config.ts';
import { type Answer, ask, causeOf, parsed, type Send } from './ask.ts';
import type { Check } from './check.ts';

interface Settings extends Pick<Config, 'redisUrl' | 'replicas'> {
  registrations: Registrations;
  /** Where accounts sign in, each with a callback of its own. */
  issuers: readonly [string, ...string[]];
}

/** No provider has issued it. */
const WRONG_CODE = 'mail-mcp-doctor';
const VERIFIER = 'mail-mcp-doctor'.repeat(3);

/** What a check is about. */
interface About {
  signIn: ProviderSignIn;
  provider: Provider;
  settings: Settings;
  send?: Send | undefined;
}

export async function checkProvider(signIn: ProviderSignIn, settings: Settings, send?: Send): Promise<Check[]> {
  const provider = providerOf(signIn);
  const about = { signIn, provider, settings, send };
  const { checks, tokenEndpoint, methods } = await checkMetadata(about);
  const faults = signInFaults(signIn, settings).map((fault): Check => {
    return { name: `sign-in at ${provider.title}`, status: 'failed', says: `${fault}.` };
  });
  return [
    ...faults,
    ...checks,
    ...(tokenEndpoint === undefined ? [] : await checkRegistration(about, tokenEndpoint, methods)),
    checkRedirectUris(about),
    checkTenants(about),
    checkRefreshTokens(about),
  ];
}

/** OpenID Connect Discovery 1.0 §3, RFC 8414 §2. */
const Metadata = z.object({
  issuer: z.string(),
  authorization_endpoint: z.string(),
  token_endpoint: z.string(),
  jwks_uri: z.string(),
  code_challenge_methods_supported: z.array(z.string()).optional(),
  scopes_supported: z.array(z.string()).optional(),
  token_endpoint_auth_methods_supported: z.array(z.string()).default(['client_secret_basic']),
});
type Metadata = z.output<typeof Metadata>;

interface FoundMetadata {
  checks: Check[];
  tokenEndpoint?: string;
  methods: readonly string[];
}

async function checkMetadata({ signIn, provider, send }: About): Promise<FoundMetadata> {
  const name = `metadata of ${provider.title}`;
  if (provider.endpoints !== undefined) {
    const says = 'is not published; its endpoints are known.';
    return { checks: [{ name, status: 'skipped', says }], tokenEndpoint: provider.endpoints.token, methods: [POST] };
  }
  const url = `${provider.issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const answer = await ask(url, {}, send).catch(causeOf);
  const failed = (says: string, remedy?: string): FoundMetadata => ({
    checks: [{ name, status: 'failed', says, remedy }],
    methods: [],
  });
  if (typeof answer === 'string') return failed(`does not arrive (${answer}).`, 'Check the issuer, DNS and firewall.');
  const meaning = microsoftMeaning(codeIn(parsed(answer.text)));
  if (meaning !== undefined) return failed(`${meaning.replace('. ', ': ')}`);
  const metadata = Metadata.safeParse(parsed(answer.text)).data;
  if (answer.status !== 200 || metadata === undefined) {
    const remedy = 'The issuer must be the URL below which /.well-known/openid-configuration is.';
    return failed(`is not an answer of a provider (status ${answer.status}).`, remedy);
  }
  const checks = [
    checkIssuer(name, signIn, provider, metadata),
    checkEndpoints(name, metadata),
    checkPkce(name, metadata),
    checkScopes(name, provider, metadata),
  ].flatMap((check) => check ?? []);
  const { token_endpoint: tokenEndpoint, token_endpoint_auth_methods_supported: methods } = metadata;
  return isProtected(tokenEndpoint) ? { checks, tokenEndpoint, methods } : { checks, methods };
}

/** Microsoft names the tenant by its id, and `common` by a placeholder. */
function checkIssuer(name: string, { provider: kind }: ProviderSignIn, { issuer }: Provider, found: Metadata): Check {
  const isIssuer =
    found.issuer === issuer ||
    (kind === 'microsoft' && /^https:\/\/login\.microsoftonline\.com\/[\w{}-]+\/v2\.0$/.test(found.issuer));
  if (isIssuer) return { name, status: 'ok', says: 'has the issuer of the connection.' };
  const remedy = 'Mint with the --upstream-issuer that the metadata has, to the last character.';
  return { name, status: 'failed', says: 'has another issuer.', remedy };
}

function checkEndpoints(name: string, metadata: Metadata): Check | undefined {
  const endpoints = ['authorization_endpoint', 'token_endpoint', 'jwks_uri'] as const;
  const wrong = endpoints.filter((one) => !isProtected(metadata[one]));
  if (wrong.length === 0) return undefined;
  return { name, status: 'failed', says: `has endpoints without https: ${wrong.join(', ')}.` };
}

function checkPkce(name: string, { code_challenge_methods_supported: methods }: Metadata): Check | undefined {
  if (methods === undefined || methods.includes('S256')) return undefined;
  return { name, status: 'failed', says: 'does not have S256 among the methods of PKCE (RFC 7636).' };
}

/** Providers need not name all scopes (RFC 8414 §2). */
function checkScopes(name: string, { mailScopes }: Provider, { scopes_supported: known }: Metadata): Check | undefined {
  const ours = mailScopes.filter((scope) => !scope.includes('://'));
  const missing = [...(ours.length === 0 ? [] : IDENTITY_SCOPES), ...ours].filter((scope) => !known?.includes(scope));
  if (known === undefined || missing.length === 0) return undefined;
  const remedy = missing.includes('offline_access')
    ? 'Without offline_access a provider may issue no refresh token.'
    : 'Add them at the provider, or check --upstream-scope.';
  return { name, status: 'warning', says: `does not name the scopes ${missing.join(', ')}.`, remedy };
}

const POST = 'client_secret_post';

/** A wrong code of the right client is `invalid_grant` (RFC 6749 §5.2). */
async function checkRegistration(about: About, endpoint: string, methods: readonly string[]): Promise<Check[]> {
  const { signIn, provider, settings, send } = about;
  const { clientId, clientSecret } = signIn;
  const registration = clientId === undefined ? settings.registrations[signIn.provider] : { clientId, clientSecret };
  if (registration === undefined) return [];
  const name = `registration at ${provider.title}`;
  const request = tokenRequest(registration, methods.includes(POST), redirectUriOf(settings.issuers[0], signIn));
  const answer = await ask(endpoint, request, send).catch(causeOf);
  if (typeof answer === 'string')
    return [{ name, status: 'failed', says: `the provider does not answer (${answer}).` }];
  return [{ name, ...judge(answer) }];
}

function tokenRequest({ clientId, clientSecret }: Registration, isPosted: boolean, redirectUri: string): RequestInit {
  const form = new URLSearchParams({
    ...{ grant_type: 'authorization_code', code: WRONG_CODE, redirect_uri: redirectUri, code_verifier: VERIFIER },
    ...((isPosted || clientSecret === undefined) && { client_id: clientId }),
    ...(isPosted && clientSecret !== undefined && { client_secret: clientSecret }),
  });
  const pair = [clientId, clientSecret ?? ''].map(encodeURIComponent).join(':');
  const headers = { authorization: `Basic ${Buffer.from(pair).toString('base64')}` };
  return { method: 'POST', body: form, ...(!isPosted && clientSecret !== undefined && { headers }) };
}

const KNOWN = 'the provider knows client id and secret.';

/** Of Microsoft, which may have read the code of the request and nothing else of it. */
const MALFORMED = 'AADSTS9002313';

/** The others are about the code of the request, or about a moment. */
const isFaultOfRegistration = (code: string): boolean =>
  ['operator', 'administrator'].includes(microsoftActor(code) ?? 'time');

function judge({ status, text }: Answer): Omit<Check, 'name'> {
  const json = parsed(text);
  const code = codeIn(json);
  const { error = '' } = ErrorBody.safeParse(json).data ?? {};
  if (isFaultOfRegistration(code)) return { status: 'failed', says: `${microsoftMeaning(code)} (${code})` };
  if (error === 'invalid_grant' && code !== MALFORMED) return { status: 'ok', says: KNOWN };
  if (['invalid_client', 'unauthorized_client'].includes(error) || status === 401) {
    const remedy = 'Compare client id and secret with those at the provider.';
    return { status: 'failed', says: `the provider refuses it (${code || status}).`, remedy };
  }
  if (error === 'redirect_uri_mismatch') {
    return { status: 'failed', says: 'the redirect URI is not registered.', remedy: 'Register the one below.' };
  }
  return { status: 'skipped', says: `the provider does not say whether it is right (${code || status}).` };
}

function checkRedirectUris({ signIn, provider, settings: { issuers } }: About): Check {
  const uris = issuers.map((issuer) => redirectUriOf(issuer, signIn)).join(' and ');
  const says = `the registration at ${provider.title} must have ${uris}.`;
  return { name: 'redirect URI', status: 'skipped', says };
}

function checkTenants({ signIn: { tenants, provider }, provider: { title } }: About): Check {
  const says =
    tenants !== undefined
      ? `only accounts of ${tenants.join(', ')} may sign in.`
      : provider === 'openid'
        ? `all accounts of ${title} may sign in.`
        : `accounts of all organizations at ${title} may sign in, and personal ones.`;
  return { name: 'organizations', status: 'ok', says };
}

/** No provider announces it, and to find out one would have to sign in. */
function checkRefreshTokens({ provider: { title, isRotating }, settings: { redisUrl, replicas } }: About): Check {
  const name = 'refresh tokens';
  if (!isRotating) return { name, status: 'ok', says: `those of ${title} stay valid when they are used.` };
  const says = `${title} is taken to replace them; the newest one is kept in`;
  if (redisUrl !== undefined) return { name, status: 'ok', says: `${says} Redis.` };
  const status = replicas > 1 ? 'failed' : 'warning';
  const remedy = 'Set REDIS_URL.';
  return { name, status, says: `${says} memory: a restart may end the sign-ins of account owners.`, remedy };
}

const ErrorBody = z.object({
  error: z.string().regex(/^[\w-]{1,60}$/),
  error_description: z.string().optional().catch(undefined),
});

/** The code of Microsoft, or else of OAuth; empty if there is none. */
function codeIn(json: unknown): string {
  const body = ErrorBody.safeParse(json).data;
  const [aadsts] = /^AADSTS\d{4,8}\b/.exec(body?.error_description ?? '') ?? [];
  return aadsts ?? body?.error ?? '';
}

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;

function isProtected(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname } = new URL(url);
  return protocol === 'https:' || (protocol === 'http:' && LOOPBACK.test(hostname));
}
