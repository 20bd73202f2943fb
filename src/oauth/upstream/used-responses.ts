/**
 * Admits the code of a provider's response once, on all replicas that share the state: a provider may revoke what it has issued for a code that comes again
 * (RFC 6749 §4.1.2).
 */
import { UpstreamError } from '../../errors.ts';
import type { State } from '../../state/state.ts';
import { PageError } from '../pages/page-error.ts';

export interface UsedResponses {
  /**
   * @param response.state of the authorization request, which no other one has
   * @param response.until as long as the browser may come back
   * @throws {PageError} `invalid_request` if the code was used, or is being used; {UpstreamError} if that is not known; otherwise what `use` throws. The code
   *   can be used again after an outage, and if too many of the network were refused
   */
  once<T>(response: { state: string; until: Date }, use: () => Promise<T>): Promise<T>;
}

export function createUsedResponses(store: Pick<State, 'claim' | 'release'>): UsedResponses {
  return {
    async once({ state, until }, use) {
      const key = `provider-response:${state}`;
      if ((await store.claim(key, until)) !== null) {
        throw new PageError('invalid_request', (t) => t.errors.staleAtProvider);
      }
      try {
        return await use();
      } catch (error) {
        if (isTemporary(error)) await store.release(key).catch(() => undefined);
        throw error;
      }
    },
  };
}

const isTemporary = (error: unknown): boolean =>
  error instanceof PageError
    ? error.wait !== undefined
    : error instanceof UpstreamError && (error.service === 'Redis' || ['unreachable', 'timeout'].includes(error.fault));
