/**
 * How often a client may call the endpoints it authenticates at. Never by address alone: all people of a hosted client come from a few
 * addresses of its own.
 */
import { createHmac } from 'node:crypto';
import type { Request, Response } from 'express';
import { OAuthError } from '../../errors.ts';
import type { State } from '../../state/state.ts';
import type { Client } from '../client/client.ts';
import { addressBlock } from '../http/address-block.ts';
import { REVOCATION_PATHS } from '../http/paths.ts';
import type { Keyring } from '../sealed/jwe.ts';

const windowSeconds = 600;

/** In points, each window. */
const MOST = { ofClient: 30_000, ofClientAtAddress: 6_000 };

/** An honest client seldom fails. What succeeds costs one point. */
const pointsOfFailure = 20;

/** Judges a request as soon as it is known which client it is about, and before the client has proved to be it. */
export type Admit = (client: Pick<Client, 'jti' | 'secretHash'>) => Promise<void>;

/**
 * @returns for one request, how it is admitted
 * @throws {OAuthError} (from Admit) `temporarily_unavailable` with status 429
 * @throws {UpstreamError} (from Admit) if the counts cannot be kept
 */
export function tokenThrottle(services: { state: State; keyring: Keyring; now: () => Date }, most = MOST) {
  const { state, now } = services;
  const secret = services.keyring.current.derive('token-throttle');
  const keyOf = (...parts: string[]): string =>
    `token:${createHmac('sha256', secret).update(JSON.stringify(parts)).digest('base64url')}`;

  return (request: Request, response: Response): Admit =>
    async function admit({ jti, secretHash }) {
      const ofClient = keyOf(jti);
      const ofClientAtAddress = keyOf(jti, addressBlock(request.ip));
      const [all, here] = await Promise.all([
        state.counted(ofClient, windowSeconds),
        state.count(ofClientAtAddress, windowSeconds),
      ]);
      const over = [
        ...(all !== null && all.count >= most.ofClient ? [all] : []),
        ...(here.count > most.ofClientAtAddress ? [here] : []),
      ];
      if (over.length > 0) throw tooMany(new Date(Math.max(...over.map(({ endsAt }) => endsAt.getTime()))), now());
      response.once('finish', () => {
        const { statusCode } = response;
        const isFailure = statusCode >= 400 && statusCode < 500;
        // Whoever knows a client_id can fail with it, and all the world knows those of public clients, which only a token that they got
        // tells from others: any answer of a revocation is the same. Strangers shall not keep the client out.
        const provesNothing = isFailure || REVOCATION_PATHS.includes(request.path);
        const isStranger = statusCode === 401 || (secretHash === null && provesNothing);
        const late = [
          isFailure ? state.count(ofClientAtAddress, windowSeconds, pointsOfFailure - 1) : null,
          isStranger ? null : state.count(ofClient, windowSeconds, isFailure ? pointsOfFailure : 1),
        ];
        // The answer is out. A state that cannot count now stops the next request.
        Promise.all(late).catch(() => {});
      });
    };
}

function tooMany(until: Date, now: Date): OAuthError {
  const seconds = Math.max(1, Math.ceil((until.getTime() - now.getTime()) / 1000));
  return new OAuthError('temporarily_unavailable', `Too many requests of this client. Try again in ${seconds} s.`, {
    wait: { status: 429, seconds },
  });
}
