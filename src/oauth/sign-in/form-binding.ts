/** Ties a sign-in page to the browser that was shown it, without a session (RFC 6749 §10.12; RFC 9700 §4.7). */
import { randomBytes } from 'node:crypto';
import type { Request, Response } from 'express';
import { equalsInConstantTime, sha256 } from '../http/constant-time.ts';

export interface FormBinding {
  /**
   * Gives the browser its cookie, or finds the one it has, so that several tabs work side by side.
   *
   * @returns SHA-256 of the cookie, to be sealed into the page
   */
  bind(request: Request, response: Response): string;
  /** Whether the cookie of the request is the one that was sealed, and the form was sent by a page of ours. */
  isFromOurPage(request: Request, binding: string): boolean;
}

export function formBinding(issuer: string): FormBinding {
  const secure = issuer.startsWith('https:');
  // `__Host-` keeps sister domains from planting a cookie (RFC 6265bis §4.1.3.2); it needs Secure, which plain http cannot set.
  const name = secure ? '__Host-mail-mcp' : 'mail-mcp';

  const cookieOf = (request: Request): string | undefined =>
    (request.headers.cookie ?? '')
      .split('; ')
      .find((pair) => pair.startsWith(`${name}=`))
      ?.slice(name.length + 1);

  return {
    bind(request, response) {
      const known = cookieOf(request);
      const value = known && /^[\w-]{43}$/.test(known) ? known : randomBytes(32).toString('base64url');
      response.cookie(name, value, { httpOnly: true, secure, sameSite: 'lax', path: '/' });
      return sha256(value);
    },
    isFromOurPage(request, binding) {
      const cookie = cookieOf(request);
      return cookie !== undefined && equalsInConstantTime(sha256(cookie), binding) && isSameOrigin(request, issuer);
    },
  };
}

/** `Referrer-Policy: no-referrer` makes browsers send `Origin: null` with our own form, so then Sec-Fetch-Site decides. */
function isSameOrigin(request: Request, issuer: string): boolean {
  const { origin } = request.headers;
  if (origin !== undefined && origin !== 'null') return origin === issuer;
  return request.headers['sec-fetch-site'] === 'same-origin';
}
