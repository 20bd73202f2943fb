/** Validates and compares redirect URIs (RFC 9700 §2.1, RFC 8252), and appends response parameters to them. */
import { isIP } from 'node:net';

/** Plain http is for programs on the user's computer only, which choose their port (RFC 8252 §7.3). */
const LOOPBACK_URI = /^http:\/\/(localhost|127\.0\.0\.1|\[::1\])(?::(\d{1,5}))?([/?].*)?$/;

/** Port 0 in any spelling: no program can listen there, and what a browser makes of it is not defined. */
const PORT_ZERO = /^[a-z][a-z\d+.-]*:\/\/[^/?#]*:0+(?:[/?#]|$)/i;

/** Escapes of characters that a query may have as they are (RFC 3986 §3.4). Proxies limit the length of `Location`. */
const NEEDLESS_ESCAPE = /%(?:21|28|29|2C|2F|3A|3F|40|7E)/g;

/** Schemes without a dot that a known client owns. Others must look like a reversed domain name (RFC 8252 §7.1). */
const PRIVATE_USE_SCHEMES = new Set(['cursor']);

export const MAX_REDIRECT_URI_LENGTH = 512;

/** Parameters of the authorization response (RFC 6749 §4.1.2, RFC 9207 §2). A client that finds one of them twice may read the wrong one. */
const RESPONSE_PARAMETERS = ['code', 'state', 'iss', 'error', 'error_description'];

/**
 * Checks whether a URI may be registered for a client: https to a named host, http to the user's computer, or a private-use scheme.
 *
 * @returns what is wrong with it, as the end of a sentence that starts with the URI; `null` if nothing is
 */
export function redirectUriProblem(uri: string): string | null {
  if (uri.length > MAX_REDIRECT_URI_LENGTH) return `is longer than ${MAX_REDIRECT_URI_LENGTH} characters`;
  // Compared byte by byte later, so it must be a URI already: parsers repair blanks, backslashes and non-ASCII.
  if (!/^[\x21-\x7e]+$/.test(uri) || /[\\"<>^`{|}]/.test(uri)) return 'has characters that no URI may have';
  if (!URL.canParse(uri)) return 'is not an absolute URI';
  if (uri.includes('#')) return 'has a fragment';
  const url = new URL(uri);
  if (url.username || url.password) return 'names a user';
  if (PORT_ZERO.test(uri) || url.port === '0') return 'has port 0, which does not exist';
  if (RESPONSE_PARAMETERS.some((name) => url.searchParams.has(name))) return 'has a parameter that the answer has too';
  const scheme = url.protocol.slice(0, -1);
  if (!uri.startsWith(`${scheme}:`)) return 'must have its scheme in lower case';
  if (scheme === 'https') return httpsProblem(uri, url);
  if (scheme === 'http')
    return LOOPBACK_URI.test(uri) ? null : 'is plain http, which is for localhost, 127.0.0.1 and [::1] only';
  if (scheme.includes('.') || PRIVATE_USE_SCHEMES.has(scheme)) return null;
  return 'has a scheme that is neither https nor http on this computer nor private to a known application';
}

function httpsProblem(uri: string, url: URL): string | null {
  if (!/^https:\/\/[^/?]/.test(uri)) return 'is not an absolute URI';
  return isIP(url.hostname.replace(/^\[|\]$/g, '')) ? 'names its host by an IP address' : null;
}

/** One more path segment, of unreserved characters (RFC 3986 §2.3) and not of dots alone: nothing that a parser would change. */
const APPENDED_ID = /\/(?!\.+$)[\w.~-]{1,64}$/;

/** @returns whether the client may use the redirect URI: one of its own, or one of those that it may extend by an id */
export function hasRedirectUri(
  {
    redirectUris,
    redirectUrisWithId = [],
  }: { redirectUris: readonly string[]; redirectUrisWithId?: readonly string[] },
  requested: string,
): boolean {
  if (isRegistered(requested, redirectUris)) return true;
  const withoutId = requested.replace(APPENDED_ID, '');
  return withoutId !== requested && isRegistered(withoutId, redirectUrisWithId);
}

/**
 * Compares a requested redirect URI with the registered ones: exact strings, no parser, no normalisation (RFC 9700 §4.1.3);
 * only the port of a loopback URI is free (RFC 8252 §7.3).
 */
export function isRegistered(requested: string, registered: readonly string[]): boolean {
  // Earlier releases registered such URIs.
  if (PORT_ZERO.test(requested)) return false;
  return registered.some((uri) => uri === requested || differsOnlyInPort(uri, requested));
}

function differsOnlyInPort(registered: string, requested: string): boolean {
  const ours = LOOPBACK_URI.exec(registered);
  const theirs = LOOPBACK_URI.exec(requested);
  if (!ours || !theirs || Number(theirs[2] ?? 80) > 65535 || Number(theirs[2] ?? 80) < 1) return false;
  return ours[1] === theirs[1] && (ours[3] ?? '') === (theirs[3] ?? '');
}

/**
 * Appends response parameters to a redirect URI, keeping its own query (RFC 6749 §3.1.2). Never parses the URI itself,
 * so the redirect goes to exactly the string that the client registered.
 */
export function withParameters(uri: string, parameters: Record<string, string | undefined>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) query.append(name, value);
  const separator = !uri.includes('?') ? '?' : /[?&]$/.test(uri) ? '' : '&';
  return `${uri}${separator}${`${query}`.replace(NEEDLESS_ESCAPE, decodeURIComponent)}`;
}

/**
 * The targets that the sign-in form may lead to, for `form-action` (CSP 3 §6.4.1). Chromium applies it to every redirect after the POST: the one
 * to the client, and those of the client's callback (to its host without www, to its success page). The latter are not known in advance, and a
 * blocked one leaves the user on the sign-in page without an explanation, so further redirects may go to any https host.
 */
export function formActionSources(redirectUri: string): string[] {
  const { protocol, hostname, origin } = new URL(redirectUri);
  if (protocol !== 'http:' && protocol !== 'https:') return [protocol];
  // CSP has no syntax for IPv6 hosts.
  return [hostname.startsWith('[') ? protocol : origin, 'https:'];
}

/** The host of a redirect URI, or its private-use scheme and host, for display. */
export function redirectHost(uri: string): string {
  const { protocol, host } = new URL(uri);
  return protocol === 'http:' || protocol === 'https:' ? host : `${protocol}//${host}`;
}
