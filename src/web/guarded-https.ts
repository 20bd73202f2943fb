/**
 * Sends requests to https URLs of strangers, and follows no redirect.
 *
 * Invariant: only public addresses are connected to, as they were checked.
 */
import { promises as dns, type LookupAddress } from 'node:dns';
import type { IncomingMessage } from 'node:http';
import { type RequestOptions, request as requestHttps } from 'node:https';
import type { LookupFunction } from 'node:net';
import { isAddress, isPublic } from './public-address.ts';

interface GuardedRequest {
  method: 'GET' | 'POST';
  headers: Record<string, string>;
  body?: string;
  /** Ends the request: resolving, connecting, and the last byte of the response. */
  signal: AbortSignal;
  /** Called when the server has proven its name. Before that, nothing of the request has left. */
  onConnected?: () => void;
}

/**
 * @returns the response as soon as its header has arrived. The caller reads or destroys it
 * @throws {Error} if there is none, whatever the reason
 */
export type SendGuarded = (url: string, request: GuardedRequest) => Promise<IncomingMessage>;

/** Replaced by tests. */
export interface GuardedOptions {
  resolve?: (host: string) => Promise<LookupAddress[]>;
  isAllowed?: (address: string) => boolean;
  /** Certificates to trust instead of Node's, PEM. */
  ca?: string;
}

export function createGuardedHttps({ resolve = resolveHost, isAllowed = isPublic, ca }: GuardedOptions): SendGuarded {
  const lookup = checkedLookup(resolve, isAllowed);
  return async (url, { method, headers, body, signal, onConnected }) => {
    const { protocol, hostname } = new URL(url);
    if (protocol !== 'https:') throw new Error('not https');
    // Node does not call `lookup` for an IP address, so the check of the address would be skipped.
    if (isAddress(hostname)) throw new Error('a host that is an address');
    const options: RequestOptions = {
      ...{ method, lookup, signal, agent: false },
      ...(ca !== undefined && { ca }),
      // Takes precedence over NODE_TLS_REJECT_UNAUTHORIZED.
      rejectUnauthorized: true,
      maxHeaderSize: 8 * 1024,
      headers: { ...headers, 'Accept-Encoding': 'identity', 'User-Agent': 'mail-mcp' },
    };
    return new Promise((done, fail) => {
      const sent = requestHttps(url, options, done);
      sent.on('error', fail);
      if (onConnected !== undefined) sent.on('socket', (socket) => socket.once('secureConnect', onConnected));
      sent.end(body);
    });
  };
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
