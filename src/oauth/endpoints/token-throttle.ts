/**
 * Limits how often requests with the id of a client may fail at the endpoints where it authenticates. A right secret, code or token is never refused:
 * a hosted client sends the requests of all its users from few addresses, and anyone can make it send wrong ones.
 */
import { createHmac } from 'node:crypto';
import type { Request } from 'express';
import { OAuthError } from '../../errors.ts';
import type { State } from '../../state/state.ts';
import { addressBlock } from '../http/address-block.ts';
import type { Parameters } from '../http/parameters.ts';
import type { Keyring } from '../sealed/jwe.ts';
import { createTokens } from '../sealed/sealed-types.ts';

const WINDOW_SECONDS = 600;

/** In a window. Beyond the first, what fails gets 429 instead of its own error. Beyond the second, a grant waits: it affects no other. */
const MAX = { failuresOfClientAtAddress: 300, usesOfGrant: 600 };

export interface TokenThrottle {
  /**
   * Runs the part of a request that follows once the client_id is known, and counts it if it fails with an OAuthError.
   *
   * @param request.form of the request: an error about a code or refresh token that this server has sealed is never replaced
   * @throws {OAuthError} what `work` throws, or `temporarily_unavailable` with status 429 in its place
   * @throws {UpstreamError} if the counts cannot be kept
   */
  guard<T>(request: { request: Request; form: Parameters; clientJti: string }, work: () => Promise<T>): Promise<T>;
  /** Counts a use of a grant. @throws {OAuthError} `temporarily_unavailable` with status 429 beyond the limit */
  countUse(grantId: string): Promise<void>;
}

export function createTokenThrottle(
  services: { state: State; keyring: Keyring; now: () => Date },
  max = MAX,
): TokenThrottle {
  const { state, keyring, now } = services;
  const tokens = createTokens(keyring);
  const secret = keyring.current.derive('token-throttle');
  const keyOf = (...parts: string[]): string =>
    `token:${createHmac('sha256', secret).update(JSON.stringify(parts)).digest('base64url')}`;

  /** Whether the request has a code or refresh token of this server, whatever else is wrong with it. A stranger cannot make one up. */
  async function hasSealedValue(form: Parameters): Promise<boolean> {
    const found = await Promise.allSettled([
      tokens.code.inspect(form.get('code') ?? ''),
      tokens.refresh.inspect(form.get('refresh_token') ?? ''),
    ]);
    return found.some(({ status }) => status === 'fulfilled');
  }

  return {
    async guard({ request, form, clientJti }, work) {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof OAuthError) || error.wait !== undefined) throw error;
        if (error.code !== 'invalid_client' && (await hasSealedValue(form))) throw error;
        const key = keyOf(clientJti, addressBlock(request.ip));
        const failures = await state.readCount(key, WINDOW_SECONDS);
        if (failures !== null && failures.count >= max.failuresOfClientAtAddress) throw tooMany(failures.endsAt, now());
        await state.count(key, WINDOW_SECONDS);
        throw error;
      }
    },
    async countUse(grantId) {
      const key = keyOf('grant', grantId);
      const uses = await state.readCount(key, WINDOW_SECONDS);
      if (uses !== null && uses.count >= max.usesOfGrant) throw tooMany(uses.endsAt, now());
      await state.count(key, WINDOW_SECONDS);
    },
  };
}

function tooMany(until: Date, now: Date): OAuthError {
  const seconds = Math.max(1, Math.ceil((until.getTime() - now.getTime()) / 1000));
  return new OAuthError('temporarily_unavailable', `Too many requests of this client. Try again in ${seconds} s.`, {
    wait: { status: 429, seconds },
  });
}
