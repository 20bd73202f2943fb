/** Binds a sign-in page to the browser that received it, without a session on the server (RFC 6749 §10.12; RFC 9700 §4.7). */
import { randomBytes } from 'node:crypto';
import type { Request, Response } from 'express';
import { equalsInConstantTime, sha256 } from '../http/constant-time.ts';
import { cookieOf, ownCookieName } from '../http/cookies.ts';
import { isSameOrigin } from '../http/same-origin.ts';

export interface BrowserBinding {
  /**
   * Sets the cookie of the browser. A cookie that it already has is kept, so that several tabs work side by side.
   *
   * @returns SHA-256 of the cookie, to be sealed into the page
   */
  bind(request: Request, response: Response): string;
  /** Whether the request has the cookie with this hash. */
  isSameBrowser(request: Request, cookieHash: string): boolean;
  /** Whether it also was sent by a page of this server. */
  isFromOurPage(request: Request, cookieHash: string): boolean;
}

export function createBrowserBinding(issuer: string): BrowserBinding {
  const secure = issuer.startsWith('https:');
  const name = ownCookieName('mail-mcp', issuer);

  function isSameBrowser(request: Request, cookieHash: string): boolean {
    const cookie = cookieOf(request, name);
    return cookie !== undefined && equalsInConstantTime(sha256(cookie), cookieHash);
  }

  return {
    bind(request, response) {
      const known = cookieOf(request, name);
      const value = known && /^[\w-]{43}$/.test(known) ? known : randomBytes(32).toString('base64url');
      response.cookie(name, value, { httpOnly: true, secure, sameSite: 'lax', path: '/' });
      return sha256(value);
    },
    isSameBrowser,
    isFromOurPage: (request, cookieHash) => isSameBrowser(request, cookieHash) && isSameOrigin(request, issuer),
  };
}
