/** Handles GET /oauth/upstream/callback, and the paths of issuers below it: the browser comes back from a provider (RFC 6749 §4.1.2, RFC 9207), and its page goes on. */
import type { Request, RequestHandler, Response } from 'express';
import { OAuthError, UpstreamError } from '../../errors.ts';
import type { ProviderResponse, ProviderSignIns } from './provider-sign-in.ts';

type Resume = (request: Request, response: Response, from: ProviderResponse) => Promise<void>;

/** @param pages what goes on, by the page that was left */
export function upstreamCallbackHandler(
  providerSignIns: Pick<ProviderSignIns, 'receive'>,
  pages: Readonly<Record<ProviderResponse['left']['page'], Resume>>,
): RequestHandler {
  return async (request, response) => {
    try {
      const from = await providerSignIns.receive(request, response);
      await pages[from.left.page](request, response, from);
    } catch (error) {
      // The browser keeps its cookies: the page can be loaded again.
      if (isTemporary(error)) response.removeHeader('Set-Cookie');
      throw error;
    }
  };
}

/** The state cannot be reached, or too many exchanges of the network were refused. */
const isTemporary = (error: unknown): boolean =>
  (error instanceof UpstreamError && error.service === 'Redis') ||
  (error instanceof OAuthError && error.wait?.status === 429);
