/**
 * Limits how many exchanges of one network a provider may refuse. Each of them is a request with the id and secret of this server, and anyone who has
 * begun a sign-in can have invented codes exchanged.
 */
import { UpstreamError } from '../../errors.ts';
import { addressBlock } from '../http/address-block.ts';
import { createAddressCounts } from '../http/address-counts.ts';
import { PageError } from '../pages/page-error.ts';

/** In a minute. People who sign in get there only together, behind one address. */
const MAX_REFUSED_PER_MINUTE = 30;

export interface ExchangeLimit {
  /**
   * Runs an exchange, and counts it if the provider refuses it. An outage counts nothing.
   *
   * @param address of the browser, behind trusted proxies
   * @throws {PageError} `temporarily_unavailable` with status 429 beyond the limit, before the provider is asked; otherwise what `exchange` throws
   */
  within<T>(address: string | undefined, exchange: () => Promise<T>): Promise<T>;
}

export function createExchangeLimit(now: () => Date): ExchangeLimit {
  const counts = createAddressCounts(now, MAX_REFUSED_PER_MINUTE);
  return {
    async within(address, exchange) {
      const block = addressBlock(address);
      if (counts.isFull(block)) {
        throw new PageError('temporarily_unavailable', (t) => t.errors.tooManyAtProvider, {
          wait: { status: 429, seconds: 60 },
        });
      }
      // Counted before it is known how it ends: otherwise, many at once would all be admitted.
      const takeBack = counts.add(block);
      try {
        const issued = await exchange();
        takeBack();
        return issued;
      } catch (error) {
        if (!isRefusal(error)) takeBack();
        throw error;
      }
    },
  };
}

const isRefusal = (error: unknown): boolean =>
  error instanceof UpstreamError && (error.fault === 'credentials' || error.fault === 'refused');
