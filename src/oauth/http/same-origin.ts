/** Checks whether a form was sent by a page of this server. */
import type { Request } from 'express';

/** `Referrer-Policy: no-referrer` makes browsers send `Origin: null` with our own form; then Sec-Fetch-Site decides. */
export function isSameOrigin(request: Request, issuer: string): boolean {
  const { origin } = request.headers;
  if (origin !== undefined && origin !== 'null') return origin === new URL(issuer).origin;
  return request.headers['sec-fetch-site'] === 'same-origin';
}
