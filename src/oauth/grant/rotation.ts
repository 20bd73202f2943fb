/**
 * Each refresh token is used once and replaced (RFC 9700 §4.14.2). A client may lose an answer or race itself, so for a minute the same
 * token gives the same successor again, until that one is used; any later use means that two hold the token, and ends the grant.
 */
import { createHash } from 'node:crypto';
import { OAuthError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import type { State } from '../../state/state.ts';
import type { Client } from '../client/client.ts';
import { type Claims, rememberedUntil } from '../sealed/jwe.ts';
import type { RefreshPayload } from '../sealed/sealed-types.ts';
import type { Grants } from './grants.ts';
import { isRevoked, revocationKeysOf } from './revocation-marks.ts';

const GRACE_MS = 60_000;

type RefreshToken = RefreshPayload & Claims;

/** What the next refresh token of a grant is called, and which one it replaces. Empty: it replaces none. */
export type Successor = { jti: string; parent: string } | Record<string, never>;

export interface Rotation {
  /** Public clients have nothing but the rotation to tell them from a thief, so without it they get no refresh tokens. */
  mayRefresh(client: Pick<Client, 'secretHash'>): boolean;
  /** @throws {OAuthError} `invalid_grant` if it is revoked, or was used and replaced; that ends the grant */
  check(token: RefreshToken): Promise<void>;
  /** Uses it up. @throws {OAuthError} `invalid_grant` if it was used before, more than a minute ago; that ends the grant */
  consume(token: RefreshToken): Promise<Successor>;
}

/**
 * @param services.replicas that may serve a client; beyond one, what was used can only be known where state is shared
 * @throws {UpstreamError} (from its methods) when the state cannot be asked
 */
export function createRotation(services: {
  state: State;
  replicas: number;
  now: () => Date;
  log: Log;
  grants: Pick<Grants, 'revoke'>;
}): Rotation {
  const { state, now, log, grants } = services;
  const isPossible = state.isShared || services.replicas === 1;

  async function usedTwice({ gid, client }: RefreshToken): Promise<OAuthError> {
    await grants.revoke(gid);
    log.warn({ client, grant: gid }, 'a refresh token was used again after it was replaced');
    return invalidRefreshToken('used twice');
  }

  return {
    mayRefresh: ({ secretHash }) => isPossible || secretHash !== null,
    async check(token) {
      const [superseded = null, ...marks] = await state.claimed([supersededKey(token.jti), ...revocationKeysOf(token)]);
      if (isRevoked(marks, token)) throw invalidRefreshToken('revoked');
      if (superseded !== null) throw await usedTwice(token);
    },
    async consume(token) {
      if (!isPossible) return {};
      const end = rememberedUntil(token);
      const firstUse = await state.claim(`refresh:${token.jti}`, end);
      if (firstUse !== null && now().getTime() - firstUse.getTime() > GRACE_MS) throw await usedTwice(token);
      if (firstUse === null && token.parent !== undefined) await state.claim(supersededKey(token.parent), end);
      return { jti: successorOf(token.jti), parent: token.jti };
    },
  };
}

/** Its successor is in use. */
const supersededKey = (jti: string): string => `superseded:${jti}`;

/** The same for every retry, on every replica, whichever key seals there. No secret: a `jti` opens nothing. */
const successorOf = (jti: string): string =>
  createHash('sha256').update(`successor of ${jti}`).digest('base64url').slice(0, 22);

export const invalidRefreshToken = (cause: unknown): OAuthError =>
  new OAuthError('invalid_grant', 'The refresh token is not valid or has expired.', { cause });
