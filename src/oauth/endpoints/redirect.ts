/** Redirects the browser to the client with an authorization response, of success or error (RFC 6749 §4.1.2). */
import type { Response } from 'express';
import { withParameters } from '../http/redirect-uri.ts';

/** @param parameters those that are `undefined` are left out; `iss` is for clients of several servers (RFC 9207 §2) */
export function redirectToClient(
  response: Response,
  uri: string,
  parameters: Record<string, string | undefined> & { iss: string },
): void {
  response.set({ 'Cache-Control': 'no-store', 'Referrer-Policy': 'no-referrer' });
  // Not Express's redirect(): it may re-encode the URI, and adds a body.
  response.setHeader('Location', withParameters(uri, parameters));
  // 303 turns the POST of the form into a GET (RFC 9110 §15.4.4); 307 would send the mail password to the client.
  response.status(303).end();
}
