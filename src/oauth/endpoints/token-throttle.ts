/**
 * Limits how often a client may send requests to the endpoints where it authenticates. Addresses alone are not counted: a hosted client sends
 * the requests of all its users from few addresses.
 */
import { createHmac } from 'node:crypto';
import type { Request, Response } from 'express';
import { OAuthError } from '../../errors.ts';
import type { State } from '../../state/state.ts';
import type { Client } from '../client/client.ts';
import { addressBlock } from '../http/address-block.ts';
import { REVOCATION_PATHS } from '../http/paths.ts';
import type { Keyring } from '../sealed/jwe.ts';

const WINDOW_SECONDS = 600;

/** Points in a window. */
const MAX_POINTS = { ofClient: 30_000, ofClientAtAddress: 6_000 };

/** A successful request costs one point. A failed one costs more: a client that has its credentials seldom fails. */
const FAILURE_POINTS = 20;

/** Counts a request as soon as its client_id is known, and before the client is authenticated. */
export type Admit = (client: Pick<Client, 'jti' | 'secretHash'>) => Promise<void>;

/**
 * @returns a function that creates the Admit of one request
 * @throws {OAuthError} (from Admit) `temporarily_unavailable` with status 429
 * @throws {UpstreamError} (from Admit) if the counts cannot be kept
 */
export function createTokenThrottle(services: { state: State; keyring: Keyring; now: () => Date }, max = MAX_POINTS) {
  const { state, now } = services;
  const secret = services.keyring.current.derive('token-throttle');
  const keyOf = (...parts: string[]): string =>
    `token:${createHmac('sha256', secret).update(JSON.stringify(parts)).digest('base64url')}`;

  return (request: Request, response: Response): Admit =>
    async function admit({ jti, secretHash }) {
      const ofClient = keyOf(jti);
      const ofClientAtAddress = keyOf(jti, addressBlock(request.ip));
      const [all, here] = await Promise.all([
        state.readCount(ofClient, WINDOW_SECONDS),
        state.count(ofClientAtAddress, WINDOW_SECONDS),
      ]);
      const over = [
        ...(all !== null && all.count >= max.ofClient ? [all] : []),
        ...(here.count > max.ofClientAtAddress ? [here] : []),
      ];
      if (over.length > 0) throw tooMany(new Date(Math.max(...over.map(({ endsAt }) => endsAt.getTime()))), now());
      response.once('finish', () => {
        const { statusCode } = response;
        const isFailure = statusCode >= 400 && statusCode < 500;
        // Anyone who knows a client_id can send requests with it, and those of public clients are known to all: only an issued token proves
        // that the client itself has sent the request, and a revocation is answered the same for every token. Requests of strangers must
        // not lock the client out.
        const provesNothing = isFailure || REVOCATION_PATHS.includes(request.path);
        const isStranger = statusCode === 401 || (secretHash === null && provesNothing);
        const counts = [
          isFailure ? state.count(ofClientAtAddress, WINDOW_SECONDS, FAILURE_POINTS - 1) : null,
          isStranger ? null : state.count(ofClient, WINDOW_SECONDS, isFailure ? FAILURE_POINTS : 1),
        ];
        // The response is sent. If the state cannot count, the next request fails.
        Promise.all(counts).catch(() => {});
      });
    };
}

function tooMany(until: Date, now: Date): OAuthError {
  const seconds = Math.max(1, Math.ceil((until.getTime() - now.getTime()) / 1000));
  return new OAuthError('temporarily_unavailable', `Too many requests of this client. Try again in ${seconds} s.`, {
    wait: { status: 429, seconds },
  });
}
