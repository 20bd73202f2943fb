/** Reads cookies, and names those of this server (RFC 6265). */
import type { Request } from 'express';

/** `__Host-` prevents sister domains from setting the cookie (RFC 6265bis §4.1.3.2); it requires Secure, which plain http cannot set. */
export const ownCookieName = (name: string, issuer: string): string =>
  issuer.startsWith('https:') ? `__Host-${name}` : name;

export function cookieOf(request: Request, name: string): string | undefined {
  return (request.headers.cookie ?? '')
    .split('; ')
    .find((pair) => pair.startsWith(`${name}=`))
    ?.slice(name.length + 1);
}
