/** The only fetch of a URL that a stranger chose: no way into the network that the server stands in, and little to read (draft §4.3, §6.5, §6.6). */
import { promises as dns, type LookupAddress } from 'node:dns';
import type { IncomingMessage } from 'node:http';
import { get, type RequestOptions } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';
import { OAuthError } from '../../errors.ts';

const MAX_DOCUMENT_BYTES = 5 * 1024;
const TIMEOUT_MS = 5000;

export interface FetchedDocument {
  text: string;
  /** For how long it may be used without asking again, by its own headers (RFC 9111 §4.2); 0 if they do not say. */
  freshSeconds: number;
}

/**
 * @param url one that `documentUrlProblem` has nothing against
 * @throws {OAuthError} `invalid_client` if there is no document of the right kind; `temporarily_unavailable` if that could not be found out
 */
export type FetchDocument = (url: string) => Promise<FetchedDocument>;

/** What a test puts in the place of the world. */
export interface FetchOptions {
  resolve?: (host: string) => Promise<LookupAddress[]>;
  isAllowed?: (address: string) => boolean;
  /** Certificates to trust instead of those that Node trusts, PEM. */
  ca?: string;
  timeoutMs?: number;
}

export function documentFetcher(options: FetchOptions = {}): FetchDocument {
  const { resolve = resolveHost, isAllowed = isPublic, ca } = options;
  const lookup = checkedLookup(resolve, isAllowed);
  return async (url) => {
    // Over everything: resolving, connecting, and the last byte of the body.
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
      // The same for a closed port, a private address and a bad certificate: nobody scans a network with this.
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
  // Node resolves no literal, so that it would pass the check by.
  if (isIP(hostname.replace(/^\[|\]$/g, ''))) throw new Error('a host that is an address');
  const request: RequestOptions = {
    ...options,
    agent: false,
    // Whatever the environment says about bad certificates.
    rejectUnauthorized: true,
    maxHeaderSize: 8 * 1024,
    headers: { Accept: 'application/json', 'Accept-Encoding': 'identity', 'User-Agent': 'mail-mcp' },
  };
  return new Promise((resolve, reject) => {
    get(url, request, resolve).on('error', reject);
  });
}

/** Every address of the host has to be allowed; connections go to the addresses that were checked, and are not resolved again. */
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
 * Asks DNS itself: the resolver of the operating system would keep one of its few threads, which mail needs too, for as long as a name server
 * of a stranger is silent. What only this machine calls by a name is not found.
 */
async function resolveHost(host: string): Promise<LookupAddress[]> {
  const resolver = new dns.Resolver({ timeout: 2000, tries: 2 });
  const answers = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
  return answers.flatMap((answer, index) =>
    answer.status === 'fulfilled' ? answer.value.map((address) => ({ address, family: index === 0 ? 4 : 6 })) : [],
  );
}

/** NAT64 (RFC 6052 §2.1): the prefix that everybody knows, before an IPv4 address. */
const NAT64_PREFIX = ipaddr.parseCIDR('64:ff9b::/96');

/** All of IPv6 that has been given out (IANA, IPv6 Global Unicast Address Assignments). What is beside it may be a way in, such as `::7f00:1`. */
const GLOBAL_UNICAST = ipaddr.parseCIDR('2000::/3');

/** Whether an address is one of the public Internet. Those that carry an IPv4 address within are as public as that is; 6to4 and Teredo are never. */
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
  // A redirect too: where it leads has not been checked.
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
