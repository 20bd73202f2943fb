/**
 * Fetches client metadata documents (draft-ietf-oauth-client-id-metadata-document-00 §4.3, §6.5, §6.6). Their URLs come from untrusted clients, so
 * only public addresses are connected to, and the response is limited in size and time.
 */
import { promises as dns, type LookupAddress } from 'node:dns';
import type { IncomingMessage } from 'node:http';
import { get, type RequestOptions } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';
import { OAuthError } from '../../errors.ts';

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

/** Replaced by tests. */
export interface FetchOptions {
  resolve?: (host: string) => Promise<LookupAddress[]>;
  isAllowed?: (address: string) => boolean;
  /** Certificates to trust instead of Node's, PEM. */
  ca?: string;
  timeoutMs?: number;
}

export function documentFetcher(options: FetchOptions = {}): FetchDocument {
  const { resolve = resolveHost, isAllowed = isPublic, ca } = options;
  const lookup = checkedLookup(resolve, isAllowed);
  return async (url) => {
    // Includes resolving, connecting, and the last byte of the body.
    const signal = AbortSignal.timeout(options.timeoutMs ?? TIMEOUT_MS);
    try {
      const response = await responseOf(url, { lookup, signal, ...(ca !== undefined && { ca }) });
      try {
        requireJsonDocument(response);
        return { text: await readText(response), freshSeconds: freshSeconds(response) };
      } finally {
        response.destroy();
      }
    } catch (cause) {
      if (cause instanceof OAuthError) throw cause;
      // One answer for a closed port, a private address and a bad certificate, so that it cannot be used to scan a network.
      throw new OAuthError('temporarily_unavailable', 'What the application says about itself could not be fetched.', {
        cause,
      });
    }
  };
}

function responseOf(
  url: string,
  options: { lookup: LookupFunction; signal: AbortSignal; ca?: string },
): Promise<IncomingMessage> {
  const { hostname } = new URL(url);
  // Node does not call `lookup` for an IP address, so the check of the address would be skipped.
  if (isIP(hostname.replace(/^\[|\]$/g, ''))) throw new Error('a host that is an address');
  const request: RequestOptions = {
    ...options,
    agent: false,
    // Takes precedence over NODE_TLS_REJECT_UNAUTHORIZED.
    rejectUnauthorized: true,
    maxHeaderSize: 8 * 1024,
    headers: { Accept: 'application/json', 'Accept-Encoding': 'identity', 'User-Agent': 'mail-mcp' },
  };
  return new Promise((resolve, reject) => {
    get(url, request, resolve).on('error', reject);
  });
}

/** Every address of the host must be allowed. Connections go to the addresses that were checked, without a second resolution. */
function checkedLookup(
  resolve: (host: string) => Promise<LookupAddress[]>,
  isAllowed: (address: string) => boolean,
): LookupFunction {
  return (host, { all }, done) => {
    resolve(host).then(
      (addresses) => {
        const [first] = addresses;
        if (first === undefined || !addresses.every(({ address }) => isAllowed(address))) {
          return done(new Error('a host with an address that is not public'), []);
        }
        return all ? done(null, addresses) : done(null, first.address, first.family);
      },
      (error: NodeJS.ErrnoException) => done(error, []),
    );
  };
}

/**
 * Queries DNS directly: the resolver of the operating system would block one of its few threads, which mail needs too, for as long as an unknown
 * name server does not answer. Names that are known to this machine only are not found.
 */
async function resolveHost(host: string): Promise<LookupAddress[]> {
  const resolver = new dns.Resolver({ timeout: 2000, tries: 2 });
  const answers = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
  return answers.flatMap((answer, index) =>
    answer.status === 'fulfilled' ? answer.value.map((address) => ({ address, family: index === 0 ? 4 : 6 })) : [],
  );
}

/** NAT64 (RFC 6052 §2.1): the well-known prefix of an IPv4 address. */
const NAT64_PREFIX = ipaddr.parseCIDR('64:ff9b::/96');

/** All assigned global unicast addresses (IANA, IPv6 Global Unicast Address Assignments). Others may lead to local networks, such as `::7f00:1`. */
const GLOBAL_UNICAST = ipaddr.parseCIDR('2000::/3');

/** Checks whether an address is public. IPv6 addresses that contain an IPv4 address are as public as that one; 6to4 and Teredo are never. */
export function isPublic(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.process(address);
  if (parsed.kind() === 'ipv6' && parsed.match(NAT64_PREFIX)) {
    return ipaddr.fromByteArray(parsed.toByteArray().slice(-4)).range() === 'unicast';
  }
  return parsed.range() === 'unicast' && (parsed.kind() === 'ipv4' || parsed.match(GLOBAL_UNICAST));
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
  new OAuthError('invalid_client', 'The client_id is a URL, but there is no client metadata document.', { cause });
