/** Handles GET /oauth/upstream/callback: the browser comes back from a provider (RFC 6749 §4.1.2, RFC 9207), and its page goes on. */
import type { Request, RequestHandler, Response } from 'express';
import { UpstreamError } from '../../errors.ts';
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
      // While the state cannot be reached, the browser keeps its cookies, and the page can be loaded again.
      if (error instanceof UpstreamError && error.service === 'Redis') response.removeHeader('Set-Cookie');
      throw error;
    }
  };
}
