/**
 * Limits how many exchanges of one network a provider may refuse, on all replicas together. Each of them is a request with the id and secret of this server, and anyone who has
 * begun a sign-in can have invented codes exchanged.
 */
import { createHmac } from 'node:crypto';
import { UpstreamError } from '../../errors.ts';
import type { State } from '../../state/state.ts';
import { addressBlock } from '../http/address-block.ts';
import { PageError } from '../pages/page-error.ts';
import type { Keyring } from '../sealed/jwe.ts';

/** In a minute. People who sign in get there only together, behind one address. */
const MAX_REFUSED_PER_MINUTE = 30;

const MINUTE_SECONDS = 60;

/** Longer than an exchange and its minute: an exchange is withdrawn from the minute in which it was counted. */
const WINDOW_SECONDS = 2 * MINUTE_SECONDS;

export interface ExchangeLimit {
  /**
   * Runs an exchange, and counts it if the provider refuses it. An outage counts nothing.
   *
   * @param address of the browser, behind trusted proxies
   * @throws {PageError} `temporarily_unavailable` with status 429 beyond the limit, before the provider is asked;
   *   {UpstreamError} if the count cannot be kept; otherwise what `exchange` throws
   */
  within<T>(address: string | undefined, exchange: () => Promise<T>): Promise<T>;
}

export function createExchangeLimit({
  state,
  keyring,
  now,
}: {
  state: Pick<State, 'count'>;
  keyring: Keyring;
  now: () => Date;
}): ExchangeLimit {
  const secret = keyring.current.derive('exchange-limit');

  function keyOf(address: string | undefined): string {
    const minute = Math.floor(now().getTime() / (MINUTE_SECONDS * 1000));
    const parts = JSON.stringify([addressBlock(address), minute]);
    return `provider-exchange:${createHmac('sha256', secret).update(parts).digest('base64url')}`;
  }

  return {
    async within(address, exchange) {
      const key = keyOf(address);
      // One that is not withdrawn makes the limit smaller for a minute.
      const withdraw = () => state.count(key, WINDOW_SECONDS, -1).catch(() => undefined);
      // Counted before it is known how it ends: otherwise, many at once would all be admitted.
      const { count } = await state.count(key, WINDOW_SECONDS);
      if (count > MAX_REFUSED_PER_MINUTE) {
        await withdraw();
        throw new PageError('temporarily_unavailable', (t) => t.errors.tooManyAtProvider, {
          wait: { status: 429, seconds: MINUTE_SECONDS },
        });
      }
      try {
        const issued = await exchange();
        await withdraw();
        return issued;
      } catch (error) {
        if (!isRefusal(error)) await withdraw();
        throw error;
      }
    },
  };
}

const isRefusal = (error: unknown): boolean =>
  error instanceof UpstreamError && (error.fault === 'credentials' || error.fault === 'refused');
