/** Handles POST /oauth/register (RFC 7591): a client registers itself. Nothing is stored: its client_id is its metadata, sealed. */
import { createHmac } from 'node:crypto';
import type { RequestHandler } from 'express';
import { z } from 'zod';
import { OAuthError } from '../../errors.ts';
import { type DynamicClients, isOpenToDynamicClients, type TrustedHosts } from '../client/dynamic-clients.ts';
import { Strings, withoutEmptyValues } from '../client/given-metadata.ts';
import { addressBlock } from '../http/address-block.ts';
import { readJson } from '../http/parameters.ts';
import { plainText } from '../http/plain-text.ts';
import { MAX_REDIRECT_URI_LENGTH } from '../http/redirect-uri.ts';
import { CLIENT_AUTHENTICATION_METHODS } from '../metadata.ts';
import type { OAuthServices } from '../services.ts';

const MAX_BODY_BYTES = 16 * 1024;
const MAX_REDIRECT_URIS = 5;
const MAX_NAME_LENGTH = 64;

const WINDOW_SECONDS = 600;

/**
 * Registrations of one network in the window. Nothing is stored, so what a limit bounds is the work of sealing and the lines in the log of a client that
 * runs wild. Hosted clients register separately for each of their users, from few addresses: hundreds of them in an hour are as they should be.
 */
const MAX_REGISTRATIONS = 600;

const GRANT_TYPES = ['authorization_code', 'refresh_token'] as const;

/** A list of which only the supported values count. It is refused if it has none of them. */
const supported = <T extends string>(values: readonly T[]) =>
  Strings.transform((given) => values.filter((value) => given.includes(value))).refine(({ length }) => length > 0);

/** The metadata that the server uses (RFC 7591 §2); the rest is ignored, as the RFC requires. */
const Metadata = z.object({
  redirect_uris: Strings,
  token_endpoint_auth_method: z.string().default('client_secret_basic'),
  /** Not in RFC 7591; ChatGPT has it: further methods that the client supports. */
  token_endpoint_auth_methods_supported: Strings.catch([]),
  grant_types: supported(GRANT_TYPES).default(['authorization_code']),
  response_types: supported(['code']).default(['code']),
  client_name: z.string().catch(''),
});

/** @param services.dynamicClients one that accepts registrations */
export function registerHandler(
  services: Pick<OAuthServices, 'keyring' | 'now' | 'log' | 'state' | 'clients'> & { dynamicClients: DynamicClients },
): RequestHandler {
  const { keyring, now, log, state, clients } = services;
  const { trustedHosts } = services.dynamicClients;
  const addressKey = keyring.current.derive('registration-throttle');

  async function requireBelowLimit(key: string): Promise<void> {
    const counted = await state.readCount(key, WINDOW_SECONDS);
    if (counted !== null && counted.count >= MAX_REGISTRATIONS) throw tooMany(counted.endsAt, now());
  }

  function keyOf(address: string | undefined): string {
    return `registrations:${createHmac('sha256', addressKey).update(addressBlock(address)).digest('base64url')}`;
  }

  return async (request, response) => {
    response.set({ 'Cache-Control': 'no-store', Pragma: 'no-cache' });
    const { client_name, ...metadata } = supportedMetadata(await readJson(request, MAX_BODY_BYTES), trustedHosts);
    const key = keyOf(request.ip);
    await requireBelowLimit(key);
    const name = plainText(client_name, MAX_NAME_LENGTH);
    const registered = await clients.register({
      v: 1,
      ...(name && { name }),
      auth_method: metadata.token_endpoint_auth_method,
      redirect_uris: metadata.redirect_uris,
    });
    // Last: a registration that is refused counts nowhere.
    await state.count(key, WINDOW_SECONDS);
    log.info({ client: registered.jti }, 'client registered');
    response.status(201).json({
      client_id: registered.id,
      client_id_issued_at: registered.issuedAtSeconds,
      ...(registered.secret !== null && {
        client_secret: registered.secret,
        client_secret_expires_at: registered.expiresAtSeconds,
      }),
      ...metadata,
      client_name: name || undefined,
    });
  };
}

/**
 * Keeps what the server supports and drops the rest (RFC 7591 §3.2.1): a client cannot know which values every server has.
 *
 * @throws {OAuthError} if nothing of a field is left, with a description that does not quote the request (§3.2.2)
 */
function supportedMetadata(body: unknown, trustedHosts: TrustedHosts) {
  const { token_endpoint_auth_methods_supported: others, ...metadata } = parseMetadata(body);
  const redirect_uris = metadata.redirect_uris.filter((uri) => isOpenToDynamicClients(uri, trustedHosts));
  if (redirect_uris.length === 0) throw new OAuthError('invalid_redirect_uri', NO_REDIRECT_URI);
  if (redirect_uris.length > MAX_REDIRECT_URIS) throw new OAuthError('invalid_redirect_uri', REDIRECT_URIS);
  const methods: readonly string[] = [metadata.token_endpoint_auth_method, ...others];
  const token_endpoint_auth_method = methods
    .map((method) => CLIENT_AUTHENTICATION_METHODS.find((known) => known === method))
    .find((method) => method !== undefined);
  if (token_endpoint_auth_method === undefined) throw unsupported('token_endpoint_auth_method');
  return { ...metadata, redirect_uris, token_endpoint_auth_method };
}

function parseMetadata(body: unknown): z.output<typeof Metadata> {
  const result = Metadata.safeParse(withoutEmptyValues(body));
  if (result.success) return result.data;
  const fields = new Set(result.error.issues.map(({ path }) => path[0]));
  const cause = result.error;
  if (fields.has('redirect_uris')) throw new OAuthError('invalid_redirect_uri', REDIRECT_URIS, { cause });
  const [field] = fields;
  if (typeof field === 'string') throw unsupported(field, cause);
  throw new OAuthError('invalid_client_metadata', 'The body is not a JSON object.', { cause });
}

const unsupported = (field: string, cause?: unknown): OAuthError =>
  new OAuthError('invalid_client_metadata', `${field} is not one that works here.`, { cause });

const REDIRECT_URIS = `redirect_uris must be a list of 1 to ${MAX_REDIRECT_URIS} URIs of at most ${MAX_REDIRECT_URI_LENGTH} characters.`;
const NO_REDIRECT_URI =
  'No redirect URI is one that clients may register here. The operator can trust further hosts with TRUSTED_CLIENT_HOSTS.';

function tooMany(until: Date, now: Date): OAuthError {
  const seconds = Math.max(1, Math.ceil((until.getTime() - now.getTime()) / 1000));
  return new OAuthError('temporarily_unavailable', 'Too many clients have registered; try again later.', {
    wait: { status: 429, seconds },
  });
}
