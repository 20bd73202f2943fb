/** Validates client metadata documents and the URLs that name them (draft-ietf-oauth-client-id-metadata-document-00 §3, §4.1). */
import { z } from 'zod';
import { isAddress } from '../../web/public-address.ts';
import { plainText } from '../http/plain-text.ts';
import { isOpenToDynamicClients, isTrusted, type TrustedHosts } from './dynamic-clients.ts';
import { Strings, withoutEmptyValues } from './given-metadata.ts';

/** In characters. The client_id is one of several parameters in the query of an authorization request, which has a maximum length. */
const MAX_URL_LENGTH = 512;

const MAX_NAME_LENGTH = 64;

/** The metadata of a document that the server uses. */
export interface ClientDocument {
  /** For display: plain text of at most 64 characters. */
  name: string;
  redirectUris: readonly string[];
  /** False: it is vouched for no more than a client that registered itself. */
  isFromTrustedHost: boolean;
}

/** Distinguishes URLs from sealed client_ids, which contain no colon. */
export const looksLikeDocumentUrl = (clientId: string): boolean => /^https:/i.test(clientId);

/**
 * Checks whether a URL may be a client_id. It is compared as a string, so it must have the one spelling that a URL parser does not change. This
 * also excludes dot segments in any encoding.
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
  return isAddress(url.hostname) ? 'names its host by an IP address' : null;
}

/** The document is at a host that may not name redirect URIs elsewhere than on the user's computer. */
export class UntrustedHostError extends Error {}

const SHARED_SECRET_METHOD = /^client_secret_/;

/** Fields of RFC 7591 §2 that the server uses; all others are ignored. */
const Metadata = z
  .object({
    client_id: z.string(),
    client_name: z.string().min(1),
    redirect_uris: Strings,
    grant_types: Strings.default(['authorization_code']),
    response_types: Strings.default(['code']),
    token_endpoint_auth_method: z.string().default('none'),
    /** Not in RFC 7591; ChatGPT's document has it: further methods that the client supports. */
    token_endpoint_auth_methods_supported: Strings.default([]),
    client_secret: z.never('must not be there').optional(),
    client_secret_expires_at: z.never('must not be there').optional(),
  })
  .refine(({ grant_types }) => grant_types.includes('authorization_code'), 'grant_types lacks authorization_code')
  .refine(({ response_types }) => response_types.includes('code'), 'response_types lacks code')
  .refine(
    (metadata) => !authenticationMethods(metadata).some((method) => SHARED_SECRET_METHOD.test(method)),
    'a public document cannot rely on a shared secret',
  )
  .refine(
    (metadata) => authenticationMethods(metadata).includes('none'),
    'the client requires authentication, and only the method none is supported for documents',
  );

function authenticationMethods(metadata: {
  token_endpoint_auth_method: string;
  token_endpoint_auth_methods_supported: string[];
}): string[] {
  return [metadata.token_endpoint_auth_method, ...metadata.token_endpoint_auth_methods_supported];
}

/**
 * Validates a client metadata document. The hosts of its redirect URIs must be trusted as well as the host of the document; a document of another
 * host may name the user's computer only.
 *
 * @param url the client_id that the document was fetched for
 * @returns the redirect URIs without those that dynamic clients may not have
 * @throws {Error} with the fault, for the log
 */
export function parseClientDocument(text: string, url: string, trustedHosts: TrustedHosts): ClientDocument {
  const metadata = Metadata.parse(withoutEmptyValues(JSON.parse(text)));
  if (metadata.client_id !== url) throw new Error('The document is about another client_id');
  const redirectUris = metadata.redirect_uris.filter((uri) => isOpenToDynamicClients(uri, trustedHosts));
  if (redirectUris.length === 0) throw new Error('The document has no redirect URI that a client may have');
  const isFromTrustedHost = isTrusted(trustedHosts, new URL(url).host);
  if (!isFromTrustedHost && !redirectUris.every((uri) => uri.startsWith('http:'))) throw new UntrustedHostError();
  const name = plainText(metadata.client_name, MAX_NAME_LENGTH);
  return { name: name || new URL(url).host, redirectUris, isFromTrustedHost };
}
