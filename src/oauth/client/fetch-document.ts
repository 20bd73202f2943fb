/**
 * Fetches client metadata documents (draft-ietf-oauth-client-id-metadata-document-00 §4.3, §6.5, §6.6). Their URLs come from untrusted clients, so
 * only public addresses are connected to, and the response is limited in size and time.
 */
import type { IncomingMessage } from 'node:http';
import { OAuthError } from '../../errors.ts';
import { createGuardedHttps, type GuardedOptions } from '../../web/guarded-https.ts';
import { PageError } from '../pages/page-error.ts';

const MAX_DOCUMENT_BYTES = 5 * 1024;
const TIMEOUT_MS = 5000;

interface FetchedDocument {
  text: string;
  /** Freshness lifetime by its headers (RFC 9111 §4.2); 0 without such headers. */
  freshSeconds: number;
}

/**
 * @param url one that `documentUrlProblem` accepts
 * @throws {OAuthError} `invalid_client` if there is no JSON document; `temporarily_unavailable` if that could not be determined
 */
export type FetchDocument = (url: string) => Promise<FetchedDocument>;

export interface FetchOptions extends GuardedOptions {
  timeoutMs?: number;
}

const HEADERS = { Accept: 'application/json' };

export function documentFetcher({ timeoutMs = TIMEOUT_MS, ...options }: FetchOptions = {}): FetchDocument {
  const send = createGuardedHttps(options);
  return async (url) => {
    try {
      const response = await send(url, { method: 'GET', headers: HEADERS, signal: AbortSignal.timeout(timeoutMs) });
      try {
        requireJsonDocument(response);
        return { text: await readText(response), freshSeconds: freshSeconds(response) };
      } finally {
        response.destroy();
      }
    } catch (cause) {
      if (cause instanceof OAuthError) throw cause;
      // One answer for a closed port, a private address and a bad certificate, so that it cannot be used to scan a network.
      throw new PageError('temporarily_unavailable', (t) => t.errors.documentUnreachable, { cause });
    }
  };
}

function requireJsonDocument({ statusCode = 0, headers }: IncomingMessage): void {
  if (statusCode === 429 || statusCode >= 500) throw new Error(`status ${statusCode}`);
  const mediaType = headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  const isJson = mediaType === 'application/json' || /^application\/[\w.-]+\+json$/.test(mediaType);
  // Includes redirects: their target was not checked.
  if (statusCode !== 200) throw noDocumentError(`status ${statusCode}`);
  if (!isJson) throw noDocumentError('not JSON');
  if ((headers['content-encoding'] ?? 'identity') !== 'identity') throw noDocumentError('compressed');
}

async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response) {
    size += chunk.length;
    if (size > MAX_DOCUMENT_BYTES) throw noDocumentError(`longer than ${MAX_DOCUMENT_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function freshSeconds({ headers }: IncomingMessage): number {
  const control = headers['cache-control'] ?? '';
  if (/\bno-(store|cache)\b/i.test(control)) return 0;
  const maxAge = /(?:^|[\s,])max-age="?(\d{1,9})/i.exec(control)?.[1];
  if (maxAge !== undefined) return Math.max(0, Number(maxAge) - (Number(headers.age) || 0));
  const until = Date.parse(headers.expires ?? '') - Date.parse(headers.date ?? '');
  return until > 0 ? Math.floor(until / 1000) : 0;
}

const noDocumentError = (cause: string): OAuthError =>
  new PageError('invalid_client', (t) => t.errors.noDocument, { cause });
