/** Client ID Metadata Documents: which URL may be a client_id, and what the document there must say (draft-ietf-oauth-client-id-metadata-document-00 §3, §4.1). */
import { isIP } from 'node:net';
import { z } from 'zod';
import { plainText } from '../http/plain-text.ts';
import { isOpenToDynamicClients, type TrustedHosts } from './dynamic-clients.ts';

/** It rides in the query of an authorization request beside everything else. */
const MAX_URL_LENGTH = 512;

const MAX_NAME_LENGTH = 64;

/** What counts of a document. */
export interface ClientDocument {
  /** As on a page: plain, at most 64 characters. */
  name: string;
  redirectUris: readonly string[];
}

/** Nothing else that comes as a client_id looks like this: sealed ones have no colon. */
export const looksLikeDocumentUrl = (clientId: string): boolean => /^https:/i.test(clientId);

/**
 * Whether a URL may be a client_id. It is compared as a string for ever after, so it must be spelled the one way in which a parser leaves it
 * alone: that also rules out dot segments, however they are encoded.
 *
 * @returns what is wrong with it, as the end of a sentence; `null` if nothing is
 */
export function documentUrlProblem(text: string): string | null {
  if (text.length > MAX_URL_LENGTH) return `is longer than ${MAX_URL_LENGTH} characters`;
  if (!text.startsWith('https://') || !URL.canParse(text)) return 'is not an https URL';
  const url = new URL(text);
  if (url.username || url.password) return 'names a user';
  if (text.includes('#')) return 'has a fragment';
  if (url.href !== text) return 'is not spelled in the one way that URLs are compared in';
  if (url.pathname === '/') return 'has no path';
  return isIP(url.hostname.replace(/^\[|\]$/g, '')) ? 'names its host by an IP address' : null;
}

const SHARED_SECRET_METHOD = /^client_secret_/;

/** Fields of RFC 7591 §2 that decide something here; all others are ignored. */
const Metadata = z
  .object({
    client_id: z.string(),
    client_name: z.string().min(1),
    redirect_uris: z.array(z.string()).min(1),
    grant_types: z.array(z.string()).default(['authorization_code']),
    response_types: z.array(z.string()).default(['code']),
    token_endpoint_auth_method: z.string().default('none'),
    /** Not of RFC 7591, but what ChatGPT's document has: further methods that the client can do. */
    token_endpoint_auth_methods_supported: z.array(z.string()).default([]),
    client_secret: z.never('must not be there').optional(),
    client_secret_expires_at: z.never('must not be there').optional(),
  })
  .refine(({ grant_types }) => grant_types.includes('authorization_code'), 'grant_types lacks authorization_code')
  .refine(({ response_types }) => response_types.includes('code'), 'response_types lacks code')
  .refine(
    (metadata) => !authenticationMethods(metadata).some((method) => SHARED_SECRET_METHOD.test(method)),
    'a document that everybody can read has no shared secret',
  )
  .refine(
    (metadata) => authenticationMethods(metadata).includes('none'),
    'the client does not go without authentication, and nothing else works here',
  );

function authenticationMethods(metadata: {
  token_endpoint_auth_method: string;
  token_endpoint_auth_methods_supported: string[];
}): string[] {
  return [metadata.token_endpoint_auth_method, ...metadata.token_endpoint_auth_methods_supported];
}

/**
 * The host of the document proves who wrote it, and nothing about the hosts that it sends codes to: those have to be trusted as well.
 *
 * @param url the client_id that the document was fetched for
 * @returns the redirect URIs without those that such a client may not have
 * @throws {Error} saying what is wrong; for the log
 */
export function parseClientDocument(text: string, url: string, trustedHosts: TrustedHosts): ClientDocument {
  const metadata = Metadata.parse(JSON.parse(text));
  if (metadata.client_id !== url) throw new Error('The document is about another client_id');
  const redirectUris = metadata.redirect_uris.filter((uri) => isOpenToDynamicClients(uri, trustedHosts));
  if (redirectUris.length === 0) throw new Error('The document has no redirect URI that a client may have');
  const name = plainText(metadata.client_name, MAX_NAME_LENGTH);
  return { name: name || new URL(url).host, redirectUris };
}
