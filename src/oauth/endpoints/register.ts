/** Handles POST /oauth/register (RFC 7591): a client registers itself. Nothing is stored: its client_id is its metadata, sealed. */
import { createHmac } from 'node:crypto';
import type { RequestHandler } from 'express';
import { z } from 'zod';
import { OAuthError } from '../../errors.ts';
import { type DynamicClients, isOpenToDynamicClients } from '../client/dynamic-clients.ts';
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

/** The metadata that the server uses (RFC 7591 §2); the rest is ignored, as the RFC requires. */
const Metadata = z.object({
  redirect_uris: z.array(z.string().max(MAX_REDIRECT_URI_LENGTH)).min(1).max(MAX_REDIRECT_URIS),
  token_endpoint_auth_method: z.enum(CLIENT_AUTHENTICATION_METHODS).default('client_secret_basic'),
  grant_types: z.array(z.enum(['authorization_code', 'refresh_token'])).default(['authorization_code']),
  response_types: z.array(z.literal('code')).default(['code']),
  client_name: z.string().optional(),
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
    const metadata = validateMetadata(await readJson(request, MAX_BODY_BYTES));
    if (!metadata.redirect_uris.every((uri) => isOpenToDynamicClients(uri, trustedHosts))) {
      throw new OAuthError('invalid_redirect_uri', 'A redirect URI is not one that clients may register here.');
    }
    const key = keyOf(request.ip);
    await requireBelowLimit(key);
    const name = plainText(metadata.client_name ?? '', MAX_NAME_LENGTH);
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

/** @throws {OAuthError} whose description does not quote the request (RFC 7591 §3.2.2) */
function validateMetadata(body: unknown): z.output<typeof Metadata> {
  const result = Metadata.safeParse(body);
  if (result.success) return result.data;
  const fields = new Set(result.error.issues.map(({ path }) => path[0]));
  const cause = result.error;
  if (fields.has('redirect_uris')) {
    const sentence = `redirect_uris must be a list of 1 to ${MAX_REDIRECT_URIS} URIs of at most ${MAX_REDIRECT_URI_LENGTH} characters.`;
    throw new OAuthError('invalid_redirect_uri', sentence, { cause });
  }
  const [field] = fields;
  const sentence =
    typeof field === 'string' ? `${field} is not one that works here.` : 'The body is not a JSON object.';
  throw new OAuthError('invalid_client_metadata', sentence, { cause });
}

function tooMany(until: Date, now: Date): OAuthError {
  const seconds = Math.max(1, Math.ceil((until.getTime() - now.getTime()) / 1000));
  return new OAuthError('temporarily_unavailable', 'Too many clients have registered; try again later.', {
    wait: { status: 429, seconds },
  });
}
